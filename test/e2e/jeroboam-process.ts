/** `npm start` as a user runs it: a child process of its own, on ports that are free, over a folder that a test owns. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const PROJECT = join(import.meta.dirname, "../..");
const READY_WITHIN_MS = 60_000;

export interface JeroboamProcess {
  readonly child: ChildProcess;
  /** The process that serves, which is not npm's own. */
  readonly pid: number;
  readonly apiUrl: string;
  readonly keystoneUrl: string;
  /** CPU time that the program had used when it was ready: the same however busy the machine is. */
  readonly readyCpuSeconds: number;
  /** All that was printed so far. */
  readonly output: () => string;
  /** Resolves when npm and the program have ended; with npm's exit code. */
  ended: Promise<number | null>;
  /** As kill -9 does: no chance to tidy up. */
  kill(): Promise<void>;
  /** As Ctrl-C or a service manager does; with the exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/**
 * The environment without the cloud that a developer's shell may have set, and with a shell where nobody logged in: Magnum's
 * client cannot write a cluster's configuration without SHELL.
 */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:OS_|JEROBOAM_|AWS_|npm_)/.test(name));
  return { SHELL: "/bin/sh", ...Object.fromEntries(kept) };
}

export interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Starts it with these options and does not wait for it to be ready. */
export function launchJeroboam(options: readonly string[], environment: NodeJS.ProcessEnv = {}): Started {
  return launch(["npm", "start", "--silent", "--", ...options], environment);
}

/** What `npm start` comes to when all is set up: npm, and the older Node that hands over, cost a third of a start. */
const PROGRAM = [join(PROJECT, "node_modules/node/bin/node"), "packages/cli/bin/jeroboam.js", "up"];

function launch([command = "", ...parameters]: readonly string[], environment: NodeJS.ProcessEnv): Started {
  const child = spawn(command, parameters, {
    cwd: PROJECT,
    env: { ...plainEnvironment(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (text += String(chunk)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, output: () => text, ended };
}

export interface StartOptions {
  readonly data: string;
  /** Absent: any free one. */
  readonly port?: number;
  readonly keystonePort?: number;
  readonly options?: readonly string[];
  /** The cloud, for instance. */
  readonly environment?: NodeJS.ProcessEnv;
  /** It was started by npm before: its set-up need not be looked at again. */
  readonly isSetUp?: boolean;
}

/** Starts it and waits until it says that it is ready. */
export async function startJeroboam(start: StartOptions): Promise<JeroboamProcess> {
  const { data, port = 0, keystonePort = 0, options = [], environment = {}, isSetUp = false } = start;
  const ports = ["--port", String(port), "--keystone-port", String(keystonePort)];
  const line = ["--data", data, ...ports, ...options];
  const started = isSetUp ? launch([...PROGRAM, ...line], environment) : launchJeroboam(line, environment);
  const { child, output, ended } = started;
  await waitFor(() => /is ready/.test(output()) || child.exitCode !== null, READY_WITHIN_MS, 10);
  if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output()}`);
  const pid = Number(readFileSync(join(data, "pid"), "utf8"));
  return {
    child,
    pid,
    apiUrl: printed(output(), /Container API +(\S+)/),
    keystoneUrl: printed(output(), /Keystone +(\S+)/),
    readyCpuSeconds: cpuSecondsOf(pid),
    output,
    ended,
    async kill() {
      process.kill(pid, "SIGKILL");
      await ended;
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null) child.kill(signal);
      return await ended;
    },
  };
}

/** User and system time, in the kernel's ticks of a hundredth of a second (proc(5), `stat`: utime and stime). */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function printed(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`nothing printed matches ${pattern}:\n${output}`);
  return found;
}

/** Asks again and again until it is so; throws when that takes longer than allowed. */
export async function waitFor(isSo: () => boolean | Promise<boolean>, withinMs: number, everyMs = 50): Promise<void> {
  const endsAtMs = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > endsAtMs) throw new Error(`waited ${withinMs} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Whether that process lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: it has ended.
    return false;
  }
}
