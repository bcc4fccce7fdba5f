/** The sandbox as the cloud of an instance: started on a port of its own, with a service user to act by. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { CloudConfig } from "@jeroboam/core/openstack/cloud-config";
import { defaultOptions } from "@jeroboam/sandbox/cloud";
import { serveSandbox } from "@jeroboam/sandbox/server";
import { textOf } from "@jeroboam/core/errors";
import { StartRefused } from "./start-refused.ts";

export interface SandboxCloud {
  readonly config: CloudConfig;
  readonly region: string;
  /** Of every seeded user. */
  readonly password: string;
  close(): Promise<void>;
}

export interface SandboxPlace {
  readonly host: string;
  readonly port: number;
  /** The folder of its state, which nobody else uses. */
  readonly folder: string;
  /** The API, as the catalog is to name it. */
  readonly apiUrl: string;
}

/** The user of the sandbox as whom we act, seeded for that. */
const SERVICE = { user: "jeroboam", project: "service" };

export async function startSandbox({ host, port, folder, apiUrl }: SandboxPlace): Promise<SandboxCloud> {
  // The sandbox's own lock goes by process ids, which come again; the data folder's has excluded everybody already.
  rmSync(join(folder, "sandbox.lock"), { force: true });
  const { region, password } = defaultOptions;
  const sandbox = await serveSandbox({
    host,
    port,
    data: folder,
    engines: true,
    options: { containerInfraUrl: `${apiUrl}/v1` },
  }).catch((thrown: unknown) => {
    const isTaken = thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
    const reason = isTaken ? "another program listens there" : textOf(thrown);
    throw new StartRefused(`the sandbox cannot listen on ${host}:${port}: ${reason}; choose by --keystone-port`, {
      cause: thrown,
    });
  });
  const domain = { id: "default" };
  return {
    config: {
      authUrl: `${sandbox.url}/v3`,
      region,
      interface: "public",
      credentials: { kind: "password", user: { name: SERVICE.user, domain }, password },
      project: { name: SERVICE.project, domain },
      verify: true,
    },
    region,
    password,
    close: () => sandbox.close(),
  };
}
