/**
 * Drift: the stacks of Heat against the records of bays and node groups, both in bulk. A settled one whose stack is no
 * longer as it was left gets an operation that looks at it (operations/observe-stack.ts); a stack that says it is of one
 * which is not there is told, and removed where the operator lets us.
 *
 * It costs pages of Heat's list and pages of the index, and reads no record that did not change. While all our stacks are
 * few they are compared at once; else shard by shard, for stacks bear the tag of the index's shard in which their bay
 * stands. Where Heat's policy (`stacks:global_index`) does not let the service's user list all projects, each
 * project with bays is asked by a delegation of one of its bays; orphans in projects without bays are not seen then.
 *
 * What stands in the index may lag: so nothing is decided but by a strong read, and nothing removed at first sight.
 */
import { ownerOfTags, shardTag, STACKS_TAG } from "@jeroboam/coe/stack-name";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape, bayShardPartition, delegationContext } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { withOperation } from "@jeroboam/core/operation/operation";
import type { RecordShape, WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem, typeOfItem } from "@jeroboam/core/operation/record";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import { collect } from "@jeroboam/core/table/table";
import { z } from "zod";
import { MISSING } from "../operations/observe-stack.ts";
import type { ConductorPorts, ListedStack, Refused, StackFilter, StackPage } from "../ports.ts";
import { handleOrphan } from "./orphans.ts";
import type { JobPage, PageRequest } from "./page.ts";
import type { OwnerKind, OwnsStack } from "./stack-owners.ts";
import { BAYS, NODE_GROUPS } from "./stack-owners.ts";

/** `projects`: Heat does not let us list all of them at once. */
const cursorSchema = z.object({ shard: z.number().int(), by: z.enum(["shards", "projects"]) });

const SHARDS = Array.from({ length: limits.engine.typeShards }, (_, shard) => shard);

export async function runDriftPage(ports: ConductorPorts, request: PageRequest): Promise<JobPage> {
  if (request.cursor === null) return await firstPage(ports, request);
  const { shard, by } = cursorSchema.parse(request.cursor);
  const owners = await readOwners(ports, [shard]);
  const tag = shardTag(shard);
  const stacks =
    by === "shards" ? await shardStacks(ports, request, tag) : await projectStacks(ports, request, tag, owners);
  return await compare(ports, request, { owners, stacks, next: nextShard(shard, by) });
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
      return await compare(ports, request, { owners: await readOwners(ports, SHARDS), stacks: read, next: null });
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
async function projectStacks(
  ports: ConductorPorts,
  { signal }: PageRequest,
  tag: string,
  { bays, groups, unseen }: Owners,
): Promise<Stacks> {
  const askedBy = new Map(bays.map(({ state }) => [state.projectId, state]));
  // What is left of a bay that went looks as it did.
  for (const { state } of groups) if (!askedBy.has(state.projectId)) unseen.add(state.projectId);
  const stacks: ListedStack[] = [];
  let calls = 0;
  for (const [projectId, bay] of askedBy) {
    const specification = await readSpecification(ports.table, bay);
    if (!specification) {
      unseen.add(projectId);
      continue;
    }
    const access = { delegation: specification.delegation, context: delegationContext(bay), isCleanup: true };
    const opened = await ports.cloud.stacks(access, signal);
    const pages =
      opened.kind === "refused"
        ? opened
        : await readPages((filter) => opened.stacks.list(filter), tag, limits.reconciliation.stackPages);
    if (pages.kind === "refused") {
      // Its bays look as they did: nobody can say otherwise.
      ports.log.write("warning", "drift-project-refused", { projectId, reason: pages.reason });
      unseen.add(projectId);
      continue;
    }
    calls += pages.calls;
    stacks.push(...pages.stacks.map((stack) => ({ ...stack, projectId })));
  }
  return { stacks, calls };
}

/** Who has a stack, as the index shows them: of some shards, settled or not. */
interface Owners {
  readonly bays: readonly WorkRecord<Bay>[];
  readonly groups: readonly WorkRecord<NodeGroup>[];
  /** Projects whose stacks could not be read. */
  readonly unseen: Set<string>;
  readonly pages: number;
}

async function readOwners({ table }: ConductorPorts, shards: readonly number[]): Promise<Owners> {
  let pages = 0;
  const read = await Promise.all(
    shards.map((shard) =>
      collect(
        (range) => {
          pages += 1;
          return table.queryIndex("type", bayShardPartition(shard), range);
        },
        {},
        limits.reconciliation.ownersAtOnce,
      ),
    ),
  );
  if (read.some(({ complete }) => !complete)) throw new Error("more bays stand in one shard than can be compared");
  const items = read.flatMap((shard) => shard.items);
  const of = <State>({ type, ...shape }: RecordShape<State>): WorkRecord<State>[] =>
    items.filter((item) => typeOfItem(item) === type).map((item) => recordFromItem({ ...shape, type }, item));
  return { bays: of(bayShape), groups: of(nodeGroupShape), unseen: new Set(), pages };
}

interface Comparison {
  readonly owners: Owners;
  readonly stacks: Stacks;
  readonly next: JobPage["next"];
}

async function compare(
  ports: ConductorPorts,
  request: PageRequest,
  { owners, stacks: { stacks, calls }, next }: Comparison,
): Promise<JobPage> {
  const claims = stacks.flatMap((stack) => {
    const owner = ownerOfTags(stack.tags);
    return owner ? [{ stack, owner, uuid: owner.groupUuid ?? owner.bayUuid }] : [];
  });
  const claimed = Map.groupBy(claims, ({ uuid }) => uuid);
  const listed = (uuid: string): readonly ListedStack[] => (claimed.get(uuid) ?? []).map(({ stack }) => stack);
  const findings = [
    ...(await changedStacks(ports, request, BAYS, owners, owners.bays, listed)),
    ...(await changedStacks(ports, request, NODE_GROUPS, owners, owners.groups, listed)),
  ];
  const known = new Set([...owners.bays, ...owners.groups].map(({ state }) => state.uuid));
  const baysWithGroups = new Set(claims.map(({ owner }) => owner.groupUuid && owner.bayUuid));
  for (const { uuid, owner, stack } of claims) {
    if (known.has(uuid)) continue;
    const orphan = await handleOrphan(ports, request, { stack, owner, hasOthersOnIt: baysWithGroups.has(uuid) });
    if (orphan) findings.push(orphan);
  }
  const counts = {
    bays: owners.bays.length,
    "node-groups": owners.groups.length,
    stacks: stacks.length,
    heatCalls: calls,
    indexPages: owners.pages,
  };
  return { next, counts, findings };
}

async function changedStacks<State extends OwnsStack>(
  ports: ConductorPorts,
  request: PageRequest,
  kind: OwnerKind<State>,
  { unseen }: Owners,
  records: readonly WorkRecord<State>[],
  listed: (uuid: string) => readonly ListedStack[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { state: owner, operation, gone } of records) {
    if (operation || gone || unseen.has(owner.projectId)) continue;
    const isIts = ({ id, name }: ListedStack): boolean =>
      owner.stackId === null ? name === kind.stackNameOf(ports.stackPlans, owner) : id === owner.stackId;
    const found = await changedStack(ports, request, kind, owner, listed(owner.uuid).find(isIts));
    if (found) findings.push(found);
  }
  return findings;
}

/** Begins to look at a bay or a node group, when its stack is not as it was left. */
async function changedStack<State extends OwnsStack>(
  ports: ConductorPorts,
  { isDryRun }: PageRequest,
  kind: OwnerKind<State>,
  owner: State,
  stack: ListedStack | undefined,
): Promise<Finding | undefined> {
  // No stack ever came to be, and none is there.
  if (!stack && owner.stackId === null) return undefined;
  // Somebody is at work on it: what comes of it is seen by the next round.
  if (stack?.progress === "IN_PROGRESS") return undefined;
  if ((stack?.seen ?? MISSING) === owner.stackSeen) return undefined;
  const what = stack ? "stack-changed" : "stack-vanished";
  const detail = stack ? `stack ${stack.name} is ${stack.seen}` : `stack ${owner.stackId} is not in Heat's list`;
  const found = { what, projectId: owner.projectId, bayId: kind.bayUuidOf(owner), detail };
  if (isUnreadable(ports, owner, stack))
    return { ...found, outcome: "told", detail: `${detail}, and could not be looked at` };
  if (isDryRun) return { ...found, outcome: "would" };
  return (await beginToLook(ports, kind, owner, stack)) ? { ...found, outcome: "done" } : undefined;
}

/** It could not be looked at as it is: its project lets nobody in any more, who is not to be told of that each round. */
function isUnreadable({ clock }: ConductorPorts, { stackUnread }: OwnsStack, stack: ListedStack | undefined): boolean {
  if (!stackUnread || stackUnread.seen !== stack?.seen) return false;
  return clock.nowMs() - stackUnread.atMs < limits.reconciliation.lookAgainMs;
}

async function beginToLook<State extends OwnsStack>(
  ports: ConductorPorts,
  kind: OwnerKind<State>,
  owner: State,
  stack: ListedStack | undefined,
): Promise<boolean> {
  const nowMs = ports.clock.nowMs();
  const id = ports.random.uuid();
  const deadlineAtMs = nowMs + limits.reconciliation.observeDeadlineMs;
  let isDeleting = false;
  const changed = await changeRecord<State, "changed">(ports, kind.shape, kind.keyOf(owner), (current) => {
    // The index showed it as it was; it has moved on since.
    const { stackSeen, stackUnread } = current.state;
    if (current.operation || stackSeen !== owner.stackSeen || stackUnread?.atMs !== owner.stackUnread?.atMs)
      return { kind: "refuse", refusal: "changed" };
    isDeleting = current.state.status.startsWith("DELETE_");
    if (isDeleting) return { kind: "keep" };
    const input = { isUnlisted: stack === undefined, ...(stack && { listedSeen: stack.seen }) };
    const request = { id, kind: "drift", nowMs, deadlineAtMs, input };
    return { kind: "write", record: withOperation(kind.shape, current, request, {}) };
  });
  if (changed.kind === "kept" && isDeleting && !stack)
    return (await kind.finishDelete(ports, changed.record)) === "accepted";
  return changed.kind === "changed";
}
