/**
 * A process with one bug in it: tries what caught the bug before, then each story, some seeds and the first orders of each
 * race, then seed after seed, every order and every moment, until a promise is broken, and tells which and by whom.
 */
import type { Race } from "../interleavings.ts";
import type { Script } from "../script.ts";
import type { Catcher } from "./catchers.ts";
import { sabotage } from "./loader.ts";
import { SABOTAGES } from "./sabotages.ts";

export interface Task {
  readonly name: string;
  readonly seeds: number;
  readonly before?: Catcher;
}

interface Broken {
  readonly id: string;
  readonly how: string;
}

export interface Caught extends Broken {
  readonly kind: "caught";
  readonly by: Catcher;
}

export type Verdict = Caught | { readonly kind: "missed" };

/** Of one race: a look at each before any is gone through. */
const ORDERS_FIRST = 60;
/** Tried before the first orders are: most bugs need no more. */
const SEEDS_FIRST = 30;

async function hunt({ name, seeds, before }: Task): Promise<Verdict> {
  const bug = SABOTAGES.find((one) => one.name === name);
  if (!bug) throw new Error(`there is no sabotage ${name}`);
  sabotage(bug);
  // Only now, with the bug in what they load.
  const [{ run }, { runRace }, { RACES }, { strikeEveryMoment }, { play }, { SCRIPTS }, { STORIES }] =
    await Promise.all([
      import("../run.ts"),
      import("../interleavings.ts"),
      import("../races.ts"),
      import("../moments.ts"),
      import("../script.ts"),
      import("../scripts.ts"),
      import("../stories.ts"),
    ]);
  const bySeed = async (seed: number) => asCaught({ seed }, run({ seed }));
  const byRace = async (race: Race, bounds: { readonly most?: number } = {}) =>
    asCaught({ race: race.name }, runRace(race, bounds));
  const byScript = async (script: Script) => {
    const struck = strikeEveryMoment(script, { first: true });
    const {
      broken: [first],
    } = await struck.catch(() => ({ broken: [] }));
    const by = { script: script.name, ...(first && { fault: first.fault }) };
    return asCaught(
      by,
      struck.then(() => first ?? { violation: undefined }),
    );
  };
  const byStory = async (story: Script) => asCaught({ story: story.name }, play(story, []));
  const again = async (catcher: Catcher) => {
    if ("seed" in catcher) return bySeed(catcher.seed);
    if ("race" in catcher)
      return tryAll(RACES.filter((race) => race.name === catcher.race).map((race) => () => byRace(race)));
    if ("story" in catcher)
      return tryAll(STORIES.filter((story) => story.name === catcher.story).map((story) => () => byStory(story)));
    const script = SCRIPTS.find((one) => one.name === catcher.script);
    if (!script) return undefined;
    return catcher.fault ? asCaught(catcher, play(script, [catcher.fault])) : byScript(script);
  };
  const seedsFrom = (first: number, last: number) =>
    Array.from({ length: Math.max(0, Math.min(last, seeds) - first + 1) }, (_, index) => () => bySeed(first + index));
  const caught = await tryAll([
    async () => before && again(before),
    ...STORIES.map((story) => () => byStory(story)),
    ...seedsFrom(1, SEEDS_FIRST),
    ...RACES.map((race) => () => byRace(race, { most: ORDERS_FIRST })),
    ...seedsFrom(SEEDS_FIRST + 1, seeds),
    ...RACES.map((race) => () => byRace(race)),
    ...SCRIPTS.map((script) => () => byScript(script)),
  ]);
  return caught ?? { kind: "missed" };
}

async function tryAll(tries: readonly (() => Promise<Caught | undefined>)[]): Promise<Caught | undefined> {
  for (const one of tries) {
    const caught = await one();
    if (caught) return caught;
  }
  return undefined;
}

/** Code that throws where nothing may throw ends the run: as good as any watcher. */
async function asCaught(
  by: Catcher,
  result: Promise<{ readonly violation: Broken | undefined }>,
): Promise<Caught | undefined> {
  const violation = await result.then(
    (ended) => ended.violation,
    (thrown: unknown) => ({ id: "crash", how: thrown instanceof Error ? thrown.message : String(thrown) }),
  );
  return violation && { kind: "caught", by, id: violation.id, how: violation.how };
}

process.once("message", (task) => {
  void hunt(task as Task).then((verdict) => process.send?.(verdict, () => process.disconnect()));
});
