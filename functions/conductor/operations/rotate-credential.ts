/**
 * What happens to a bay whose nodes' credential is renewed: their user gets another password, and Heat is told it for nodes
 * to come, in the bay's own stack and in those of its groups. Nodes that run have logged in long ago, and are not touched.
 * How conductors act for the project stays: Heat's own trust hangs on it (identity/delegation.ts).
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { secretContext } from "@jeroboam/core/bay/bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { OperationDefinition, Step, StepResult } from "@jeroboam/core/operation/record";
import { done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { ended } from "./ended.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import { nodeUserOf, PASSWORD_BYTES } from "./specification.ts";
import { nodeLogin } from "./stack.ts";
import { operationTag, requireHeld, specificationMissing } from "./stack-steps.ts";
import { tellStacks } from "./tell-stacks.ts";

/** Written before Keystone is told, so that a repeated run tells it the same. */
const renewPassword: Step<ConductorPorts, Bay> = {
  name: "renew-password",
  async run(ports, record, { signal }) {
    const { state: bay, operation } = record;
    const { sealer, random } = ports;
    const fresh = Buffer.from(random.bytes(PASSWORD_BYTES)).toString("base64url");
    const passwordSealed = await sealer.seal(fresh, secretContext(bay, "node-password"), bay.projectId);
    const specification = await changeHeldSpecification(ports, record, ({ nodeCredential }) =>
      nodeCredential && nodeCredential.renewedBy !== operation.id
        ? { nodeCredential: { ...nodeCredential, passwordSealed, renewedBy: operation.id } }
        : {},
    );
    if (!specification) return failed(specificationMissing("the bay's"));
    // One that slept since would bring back a password that was renewed again meanwhile.
    await requireHeld(record, ports);
    return tellPassword(ports, bay, specification, signal);
  },
};

/**
 * Has Keystone take the password that stands there. A call that was long under way may come behind that of another renewal,
 * of which nobody else would know: what stands there by then is told too. Each further turn is another renewal's.
 */
async function tellPassword(
  ports: ConductorPorts,
  bay: Bay,
  specification: BaySpecification,
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const login = await nodeLogin(ports, bay, specification);
  if (!login) return failed(specificationMissing("the bay's"));
  const told = await ports.cloud.ensureNodeUser(nodeUserOf(bay, specification, login.password), signal);
  if (told.kind === "refused") return failed(`the password could not be renewed: ${told.reason}`);
  const standing = await readSpecification(ports.table, bay);
  const isLate = standing && standing.nodeCredential?.passwordSealed !== specification.nodeCredential?.passwordSealed;
  return isLate ? tellPassword(ports, bay, standing, signal) : done();
}

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
