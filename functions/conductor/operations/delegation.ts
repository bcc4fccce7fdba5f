/** Giving back what conductors were lent to act for the project. */
import type { Bay } from "@jeroboam/core/bay/bay";
import { delegationContext } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { delegationSchema } from "@jeroboam/core/identity/delegation";
import type { Step } from "@jeroboam/core/operation/record";
import { done } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";

/**
 * The first thing of an operation that supersedes a creation: from then on whatever a conductor of that still tries in
 * the cloud is refused there, so no stack can appear behind the back of the steps that follow. They act as the service.
 */
export const revokeSuperseded: Step<ConductorPorts, Bay> = {
  name: "revoke-superseded",
  async run({ cloud }, { state: bay, operation }, { signal }) {
    for (const delegation of operation.inherited) {
      await cloud.revoke(delegationSchema.parse(delegation), delegationContext(bay), signal);
    }
    return done();
  },
};

/** When nothing of the bay is left in the cloud. */
export const revokeDelegation: Step<ConductorPorts, Bay> = {
  name: "revoke-delegation",
  async run({ table, cloud }, { state: bay }, { signal }) {
    const specification = await readSpecification(table, bay);
    if (specification) await cloud.revoke(specification.delegation, delegationContext(bay), signal);
    return done();
  },
};
