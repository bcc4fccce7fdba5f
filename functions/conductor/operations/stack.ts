/** The steps about a bay's own stack (stack-steps.ts). */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { delegationContext, secretContext } from "@jeroboam/core/bay/bay";
import { callbackSecret } from "@jeroboam/core/callback/callback";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { resizeInputSchema } from "@jeroboam/core/node-group/resize-input";
import type { ConductorPorts, NodeLogin, StackParameters } from "../ports.ts";
import { drainRemoved, removalsOf } from "./drain-removed.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import type { StackSubject } from "./stack-steps.ts";
import { specificationMissing, stackSteps } from "./stack-steps.ts";

export const bayStack: StackSubject<Bay, BaySpecification> = {
  whose: "the bay's",
  read: ({ table }, bay) => readSpecification(table, bay),
  access: (bay, { delegation }) => ({ delegation, context: delegationContext(bay) }),
  nameOf: ({ stackPlans }, bay) => stackPlans.nameOf(bay),
  alike: (bay) => `bay-model#${bay.bayModelId}`,
  isOurs: ({ stackPlans }, bay, stack) => stackPlans.isOurs(bay, stack),
  async plan(ports, { state: bay, operation }, specification) {
    const login = await nodeLogin(ports, bay, specification);
    if (!login) return { kind: "refused", reason: specificationMissing("the bay's") };
    return ports.stackPlans.plan(bay, specification, login, callbackSecret(login.password, bay.uuid, operation));
  },
  async planUpdate(ports, { state: bay, operation }, specification, { outputs }) {
    const { stackPlans } = ports;
    const { rollback } = resizeInputSchema.parse(operation.input);
    const removals = removalsOf(operation, stackPlans.readOutputs(specification, outputs).workers ?? []);
    if (removals.kind === "refused") return removals;
    const { parameters, ...scaling } = stackPlans.planScaling(bay, specification, removals.members);
    const password = await renewedPassword(ports, bay, specification);
    return { ...scaling, parameters: { ...parameters, ...password }, rollsBack: rollback };
  },
  async keepOutputs(ports, record, { outputs }) {
    const kept = await changeHeldSpecification(ports, record, (current) =>
      ports.stackPlans.readOutputs(current, outputs),
    );
    return { workers: kept?.workers?.length ?? 0 };
  },
};

/** What the bay's nodes log in with, once it is made. */
export async function nodeLogin(
  { sealer }: Pick<ConductorPorts, "sealer">,
  bay: Pick<Bay, "uuid">,
  { nodeCredential }: Pick<BaySpecification, "nodeCredential">,
): Promise<NodeLogin | undefined> {
  if (!nodeCredential?.user) return undefined;
  const { user, userName, passwordSealed } = nodeCredential;
  const password = await sealer.open(passwordSealed, secretContext(bay, "node-password"));
  return { userId: user.id, domainId: user.domainId, userName, password };
}

/** What nodes to come log in with, where that was renewed: the operation that was to tell their stack may have failed. */
export async function renewedPassword(
  ports: ConductorPorts,
  bay: Bay,
  specification: BaySpecification,
): Promise<StackParameters> {
  if (specification.nodeCredential?.renewedBy === undefined) return {};
  const login = await nodeLogin(ports, bay, specification);
  return login ? ports.stackPlans.planPassword(bay, specification, login).parameters : {};
}

export const { ensureStack, awaitStackCreated, ensureStackUpdated, awaitStackUpdated, ensureStackGone } =
  stackSteps(bayStack);

export const drainRemovedWorkers = drainRemoved({
  stack: bayStack,
  members: ({ stackPlans }, specification, { outputs }) => stackPlans.readOutputs(specification, outputs).workers ?? [],
  bayOf: ({ projectId, uuid }) => ({ projectId, bayUuid: uuid }),
});
