/**
 * `npm run test:sabotage`: every deliberate bug of the list must be caught by the simulation. What caught it before is
 * tried first (catchers.ts); then it is hunted for. Fails when one was missed: that is a hole in the simulation.
 * `--anew` hunts without looking at what was remembered, `--remember` writes down who caught what, `--only` names some
 * (several: `|`), `--seeds` and `--minutes` bound each hunt.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { COMPILED } from "../compiled.ts";
import { describeCatcher, readCatchers, writeCatchers } from "./catchers.ts";
import { sabotaged } from "./loader.ts";
import type { Sabotage } from "./sabotages.ts";
import { SABOTAGES } from "./sabotages.ts";
import type { Caught, Task, Verdict } from "./worker.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "60" },
    minutes: { type: "string", default: "10" },
    anew: { type: "boolean", default: false },
    remember: { type: "boolean", default: false },
  },
});
const WIDTH = 54;
const HOW_CHARS = 110;

type Outcome = Verdict | { readonly kind: "outdated" } | { readonly kind: "died"; readonly how: string };

const remembered = new Map(readCatchers());
const only = values.only.split("|");
const waiting = SABOTAGES.filter(({ name }) => only.some((part) => name.includes(part)));
const total = waiting.length;
const caught: Caught[] = [];
const startMs = Date.now();
await Promise.all(Array.from({ length: Math.min(availableParallelism(), total) }, huntAll));

// The seeds are tried from the first on: the one that caught it is how many it took.
const seeds = caught.flatMap(({ by }) => ("seed" in by ? [by.seed] : [])).sort((a, b) => a - b);
console.log(
  `sabotages: ${caught.length === total ? "all" : `${caught.length} of`} ${total} caught in ${Math.round((Date.now() - startMs) / 1_000)} s, ` +
    `${seeds.length} by seeds (median seeds to catch ${seeds[seeds.length >> 1] ?? "none"}, most ${seeds.at(-1) ?? "none"}), ` +
    `${caught.length - seeds.length} by an order, a moment or a story`,
);
process.exitCode = caught.length === total && total > 0 ? 0 : 1;

async function huntAll(): Promise<void> {
  for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
    const verdict = isInTheCode(bug) ? await hunt(bug) : ({ kind: "outdated" } as const);
    if (verdict.kind === "caught") {
      caught.push(verdict);
      remembered.set(bug.name, verdict.by);
      if (values.remember)
        writeCatchers(
          new Map(
            SABOTAGES.flatMap(({ name }) => {
              const by = remembered.get(name);
              return by ? [[name, by] as const] : [];
            }),
          ),
        );
    }
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
  switch (verdict.kind) {
    case "outdated":
      return "OUTDATED: the code that it changes is not there any more";
    case "died":
      return `MISSED: ${verdict.how}`;
    case "missed":
      return `MISSED in ${values.seeds} seeds, every story, moment and order`;
    case "caught":
      return `${describeCatcher(verdict.by)}: ${verdict.id}: ${verdict.how.slice(0, HOW_CHARS)}`;
    default:
      return verdict satisfies never;
  }
}

async function hunt({ name }: Sabotage): Promise<Outcome> {
  const child = fork(new URL("worker.ts", import.meta.url).pathname, [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    timeout: Number(values.minutes) * 60_000,
    killSignal: "SIGKILL",
  });
  const verdict = new Promise<Outcome>((resolve) => {
    child.once("message", (message) => resolve(message as Verdict));
    child.once("exit", (code, signal) =>
      resolve({
        kind: "died",
        how: `the hunt ended with ${signal ? `${signal} after ${values.minutes} minutes at most` : code}`,
      }),
    );
  });
  const before = values.anew ? undefined : remembered.get(name);
  const task: Task = { name, seeds: Number(values.seeds), ...(before && { before }) };
  child.send(task);
  return verdict;
}
