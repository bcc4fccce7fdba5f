/** A fleet of settled bays in a table in memory, with the cloud that goes with it, whose every call is counted. */
import { groupStackTags, stackTags, STACKS_TAG } from "@jeroboam/coe/stack-name";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Cloud, ConductorPorts, ListedStack, ListedTrust } from "@jeroboam/conductor/ports";
import { nodeUserName } from "@jeroboam/core/bay/bay";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape, specificationItem } from "@jeroboam/core/bay/bay";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import { recordHistory } from "@jeroboam/core/event/event-history";
import { limits } from "@jeroboam/core/limits";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { conduct } from "@jeroboam/core/operation/conduct";
import { recordToItem } from "@jeroboam/core/operation/record";
import { newRecord } from "@jeroboam/core/operation/record-store";
import { sweep } from "@jeroboam/core/operation/sweep";
import type { JobName } from "@jeroboam/core/reconciliation/job";
import { listJobs, startDueJobs, startRound } from "@jeroboam/core/reconciliation/job";
import { ensureDataKey } from "@jeroboam/core/secret/data-key";
import { createMemoryMasterKey } from "@jeroboam/core/secret/memory-master-key";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import type { Item, Key } from "@jeroboam/core/table/table";
import { newModel, newSpecification } from "../simulated/bays.ts";
import { createSimulatedClock } from "../simulated/clock.ts";
import { createSeededRandom } from "../simulated/random.ts";

/** One in so many has a node group with a stack of its own; so many share a project's data key. */
const BAYS_A_GROUP = 5;
const BAYS_A_PROJECT = 10;

/** What was asked of the table and of the cloud. */
export interface Costs {
  /** Items read by their keys, one at a time. */
  readonly gets: number;
  /** Pages of partitions and of indexes. */
  readonly pages: number;
  readonly writes: number;
  readonly heatCalls: number;
  readonly keystoneCalls: number;
  /** Times that a conductor was called. */
  readonly invocations: number;
}

export interface Fleet {
  /** What a round of the job costs. */
  round(name: JobName): Promise<Costs>;
  sweep(): Promise<Costs>;
  /** Another master key wraps from now on. */
  changeMasterKey(): void;
  /** An hour of the schedule; which records conductors were called for. */
  hour(): Promise<ReadonlyMap<string, number>>;
}

export async function createFleet(bays: number): Promise<Fleet> {
  const clock = createSimulatedClock();
  const random = createSeededRandom(bays);
  const table = createMemoryTable({ clock });
  const authority = await createAuthority({ clock, random }, "bench");
  const certificates = {
    caCertificate: authority.certificate,
    caKeySealed: "sealed",
    clientCertificate: authority.certificate,
    clientKeySealed: "sealed",
  };
  const items: Item[] = [];
  const byTag = new Map<string, ListedStack[]>();
  const list = (stack: ListedStack): void => {
    for (const tag of stack.tags) {
      if (tag !== STACKS_TAG && !tag.startsWith("jeroboam-shard-")) continue;
      const listed = byTag.get(tag);
      if (listed) listed.push(stack);
      else byTag.set(tag, [stack]);
    }
  };
  const users: string[] = [];
  const trusts: ListedTrust[] = [];
  for (let number = 0; number < bays; number += 1) {
    const bay = settledBay(random.uuid(), number, clock.nowMs() + number);
    const digest = `digest-${number}`;
    const delegation = {
      kind: "trust",
      projectId: bay.projectId,
      trustorUserId: "u1",
      sealedTrustId: "sealed",
      trustDigest: digest,
      expiresAtMs: null,
    } as const;
    const specification = { ...newSpecification(newModel(0)), certificates, delegation };
    items.push({ ...recordToItem(bayShape, newRecord(bayKey(bay.projectId, bay.uuid), bay)), revision: 1 });
    items.push(specificationItem(bay, specification, 1));
    users.push(nodeUserName(bay));
    trusts.push({ id: digest, digest });
    list(stackOf(bay, stackTags(bay.uuid)));
    if (number % BAYS_A_GROUP === 0) {
      const group = settledGroup(bay, random.uuid());
      const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
      items.push({ ...recordToItem(nodeGroupShape, newRecord(key, group)), revision: 1 });
      list(stackOf(group, groupStackTags(group)));
    }
  }
  table.restore(items);
  const masterKey = createMemoryMasterKey();
  for (let number = 0; number < bays; number += BAYS_A_PROJECT)
    await ensureDataKey({ table, masterKey }, { projectId: `p${number}`, purpose: "records" });
  const calls = { heat: 0, keystone: 0, invocations: 0 };
  const hints: Key[] = [];
  const cloud: Pick<Cloud, "listStacks" | "listNodeUsers" | "listTrusts"> = {
    listStacks({ tag, marker }) {
      calls.heat += 1;
      const from = Number(marker ?? 0);
      const stacks = (byTag.get(tag) ?? []).slice(from, from + limits.openstack.pageItems);
      const isFull = stacks.length === limits.openstack.pageItems;
      return Promise.resolve({ kind: "page", stacks, nextMarker: isFull ? String(from + stacks.length) : undefined });
    },
    listNodeUsers() {
      calls.keystone += 1;
      return Promise.resolve({ kind: "users", names: users });
    },
    listTrusts() {
      calls.keystone += 1;
      return Promise.resolve({ kind: "trusts", trusts });
    },
  };
  const ports = {
    clock,
    random,
    table,
    log: { write: () => undefined },
    queue: { send: (keys: readonly Key[]) => Promise.resolve(void hints.push(...keys)) },
    publish: (source, events) => recordHistory(table, source, events, clock.nowMs()),
    discard: () => Promise.resolve(),
    cloud: cloud as Cloud,
    masterKey,
    reconciliation: { removes: "nothing" },
    // The jobs that are measured ask for nothing else.
  } satisfies Partial<ConductorPorts> as unknown as ConductorPorts;

  const drain = async (): Promise<void> => {
    for (let key = hints.shift(); key; key = hints.shift()) {
      calls.invocations += 1;
      const budget = { endsAtMs: clock.nowMs() + limits.engine.budgetMs, signal: new AbortController().signal };
      await conduct({ ports, name: "bench", types: RECORD_TYPES }, key, budget);
    }
  };
  const measure = async (run: () => Promise<unknown>): Promise<Costs> => {
    const before = { ...table.counts, ...calls };
    await run();
    const { get, query, queryIndex, put, remove } = table.counts;
    return {
      gets: get - before.get,
      pages: query + queryIndex - before.query - before.queryIndex,
      writes: put + remove - before.put - before.remove,
      heatCalls: calls.heat - before.heat,
      keystoneCalls: calls.keystone - before.keystone,
      invocations: calls.invocations - before.invocations,
    };
  };
  return {
    round: (name) =>
      measure(async () => {
        await startRound(ports, name, {});
        await drain();
        const job = (await listJobs(table)).find(({ state }) => state.name === name);
        if (job?.operation || job?.state.lastRound?.failure !== null) throw new Error(`the round of ${name} failed`);
      }),
    sweep: () => measure(() => sweep(ports)),
    changeMasterKey: () => masterKey.use("second"),
    async hour() {
      const called = new Map<string, number>();
      for (let minute = 0; minute < 60; minute += 1) {
        clock.advance(60_000);
        await sweep(ports);
        await startDueJobs(ports);
        for (const { pk, sk } of hints) called.set(`${pk} ${sk}`, (called.get(`${pk} ${sk}`) ?? 0) + 1);
        await drain();
      }
      return called;
    },
  };
}

function settledBay(uuid: string, number: number, createdAtMs: number): Bay {
  return {
    uuid,
    projectId: `p${number % 50}`,
    userId: "u1",
    name: `bay-${number}`,
    bayModelId: "0b1c6a0e-3d1f-4f0e-9a77-5b8f5d2c1a01",
    status: "CREATE_COMPLETE",
    statusReason: "Stack CREATE completed successfully",
    nodeCount: 3,
    masterCount: 1,
    stackId: `stack-${number}`,
    stackSeen: "CREATE_COMPLETE 2026-01-01T00:00:00Z",
    healthStatus: null,
    createdAtMs,
    updatedAtMs: createdAtMs,
  };
}

function settledGroup(bay: Bay, uuid: string): NodeGroup {
  const { projectId, status, statusReason, nodeCount, stackSeen, createdAtMs, updatedAtMs } = bay;
  return {
    uuid,
    bayUuid: bay.uuid,
    bayCreatedAtMs: createdAtMs,
    projectId,
    name: "more",
    role: "worker",
    status,
    statusReason,
    nodeCount,
    limits: { min: 0, max: null },
    stackId: `stack-of-${uuid}`,
    stackSeen,
    createdAtMs,
    updatedAtMs,
  };
}

function stackOf(owner: Bay | NodeGroup, tags: readonly string[]): ListedStack {
  return {
    id: owner.stackId ?? "",
    name: `${owner.name}-${owner.uuid}`,
    action: "CREATE",
    progress: "COMPLETE",
    seen: owner.stackSeen ?? "",
    tags,
    projectId: owner.projectId,
  };
}
