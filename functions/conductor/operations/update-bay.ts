/** What happens to a bay whose node count changes. */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { OperationDefinition } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { beginHealthChecks } from "./check-health.ts";
import { ended } from "./ended.ts";
import { awaitStackUpdated, drainRemovedWorkers, ensureStackUpdated } from "./stack.ts";

export const updateBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "update",
  version: 1,
  steps: [drainRemovedWorkers, ensureStackUpdated, awaitStackUpdated, beginHealthChecks],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", bay.status, outcome, nowMs) }),
};
