/**
 * What happens to a bay whose nodes' credential is renewed: their user gets another password, and Heat is told it for nodes
 * to come, in the bay's own stack and in those of its groups. Nodes that run have logged in long ago, and are not touched.
 * How conductors act for the project stays: Heat's own trust hangs on it (identity/delegation.ts).
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { delegationContext, secretContext } from "@jeroboam/core/bay/bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { groupDelegationContext, nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { ActiveRecord, OperationDefinition, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts, Stack, StackChange } from "../ports.ts";
import { ended } from "./ended.ts";
import { pollAfterMs } from "./expected-end.ts";
import { nodeUserOf, PASSWORD_BYTES } from "./specification.ts";
import { nodeLogin } from "./stack.ts";
import { BUSY_MS, failureOf, fenced, isHeld, specificationMissing } from "./stack-steps.ts";

/** Written before Keystone is told, so that a repeated run tells it the same. */
const renewPassword: Step<ConductorPorts, Bay> = {
  name: "renew-password",
  async run(ports, { state: bay, operation }, { signal }) {
    const { table, sealer, random, cloud } = ports;
    const fresh = Buffer.from(random.bytes(PASSWORD_BYTES)).toString("base64url");
    const passwordSealed = await sealer.seal(fresh, secretContext(bay, "node-password"), bay.projectId);
    const specification = await changeSpecification(table, bay, ({ nodeCredential }) =>
      nodeCredential && nodeCredential.renewedBy !== operation.id
        ? { nodeCredential: { ...nodeCredential, passwordSealed, renewedBy: operation.id } }
        : {},
    );
    const login = specification && (await nodeLogin(ports, bay, specification));
    if (!specification || !login) return failed(specificationMissing("the bay's"));
    const renewed = await cloud.ensureNodeUser(nodeUserOf(bay, specification, login.password), signal);
    return renewed.kind === "refused" ? failed(`the password could not be renewed: ${renewed.reason}`) : done();
  },
};

/** One stack of the bay that nodes may still be added to. */
interface Told {
  /** Absent: it is the bay's own. */
  readonly group?: NodeGroup;
  readonly nameOrId: string;
  readonly delegation: Delegation;
  readonly context: string;
}

/** The bay's own stack first, then each group's; each is awaited before the next. */
const tellStacks: Step<ConductorPorts, Bay> = {
  name: "tell-stacks",
  async run(ports, record, { signal }) {
    const { state } = record;
    const scope = { projectId: state.projectId, allProjects: false };
    const bay = await findBayByUuid(ports.table, scope, state.uuid);
    const login = bay && (await nodeLogin(ports, state, bay.specification));
    if (!bay || !login) return failed(specificationMissing("the bay's"));
    const change = ports.stackPlans.planPassword(state, bay.specification, login);
    if (Object.keys(change.parameters).length === 0) return done();
    const own: Told = {
      nameOrId: state.stackId ?? ports.stackPlans.nameOf(state),
      delegation: bay.specification.delegation,
      context: delegationContext(state),
    };
    const groups = bay.nodeGroups.map(({ group, specification: { delegation } }): Told => ({
      group,
      nameOrId: group.stackId ?? ports.stackPlans.nodeGroups.nameOf(group),
      delegation,
      context: groupDelegationContext(group),
    }));
    let changes: Partial<Bay> = {};
    for (const told of [own, ...groups]) {
      const result = await tell(ports, record, told, change, signal);
      if (result.kind !== "done") return result;
      changes = { ...changes, ...result.changes };
    }
    return done(changes);
  },
};

async function tell(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  { group, nameOrId, delegation, context }: Told,
  { parameters }: StackChange,
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const opened = await ports.cloud.stacks({ delegation, context, isCleanup: false }, signal);
  if (opened.kind === "refused") return failed(opened.reason);
  const stacks = fenced(opened.stacks, () => isHeld(record, ports));
  const stack = await stacks.find(nameOrId);
  // A group that was never made, or is on its way out, has nobody to tell.
  if (!stack) return group === undefined ? failed(`stack ${nameOrId} was not found in Heat`) : done();
  const tag = `jeroboam-operation-${record.operation.id}`;
  if (stack.progress === "IN_PROGRESS") return again(pollAfterMs(ports.clock.nowMs(), record.operation, record.nudge));
  if (stack.tags.includes(tag)) {
    if (stack.progress === "FAILED") return failed(await failureOf(stacks, stack));
    if (group === undefined) return done({ stackSeen: stack.seen });
    await noteSeen(ports, group, stack);
    return done();
  }
  const kept = stack.tags.filter((one) => !one.startsWith("jeroboam-operation-"));
  const updated = await stacks.update(stack, { parameters, tags: [...kept, tag] });
  return updated.kind === "refused" ? failed(updated.reason) : again(BUSY_MS);
}

/** What the rotation did to a group's stack is no drift; a group at work notes what its own work did. */
async function noteSeen(ports: ConductorPorts, group: NodeGroup, { seen: stackSeen }: Stack): Promise<void> {
  const key = nodeGroupKey(group.projectId, group.bayUuid, group.uuid);
  await changeRecord<NodeGroup, never>(ports, nodeGroupShape, key, (current) =>
    current.operation || current.state.stackSeen === stackSeen
      ? { kind: "keep" }
      : { kind: "write", record: { ...current, state: { ...current.state, stackSeen } } },
  );
}

export const rotateCredential: OperationDefinition<ConductorPorts, Bay> = {
  kind: "rotate-credential",
  version: 1,
  steps: [renewPassword, tellStacks],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", bay.status, outcome, nowMs) }),
};
