/** Orders that are left out are as good as those that are run: held to every order there is, of small programs and races. */
import { expect, test } from "vitest";
import { createSeededRandom } from "../simulated/random.ts";
import { createOrders } from "./orders.ts";

/** A shared cell: whoever writes it counts its revision up. */
interface Cell {
  readonly value: number;
  readonly revision: number;
}

interface Instruction {
  readonly kind: "read" | "write" | "write if unchanged" | "skip the next if odd" | "watch";
  readonly cell: string;
  readonly other: string;
}

interface Actor {
  readonly at: number;
  readonly value: number;
  readonly seen: number;
}

interface State {
  readonly cells: Readonly<Record<string, Cell>>;
  readonly actors: Readonly<Record<string, Actor>>;
  /** Set for good when a watcher saw it. */
  readonly isBroken: boolean;
}

interface Touched {
  readonly looks: readonly string[];
  readonly changes: readonly string[];
}

type Programs = Readonly<Record<string, readonly Instruction[]>>;

const CELLS = ["a", "b", "c"];

function doTouch(one: Touched, other: Touched): boolean {
  const isSeen = (changes: readonly string[], { looks, changes: others }: Touched): boolean =>
    changes.some((name) => looks.includes(name) || others.includes(name));
  return isSeen(one.changes, other) || isSeen(other.changes, one);
}

function begin(programs: Programs): State {
  return {
    cells: Object.fromEntries(CELLS.map((name) => [name, { value: 1, revision: 0 }])),
    actors: Object.fromEntries(
      Object.keys(programs).map((name, place) => [name, { at: 0, value: place + 2, seen: 0 }]),
    ),
    isBroken: false,
  };
}

function ableIn(programs: Programs, { actors }: State): string[] {
  return Object.keys(programs).filter((name) => actors[name]!.at < programs[name]!.length);
}

/** The actor's next instruction: what comes of it, and what it touched. */
function stepOf(programs: Programs, state: State, who: string): { state: State; touched: Touched } {
  const actor = state.actors[who]!;
  const { kind, cell, other } = programs[who]![actor.at]!;
  const { value, revision } = state.cells[cell]!;
  const move = (next: Partial<Actor>, by = 1): State => ({
    ...state,
    actors: { ...state.actors, [who]: { ...actor, ...next, at: actor.at + by } },
  });
  const write = (): State => ({
    ...move({}),
    cells: { ...state.cells, [cell]: { value: (actor.value * 3 + value) % 17, revision: revision + 1 } },
  });
  switch (kind) {
    case "read":
      return {
        state: move({ value: (actor.value * 5 + value) % 19, seen: revision }),
        touched: { looks: [cell], changes: [] },
      };
    case "write":
      return { state: write(), touched: { looks: [], changes: [cell] } };
    case "write if unchanged":
      return revision === actor.seen
        ? { state: write(), touched: { looks: [cell], changes: [cell] } }
        : { state: move({ value: actor.value + 1 }), touched: { looks: [cell], changes: [] } };
    case "skip the next if odd":
      return { state: move({}, 1 + (actor.value % 2)), touched: { looks: [], changes: [] } };
    case "watch":
      return {
        state: { ...write(), isBroken: state.isBroken || state.cells[other]!.value % 4 === 3 },
        touched: { looks: [other], changes: [cell] },
      };
  }
}

interface Explored {
  /** Runs to their end, and such as were begun for nothing. */
  readonly orders: number;
  readonly cut: number;
  readonly ends: readonly string[];
}

function exploreReduced(programs: Programs): Explored {
  const orders = createOrders(doTouch);
  const ends = new Set<string>();
  let [whole, cut] = [0, 0];
  for (;;) {
    let state = begin(programs);
    let isWhole = true;
    for (let able = ableIn(programs, state); able.length > 0; able = ableIn(programs, state)) {
      const who = orders.next(able);
      if (who === undefined) {
        isWhole = false;
        break;
      }
      const step = stepOf(programs, state, who);
      orders.went(step.touched);
      state = step.state;
    }
    if (isWhole) ends.add(JSON.stringify(state));
    if (isWhole) whole += 1;
    else cut += 1;
    if (!orders.turnBack(isWhole)) return { orders: whole, cut, ends: [...ends].sort() };
  }
}

/** Every order there is; those count as one whose steps touch in the same order. */
function exploreAll(programs: Programs): Explored {
  const ends = new Set<string>();
  const classes = new Set<string>();
  const go = (state: State, steps: readonly { who: string; touched: Touched }[]): void => {
    const able = ableIn(programs, state);
    if (able.length === 0) {
      ends.add(JSON.stringify(state));
      classes.add(classOf(steps));
    }
    for (const who of able) {
      const step = stepOf(programs, state, who);
      go(step.state, [...steps, { who, touched: step.touched }]);
    }
  };
  go(begin(programs), []);
  return { orders: classes.size, cut: 0, ends: [...ends].sort() };
}

function classOf(steps: readonly { who: string; touched: Touched }[]): string {
  const names = steps.map(({ who }, at) => `${who}${steps.slice(0, at).filter((one) => one.who === who).length}`);
  return steps
    .map(({ who, touched }, at) => {
      const before = steps.slice(0, at).flatMap((one, place) => {
        return one.who !== who && doTouch(one.touched, touched) ? [names[place]!] : [];
      });
      return `${names[at]} after ${before.sort().join()}`;
    })
    .sort()
    .join("; ");
}

function drawPrograms(seed: number, actors: readonly string[], length: number): Programs {
  const random = createSeededRandom(seed);
  const pick = <One>(list: readonly One[]): One => list[Math.floor(random.fraction() * list.length)]!;
  const kinds = ["read", "write", "write if unchanged", "skip the next if odd", "watch", "read"] as const;
  const cells = pick([CELLS, CELLS.slice(0, 2)]);
  const draw = (): Instruction => ({ kind: pick(kinds), cell: pick(cells), other: pick(cells) });
  return Object.fromEntries(actors.map((name) => [name, Array.from({ length }, draw)]));
}

test("of random programs of two actors each order that matters is run, once, and all ends are found that there are", () => {
  let all = 0;
  for (let seed = 1; seed <= 50; seed += 1) {
    const programs = drawPrograms(seed, ["one", "two"], 6);
    const [reduced, whole] = [exploreReduced(programs), exploreAll(programs)];
    expect(reduced, `programs of seed ${seed}`).toEqual(whole);
    all += whole.orders;
  }
  expect(all).toBeGreaterThan(1_000);
});

test("of random programs of three actors all ends are found that there are, with few orders for nothing", () => {
  let [all, run] = [0, 0];
  for (let seed = 1; seed <= 20; seed += 1) {
    const programs = drawPrograms(seed, ["one", "two", "three"], 3);
    const [reduced, whole] = [exploreReduced(programs), exploreAll(programs)];
    expect(reduced.ends, `programs of seed ${seed}`).toEqual(whole.ends);
    [all, run] = [all + whole.orders, run + reduced.orders + reduced.cut];
  }
  expect(all).toBeGreaterThan(600);
  expect(run).toBeLessThan(1.1 * all);
});
