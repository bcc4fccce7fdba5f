/**
 * Drift: the stacks of Heat against the records of bays, both in bulk. A settled bay whose stack is no longer as it was
 * left gets an operation that looks at it (operations/observe-bay.ts); a stack that says it is a bay's which is not there
 * is told, and removed where the operator lets us.
 *
 * It costs pages of Heat's list and pages of the index, and reads no bay that did not change. While all our stacks are
 * few they are compared at once; else shard by shard, for stacks bear the tag of the index's shard in which their bay
 * stands. Where Heat's policy (`stacks:global_index`) does not let the service's user list all projects, each
 * project with bays is asked by a delegation of one of its bays; orphans in projects without bays are not seen then.
 *
 * What stands in the index may lag: so nothing is decided but by a strong read, and nothing removed at first sight.
 */
import { bayOfTags, shardTag, STACKS_TAG } from "@jeroboam/coe/stack-name";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape, bayShardPartition, delegationContext } from "@jeroboam/core/bay/bay";
import { deleteBay } from "@jeroboam/core/bay/change-bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { withOperation } from "@jeroboam/core/operation/operation";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem } from "@jeroboam/core/operation/record";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { collect } from "@jeroboam/core/table/table";
import { z } from "zod";
import { MISSING } from "../operations/observe-bay.ts";
import type { ConductorPorts, ListedStack, Refused, StackFilter, StackPage } from "../ports.ts";
import { handleOrphan } from "./orphans.ts";
import type { JobPage, PageRequest } from "./page.ts";

/** `projects`: Heat does not let us list all of them at once. */
const cursorSchema = z.object({ shard: z.number().int(), by: z.enum(["shards", "projects"]) });

const SHARDS = Array.from({ length: limits.engine.typeShards }, (_, shard) => shard);

export async function runDriftPage(ports: ConductorPorts, request: PageRequest): Promise<JobPage> {
  if (request.cursor === null) return await firstPage(ports, request);
  const { shard, by } = cursorSchema.parse(request.cursor);
  const bays = await readBays(ports, [shard]);
  const tag = shardTag(shard);
  const stacks =
    by === "shards" ? await shardStacks(ports, request, tag) : await projectStacks(ports, request, tag, bays);
  return await compare(ports, request, { bays, stacks, next: nextShard(shard, by) });
}

/** All at once, where all are few. */
async function firstPage(ports: ConductorPorts, request: PageRequest): Promise<JobPage> {
  const list = (filter: StackFilter) => ports.cloud.listStacks(filter, request.signal);
  const read = await readPages(
    list,
    STACKS_TAG,
    Math.ceil(limits.reconciliation.stacksAtOnce / limits.openstack.pageItems),
  );
  const startOf = (by: "shards" | "projects", counts: JobPage["counts"]): JobPage => ({
    next: { shard: 0, by },
    counts,
    findings: [],
  });
  switch (read.kind) {
    case "refused":
      ports.log.write("info", "drift-by-project", { reason: read.reason });
      return startOf("projects", { heatCalls: 1 });
    case "cut":
      return startOf("shards", { heatCalls: read.calls });
    case "all":
      return await compare(ports, request, { bays: await readBays(ports, SHARDS), stacks: read, next: null });
    default:
      return read satisfies never;
  }
}

function nextShard(shard: number, by: "shards" | "projects"): JobPage["next"] {
  return shard + 1 < SHARDS.length ? { shard: shard + 1, by } : null;
}

interface Stacks {
  readonly stacks: readonly ListedStack[];
  readonly calls: number;
}

type Pages = (Stacks & { readonly kind: "all" | "cut" }) | Refused;

async function readPages(
  list: (filter: StackFilter) => Promise<StackPage | Refused>,
  tag: string,
  pages: number,
): Promise<Pages> {
  const stacks: ListedStack[] = [];
  let marker: string | undefined;
  for (let calls = 1; calls <= pages; calls += 1) {
    const page = await list({ tag, marker });
    if (page.kind === "refused") return page;
    stacks.push(...page.stacks);
    if (page.nextMarker === undefined) return { kind: "all", stacks, calls };
    marker = page.nextMarker;
  }
  return { kind: "cut", stacks, calls: pages };
}

async function shardStacks(ports: ConductorPorts, { signal }: PageRequest, tag: string): Promise<Stacks> {
  const list = (filter: StackFilter) => ports.cloud.listStacks(filter, signal);
  return whole(await readPages(list, tag, limits.reconciliation.stackPages));
}

function whole(pages: Pages): Stacks {
  if (pages.kind === "refused") throw new Transient(`Heat does not list its stacks any more: ${pages.reason}`);
  if (pages.kind === "cut") throw new Error(`more than ${pages.stacks.length} stacks stand in one shard`);
  return pages;
}

/** The shard's stacks of every project that has a bay in it, each project asked once. */
async function projectStacks(ports: ConductorPorts, { signal }: PageRequest, tag: string, bays: Bays): Promise<Stacks> {
  const askedBy = new Map(bays.records.map(({ state }) => [state.projectId, state]));
  const stacks: ListedStack[] = [];
  let calls = 0;
  for (const [projectId, bay] of askedBy) {
    const specification = await readSpecification(ports.table, bay);
    if (!specification) continue;
    const access = { delegation: specification.delegation, context: delegationContext(bay), isCleanup: true };
    const opened = await ports.cloud.stacks(access, signal);
    const pages =
      opened.kind === "refused"
        ? opened
        : await readPages((filter) => opened.stacks.list(filter), tag, limits.reconciliation.stackPages);
    if (pages.kind === "refused") {
      // Its bays look as they did: nobody can say otherwise.
      ports.log.write("warning", "drift-project-refused", { projectId, reason: pages.reason });
      bays.unseen.add(projectId);
      continue;
    }
    calls += pages.calls;
    stacks.push(...pages.stacks.map((stack) => ({ ...stack, projectId })));
  }
  return { stacks, calls };
}

interface Bays {
  readonly records: readonly WorkRecord<Bay>[];
  /** Projects whose stacks could not be read. */
  readonly unseen: Set<string>;
  readonly pages: number;
}

/** The bays of some shards, as the index has them. */
async function readBays({ table }: ConductorPorts, shards: readonly number[]): Promise<Bays> {
  let pages = 0;
  const read = await Promise.all(
    shards.map((shard) =>
      collect(
        (range) => {
          pages += 1;
          return table.queryIndex("type", bayShardPartition(shard), range);
        },
        {},
        limits.reconciliation.baysAtOnce,
      ),
    ),
  );
  if (read.some(({ complete }) => !complete)) throw new Error("more bays stand in one shard than can be compared");
  const records = read.flatMap(({ items }) => items).map((item) => recordFromItem(bayShape, item));
  return { records, unseen: new Set(), pages };
}

async function compare(
  ports: ConductorPorts,
  request: PageRequest,
  { bays, stacks, next }: { readonly bays: Bays; readonly stacks: Stacks; readonly next: JobPage["next"] },
): Promise<JobPage> {
  const byBay = Map.groupBy(stacks.stacks, ({ tags }) => bayOfTags(tags));
  const findings: Finding[] = [];
  const known = new Set<string>();
  for (const { state: bay, operation, gone } of bays.records) {
    known.add(bay.uuid);
    if (operation || gone || bays.unseen.has(bay.projectId)) continue;
    const stack = byBay
      .get(bay.uuid)
      ?.find(({ id, name }) => (bay.stackId === null ? name === ports.stackPlans.nameOf(bay) : id === bay.stackId));
    const found = await changedBay(ports, request, bay, stack);
    if (found) findings.push(found);
  }
  for (const [uuid, ofBay] of byBay) {
    for (const stack of ofBay) {
      const orphan =
        uuid === undefined || known.has(uuid) ? undefined : await handleOrphan(ports, request, uuid, stack);
      if (orphan) findings.push(orphan);
    }
  }
  const counts = {
    bays: bays.records.length,
    stacks: stacks.stacks.length,
    heatCalls: stacks.calls,
    indexPages: bays.pages,
  };
  return { next, counts, findings };
}

/** Begins to look at the bay, when its stack is not as it was left. */
async function changedBay(
  ports: ConductorPorts,
  { isDryRun }: PageRequest,
  bay: Bay,
  stack: ListedStack | undefined,
): Promise<Finding | undefined> {
  // No stack ever came to be, and none is there.
  if (!stack && bay.stackId === null) return undefined;
  // Somebody is at work on it: what comes of it is seen by the next round.
  if (stack?.progress === "IN_PROGRESS") return undefined;
  if ((stack?.seen ?? MISSING) === bay.stackSeen) return undefined;
  const what = stack ? "stack-changed" : "stack-vanished";
  const detail = stack ? `stack ${stack.name} is ${stack.seen}` : `stack ${bay.stackId} is not in Heat's list`;
  const found = { what, projectId: bay.projectId, bayId: bay.uuid, detail };
  if (isDryRun) return { ...found, outcome: "would" };
  return (await beginToLook(ports, bay, stack)) ? { ...found, outcome: "done" } : undefined;
}

async function beginToLook(ports: ConductorPorts, bay: Bay, stack: ListedStack | undefined): Promise<boolean> {
  const key = bayKey(bay.projectId, bay.uuid);
  const nowMs = ports.clock.nowMs();
  const id = ports.random.uuid();
  const deadlineAtMs = nowMs + limits.reconciliation.observeDeadlineMs;
  let isDeleting = false;
  const changed = await changeRecord<Bay, "changed">(ports, bayShape, key, (current) => {
    // The index showed it as it was; it has moved on since.
    if (current.operation || current.state.stackSeen !== bay.stackSeen) return { kind: "refuse", refusal: "changed" };
    isDeleting = current.state.status.startsWith("DELETE_");
    if (isDeleting) return { kind: "keep" };
    const request = { id, kind: "drift", nowMs, deadlineAtMs, input: { isUnlisted: stack === undefined } };
    return { kind: "write", record: withOperation(bayShape, current, request, {}) };
  });
  if (changed.kind === "kept" && isDeleting && !stack) {
    // What its owner wanted gone and Heat could not remove, somebody has removed.
    return (await deleteBay(ports, changed.record)).kind === "accepted";
  }
  return changed.kind === "changed";
}
