/**
 * The sweep: sends hints for work that is overdue, read from the sparse due index. With it alone, every message lost,
 * every operation still finishes. Constant work: what is not due is not read, and one sweep sends a bounded number of
 * hints; the rest is found by the next.
 */
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { Queue } from "../queue/queue.ts";
import type { Table } from "../table/table.ts";
import { collect } from "../table/table.ts";
import { timeKey } from "./record.ts";

export interface SweepPorts {
  readonly clock: Clock;
  readonly table: Table;
  readonly queue: Queue;
}

/** Hints at everything overdue by more than the grace; returns how many hints were sent. */
export async function sweep(
  { clock, table, queue }: SweepPorts,
  graceMs: number = limits.engine.sweepGraceMs,
): Promise<{ hints: number }> {
  const { dueShards, sweepHints, sweepPageItems } = limits.engine;
  const upTo = `${timeKey(clock.nowMs() - graceMs)}~`;
  let hints = 0;
  for (let shard = 0; shard < dueShards; shard += 1) {
    const most = Math.min(sweepPageItems * 4, sweepHints - hints);
    if (most <= 0) break;
    const { items } = await collect((range) => table.queryIndex("due", `due#${shard}`, range), { upTo }, most);
    if (items.length > 0) await queue.send(items.map(({ pk, sk }) => ({ pk, sk })));
    hints += items.length;
  }
  return { hints };
}
