/** The cloud that this process's environment names. */
import type { CloudConfig } from "@jeroboam/core/openstack/cloud-config";
import { loadCloudConfig, systemConfigPlaces } from "@jeroboam/core/openstack/file-cloud-config";
import { isSandboxShell } from "./openrc.ts";
import { StartRefused } from "./start-refused.ts";

/** Absent when none is configured, or only a sandbox of ours. Throws StartRefused when one is, and not rightly. */
export async function findConfiguredCloud(): Promise<CloudConfig | undefined> {
  if (isSandboxShell(process.env)) return undefined;
  const outcome = await loadCloudConfig(systemConfigPlaces());
  switch (outcome.kind) {
    case "configured":
      return outcome.config;
    case "absent":
      return undefined;
    case "invalid":
      throw new StartRefused(`the cloud is not configured rightly: ${outcome.problems.join("; ")}`);
    default:
      return outcome satisfies never;
  }
}

/** The same where there must be one. */
export async function loadConfiguredCloud(): Promise<CloudConfig> {
  const config = await findConfiguredCloud();
  if (!config)
    throw new StartRefused(
      "no cloud is configured: set OS_CLOUD, or OS_AUTH_URL and the credentials of a service user",
    );
  return config;
}
