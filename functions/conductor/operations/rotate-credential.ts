/**
 * What happens to a bay whose nodes' credential is renewed: their user gets another password, and Heat is told it for nodes
 * to come, in the bay's own stack and in those of its groups. Nodes that run have logged in long ago, and are not touched.
 * How conductors act for the project stays: Heat's own trust hangs on it (identity/delegation.ts).
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { ended } from "./ended.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import { drawPassword, tellKeystone } from "./specification.ts";
import { nodeLogin } from "./stack.ts";
import { operationTag, specificationMissing } from "./stack-steps.ts";
import { tellStacks } from "./tell-stacks.ts";

/** Written before Keystone is told, so that a repeated run tells it the same. */
const renewPassword: Step<ConductorPorts, Bay> = {
  name: "renew-password",
  async run(ports, record, { signal }) {
    const { state: bay, operation } = record;
    const passwordSealed = await drawPassword(ports, bay);
    const specification = await changeHeldSpecification(ports, record, ({ nodeCredential }) =>
      nodeCredential && nodeCredential.renewedBy !== operation.id
        ? { nodeCredential: { ...nodeCredential, passwordSealed, renewedBy: operation.id } }
        : {},
    );
    if (!specification?.nodeCredential?.user) return failed(specificationMissing("the bay's"));
    const renewed = await tellKeystone(ports, bay, specification, signal);
    if (renewed.kind === "gone") return failed(specificationMissing("the bay's"));
    return renewed.kind === "refused" ? failed(`the password could not be renewed: ${renewed.reason}`) : done();
  },
};

/** The bay's own stack first, then each group's; each is awaited before the next. */
const tellNewNodes: Step<ConductorPorts, Bay> = {
  name: "tell-stacks",
  async run(ports, record, { signal }) {
    const { state, operation } = record;
    const scope = { projectId: state.projectId, allProjects: false };
    const bay = await findBayByUuid(ports.table, scope, state.uuid);
    const login = bay && (await nodeLogin(ports, state, bay.specification));
    if (!bay || !login) return failed(specificationMissing("the bay's"));
    const { parameters } = ports.stackPlans.planPassword(state, bay.specification, login);
    if (Object.keys(parameters).length === 0) return done();
    return tellStacks(ports, record, bay, { parameters, tag: operationTag(operation) }, signal);
  },
};

export const rotateCredential: OperationDefinition<ConductorPorts, Bay> = {
  kind: "rotate-credential",
  version: 1,
  steps: [renewPassword, tellNewNodes],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", bay.status, outcome, nowMs) }),
};
