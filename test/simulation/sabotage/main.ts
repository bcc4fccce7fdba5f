/**
 * `npm run test:sabotage`: every deliberate bug of the list must be caught by the simulation. Prints the seeds that each
 * took, and fails when one was missed: that is a hole in the simulation.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { sabotaged } from "./loader.ts";
import type { Sabotage } from "./sabotages.ts";
import { SABOTAGES } from "./sabotages.ts";
import type { Task, Verdict } from "./worker.ts";

const { values } = parseArgs({
  options: { only: { type: "string" }, seeds: { type: "string", default: "60" } },
});
const WIDTH = 54;

type Outcome = Verdict | { readonly kind: "outdated" };

const waiting = SABOTAGES.filter(({ name }) => values.only === undefined || name.includes(values.only));
const verdicts: Outcome[] = [];
const total = waiting.length;
await Promise.all(Array.from({ length: Math.min(availableParallelism(), total) }, huntAll));

const caught = verdicts
  .flatMap((verdict) => (verdict.kind === "caught" ? [verdict.part === undefined ? verdict.seeds : Infinity] : []))
  .sort((a, b) => a - b);
console.log(
  `sabotages: ${caught.length} of ${total} caught, median seeds to catch ${caught[caught.length >> 1] ?? "none"}, ${caught.filter((seeds) => seeds === Infinity).length} of them by the exhaustive parts`,
);
process.exitCode = caught.length === total && total > 0 ? 0 : 1;

async function huntAll(): Promise<void> {
  for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
    const verdict = isInTheCode(bug) ? await hunt(bug) : ({ kind: "outdated" } as const);
    verdicts.push(verdict);
    console.log(`${bug.name.padEnd(WIDTH)} ${describe(verdict)}`);
  }
}

function isInTheCode(bug: Sabotage): boolean {
  try {
    return sabotaged(bug) !== "";
  } catch (thrown) {
    console.error(String(thrown));
    return false;
  }
}

function describe(verdict: Outcome): string {
  if (verdict.kind === "outdated") return "OUTDATED: the code that it changes is not there any more";
  if (verdict.kind === "missed") return `MISSED in ${values.seeds} seeds, every moment and every order`;
  if (verdict.part !== undefined) return `exhaustive  ${verdict.part}: ${verdict.id}: ${verdict.how.slice(0, 80)}`;
  return `${String(verdict.seeds).padStart(4)} seeds  ${verdict.id}: ${verdict.how.slice(0, 110)}`;
}

async function hunt({ name }: Sabotage): Promise<Verdict> {
  const child = fork(new URL("worker.ts", import.meta.url).pathname, [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const verdict = new Promise<Verdict>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Verdict));
    child.once("exit", (code) => reject(new Error(`the hunt for ${name} ended with ${code}`)));
  });
  const task: Task = { name, seeds: Number(values.seeds) };
  child.send(task);
  return verdict;
}
