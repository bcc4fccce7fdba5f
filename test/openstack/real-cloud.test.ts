/**
 * Our clients and delegations against real services. Runs only when told whom to be: the service's user by OS_*
 * variables, the person as user:password:project of the default domain. For instance:
 *   OS_AUTH_URL=http://127.0.0.1:5000/v3 OS_USERNAME=magnum OS_PASSWORD=secret OS_PROJECT_NAME=service \
 *   JEROBOAM_TEST_PERSON=demo:secret:demo npx vitest run test/openstack
 * JEROBOAM_TEST_IMAGE names an image of Fedora Atomic, where Nova, Glance and Neutron are there too.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import { loadCloudConfig, readTlsOptions, systemConfigPlaces } from "@jeroboam/core/openstack/file-cloud-config";
import { describe } from "vitest";
import type { TestedCloud } from "../contract/cloud-contract.ts";
import { testCloud } from "../contract/cloud-contract.ts";

const [userName = "", password = "", projectName = ""] = (process.env["JEROBOAM_TEST_PERSON"] ?? "").split(":");
const domain = { id: "default" };

async function openCloud(): Promise<TestedCloud> {
  const loaded = await loadCloudConfig(systemConfigPlaces());
  if (loaded.kind !== "configured") throw new Error(loaded.kind === "absent" ? "no cloud" : loaded.problems.join("; "));
  const { config } = loaded;
  return {
    http: createFetchHttp(readTlsOptions(config)),
    clock: systemClock,
    authUrl: config.authUrl,
    account: { credentials: config.credentials, ...(config.project ? { project: config.project } : {}) },
    choice: { interface: config.interface, ...(config.region ? { region: config.region } : {}) },
    person: { kind: "password", user: { name: userName, domain }, password },
    project: { name: projectName, domain },
    wait: () => new Promise((resolve) => setTimeout(resolve, 500)),
  };
}

describe.skipIf(userName === "")("real services", { timeout: 180_000 }, () => {
  testCloud(openCloud, { heatKeepsTrusts: true, image: process.env["JEROBOAM_TEST_IMAGE"] });
});
