/**
 * Every order in which a few processes can make their calls, in a world where nothing else happens: a small model, of
 * real code. Each call takes effect at once and alone, when it is its turn; orders that differ only in calls that do not
 * touch the same thing are taken once (sleep sets). Whatever the order, all must come to rest afterwards with every
 * promise kept.
 */
import { INVARIANTS } from "./invariants/all.ts";
import { leases } from "./invariants/leases.ts";
import type { HeldCall } from "./process.ts";
import { createProcess, isRead } from "./process.ts";
import type { Process } from "./process.ts";
import type { Stage, Violation } from "./stage.ts";
import { createStage } from "./stage.ts";

/** Those who act at once, and what was before. */
export interface Race {
  readonly name: string;
  /** Brings about the beginning; then those who are to act. */
  prepare(stage: Stage): Promise<readonly Racer[]>;
}

export interface Racer {
  readonly name: string;
  /** Its clock goes wrong by so much. */
  readonly skewMs?: number;
  readonly run: (process: Process) => Promise<unknown>;
}

export interface RaceResult {
  /** Orders run to their end, and such as turned out to be no new ones. */
  readonly orders: number;
  readonly cut: number;
  /** All of them; else there were too many, and the first were run. */
  readonly isWhole: boolean;
  readonly violation: (Violation & { readonly order: readonly string[] }) | undefined;
}

/** That one takes a live lease is what these models are about. */
const PROMISES = INVARIANTS.filter((one) => one !== leases);

const SEED = 7;
const STACK_MS = 1_200;
/** Of one race: three have thousands, of which the first are run unless all are asked for. */
export const ORDERS_MOST = 1_500;

/** A call that waits for its turn. */
interface Waiting {
  readonly call: HeldCall;
  readonly go: () => void;
}

/** A place in the tree of orders: who could go, who need not, who went. */
interface Node {
  readonly sleeping: ReadonlyMap<string, HeldCall>;
  readonly tried: Map<string, HeldCall>;
  enabled: ReadonlyMap<string, HeldCall>;
  chosen: string;
}

export async function runRace(race: Race, { most = ORDERS_MOST } = {}): Promise<RaceResult> {
  const path: Node[] = [];
  let [orders, cut] = [0, 0];
  do {
    const { isWhole, violation, order } = await runOrder(race, path);
    if (isWhole) orders += 1;
    else cut += 1;
    if (violation) return { orders, cut, isWhole: false, violation: { ...violation, order } };
    if (orders + cut >= most) return { orders, cut, isWhole: false, violation: undefined };
  } while (turnBack(path));
  return { orders, cut, isWhole: true, violation: undefined };
}

/** Goes back to the last place where another could go first; false: there is none. */
function turnBack(path: Node[]): boolean {
  for (let node = path.at(-1); node; path.pop(), node = path.at(-1)) {
    const went = node.enabled.get(node.chosen);
    if (went) node.tried.set(node.chosen, went);
    const next = [...node.enabled.keys()].find((name) => isOpen(node, name));
    if (next === undefined) continue;
    node.chosen = next;
    return true;
  }
  return false;
}

function isOpen({ sleeping, tried }: Node, name: string): boolean {
  return !sleeping.has(name) && !tried.has(name);
}

/** One order: along the path as far as it is given, then on, the first that may go first. */
async function runOrder(
  race: Race,
  path: Node[],
): Promise<{ isWhole: boolean; violation: Violation | undefined; order: readonly string[] }> {
  const plan = { kinds: new Set<never>(), conditions: new Set<never>(), faults: [] };
  const stage = createStage({ seed: SEED, plan, stackMs: STACK_MS, invariants: PROMISES, isDone: () => true });
  const racers = await race.prepare(stage);
  const waiting = new Map<string, Waiting[]>(racers.map(({ name }) => [name, []]));
  const net = {
    ...stage.world.net,
    hold: (call: HeldCall) =>
      new Promise<void>((go) => {
        waiting.get(call.process)?.push({ call, go });
      }),
  };
  for (const { name, skewMs = 0, run } of racers) {
    const process = createProcess(net, name, skewMs);
    process.start(
      () => run(process),
      // What is thrown here is the racer's own to judge.
      () => {},
    );
  }
  const order: string[] = [];
  let isWhole = true;
  for (let depth = 0; !stage.violation(); depth += 1) {
    await stage.scheduler.run(() => true, { untilMs: Infinity, steps: 1 });
    const enabled = new Map([...waiting].flatMap(([name, [first]]) => (first ? [[name, first.call] as const] : [])));
    if (enabled.size === 0) break;
    const node = path[depth] ?? nextNode(path, enabled);
    node.enabled = enabled;
    if (node.chosen === "") {
      const open = [...enabled.keys()].find((name) => isOpen(node, name));
      // Whatever goes next here was seen in another order.
      if (open === undefined) {
        isWhole = false;
        path.pop();
        break;
      }
      node.chosen = open;
    }
    const next = waiting.get(node.chosen)?.shift();
    if (!next) throw new Error(`${race.name} does not run the same way twice`);
    order.push(`${next.call.process}: ${next.call.service}.${next.call.what}`);
    next.go();
  }
  if (isWhole && !stage.violation()) await comeToRest(stage);
  return { isWhole, violation: stage.violation(), order };
}

function nextNode(path: Node[], enabled: Node["enabled"]): Node {
  const before = path.at(-1);
  const went = before?.enabled.get(before.chosen);
  const asleep =
    before && went
      ? [...before.sleeping, ...before.tried].filter(([name, call]) => name !== before.chosen && !doTouch(call, went))
      : [];
  const node: Node = { sleeping: new Map(asleep), tried: new Map(), enabled, chosen: "" };
  path.push(node);
  return node;
}

async function comeToRest(stage: Stage): Promise<void> {
  stage.calm();
  if (await stage.phase("rest", stage.isAtRest)) stage.world.tell().rested();
}

/** Whether the order of the two calls may matter. */
function doTouch(one: HeldCall, other: HeldCall): boolean {
  const [thing, otherThing] = [thingOf(one), thingOf(other)];
  if (isRead(one.what) && isRead(other.what)) return false;
  if (thing === "items" && otherThing === "items") return doTouchItems(one.what, other.what);
  // Heat asks Keystone at each call whether the trust is there.
  const isTrustOfStack = (a: Thing, b: Thing): boolean => a === "trusts" && b === "stacks";
  if (isTrustOfStack(thing, otherThing)) return !isRead(one.what);
  if (isTrustOfStack(otherThing, thing)) return !isRead(other.what);
  return thing === otherThing && thing !== "nothing";
}

type Thing = "items" | "stacks" | "users" | "trusts" | "nothing";

function thingOf({ service, what }: HeldCall): Thing {
  if (service === "table") return "items";
  if (service === "heat") return "stacks";
  // Messages wait until all is over; a token is what it is.
  if (service === "queue" || what === "check-token") return "nothing";
  return what.includes("user") ? "users" : "trusts";
}

function doTouchItems(one: string, other: string): boolean {
  const [verb = "", pk = "", sk = ""] = one.split(" ");
  const [otherVerb = "", otherPk = "", otherSk = ""] = other.split(" ");
  if (verb.startsWith("query-")) return mayStandIn(pk, otherPk);
  if (otherVerb.startsWith("query-")) return mayStandIn(otherPk, pk);
  if (pk !== otherPk) return false;
  const isHistory = sk.startsWith("~") || otherSk.startsWith("~");
  return verb === "query" || otherVerb === "query" ? !isHistory : sk === otherSk;
}

/** Whether an item of that partition may be found by the index; nobody makes webhooks here. */
function mayStandIn(indexPk: string, pk: string): boolean {
  return !indexPk.startsWith("webhook#") || pk.startsWith("webhook#");
}
