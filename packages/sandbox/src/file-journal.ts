/**
 * The store on disk: one file to which every commit appends a line, `[[table, id, value], ...]`.
 * A commit is one write; what the operating system has taken outlives the process, so a kill -9 after an answer loses nothing.
 * (A power cut may: there is no fsync. It is a sandbox.) A last line that a kill cut short was never answered for, and is dropped.
 * On opening, a journal that is mostly of what was superseded is written anew beside the old one and put in its place.
 * One process at a time: a lock file names the process that has the folder.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Change, Store } from "./ports.ts";

type Row = [table: string, id: string, value: unknown];

/** Text beyond what is needed (a character for a byte: nearly all is ASCII), at which opening rewrites the journal. */
const SUPERSEDED_BYTES = 1024 * 1024;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM says that it lives and is another's; ESRCH that it is gone.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function lock(path: string): void {
  if (existsSync(path)) {
    const pid = Number(readFileSync(path, "utf8"));
    if (pid !== process.pid && Number.isInteger(pid) && pid > 0 && isAlive(pid)) {
      throw new Error(`${path}: process ${pid} uses this folder`);
    }
  }
  writeFileSync(path, String(process.pid));
}

/** Reads all whole lines; cuts off a last one that is not whole. */
function readRows(path: string): { rows: Map<string, Row>; sizeBytes: number } {
  const rows = new Map<string, Row>();
  if (!existsSync(path)) return { rows, sizeBytes: 0 };
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, end)));
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  for (const line of lines) {
    for (const row of JSON.parse(line) as Row[]) {
      const key = `${row[0]}/${row[1]}`;
      if (row[2] === null) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return { rows, sizeBytes: end };
}

function rewrite(path: string, lines: readonly string[]): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, lines.map((line) => `${line}\n`).join(""));
  renameSync(fresh, path);
}

export function openJournal(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const lockPath = join(folder, "sandbox.lock");
  const path = join(folder, "sandbox.jsonl");
  lock(lockPath);
  const { rows, sizeBytes } = readRows(path);
  if (sizeBytes > SUPERSEDED_BYTES) {
    const needed = [...rows.values()].map((row) => JSON.stringify([row]));
    const neededBytes = needed.reduce((sum, line) => sum + line.length, 0);
    if (sizeBytes > neededBytes + SUPERSEDED_BYTES) rewrite(path, needed);
  }
  const file = openSync(path, "a");
  return {
    *load() {
      for (const [table, id, value] of rows.values()) yield { table, id, value } satisfies Change;
      rows.clear();
    },
    append(changes) {
      const line = `${JSON.stringify(changes.map(({ table, id, value }): Row => [table, id, value]))}\n`;
      const bytes = Buffer.from(line);
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    },
    close() {
      closeSync(file);
      rmSync(lockPath, { force: true });
    },
  };
}
