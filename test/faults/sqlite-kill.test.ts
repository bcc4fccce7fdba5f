import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";

const folder = mkdtempSync(join(tmpdir(), "jeroboam-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: Map<string, number[]>;
  /** Resolves when so many writes were acknowledged. */
  reached(count: number): Promise<void>;
  kill(): Promise<void>;
}

function startWriter(path: string, name: string): Writer {
  const program = join(import.meta.dirname, "sqlite-writer.ts");
  const child = spawn(process.execPath, [program, path, name], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged = new Map<string, number[]>();
  const lines = createInterface({ input: child.stdout });
  let count = 0;
  let wanted: { count: number; resolve: () => void } | undefined;
  lines.on("line", (line) => {
    const [pk, sk, revision] = line.split(" ");
    const key = `${pk} ${sk}`;
    acknowledged.set(key, [...(acknowledged.get(key) ?? []), Number(revision)]);
    count += 1;
    if (wanted && count >= wanted.count) wanted.resolve();
  });
  return {
    child,
    acknowledged,
    reached: (least) =>
      new Promise((resolve, reject) => {
        wanted = { count: least, resolve };
        child.once("exit", (code) => reject(new Error(`the writer ended by itself: ${code}`)));
      }),
    kill: async () => {
      // All it printed is read before the pipe closes.
      const closed = once(lines, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function standingRevisions(path: string, keys: Iterable<string>): Promise<Map<string, number>> {
  const table = openSqliteTable({ path, clock: systemClock });
  const found = new Map<string, number>();
  for (const key of keys) {
    const [pk = "", sk = ""] = key.split(" ");
    const item = await table.get({ pk, sk });
    found.set(key, item?.revision ?? 0);
    expect(item?.body["revision"]).toBe(item?.revision);
  }
  await table.close();
  return found;
}

describe("the embedded table and kill -9", () => {
  test("every acknowledged write is there after its process was killed at any moment", async () => {
    const path = join(folder, "killed.db");
    for (let round = 0; round < 10; round += 1) {
      const writer = startWriter(path, `round-${round}`);
      await writer.reached(1 + Math.floor(Math.random() * 300));
      await writer.kill();
      const standing = await standingRevisions(path, writer.acknowledged.keys());
      for (const [key, revisions] of writer.acknowledged) {
        const last = revisions.at(-1) ?? 0;
        // The write in hand when the process died may have been committed, but no more than that one.
        expect([last, last + 1]).toContain(standing.get(key));
      }
    }
  }, 60_000);

  test("two processes that write one file never lose or double a write of the same item", async () => {
    const path = join(folder, "shared.db");
    const writers = [startWriter(path, "one"), startWriter(path, "other")];
    await Promise.all(writers.map((writer) => writer.reached(300)));
    await Promise.all(writers.map((writer) => writer.kill()));
    const counts = writers.flatMap((writer) => writer.acknowledged.get("shared counter") ?? []);
    expect(counts.length).toBeGreaterThan(0);
    expect(new Set(counts).size).toBe(counts.length);
    const standing = await standingRevisions(path, ["shared counter"]);
    // Each process may have had one more write in hand.
    const unheard = (standing.get("shared counter") ?? 0) - counts.length;
    expect([0, 1, 2]).toContain(unheard);
  }, 60_000);
});
