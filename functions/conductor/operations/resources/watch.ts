/** Looking at a bay's engine by schedule, as long as container resources hang on the bay. */
import type { Look } from "@jeroboam/coe/containers/look";
import { ENGINE_KINDS } from "@jeroboam/coe/containers/engine-kinds";
import type { ContainerEngine } from "@jeroboam/coe/engines/container-engine";
import { bayKey } from "@jeroboam/core/bay/bay";
import { removeBayRecords } from "@jeroboam/core/bay/bay-records";
import type { EngineWatch } from "@jeroboam/core/container/engine-watch";
import { engineWatchShape } from "@jeroboam/core/container/engine-watch";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { limits } from "@jeroboam/core/limits";
import { projectRecordKey } from "@jeroboam/core/listing/project-record";
import type { RecordType, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../../ports.ts";
import { openBay } from "./bay-engine.ts";

const look: Step<ConductorPorts, EngineWatch> = {
  name: "look",
  async run(ports, { state, operation }, { signal }) {
    const opened = await openBay(ports, state);
    const nowMs = ports.clock.nowMs();
    const isYoung = nowMs - operation.startedAtMs < limits.container.graceMs;
    if (opened.kind === "gone")
      return (await removeRest(ports, state)) && !isYoung ? done() : again(limits.container.unsettledMs);
    const engine = opened.kind === "open" ? opened.engine : { closed: opened.reason };
    // Loaded when the first bay is looked at.
    const { lookAtBay } = await import("@jeroboam/coe/containers/look");
    const seen = await lookAtBay(ports, state.bayUuid, engine, signal);
    if (opened.kind === "open") await removeStrays(ports, state, opened.engine, seen, signal);
    if (seen.count === 0 && !isYoung) return done();
    const { lookMs, troubleMs, unsettledMs, settledMs } = limits.container;
    const lookAgainAtMs = nowMs + (seen.isInTrouble ? troubleMs : lookMs);
    return again(seen.isUnsettled || seen.isInTrouble || isYoung ? unsettledMs : settledMs, {
      lookAgainAtMs,
      count: seen.count,
    });
  },
};

/** A bay takes along what hangs on it; what the index did not show then, it shows while the watch is young. False: there may be more. */
async function removeRest({ table }: ConductorPorts, { projectId, bayUuid }: EngineWatch): Promise<boolean> {
  const isThere = await table.get(bayKey(projectId, bayUuid));
  return isThere ? true : removeBayRecords(table, bayUuid);
}

/** What a conductor made after its record was deleted: it was believed dead. */
async function removeStrays(
  { table }: ConductorPorts,
  { projectId }: EngineWatch,
  engine: ContainerEngine,
  { strays }: Look,
  signal: AbortSignal,
): Promise<void> {
  for (const { kind, uuid, name } of strays) {
    // The index that was looked into may lag.
    if (await table.get(projectRecordKey(resourceShapes[kind], projectId, uuid))) continue;
    await engine.remove(ENGINE_KINDS[kind], { uuid, name }, { isForced: true }, signal);
  }
}

export const engineWatchType: RecordType<ConductorPorts, EngineWatch> = {
  ...engineWatchShape,
  operations: [
    {
      kind: "watch",
      version: 1,
      steps: [look],
      always: [],
      // One that failed was a bug of ours: whoever looks next begins it anew.
      end: (_state, outcome) => (outcome.kind === "succeeded" ? { kind: "removed" } : { kind: "kept", changes: {} }),
    },
  ],
};
