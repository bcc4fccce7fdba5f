/** What happens to a bay that is being created. */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { OperationDefinition } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { beginHealthChecks } from "./check-health.ts";
import { ended } from "./ended.ts";
import { ensureCertificates, ensureNodeCredential, settleItems } from "./specification.ts";
import { awaitStackCreated, ensureStack } from "./stack.ts";

export const createBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "create",
  version: 1,
  steps: [settleItems, ensureCertificates, ensureNodeCredential, ensureStack, awaitStackCreated, beginHealthChecks],
  always: [],
  // A request under a key that slept over its write brings back what its repetition made and its user deleted.
  end: (bay, outcome, nowMs) =>
    bay.status === "DELETE_IN_PROGRESS"
      ? { kind: "removed" }
      : { kind: "kept", changes: ended("CREATE", bay.status, outcome, nowMs) },
};
