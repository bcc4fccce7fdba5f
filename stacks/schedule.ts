/**
 * The schedule: a small function that is called every minute to find work whose hint was lost, and to begin what rounds of
 * reconciliation are due.
 */
import type { Base } from "./functions.ts";
import { createFunction } from "./functions.ts";
import { maySendHints, queueVariables } from "./queues.ts";
import { sizes } from "./sizes.ts";
import { mayUseTable } from "./storage.ts";

export function createSchedule(base: Base) {
  const { timeoutSeconds, memoryMb, sweepMinutes } = sizes.schedule;
  const made = createFunction("Schedule", base, {
    bundle: "schedule",
    description: "Sends hints at work that is overdue, and begins reconciliation",
    timeoutSeconds,
    memoryMb,
    speaksToCloud: false,
    environment: { JEROBOAM_TABLE: base.storage.table.name, ...queueVariables(base.queues) },
    permissions: [...mayUseTable(base.storage, ["GetItem", "PutItem", "Query"], ["due"]), maySendHints(base.queues)],
  });
  const unit = sweepMinutes === 1 ? "minute" : "minutes";
  new sst.aws.CronV2("Sweep", {
    schedule: `rate(${sweepMinutes} ${unit})`,
    function: made.function.arn,
    event: { task: "sweep" },
    // The next one comes soon enough.
    retries: 0,
  });
  return made;
}
