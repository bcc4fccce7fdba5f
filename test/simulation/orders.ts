/**
 * Which orders of a few actors' steps are to be run, so that every order that matters is run once: optimal dynamic
 * partial-order reduction (Abdulla, Aronis, Jonsson, Sagonas: "Source Sets", Journal of the ACM 2017), over programs that
 * run the same way whenever their steps come in the same order, and in which nobody waits for another.
 *
 * An order is run to its end and each of its steps tells what it touched. Two steps that touch the same are in a race
 * when nothing between them orders them; for each race an order is planned in which the later comes first, unless one
 * that is as good was run or planned. A step that was seen to touch nothing of what went since sleeps: to begin with it
 * would be an order that was run.
 *
 * It is sound as long as what steps tell is the whole truth: two steps of different actors that stand side by side and
 * do not touch must come to the same in either order, with each other and for whoever watches. What was planned and not
 * run yet is taken to touch everything, so that no order is left out by a guess; at worst one is begun for nothing and
 * cut short, which is counted. orders.test.ts holds this to every order of random programs.
 */

export interface Orders<Touched> {
  /** Who goes next of those who can; undefined: whatever goes next here was seen in another order. */
  next(able: readonly string[]): string | undefined;
  /** What the step of the one who was named last touched. */
  went(touched: Touched): void;
  /** The order is over, at its end or, cut short, before. False: it was the last one. */
  turnBack(isWhole: boolean): boolean;
}

interface Step<Touched> {
  readonly who: string;
  /** Absent: it has not been run in this place. */
  readonly touched: Touched | undefined;
}

/** What is planned from a place on: each branch a step and what may follow on it, the first one at work. */
interface Branch<Touched> extends Step<Touched> {
  readonly following: Branch<Touched>[];
}

/** A place in the tree of orders: the step that is taken from it, and those that need not be taken. */
interface Place<Touched> {
  readonly sleeping: Map<string, Touched>;
  readonly planned: Branch<Touched>[];
  touched: Touched | undefined;
}

export function createOrders<Touched>(doTouch: (one: Touched, other: Touched) => boolean): Orders<Touched> {
  const path: Place<Touched>[] = [];
  let depth = 0;
  /** Where this order leaves the one before. */
  let fresh = 0;

  const mayTouch = (one: Touched | undefined, other: Touched | undefined): boolean =>
    one === undefined || other === undefined || doTouch(one, other);
  /** Whether the steps could as well begin with that one, which is among them or touches none of them. */
  const mayBegin = (steps: readonly Step<Touched>[], { who, touched }: Step<Touched>): boolean => {
    const at = steps.findIndex((step) => step.who === who);
    const own = steps[at]?.touched ?? touched;
    return (at < 0 ? steps : steps.slice(0, at)).every((step) => !mayTouch(own, step.touched));
  };
  /** Plans the steps from a place on, unless what is planned there comes to the same. */
  const plan = (branches: Branch<Touched>[], steps: readonly Step<Touched>[]): void => {
    const found = branches.find((branch) => mayBegin(steps, branch));
    if (!found) branches.push(...branchOf(steps));
    else if (found.following.length > 0) plan(found.following, without(steps, found.who));
  };
  const planReversals = (): void => {
    const steps = path.map(stepOf);
    for (const { first, later, between } of racesOf(steps, fresh, mayTouch)) {
      const { sleeping, planned } = path[first] as Place<Touched>;
      const reversed = [...between, { who: whoOf(path[later]), touched: undefined }];
      const isSeen = [...sleeping].some(([who, touched]) => mayBegin(reversed, { who, touched }));
      if (!isSeen) plan(planned, reversed);
    }
  };
  const newPlace = (able: readonly string[]): Place<Touched> | undefined => {
    const before = path.at(-1);
    const asleep = [...(before?.sleeping ?? [])].filter(([, touched]) => !mayTouch(touched, before?.touched));
    const sleeping = new Map(asleep);
    const planned = before?.planned[0]?.following ?? [];
    if (planned.length === 0) {
      const who = able.find((one) => !sleeping.has(one));
      if (who === undefined) return undefined;
      planned.push({ who, touched: undefined, following: [] });
    }
    return { sleeping, planned, touched: undefined };
  };

  return {
    next(able) {
      const place = path[depth] ?? newPlace(able);
      if (!place) return undefined;
      path[depth] = place;
      depth += 1;
      const who = whoOf(place);
      if (!able.includes(who)) throw new Error(`${who} cannot go, and could before: nothing runs the same way twice`);
      return who;
    },
    went(touched) {
      const place = path[depth - 1];
      if (place) place.touched = touched;
    },
    turnBack(isWhole) {
      if (isWhole) planReversals();
      depth = 0;
      for (let place = path.at(-1); place; path.pop(), place = path.at(-1)) {
        const { sleeping, planned, touched } = place;
        if (touched !== undefined) sleeping.set(whoOf(place), touched);
        planned.shift();
        if (planned.length === 0) continue;
        place.touched = undefined;
        fresh = path.length - 1;
        return true;
      }
      return false;
    },
  };
}

function whoOf<Touched>(place: Place<Touched> | undefined): string {
  return place?.planned[0]?.who ?? "nobody";
}

function stepOf<Touched>(place: Place<Touched>): Step<Touched> {
  return { who: whoOf(place), touched: place.touched };
}

/** Each step behind the one before. */
function branchOf<Touched>(steps: readonly Step<Touched>[]): Branch<Touched>[] {
  return steps.reduceRight<Branch<Touched>[]>((following, step) => [{ ...step, following }], []);
}

/** All but the first step of that actor. */
function without<Touched>(steps: readonly Step<Touched>[], who: string): readonly Step<Touched>[] {
  const at = steps.findIndex((step) => step.who === who);
  return at < 0 ? steps : steps.toSpliced(at, 1);
}

interface Race<Touched> {
  readonly first: number;
  readonly later: number;
  /** What comes after the first step and not because of it. */
  readonly between: readonly Step<Touched>[];
}

/** Pairs of steps that touch, and that no third step orders; those whose later step is from that place on. */
function* racesOf<Touched>(
  steps: readonly Step<Touched>[],
  from: number,
  mayTouch: (one: Touched | undefined, other: Touched | undefined) => boolean,
): Generator<Race<Touched>> {
  /** Of each step, those that must come before it. */
  const causes: Set<number>[] = [];
  const races: (readonly [number, number])[] = [];
  for (const [later, step] of steps.entries()) {
    const before = new Set<number>();
    for (let first = later - 1; first >= 0; first -= 1) {
      if (before.has(first)) continue;
      const other = steps[first] as Step<Touched>;
      if (other.who !== step.who && !mayTouch(other.touched, step.touched)) continue;
      if (other.who !== step.who && later >= from) races.push([first, later]);
      before.add(first);
      for (const cause of causes[first] ?? []) before.add(cause);
    }
    causes.push(before);
  }
  for (const [first, later] of races) {
    const between = steps.filter((_, at) => at > first && causes[at]?.has(first) === false);
    yield { first, later, between };
  }
}
