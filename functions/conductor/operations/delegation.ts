/** Giving back what a conductor was lent to act for the project. */
import type { Bay } from "@jeroboam/core/bay/bay";
import { delegationsOf } from "@jeroboam/core/operation/operation";
import type { Step } from "@jeroboam/core/operation/record";
import { done } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";

/** The last thing of every operation, also of one that failed. */
export const revokeDelegations: Step<ConductorPorts, Bay> = {
  name: "revoke-delegations",
  async run({ cloud }, { operation }, { signal }) {
    await cloud.revokeDelegations(delegationsOf(operation), signal);
    return done();
  },
};

/**
 * The first thing of an operation that supersedes others: from then on whatever a conductor of theirs still tries in the
 * cloud is refused there, so nothing can appear behind the back of the steps that follow.
 */
export const revokeSuperseded: Step<ConductorPorts, Bay> = {
  name: "revoke-superseded",
  async run({ cloud }, { operation }, { signal }) {
    await cloud.revokeDelegations(operation.inherited, signal);
    return done();
  },
};
