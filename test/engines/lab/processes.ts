/** Services of the machine, started for a test file and ended with it; what they print is kept for when they fail. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Lab {
  readonly folder: string;
  /** Starts it in the background; it is ended by `close`, the last one first. */
  start(name: string, command: string, options: readonly string[]): ChildProcess;
  /** The end of what it printed. */
  tail(name: string): string;
  defer(undo: () => void): void;
  close(): Promise<void>;
}

export function openLab(): Lab {
  // Not under a long path: a socket's may have 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), "engines-"));
  const undo: (() => Promise<void> | void)[] = [];
  const logOf = (name: string): string => join(folder, `${name}.log`);
  return {
    folder,
    start(name, command, options) {
      const log = openSync(logOf(name), "a");
      const child = spawn(command, options, { stdio: ["ignore", log, log], detached: true });
      closeSync(log);
      undo.push(() => end(child));
      return child;
    },
    tail: (name) => (existsSync(logOf(name)) ? readFileSync(logOf(name), "utf8").slice(-2_000) : ""),
    defer: (one) => void undo.push(one),
    async close() {
      for (const one of undo.toReversed()) await one();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const END_WITHIN_MS = 30_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  // It alone, so that it can end what it started in its own way; its group only when it does not.
  process.kill(child.pid, "SIGTERM");
  await Promise.race([ended, sleep(END_WITHIN_MS, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
}

export const run = (command: string, ...options: readonly string[]): string =>
  execFileSync(command, options, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** The program's path; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until it is so; a failure of `isSo` is taken for no. */
export async function until(what: string, isSo: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  let last = "";
  while (Date.now() < deadline) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = String(error);
    }
    await sleep(100);
  }
  throw new Error(`${what}: not within ${withinMs} ms. ${last}`);
}
