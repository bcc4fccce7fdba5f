/**
 * `npm run test:exhaustive`: every moment of every operation struck by everything that can happen there (moments.ts), every
 * order in which a few processes may make their calls (interleavings.ts), and stories of several acts (stories.ts), on all
 * cores. Prints what each took, and fails when a promise was broken. `--only` names a part of them, `--orders` how many of
 * one race at most.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ORDERS_MOST, runRace } from "./interleavings.ts";
import { strikeEveryMoment } from "./moments.ts";
import { RACES } from "./races.ts";
import { play } from "./script.ts";
import { SCRIPTS } from "./scripts.ts";
import { STORIES } from "./stories.ts";
import { COMPILED } from "./compiled.ts";
import { describeFault } from "./shrink.ts";

interface Report {
  readonly runs: number;
  readonly says: string;
  readonly broken: readonly string[];
}

/** What a process is told to run. */
interface Part {
  readonly name: string;
  readonly most: number;
}

interface MeasuredReport extends Report {
  readonly cpuSeconds: number;
}

const TASKS: readonly { readonly name: string; readonly run: (most: number) => Promise<Report> }[] = [
  ...RACES.map((race) => ({
    name: race.name,
    async run(most: number) {
      const { orders, cut, ends, isWhole, violation } = await runRace(race, { most });
      const broken = violation ? [`${violation.id}: ${violation.how}\n  ${violation.order.join("\n  ")}`] : [];
      // Nobody is to take the first of them for all.
      if (!isWhole && !violation && most >= ORDERS_MOST) broken.push(`there are more than ${most} orders`);
      const cutShort = cut > 0 ? `, ${cut} begun for nothing` : "";
      const share = isWhole ? `all ${orders} orders` : `the first ${orders} orders`;
      return { runs: orders + cut, says: `${share}${cutShort}, which end in ${ends.size} ways`, broken };
    },
  })),
  ...SCRIPTS.map((script) => ({
    name: script.name,
    async run() {
      const { runs, moments, broken } = await strikeEveryMoment(script);
      const told = broken.map(({ fault, violation: { id, how } }) => `${describeFault(fault)}: ${id}: ${how}`);
      return { runs, says: `${moments} moments, ${runs} runs`, broken: told };
    },
  })),
  {
    name: "stories",
    async run() {
      const broken: string[] = [];
      for (const story of STORIES) {
        const { violation } = await play(story, []);
        if (violation) broken.push(`${story.name}: ${violation.id}: ${violation.how}`);
      }
      return { runs: STORIES.length, says: `${STORIES.length} of them`, broken };
    },
  },
];

/** They are begun first, so that no core waits for the other at the end. */
const LONGEST = [
  "a bay's health is reported while a conductor creates it",
  "two conductors create one bay",
  "a bay is deleted while a conductor creates it",
  "deleting a bay whose creation is tried again",
  "calling a hook, again after the bay was resized",
  "deleting a bay whose stack can never be deleted",
];
const NAME_WIDTH = 66;

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string", default: "" }, orders: { type: "string", default: String(ORDERS_MOST) } },
  });
  const names = TASKS.map(({ name }) => name).filter((name) => name.includes(values.only));
  const waiting = [...new Set([...LONGEST.filter((name) => names.includes(name)), ...names.toReversed()])];
  const startMs = Date.now();
  let [runs, parts, broken, cpuSeconds] = [0, 0, 0, 0];
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), waiting.length) }, async () => {
      const worker = startWorker();
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const report = await worker.run({ name, most: Number(values.orders) });
        [runs, parts, broken] = [runs + report.runs, parts + 1, broken + report.broken.length];
        cpuSeconds += report.cpuSeconds;
        console.log(`${name.padEnd(NAME_WIDTH)} ${report.says}, ${report.cpuSeconds.toFixed(1)} CPU s`);
        for (const how of report.broken) console.log(`  ${how}`);
      }
      worker.end();
    }),
  );
  const seconds = Math.round((Date.now() - startMs) / 1_000);
  console.log(
    `exhaustive: ${parts} parts, ${runs} runs in ${seconds} s (${Math.round(cpuSeconds)} CPU s), violations: ${broken}`,
  );
  process.exitCode = broken === 0 && parts > 0 ? 0 : 1;
}

interface Worker {
  readonly run: (part: Part) => Promise<MeasuredReport>;
  readonly end: () => void;
}

/** A process that runs one part after another: it loads once, and what it has compiled for one serves the next. */
function startWorker(): Worker {
  const child = fork(new URL(import.meta.url).pathname, [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  return {
    run: (part) =>
      new Promise((resolve, reject) => {
        const died = (code: number | null): void => reject(new Error(`"${part.name}" ended with ${code}`));
        child.once("exit", died);
        child.once("message", (report) => {
          child.off("exit", died);
          resolve(report as MeasuredReport);
        });
        child.send(part);
      }),
    end: () => child.disconnect(),
  };
}

if (process.send) {
  let spent = 0;
  process.on("message", (part) => {
    const { name, most } = part as Part;
    const task = TASKS.find((one) => one.name === name);
    if (!task) throw new Error(`there is no part "${name}"`);
    void task.run(most).then((report) => {
      const { user, system } = process.cpuUsage();
      const all = (user + system) / 1_000_000;
      const measured: MeasuredReport = { ...report, cpuSeconds: all - spent };
      spent = all;
      process.send?.(measured);
    });
  });
} else await lead();
