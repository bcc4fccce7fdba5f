/** The real client, as Debian packages it, with the openrc that `npm start` wrote: what a user types in their shell. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

export interface Session extends Shell {
  /** All that was typed so far. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/**
 * The same as a shell, but that the client is one process for all its lines, one after another: starting it costs two
 * seconds, and a line then takes a third of one.
 */
export function openSession(openrcPath: string): Session {
  const script = `. "$0"; exec /usr/bin/python3 -W ignore ${join(import.meta.dirname, "magnum-clients.py")} session`;
  const child = spawn("sh", ["-c", script, openrcPath], {
    env: plainEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const shell = shellOf(openrcPath);
  const ended = once(child, "close");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const lines: string[] = [];
  let before: Promise<unknown> = Promise.resolve();
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const answer = await answers.next();
    if (answer.done) throw new Error(`openstack ${line}: the client ended`);
    const { code, out, errors } = JSON.parse(answer.value) as Answer;
    if (code !== 0) throw new Error(`openstack ${line} ended with ${code}: ${out}${errors}`);
    return out;
  };
  const openstack = (line: string): Promise<string> => {
    lines.push(line);
    const answered = before.then(() => ask(line));
    before = answered.catch(() => undefined);
    return answered;
  };
  return {
    lines,
    openstack,
    json: async <Value>(line: string) => JSON.parse(await openstack(`${line} -f json`)) as Value,
    sh: (script) => shell.sh(script),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
