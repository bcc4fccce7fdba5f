/**
 * Every order in which a few processes can make their calls, in a world where nothing else happens: a small model, of
 * real code. Each call takes effect at once and alone, when it is its turn, and its process goes on to its next call.
 * Whatever the order, all must come to rest afterwards with every promise kept.
 *
 * Orders that differ only in steps which do not touch the same are taken once (orders.ts; what touches what: touches.ts).
 * That they come to the same rests on this: time stands still while they race, a process draws its chance and seals its
 * secrets by itself, what it sends to the queue stays with it until all is over, and every look that a promise takes at
 * the world in a step counts as the step's own. Two things of a process have no turn, but are part of the step before: a
 * message, and the answer to a request, which is checked at the earliest moment, when it has the fewest excuses. All who
 * race are of one project, so that no promise has names of others to look for.
 *
 * What follows on a race is the same where the race came to the same (ends.ts): it is run once. So is what the last of
 * them does when the others are at their end, from a place that was seen.
 */
import type { Beginning } from "./beginning.ts";
import { createRecorder } from "./beginning.ts";
import { createEnds } from "./ends.ts";
import { INVARIANTS } from "./invariants/all.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { leases } from "./invariants/leases.ts";
import type { Orders } from "./orders.ts";
import { createOrders } from "./orders.ts";
import type { Outside } from "./ports.ts";
import type { HeldCall, HeldFate } from "./process.ts";
import { createProcess } from "./process.ts";
import type { Process } from "./process.ts";
import type { Stage, Violation } from "./stage.ts";
import { createStage } from "./stage.ts";
import type { Touches, TouchNotes } from "./touches.ts";
import { createTouchNotes, doTouch } from "./touches.ts";
import { productRandom, streamOf } from "./world.ts";

/** Those who act at once, and what was before. */
export interface Race {
  readonly name: string;
  /** Brings about the beginning, and tells who is to act in a world that begins so. */
  prepare(stage: Stage): Promise<(stage: Stage) => readonly Racer[]>;
}

export interface Racer {
  readonly name: string;
  /** Its clock goes wrong by so much. */
  readonly skewMs?: number;
  /** Whether it hears nothing of what came of a call; asked when the call takes effect. */
  readonly losesReply?: (call: HeldCall) => boolean;
  readonly run: (process: Process, outside: Outside) => Promise<unknown>;
}

export interface RaceResult {
  /** Orders run to their end, and such as turned out to be no new ones. */
  readonly orders: number;
  readonly cut: number;
  /** What they came to, each once. */
  readonly ends: ReadonlySet<string>;
  /** All of them; else there were too many, and the first were run. */
  readonly isWhole: boolean;
  readonly violation: (Violation & { readonly order: readonly string[] }) | undefined;
}

export interface RaceOptions {
  readonly most?: number;
  /** Which steps' order matters; absent: that of those which touch the same. */
  readonly touch?: (one: Touches, other: Touches) => boolean;
}

/** That one takes a live lease is what these models are about. */
const PROMISES = INVARIANTS.filter((one) => one !== leases);

const SEED = 7;
/** Another, so that nothing is drawn that was drawn before; by it Heat shows an update late. */
const RACE_SEED = 10;
/** The world's own streams of chance have lower numbers. */
const RACERS_STREAM = 100;
const STACK_MS = 1_200;
/** Of one race: no race has so many, and one that comes to have more is to be cut to what matters. */
export const ORDERS_MOST = 20_000;

/** A call that waits for its turn. */
interface Waiting {
  readonly call: HeldCall;
  readonly go: () => void;
}

/** What is known of a race from the orders that were run. */
interface Known {
  readonly choice: Orders<Touches>;
  readonly ends: Set<string>;
  /** What the last of them does from a place on, when the others are at their end. */
  readonly alone: Map<string, readonly Touches[]>;
}

/** What all orders begin with: it is brought about once. */
interface Start {
  readonly beginning: Beginning;
  readonly racersIn: (stage: Stage) => readonly Racer[];
  /** A promise broken before anybody raced. */
  readonly violation: Violation | undefined;
}

export async function runRace(
  race: Race,
  { most = ORDERS_MOST, touch = doTouch }: RaceOptions = {},
): Promise<RaceResult> {
  const start = await prepare(race);
  const choice = createOrders(touch);
  const ends = new Set<string>();
  const known: Known = { choice, ends, alone: new Map() };
  let [orders, cut] = [0, 0];
  if (start.violation) return { orders, cut, ends, isWhole: false, violation: { ...start.violation, order: [] } };
  for (;;) {
    const { isWhole, violation, order } = await runOrder(start, known);
    if (isWhole) orders += 1;
    else cut += 1;
    if (violation) return { orders, cut, ends, isWhole: false, violation: { ...violation, order } };
    if (!choice.turnBack(isWhole)) return { orders, cut, ends, isWhole: true, violation: undefined };
    if (orders + cut >= most) return { orders, cut, ends, isWhole: false, violation: undefined };
  }
}

interface Ran {
  readonly isWhole: boolean;
  readonly violation: Violation | undefined;
  readonly order: readonly string[];
}

async function prepare(race: Race): Promise<Start> {
  const recorder = createRecorder();
  const stage = createRaceStage(SEED, [recorder.watcher]);
  const racersIn = await race.prepare(stage);
  return { beginning: recorder.beginning(stage.world), racersIn, violation: stage.violation() };
}

async function runOrder({ beginning, racersIn }: Start, { choice, ends, alone }: Known): Promise<Ran> {
  const notes = createTouchNotes();
  const end = createEnds();
  const stage = createRaceStage(RACE_SEED, [notes.watcher, end.watcher], beginning);
  end.begin();
  const held = startAll(stage, racersIn(stage), notes);
  await settle(stage);
  const order: string[] = [];
  const rest: { place: string; steps: Touches[] } = { place: "", steps: [] };
  while (!stage.violation()) {
    const able = [...held.waiting].flatMap(([name, [first]]) => (first ? [name] : []));
    const [one] = able;
    if (one === undefined) break;
    if (able.length === 1 && rest.place === "") {
      rest.place = end.hashFor(one, stage.world, held.messages());
      const seen = alone.get(rest.place);
      if (seen) return { isWhole: repeat(choice, one, seen), violation: undefined, order };
    }
    const who = choice.next(able);
    if (who === undefined) return { isWhole: false, violation: undefined, order };
    const next = held.waiting.get(who)?.shift();
    if (!next) throw new Error(`${who} has nothing to do`);
    order.push(`${who}: ${next.call.service}.${next.call.what}`);
    notes.begin(next.call);
    next.go();
    await settle(stage);
    const touched = notes.end();
    choice.went(touched);
    end.note(who, touched);
    if (rest.place !== "") rest.steps.push(touched);
  }
  if (!stage.violation()) alone.set(rest.place, rest.steps);
  const came = end.hash(stage.world, held.messages());
  if (!stage.violation() && !ends.has(came)) await comeToRest(stage, held);
  ends.add(came);
  return { isWhole: true, violation: stage.violation(), order };
}

function createRaceStage(seed: number, watchers: readonly Invariant[], beginning?: Beginning): Stage {
  const plan = { kinds: new Set<never>(), conditions: new Set<never>(), faults: [] };
  const invariants = [...PROMISES, ...watchers];
  return createStage({ seed, plan, stackMs: STACK_MS, invariants, beginning, isDone: () => true });
}

/** Takes steps that are known without their being run. False: they were seen in another order. */
function repeat(choice: Orders<Touches>, who: string, steps: readonly Touches[]): boolean {
  return steps.every((touched) => {
    if (choice.next([who]) === undefined) return false;
    choice.went(touched);
    return true;
  });
}

/** All code that can go on has gone on. */
async function settle(stage: Stage): Promise<void> {
  await stage.scheduler.run(() => true, { untilMs: Infinity, steps: 1 });
}

interface Held {
  /** The calls of each racer, in their order. */
  readonly waiting: ReadonlyMap<string, Waiting[]>;
  /** What they have sent, which nobody has got. */
  readonly messages: () => readonly string[];
  readonly sendAll: () => void;
}

function startAll(stage: Stage, racers: readonly Racer[], notes: TouchNotes): Held {
  const waiting = new Map<string, Waiting[]>(racers.map(({ name }) => [name, []]));
  const sent = new Map<string, { readonly body: string; readonly delayMs: number }[]>();
  const net = {
    ...stage.world.net,
    hold: (call: HeldCall) =>
      isAlone(call)
        ? Promise.resolve("answered" as const)
        : new Promise<HeldFate>((settled) => {
            const racer = racers.find(({ name }) => name === call.process);
            const go = (): void => settled(racer?.losesReply?.(call) ? "reply lost" : "answered");
            waiting.get(call.process)?.push({ call, go });
          }),
  };
  const { outside } = stage.world;
  for (const [place, { name, skewMs = 0, run }] of racers.entries()) {
    const process = createProcess(net, name, skewMs);
    const messages: { body: string; delayMs: number }[] = [];
    sent.set(name, messages);
    const own: Outside = {
      ...outside,
      random: productRandom(streamOf(RACE_SEED, RACERS_STREAM + place)),
      sealer: outside.sealer.of(name),
      table: notes.watched(outside.table),
      queue: { ...outside.queue, send: (body, delayMs) => void messages.push({ body, delayMs }) },
    };
    process.start(
      () => run(process, own),
      // What is thrown here is the racer's own to judge.
      () => {},
    );
  }
  return {
    waiting,
    messages: () => [...sent.values()].flat().map(({ body, delayMs }) => `${body} ${delayMs}`),
    sendAll() {
      for (const { body, delayMs } of [...sent.values()].flat()) outside.queue.send(body, delayMs);
    },
  };
}

/** Nobody else can see it: what it sends waits until all is over, and a token is what it is. */
function isAlone({ service, what }: HeldCall): boolean {
  return service === "queue" || what === "check-token";
}

async function comeToRest(stage: Stage, held: Held): Promise<void> {
  held.sendAll();
  stage.calm();
  if (await stage.phase("rest", stage.isAtRest)) stage.world.tell().rested();
}
