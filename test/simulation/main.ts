/**
 * `npm run sim -- --seed N` replays one run and shows its trace; what breaks a promise is shrunk to its shortest set of
 * faults and shown again. `--seeds N` runs that many seeds on all cores (`--from` the first), `--minutes M` as many as it
 * can in that time, with a line of progress.
 */
import { parseArgs } from "node:util";
import { runMany } from "./many.ts";
import { run } from "./run.ts";
import { describeFault, shrink } from "./shrink.ts";
import { describeSummary, isGood } from "./summary.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    minutes: { type: "string" },
    "no-shrink": { type: "boolean", default: false },
  },
});
const LINES = 1_000_000;
const PROGRESS_MS = 10_000;

process.exitCode = values.seed === undefined ? await showMany() : await showOne(Number(values.seed), true);

async function showOne(seed: number, withTrace: boolean): Promise<number> {
  const result = await run({ seed, lines: withTrace ? LINES : 0 });
  for (const line of result.lines) console.log(line);
  console.log(
    `seed ${seed}: ${result.steps} steps, ${result.bays} bays, ${result.requests} requests, ${result.struck.length} faults, ` +
      `conditions: ${[...result.plan.conditions].join(", ") || "none"}, trace ${result.hash}`,
  );
  if (!result.violation) return 0;
  console.log(`seed ${seed} breaks ${result.violation.id}: ${result.violation.how}`);
  if (values["no-shrink"]) return 1;
  const shrunk = await shrink(result);
  const again = await run({ seed, plan: shrunk.plan, lines: LINES });
  console.log(`\nshrunk in ${shrunk.tries} runs to ${again.struck.length} faults:`);
  if (withTrace) for (const line of again.lines.slice(-120)) console.log(line);
  console.log(`conditions: ${[...shrunk.plan.conditions].join(", ") || "none"}`);
  for (const fault of again.struck) console.log(`  ${describeFault(fault)}`);
  console.log(`${again.violation?.id}: ${again.violation?.how}`);
  return 1;
}

async function showMany(): Promise<number> {
  const from = Number(values.from);
  const to = values.seeds === undefined ? Infinity : from + Number(values.seeds) - 1;
  if (values.seeds === undefined && values.minutes === undefined) throw new Error("say --seed, --seeds or --minutes");
  const startMs = Date.now();
  const untilMs = values.minutes === undefined ? Infinity : startMs + Number(values.minutes) * 60_000;
  let toldMs = startMs;
  let toldViolations = 0;
  const summary = await runMany({
    from,
    to,
    untilMs: Math.min(untilMs, Number.MAX_SAFE_INTEGER),
    progress({ seeds, steps, violations }) {
      for (const { seed, id } of violations.slice(toldViolations)) console.error(`seed ${seed} breaks ${id}`);
      toldViolations = violations.length;
      if (Date.now() - toldMs < PROGRESS_MS) return;
      toldMs = Date.now();
      const seconds = Math.round((toldMs - startMs) / 1_000);
      console.error(`${seconds} s: ${seeds} seeds, ${steps} steps, ${violations.length} violations`);
    },
  });
  console.log(describeSummary(summary));
  for (const { seed, id, how } of summary.violations.slice(0, 20))
    console.log(`seed ${seed} breaks ${id}: ${how}\n  npm run sim -- --seed ${seed}`);
  const [first] = summary.violations;
  if (first && !values["no-shrink"]) await showOne(first.seed, false);
  if (isGood(summary)) return 0;
  if (!first) console.log("a seed was put through too little");
  return 1;
}
