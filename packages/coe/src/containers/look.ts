/**
 * A look at what is in a bay: its records are read in one query, the engine is asked once for each kind that they have,
 * and what differs is written, never what does not. Objects that others made have no record and are let alone. A record
 * with an operation is its conductor's; one that somebody writes meanwhile is left to the next look.
 */
import type {
  ContainerResource,
  ContainerResources,
  ResourceKind,
  ResourceShape,
} from "@jeroboam/core/container/resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { bayRecords } from "@jeroboam/core/listing/project-record";
import { limits } from "@jeroboam/core/limits";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem, typeOfItem } from "@jeroboam/core/operation/record";
import { writeRecord } from "@jeroboam/core/operation/record-write";
import type { Clock, Random } from "@jeroboam/core/ports";
import type { Item, RangeQuery, Table } from "@jeroboam/core/table/table";
import { collect } from "@jeroboam/core/table/table";
import { describeUnsupported } from "../engines/capabilities.ts";
import type { ContainerEngine, Listed } from "../engines/container-engine.ts";
import { ENGINE_KINDS } from "./engine-kinds.ts";
import type { EngineObjectOf } from "./engine-kinds.ts";
import { missing, observers, unknown } from "./observe.ts";

export interface LookPorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Look {
  /** Container resources that hang on the bay, those being deleted included. */
  readonly count: number;
  /** Records as they are now, by uuid. */
  readonly records: ReadonlyMap<string, WorkRecord<ContainerResource>>;
  /** Something is under way: looking again soon is worth it. */
  readonly isUnsettled: boolean;
  /** The engine could not be asked. */
  readonly isInTrouble: boolean;
  /** Objects that bear our mark and are of no record that was read. */
  readonly strays: readonly Stray[];
}

export interface Stray {
  readonly kind: ResourceKind;
  readonly uuid: string;
  readonly name: string;
}

/** `closed`: the bay has no engine that could be asked, for this reason. */
export async function lookAtBay(
  ports: LookPorts,
  bayUuid: string,
  engine: ContainerEngine | { readonly closed: string },
  signal?: AbortSignal,
): Promise<Look> {
  const read = (range: RangeQuery) => ports.table.queryIndex("type", bayRecords(bayUuid), range);
  const { items } = await collect(read, {}, limits.container.ofBay);
  const itemsOf = (kind: ResourceKind): readonly Item[] => items.filter((item) => typeOfItem(item) === kind);
  const looks = await Promise.all([
    lookAtKind(ports, { kind: "pod", shape: resourceShapes.pod, items: itemsOf("pod") }, engine, signal),
    lookAtKind(ports, { kind: "service", shape: resourceShapes.service, items: itemsOf("service") }, engine, signal),
    lookAtKind(ports, { kind: "rc", shape: resourceShapes.rc, items: itemsOf("rc") }, engine, signal),
    lookAtKind(
      ports,
      { kind: "container", shape: resourceShapes.container, items: itemsOf("container") },
      engine,
      signal,
    ),
  ]);
  return {
    count: looks.reduce((sum, { count }) => sum + count, 0),
    records: new Map(looks.flatMap(({ records }) => [...records])),
    isUnsettled: looks.some(({ isUnsettled }) => isUnsettled),
    isInTrouble: looks.some(({ isInTrouble }) => isInTrouble),
    strays: looks.flatMap(({ strays }) => strays),
  };
}

const NOTHING: Look = { count: 0, records: new Map(), isUnsettled: false, isInTrouble: false, strays: [] };

interface OfKind<Kind extends ResourceKind> {
  readonly kind: Kind;
  readonly shape: ResourceShape<ContainerResources[Kind]>;
  readonly items: readonly Item[];
}

async function lookAtKind<Kind extends ResourceKind>(
  ports: LookPorts,
  { kind, shape, items }: OfKind<Kind>,
  engine: ContainerEngine | { readonly closed: string },
  signal: AbortSignal | undefined,
): Promise<Look> {
  if (items.length === 0) return NOTHING;
  const before = items.map((item) => recordFromItem(shape, item)).filter(({ gone }) => !gone);
  // The records were read first: an object that the list lacks was not made after it.
  const listed: Listed<EngineObjectOf<Kind>> =
    "closed" in engine
      ? { kind: "unreachable", cause: "down", reason: engine.closed }
      : await engine.list<(typeof ENGINE_KINDS)[Kind]>(ENGINE_KINDS[kind], signal);
  const changesOf = judge(kind, listed);
  const after = await Promise.all(
    before.map(async (record) => {
      if (record.operation || record.state.isDeleting) return record;
      return (await write(ports, shape, record, changesOf(record.state))) ?? record;
    }),
  );
  return {
    count: before.length,
    records: new Map(after.map((record) => [record.state.uuid, record])),
    isUnsettled: after.some(({ operation, state }) => operation !== undefined || state.status === "Pending"),
    isInTrouble: listed.kind !== "listed",
    strays: listed.kind === "listed" ? straysAmong(kind, listed.objects, before) : [],
  };
}

function straysAmong(
  kind: ResourceKind,
  objects: readonly { readonly uuid: string | null; readonly name: string }[],
  records: readonly WorkRecord<ContainerResource>[],
): readonly Stray[] {
  const known = new Set(records.map(({ state }) => state.uuid));
  return objects.flatMap(({ uuid, name }) => (uuid !== null && !known.has(uuid) ? [{ kind, uuid, name }] : []));
}

/** What a look means for each record of the kind. */
function judge<Kind extends ResourceKind>(
  kind: Kind,
  listed: Listed<EngineObjectOf<Kind>>,
): (state: ContainerResources[Kind]) => Partial<ContainerResources[Kind]> {
  if (listed.kind !== "listed") {
    const reason = listed.kind === "unsupported" ? describeUnsupported(listed) : listed.reason;
    // What was never made is as it was.
    return ({ isMade }) => (isMade ? (unknown(kind, { reason }) as Partial<ContainerResources[Kind]>) : {});
  }
  const objects = new Map(listed.objects.map((object) => [object.uuid, object]));
  const observe = observers[kind];
  return ({ uuid, isMade }) => {
    const object = objects.get(uuid);
    if (object) return observe(object);
    return isMade ? missing[kind] : {};
  };
}

async function write<State extends ContainerResource>(
  ports: LookPorts,
  shape: ResourceShape<State>,
  record: WorkRecord<State>,
  changes: Partial<State>,
): Promise<WorkRecord<State> | undefined> {
  const isSame = Object.entries(changes).every(
    ([name, value]) => JSON.stringify(record.state[name as keyof State]) === JSON.stringify(value),
  );
  if (isSame) return record;
  const state = { ...record.state, ...changes, updatedAtMs: ports.clock.nowMs() };
  const written = await writeRecord(ports, shape, { ...record, state });
  return written.kind === "written" ? written.record : undefined;
}
