/** What happens to a bay whose creation failed and is tried again: its stack is removed, if there is one, and made anew. */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { OperationDefinition } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { beginHealthChecks } from "./check-health.ts";
import { ended } from "./ended.ts";
import { ensureCertificates, ensureNodeCredential, settleItems } from "./specification.ts";
import { awaitStackCreated, ensureStack, ensureStackGone } from "./stack.ts";

export const recreateBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: "recreate",
  version: 1,
  steps: [
    settleItems,
    ensureStackGone,
    ensureCertificates,
    ensureNodeCredential,
    ensureStack,
    awaitStackCreated,
    beginHealthChecks,
  ],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("CREATE", bay.status, outcome, nowMs) }),
};
