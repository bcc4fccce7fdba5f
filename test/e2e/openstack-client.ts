/** The real client, as Debian packages it, with the openrc that `npm start` wrote: what a user types in their shell. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { plainEnvironment } from "./jeroboam-process.ts";

const run = promisify(execFile);

/** Debian's own, whatever else is on the PATH. */
const CLIENT = "/usr/bin/openstack";
const CALL_WITHIN_MS = 180_000;

/** Whether the client and its Magnum part are there; if not, what to install. */
export function findOpenstackClient(): { readonly isThere: boolean; readonly hint: string } {
  const isThere = existsSync(CLIENT) && existsSync("/usr/lib/python3/dist-packages/magnumclient");
  return { isThere, hint: "apt-get install python3-openstackclient python3-magnumclient" };
}

export interface Shell {
  /** Runs the client with what a user types behind its name, and gives what it printed. Throws when it fails. */
  openstack(line: string): Promise<string>;
  /** The same, read from `-f json`. */
  json<Value>(line: string): Promise<Value>;
  /** Any script, with the openrc sourced. */
  sh(script: string): Promise<string>;
}

/** A shell that has sourced the file. */
export function shellOf(openrcPath: string): Shell {
  const sh = async (script: string): Promise<string> => {
    const { stdout } = await run("sh", ["-c", `. "$0"; ${script}`, openrcPath], {
      env: plainEnvironment(),
      timeout: CALL_WITHIN_MS,
    });
    return stdout;
  };
  const openstack = (line: string): Promise<string> => sh(`exec ${CLIENT} ${line}`);
  return {
    openstack,
    sh,
    json: async <Value>(line: string) => JSON.parse(await openstack(`${line} -f json`)) as Value,
  };
}
