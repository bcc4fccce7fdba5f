/** The steps about a bay's own stack (stack-steps.ts). */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { delegationContext, secretContext } from "@jeroboam/core/bay/bay";
import { callbackSecret } from "@jeroboam/core/callback/callback";
import { changeSpecification, readSpecification } from "@jeroboam/core/bay/specification-store";
import { resizeInputSchema } from "@jeroboam/core/node-group/resize-input";
import type { ConductorPorts, NodeLogin } from "../ports.ts";
import { drainRemoved, removalsOf } from "./drain-removed.ts";
import type { StackSubject } from "./stack-steps.ts";
import { requireHeld, specificationMissing, stackSteps } from "./stack-steps.ts";

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
  planUpdate({ stackPlans }, { state: bay, operation }, specification, { outputs }) {
    const { rollback } = resizeInputSchema.parse(operation.input);
    const removals = removalsOf(operation, stackPlans.readOutputs(specification, outputs).workers ?? []);
    if (removals.kind === "refused") return removals;
    return { ...stackPlans.planScaling(bay, specification, removals.members), rollsBack: rollback };
  },
  async keepOutputs(ports, record, { outputs }) {
    const kept = await changeSpecification(ports.table, record.state, async (current) => {
      await requireHeld(record, ports);
      return ports.stackPlans.readOutputs(current, outputs);
    });
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

export const { ensureStack, awaitStackCreated, ensureStackUpdated, awaitStackUpdated, ensureStackGone } =
  stackSteps(bayStack);

export const drainRemovedWorkers = drainRemoved({
  stack: bayStack,
  members: ({ stackPlans }, specification, { outputs }) => stackPlans.readOutputs(specification, outputs).workers ?? [],
  bayOf: ({ projectId, uuid }) => ({ projectId, bayUuid: uuid }),
});
