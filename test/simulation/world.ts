/** The world of one run: everything outside of the product's processes, with eyes on all of it. */
import type { MemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import { createMemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import { stackName } from "@jeroboam/coe/stack-name";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import type { Log } from "@jeroboam/core/ports";
import type { MemoryTable } from "@jeroboam/core/table/memory-table";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import type { Item, Key, Table } from "@jeroboam/core/table/table";
import { createSeededRandom } from "../simulated/random.ts";
import { bayRecordOf, baySpecificationOf, isBayRecord } from "./bay-record.ts";
import type { Beginning } from "./beginning.ts";
import type { SimulatedCloud } from "./cloud.ts";
import { CANARY, createCloud } from "./cloud.ts";
import type { Faults } from "./faults.ts";
import type { Health } from "./health.ts";
import { CHECK_MS, createHealth } from "./health.ts";
import type { History } from "./history.ts";
import { createHistory } from "./history.ts";
import type { NodeState } from "./nodes.ts";
import type { People } from "./people.ts";
import { createPeople } from "./people.ts";
import type { Outside } from "./ports.ts";
import type { Receivers } from "./receivers.ts";
import { createReceivers } from "./receivers.ts";
import { createVault } from "./ports.ts";
import type { Net, Process, Service } from "./process.ts";
import type { WorldQueue } from "./queue.ts";
import { createQueue } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import type { Watcher } from "./watch.ts";
import { watchAll } from "./watch.ts";

export interface World {
  readonly scheduler: Scheduler;
  readonly net: Net;
  readonly outside: Outside;
  readonly table: MemoryTable;
  readonly queue: WorldQueue;
  readonly cloud: SimulatedCloud;
  readonly people: People;
  readonly engines: MemoryEngines;
  readonly receivers: Receivers;
  /** Of bays' nodes, where the run has it. */
  readonly health: Health | undefined;
  readonly history: History;
  /** Nodes that look what they are to come to, by their bays and names (nodes.ts). */
  readonly nodes: Map<string, NodeState>;
  readonly faults: Faults;
  /** What was done to bays by others than us, by their uuids: what may make them fail. */
  readonly blows: ReadonlyMap<string, readonly string[]>;
  /** Everything that stands in the table, by its key. */
  readonly items: ReadonlyMap<string, Item>;
  readonly outages: Outages;
  /** Those who watch; set once, before anything happens. */
  watch(watchers: readonly Watcher[]): void;
  tell(): Required<Watcher>;
  strikeBay(uuid: string, blow: string): void;
  /** From now on no fault strikes any more. */
  calm(): void;
  /** How long that is ago; 0 while they strike. */
  calmForMs(): number;
  /** What was sealed. */
  secretIn(sealed: string): string | undefined;
  /** Bays on whose stacks a call came late, by their uuids. */
  readonly lateCalls: Set<string>;
  /** What is not promised yet, and was seen to happen: told in the summary, and no violation. */
  readonly gaps: Set<Gap>;
}

/** All but the bay that came back are found by comparing the cloud with the records (docs/reconciliation.md). */
export const GAPS = {
  "trust lost": "a trust that was made and never stored: the API died, or Keystone did it twice",
  "late call":
    "Heat was told to change something by an operation that had ended meanwhile: the call was under way all the time",
  "key outslept":
    "a bay that was deleted came back: a request under its key fell asleep between its last look at the clock and its write",
  "hook left":
    "a hook of a bay that is gone: its maker died before it looked again, or the index did not show it yet; its calls are told 404",
  "pod left":
    "a pod of a bay that is gone: the index did not show it yet, and a clock minutes ahead ended the last looks",
  "late user": "a user of nodes that was made when its bay was gone: the call was under way all the time",
} as const;
export type Gap = keyof typeof GAPS;

/** Services that do not answer, or not always, until a time. */
export interface Outages {
  begin(service: Service, forMs: number, share: number): void;
  end(): void;
}

export interface WorldParts {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly faults: Faults;
  /** How long Heat is at work on a stack; absent: as chance has it. */
  readonly stackMs?: number | undefined;
  /** How it stood before; absent: there is nothing. */
  readonly beginning?: Beginning | undefined;
}

/** Chance is drawn from a stream for each purpose, so that one more draw here moves nothing there. */
export function streamOf(seed: number, purpose: number): ReturnType<typeof createSeededRandom> {
  return createSeededRandom(Math.imul(seed, 0x9e3779b1) + Math.imul(purpose, 0x85ebca6b));
}

const LAG_MOST_MS = 60_000;

export function createWorld({ seed, scheduler, trace, faults, stackMs, beginning }: WorldParts): World {
  const { clock } = scheduler;
  const history = createHistory(() => scheduler.steps);
  let eyes = watchAll([history]);
  const tell = (): Required<Watcher> => eyes;
  const blows = new Map<string, string[]>();
  const strikeBay = (uuid: string, blow: string): void => {
    blows.set(uuid, [...(blows.get(uuid) ?? []), blow]);
  };
  const chance = {
    index: streamOf(seed, 1),
    cloud: streamOf(seed, 2),
    queue: streamOf(seed, 3),
    net: streamOf(seed, 4),
  };
  const lags = faults.conditions.has("index lags");
  const table = createMemoryTable({
    clock,
    indexLagMs: () => (lags ? Math.floor(LAG_MOST_MS * chance.index.fraction() ** 3) : 0),
  });
  const items = new Map<string, Item>(beginning?.items);
  if (beginning) table.restore([...items.values()]);
  const sealer = createVault(beginning?.vault);
  const cloud = createCloud({
    clock,
    random: chance.cloud,
    faults,
    stackMs,
    sealer,
    watch: (effect) => tell().effected(effect),
    blow: strikeBay,
    before: beginning?.cloud,
  });
  const health = faults.conditions.has("nodes fail") ? createHealth(clock, faults, cloud) : undefined;
  const births: Watcher = {
    wrote(item, before) {
      const bay = before ? undefined : bayRecordOf(item)?.state;
      if (bay && faults.decide("birth")) cloud.addStackOfOthers(stackName(bay), bay.projectId);
      if (bay && health) engines.bay(bay.uuid).conditions = () => health.check(bay.uuid);
    },
  };
  let calmSinceMs: number | undefined;
  const people = createPeople();
  const engines = createMemoryEngines();
  const receivers = createReceivers();
  const queue = createQueue(scheduler, chance.queue, faults);
  for (const { body, visibleAtMs } of beginning?.messages ?? []) queue.send(body, visibleAtMs - clock.nowMs());
  const outages = createOutages(scheduler, chance.net);
  const net: Net = { scheduler, trace, faults, random: chance.net, isRefusing: outages.isRefusing };
  let serials = beginning?.serial ?? 0;
  const outside: Outside = {
    nextSerial: () => (serials += 1),
    random: productRandom(streamOf(seed, 5)),
    table: watchedTable(table, items, trace, tell),
    queue: {
      ...queue,
      send(body, delayMs) {
        tell().sent(body);
        queue.send(body, delayMs);
      },
    },
    cloud,
    people,
    engines,
    receivers,
    ...(health && { healthChecks: { intervalMs: CHECK_MS } }),
    sealer,
    log: (process) => watchedLog(process, trace, tell),
  };
  return {
    scheduler,
    net,
    outside,
    table,
    queue,
    cloud,
    people,
    engines,
    receivers,
    health,
    history,
    nodes: new Map(),
    faults,
    items,
    blows,
    outages,
    tell,
    strikeBay,
    gaps: new Set(),
    lateCalls: new Set(),
    watch(watchers) {
      eyes = watchAll([history, births, ...watchers]);
    },
    calm() {
      calmSinceMs ??= clock.nowMs();
      health?.heal();
    },
    calmForMs: () => (calmSinceMs === undefined ? 0 : clock.nowMs() - calmSinceMs),
    secretIn: (sealed) => sealer.peek(sealed),
  };
}

/** As the product's: what bytes it draws become secrets, and can be told by their beginning. */
export function productRandom(random: ReturnType<typeof createSeededRandom>): Outside["random"] {
  const marked = Buffer.from(`${CANARY}00`, "base64url");
  return {
    ...random,
    bytes(length) {
      const bytes = random.bytes(length);
      bytes.set(marked.subarray(0, length));
      return bytes;
    },
  };
}

function watchedTable(
  table: MemoryTable,
  standing: Map<string, Item>,
  trace: Trace,
  tell: () => Required<Watcher>,
): Table {
  const idOf = ({ pk, sk }: Key): string => `${pk} ${sk}`;
  return {
    ...table,
    async put(item, condition) {
      const outcome = await table.put(item, condition);
      if (outcome === "refused") return outcome;
      const before = standing.get(idOf(item));
      standing.set(idOf(item), item);
      const text = JSON.stringify(item);
      trace.digest(text);
      tell().wrote(item, before, text);
      return outcome;
    },
    async remove(key, revision) {
      const outcome = await table.remove(key, revision);
      if (outcome === "refused") return outcome;
      const before = standing.get(idOf(key));
      standing.delete(idOf(key));
      if (before) tell().removed(key, before);
      return outcome;
    },
  };
}

function watchedLog(process: Process, trace: Trace, tell: () => Required<Watcher>): Log {
  return {
    write(level, event, facts = {}) {
      if (level !== "debug" && event !== "request") trace.add(process.name, `log ${event} ${JSON.stringify(facts)}`);
      tell().logged({ process: process.name, level, event, facts });
    },
  };
}

function createOutages(scheduler: Scheduler, random: { fraction(): number }): Outages & Pick<Net, "isRefusing"> {
  const refusing = new Map<Service, { untilMs: number; share: number }>();
  return {
    begin(service, forMs, share) {
      refusing.set(service, { untilMs: scheduler.clock.nowMs() + forMs, share });
    },
    end: () => refusing.clear(),
    isRefusing(service) {
      const found = refusing.get(service);
      if (!found || found.untilMs <= scheduler.clock.nowMs()) return false;
      return random.fraction() < found.share;
    },
  };
}

/** The bays that there are, by their records. */
export function standingBays({ history }: Pick<World, "history">): readonly Bay[] {
  return [...history.bays.values()].flatMap((versions) => {
    const record = versions.at(-1)?.record;
    return record ? [record.state] : [];
  });
}

/** What a bay is built from, as it stands. */
export function specificationOf({ items, history }: World, uuid: string): BaySpecification | undefined {
  const projectId = history.current(uuid)?.state.projectId;
  const cold = items.get(`bay#${uuid} ${projectId}#bay-specification`);
  return cold && baySpecificationOf(cold);
}

/** Whether somebody else has taken the stack of a bay or a node group away. */
export function isRobbed({ blows }: World, uuid: string): boolean {
  return blows.get(uuid)?.includes("stack removed by hand") === true;
}

/** Whether the bay came back after it was deleted: see "key outslept". */
export function cameBack({ history }: Pick<World, "history">, uuid: string): boolean {
  const versions = history.bays.get(uuid) ?? [];
  const goneAt = versions.findIndex(({ record }) => record?.gone === true);
  return goneAt >= 0 && versions.slice(goneAt).some(({ record }) => record?.gone === false);
}

/** The node groups that there are. */
export function standingGroups({ history }: Pick<World, "history">): readonly NodeGroup[] {
  return [...history.groups.values()].flatMap((versions) => {
    const record = versions.at(-1)?.record;
    return record && !isBayRecord(record) ? [record.state] : [];
  });
}
