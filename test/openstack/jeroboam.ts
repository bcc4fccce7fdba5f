/**
 * Jeroboam in this process, as `npm start` runs it with a configured cloud: the lab. It listens where the lab's catalog
 * says. Its calls of Heat are counted, a bay's by the bay's uuid in the stack's name.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInstance } from "@jeroboam/local/instance";
import type { InstanceOptions } from "@jeroboam/local/instance";
import type { Lab } from "./lab.ts";
import { environmentOf } from "./lab.ts";

export interface RunningJeroboam {
  readonly tablePath: string;
  /** How often Heat was asked about stacks whose name or id holds this text. */
  heatCalls(text: string): number;
  stop(): Promise<void>;
}

/** On a folder of its own, which goes with it, or on one that stays. */
export async function startJeroboam(
  lab: Lab,
  { data: given, ...options }: { readonly data?: string } & Pick<InstanceOptions, "barbicanKeys" | "removes"> = {},
): Promise<RunningJeroboam> {
  Object.assign(process.env, environmentOf(lab, "jeroboam", "service"));
  const calls = countStackCalls();
  const data = given ?? mkdtempSync(join(tmpdir(), "jeroboam-openstack-"));
  const { host, port } = lab.jeroboam;
  const settings = { data, host, port, keystonePort: 0, isReset: false, logLevel: "warning", ...options } as const;
  const instance = await startInstance(settings);
  return {
    tablePath: instance.folder.tablePath,
    heatCalls: (text) => calls.paths.filter((path) => path.includes(text)).length,
    async stop() {
      await instance.stop();
      calls.stop();
      if (given === undefined) rmSync(data, { recursive: true });
    },
  };
}

/** Node tells of every request that its http module begins; `fetch`, which the tests use, is another. */
function countStackCalls(): { readonly paths: readonly string[]; stop(): void } {
  const paths: string[] = [];
  const note = (message: unknown): void => {
    const { path } = (message as { request: ClientRequest }).request;
    if (path.includes("/stacks")) paths.push(path);
  };
  subscribe("http.client.request.start", note);
  return { paths, stop: () => unsubscribe("http.client.request.start", note) };
}
