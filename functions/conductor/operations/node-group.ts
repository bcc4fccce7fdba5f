/** What happens to a node group: the steps of its operations. */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { delegationSchema } from "@jeroboam/core/identity/delegation";
import { groupNameKey, releaseGroupName } from "@jeroboam/core/node-group/group-name";
import {
  changeGroupSpecification,
  readGroupSpecification,
  removeGroupSpecification,
} from "@jeroboam/core/node-group/group-specification-store";
import type { NodeGroup, NodeGroupSpecification } from "@jeroboam/core/node-group/node-group";
import { groupDelegationContext } from "@jeroboam/core/node-group/node-group";
import { upgradedLabels } from "@jeroboam/core/node-group/upgrade-input";
import { resizeInputSchema } from "@jeroboam/core/node-group/resize-input";
import { asSettled, isProvisional } from "@jeroboam/core/operation/provisional";
import type { OperationDefinition, OperationOutcome, Step } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts, NodeLogin, ParentBay, Refused, Stack, Stacks } from "../ports.ts";
import type { DrainSubject } from "./drain-removed.ts";
import { drainRemoved, removalsOf } from "./drain-removed.ts";
import { ended } from "./ended.ts";
import { nodeLogin, renewedPassword } from "./stack.ts";
import type { StackSubject } from "./stack-steps.ts";
import { requireHeld, specificationMissing, stackSteps } from "./stack-steps.ts";
import type { UpgradeSubject } from "./upgrade.ts";
import { upgradeSteps } from "./upgrade.ts";

type GroupStep = Step<ConductorPorts, NodeGroup>;
type GroupOperation = OperationDefinition<ConductorPorts, NodeGroup>;

/** A group's specification with its bay's, for both say what its stack is. */
interface GroupInBay {
  readonly own: NodeGroupSpecification;
  /** Absent only when the bay is all but gone. */
  readonly bay: { readonly state: Bay; readonly specification: BaySpecification } | undefined;
}

async function readBay({ table }: ConductorPorts, { projectId, bayUuid }: NodeGroup): Promise<GroupInBay["bay"]> {
  const record = await findRecord(table, bayShape, bayKey(projectId, bayUuid));
  const specification = record && (await readSpecification(table, record.state));
  return record && specification && { state: record.state, specification };
}

const BAY_GONE: Refused = { kind: "refused", reason: "the cluster is gone" };

export const groupStack: StackSubject<NodeGroup, GroupInBay> = {
  whose: "the node group's",
  async read(ports, group) {
    const own = await readGroupSpecification(ports.table, group);
    return own && { own, bay: await readBay(ports, group) };
  },
  access: (group, { own: { delegation } }) => ({ delegation, context: groupDelegationContext(group) }),
  nameOf: ({ stackPlans }, group) => stackPlans.nodeGroups.nameOf(group),
  alike: () => "node-group",
  isOurs: ({ stackPlans }, group, stack) => stackPlans.nodeGroups.isOurs(group, stack),
  async plan(ports, { state: group }, { own, bay }, stacks) {
    const joined = await joinedBay(ports, bay, stacks);
    if ("kind" in joined) return joined;
    return ports.stackPlans.nodeGroups.plan(joined.parent, { group, specification: own }, joined.login);
  },
  async planUpdate(ports, { state: group, operation }, { own, bay }, { outputs }) {
    if (!bay) return BAY_GONE;
    const { nodeGroups } = ports.stackPlans;
    const { rollback } = resizeInputSchema.parse(operation.input);
    const removals = removalsOf(operation, nodeGroups.readOutputs(bay.specification, outputs).members ?? []);
    if (removals.kind === "refused") return removals;
    const joined = { group, specification: own };
    const { parameters, ...scaling } = nodeGroups.planScaling(bay.specification, joined, removals.members);
    const password = await renewedPassword(ports, bay.state, bay.specification);
    return { ...scaling, parameters: { ...parameters, ...password }, rollsBack: rollback };
  },
  async keepOutputs(ports, record, { outputs }) {
    const group = record.state;
    const bay = await readBay(ports, group);
    if (!bay) return { workers: 0 };
    const read = ports.stackPlans.nodeGroups.readOutputs(bay.specification, outputs);
    await changeGroupSpecification(ports.table, group, async () => {
      await requireHeld(record, ports);
      return read;
    });
    return { workers: read.members?.length ?? 0 };
  },
};

/** The bay that the group is of, with what its nodes log in with. */
async function joinedBay(
  ports: ConductorPorts,
  bay: GroupInBay["bay"],
  stacks: Stacks,
): Promise<{ readonly parent: ParentBay; readonly login: NodeLogin } | Refused> {
  if (!bay) return BAY_GONE;
  const login = await nodeLogin(ports, bay.state, bay.specification);
  if (!login) return { kind: "refused", reason: specificationMissing("the bay's") };
  const outputs = await bayOutputs(ports, bay.state, stacks);
  if (!outputs) return { kind: "refused", reason: "the cluster's own stack was not found in Heat" };
  return { parent: { bay: bay.state, specification: bay.specification, outputs }, login };
}

async function bayOutputs(
  { stackPlans }: ConductorPorts,
  bay: Bay,
  stacks: Stacks,
): Promise<Stack["outputs"] | undefined> {
  const stack = await stacks.find({ name: stackPlans.nameOf(bay), id: bay.stackId }, { outputsAtWork: true });
  return stack && stackPlans.isOurs(bay, stack) ? stack.outputs : undefined;
}

const { ensureStack, awaitStackCreated, ensureStackUpdated, awaitStackUpdated, ensureStackGone } =
  stackSteps(groupStack);

const members: DrainSubject<NodeGroup, GroupInBay> = {
  stack: groupStack,
  members: ({ stackPlans }, { bay }, { outputs }) =>
    (bay && stackPlans.nodeGroups.readOutputs(bay.specification, outputs).members) ?? [],
  bayOf: ({ projectId, bayUuid }) => ({ projectId, bayUuid }),
};

/**
 * The group was written before this reads the bay: a bay that is not being deleted now will find the group when it is.
 * From here on the bay is one whose nodes have changed, as its status says.
 */
const joinBay: GroupStep = {
  name: "join-bay",
  async run(ports, { state: group }) {
    const key = bayKey(group.projectId, group.bayUuid);
    const bay = await findRecord(ports.table, bayShape, key);
    // Nobody else will: the bay's own removal is over.
    if (!bay) return failed(BAY_GONE.reason, { status: "DELETE_IN_PROGRESS" });
    if (bay.state.status.startsWith("DELETE_")) return failed("the cluster is being deleted");
    await changeRecord<Bay, never>(ports, bayShape, key, (current) =>
      current.state.status === "CREATE_COMPLETE"
        ? { kind: "write", record: { ...current, state: { ...current.state, status: "UPDATE_COMPLETE" } } }
        : { kind: "keep" },
    );
    return done();
  },
};

/** What was provisional until the group existed stays for good. */
const settleItems: GroupStep = {
  name: "settle-items",
  async run({ table }, { state: group }) {
    if (!(await changeGroupSpecification(table, group, () => ({}))))
      return failed(specificationMissing("the node group's"));
    const name = await table.get(groupNameKey(group));
    if (name && isProvisional(name)) {
      // Refused: somebody settled it just now.
      await table.put({ ...asSettled(name), revision: name.revision + 1 }, { revision: name.revision });
    }
    return done();
  },
};

/** A group that came when its bay was gone already takes itself away. */
const withdrawOrphan: GroupStep = {
  name: "withdraw-orphan",
  async run(ports, { state: group }, budget) {
    if (group.status !== "DELETE_IN_PROGRESS") return done();
    const specification = await readGroupSpecification(ports.table, group);
    if (specification) await ports.cloud.revoke(specification.delegation, groupDelegationContext(group), budget.signal);
    return (await removeItems(ports, group)) ? done() : again(0);
  },
};

async function removeItems({ table }: ConductorPorts, group: NodeGroup): Promise<boolean> {
  if ((await releaseGroupName(table, group)) === "changed") return false;
  await removeGroupSpecification(table, group);
  return true;
}

export const createNodeGroup: GroupOperation = {
  kind: "create",
  version: 1,
  steps: [joinBay, settleItems, ensureStack, awaitStackCreated],
  always: [withdrawOrphan],
  end: (group, outcome, nowMs) =>
    group.status === "DELETE_IN_PROGRESS" ? { kind: "removed" } : kept("CREATE", group, outcome, nowMs),
};

export const updateNodeGroup: GroupOperation = {
  kind: "update",
  version: 1,
  steps: [drainRemoved(members), ensureStackUpdated, awaitStackUpdated],
  always: [],
  end: (group, outcome, nowMs) => kept("UPDATE", group, outcome, nowMs),
};

/** The group's nodes are to be what its bay's are: that is where a group is upgraded to. */
const takeVersions: GroupStep = {
  name: "take-versions",
  async run(ports, { state: group }) {
    const bay = await readBay(ports, group);
    if (!bay) return failed(BAY_GONE.reason);
    const { model, labels } = bay.specification;
    const versionLabels = ports.stackPlans.versionLabels(bay.specification);
    await changeGroupSpecification(ports.table, group, (current) => ({
      imageId: model.imageId,
      labels: upgradedLabels(current.labels, labels, versionLabels),
    }));
    return done();
  },
};

const upgradable: UpgradeSubject<NodeGroup, GroupInBay> = {
  async planUpgrade(ports, group, { own, bay }, stack, stacks) {
    const joined = await joinedBay(ports, bay, stacks);
    if ("kind" in joined) return joined;
    const { nodeGroups } = ports.stackPlans;
    return nodeGroups.planUpgrade(joined.parent, { group, specification: own }, joined.login, stack);
  },
  ...members,
  planRemoval: ({ stackPlans }, group, { own, bay }, members) =>
    bay ? stackPlans.nodeGroups.planScaling(bay.specification, { group, specification: own }, members) : BAY_GONE,
};

export const upgradeNodeGroup: GroupOperation = {
  kind: "upgrade",
  version: 1,
  steps: [takeVersions, ...upgradeSteps(upgradable)],
  always: [],
  end: (group, outcome, nowMs) => kept("UPDATE", group, outcome, nowMs),
};

/** As for a bay (delegation.ts): what a superseded creation still tries is refused from here on. */
const revokeSuperseded: GroupStep = {
  name: "revoke-superseded",
  async run({ cloud }, { state: group, operation }, { signal }) {
    for (const delegation of operation.inherited) {
      await cloud.revoke(delegationSchema.parse(delegation), groupDelegationContext(group), signal);
    }
    return done();
  },
};

const revokeDelegation: GroupStep = {
  name: "revoke-delegation",
  async run({ table, cloud }, { state: group }, { signal }) {
    const specification = await readGroupSpecification(table, group);
    if (specification) await cloud.revoke(specification.delegation, groupDelegationContext(group), signal);
    return done();
  },
};

/** The hot item goes last, by the engine. */
const removeGroupItems: GroupStep = {
  name: "remove-items",
  hasNoWayBack: true,
  run: async (ports, { state: group }) => ((await removeItems(ports, group)) ? done() : again(0)),
};

export const deleteNodeGroup: GroupOperation = {
  kind: "delete",
  version: 1,
  steps: [revokeSuperseded, ensureStackGone, revokeDelegation, removeGroupItems],
  always: [],
  end: (_group, outcome, nowMs) =>
    outcome.kind === "succeeded"
      ? { kind: "removed" }
      : { kind: "kept", changes: { status: "DELETE_FAILED", statusReason: outcome.reason, updatedAtMs: nowMs } },
};

function kept(verb: "CREATE" | "UPDATE", group: NodeGroup, outcome: OperationOutcome, nowMs: number) {
  return { kind: "kept", changes: ended(verb, group.status, outcome, nowMs) } as const;
}
