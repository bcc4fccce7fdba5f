/** Many seeds on every core: each process takes its share and tells what came of it, a line a report. */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { run } from "./run.ts";
import type { Summary } from "./summary.ts";
import { addRun, addSummary, emptySummary } from "./summary.ts";

export interface ManyOptions {
  readonly from: number;
  /** The last seed; Infinity: until the time is over. */
  readonly to: number;
  readonly untilMs: number;
  readonly progress: (summary: Summary) => void;
}

/** A share of the seeds, as one process is told of it. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly untilMs: number;
}

const REPORT_SEEDS = 20;

export async function runMany({ from, to, untilMs, progress }: ManyOptions): Promise<Summary> {
  const workers = Math.min(availableParallelism(), Math.max(1, to - from + 1));
  const summary = emptySummary();
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const share: Share = { from: from + index, to, step: workers, untilMs };
      const child = fork(new URL(import.meta.url).pathname, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      child.on("message", (part) => {
        addSummary(summary, part as Summary);
        progress(summary);
      });
      const ended = new Promise<void>((resolve, reject) => {
        child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
      });
      // Infinity is nothing that a message can hold.
      child.send({ ...share, to: Math.min(to, Number.MAX_SAFE_INTEGER) });
      await ended;
    }),
  );
  return summary;
}

async function work({ from, to, step, untilMs }: Share): Promise<void> {
  let part = emptySummary();
  const report = (): void => {
    if (part.seeds > 0) process.send?.(part);
    part = emptySummary();
  };
  for (let seed = from; seed <= to && Date.now() < untilMs; seed += step) {
    addRun(part, await run({ seed }));
    if (part.seeds >= REPORT_SEEDS || part.violations.length > 0) report();
  }
  report();
}

if (process.send && import.meta.main) {
  process.once("message", (share) => {
    void work(share as Share).then(() => process.disconnect());
  });
}
