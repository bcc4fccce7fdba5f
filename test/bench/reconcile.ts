/**
 * `npm run bench:reconcile`: what reconciliation costs by the size of the fleet, in calls that are counted, not timed. All
 * bays are settled and as they were left; one in five has a node group of its own, ten are in a project. Fails when the sweep is not flat, when drift reads a bay that did not change, or
 * when a settled bay causes a call of its own.
 */
import type { Costs } from "./reconcile-fleet.ts";
import { measureLatency, percentile } from "../reconciliation/latency.ts";
import { createFleet } from "./reconcile-fleet.ts";

const SIZES = [100, 10_000, 100_000];

const COLUMNS: readonly (keyof Costs)[] = ["gets", "pages", "writes", "heatCalls", "keystoneCalls", "invocations"];

function row(bays: number, what: string, costs: Costs): string {
  const cells = COLUMNS.map((name) => String(costs[name]).padStart(name.length + 2));
  return `${String(bays).padStart(7)}  ${what.padEnd(20)}${cells.join("")}`;
}

const problems: string[] = [];
const sweeps = new Set<string>();
console.log(`   bays  ${"".padEnd(20)}${COLUMNS.map((name) => `  ${name}`).join("")}`);
for (const bays of SIZES) {
  const fleet = await createFleet(bays);
  const sweep = await fleet.sweep();
  sweeps.add(JSON.stringify(sweep));
  console.log(row(bays, "sweep", sweep));
  const drift = await fleet.round("drift");
  // What the round itself needs: its job, its report, page by page.
  const own = 8 + 4 * drift.heatCalls;
  if (drift.gets > own) problems.push(`drift over ${bays} bays reads ${drift.gets} items one by one`);
  console.log(row(bays, "drift", drift));
  console.log(row(bays, "left-overs", await fleet.round("left-overs")));
  console.log(row(bays, "certificate-expiry", await fleet.round("certificate-expiry")));
  console.log(row(bays, "seals", await fleet.round("seals")));
  fleet.changeMasterKey();
  console.log(row(bays, "seals, rotated", await fleet.round("seals")));
  const called = [...(await fleet.hour())].filter(([key]) => key.startsWith("bay#"));
  if (called.length > 0) problems.push(`${called.length} of ${bays} settled bays were looked at by themselves`);
  console.log(`${String(bays).padStart(7)}  an hour of all: ${called.length} calls for a bay of its own`);
}
for (const [what, most, latency] of [
  ["by callbacks", 1_000, await measureLatency(200, 4_000)],
  ["by callbacks, on SQS,", 1_000, await measureLatency(200, 4_000, "sqs")],
  ["by polling", 5_000, await measureLatency(200)],
  ["by polling, on SQS,", 5_000, await measureLatency(200, undefined, "sqs")],
] as const) {
  const [median, high, longest] = [0.5, 0.99, 1].map((part) => percentile(latency, part));
  const calls = Math.round(latency.heatCalls / latency.samplesMs.length);
  const figures = `${median} ms (median), ${high} ms (p99), ${longest} ms (most)`;
  console.log(`a stack's end is shown ${what} after ${figures} of simulated time, by ${calls} calls of Heat a bay`);
  if ((high ?? Infinity) > most) problems.push(`an end is shown ${what} after ${high} ms, more than ${most}`);
}
if (sweeps.size > 1) problems.push("the sweep's cost depends on the number of settled bays");
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
