/**
 * What happens to a bay whose authority is replaced (core's certificate/rotation.ts says why in these phases). Each phase
 * is written down before anybody is told of it; Heat puts its mark into the metadata of all servers, which touches none;
 * nodes see it there, ask our API for what holds now, and say when they have come to it. One that does not makes the
 * operation fail where it is, with all that are trusted trusted still: the next one goes on from there.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { acknowledgedNodes, ROTATE_AUTHORITY, rotatingNodes } from "@jeroboam/core/bay/rotate-authority";
import type { Issuer, RotationPhase } from "@jeroboam/core/certificate/rotation";
import { inPhase, isPast, ROTATION_PHASES, rotationMark } from "@jeroboam/core/certificate/rotation";
import { limits } from "@jeroboam/core/limits";
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import type { ActiveRecord, OperationDefinition, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { ended } from "./ended.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import { makeIssuer } from "./specification.ts";
import { operationTag, specificationMissing } from "./stack-steps.ts";
import { tellStacks } from "./tell-stacks.ts";

const MISSING = specificationMissing("the bay's");

/** Makes the new authority, which all are to trust; the one that was made for a rotation before is as good. */
const ensureNextAuthority: Step<ConductorPorts, Bay> = {
  name: "ensure-next-authority",
  async run(ports, record) {
    const { state: bay, operation } = record;
    const before = await readBay(ports, bay);
    if (!before?.specification.certificates) return failed(MISSING);
    if (before.specification.certificates.rotation) return done();
    const next: Issuer = await makeIssuer(ports, bay);
    await changeHeldSpecification(ports, record, ({ certificates }) =>
      certificates && !certificates.rotation && certificates.rotatedBy !== operation.id
        ? { certificates: { ...certificates, rotation: { phase: "trust", next } } }
        : {},
    );
    return done();
  },
};

/** In this order: what is served is true before the first node asks for it. */
function stepsOf(phase: RotationPhase): readonly Step<ConductorPorts, Bay>[] {
  return [
    {
      name: `enter-${phase}`,
      async run(ports, record) {
        if (phase === "trust") return done();
        const changed = await changeHeldSpecification(ports, record, ({ certificates }) =>
          certificates ? { certificates: inPhase(certificates, phase) } : {},
        );
        return changed ? done() : failed(MISSING);
      },
    },
    {
      name: `tell-${phase}`,
      async run(ports, record, { signal }) {
        const bay = await readBay(ports, record.state);
        if (!bay) return failed(MISSING);
        return isOver(bay, phase) ? done() : tellPhase(ports, record, bay, phase, signal);
      },
    },
    { name: `await-${phase}`, run: (ports, record, { signal }) => awaitNodes(ports, record, phase, signal) },
  ];
}

function tellPhase(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  bay: Pick<BayWithSpecification, "specification" | "nodeGroups">,
  phase: RotationPhase,
  signal: AbortSignal,
) {
  const { state, operation } = record;
  const { parameters } = ports.stackPlans.planRotation(state, rotationMark(operation.id, phase));
  return tellStacks(ports, record, bay, { parameters, tag: `${operationTag(operation)}-${phase}` }, signal);
}

async function awaitNodes(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  phase: RotationPhase,
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const bay = await readBay(ports, record.state);
  if (!bay) return failed<Bay>(MISSING);
  if (isOver(bay, phase)) return done<Bay>();
  const { id, stepStartedAtMs, startedAtMs } = record.operation;
  const come = await acknowledgedNodes(ports.table, id, phase);
  const missing = rotatingNodes(bay).filter((node) => !come.has(node));
  if (missing.length === 0) return done<Bay>();
  const { lookMs, phaseMs, tellAgainMs, namedNodes } = limits.rotation;
  const sinceMs = ports.clock.nowMs() - (stepStartedAtMs ?? startedAtMs);
  if (sinceMs < phaseMs) {
    const isMissing = ({ name }: Member): boolean => name !== null && !come.has(name);
    const isLate = sinceMs >= tellAgainMs;
    // A group that has joined since all were told is told now; and all are, where a call about the phase before that was long
    // under way has come last.
    const nodeGroups = bay.nodeGroups.filter(({ specification }) => specification.members?.some(isMissing));
    const isToTell = isLate || nodeGroups.length > 0;
    const told = isToTell && (await tellPhase(ports, record, { ...bay, nodeGroups }, phase, signal));
    return told && told.kind === "failed" ? told : again<Bay>(lookMs, told ? told.changes : {});
  }
  const named = missing.slice(0, namedNodes).join(", ");
  const others = missing.length > namedNodes ? ` and ${missing.length - namedNodes} more` : "";
  return failed<Bay>(
    `${named}${others} did not take up the change of certificates (${phase}) within ${phaseMs / 60_000} minutes. ` +
      `What was trusted still is: rotate again to go on, once they can or are removed`,
  );
}

/** Another run has come to the end of it: nobody is to be told of what lies behind. */
function isOver({ specification: { certificates } }: BayWithSpecification, phase: RotationPhase): boolean {
  return certificates === null || certificates.rotation === undefined || isPast(certificates, phase);
}

const forgetRotation: Step<ConductorPorts, Bay> = {
  name: "forget-rotation",
  async run(ports, record) {
    await changeHeldSpecification(ports, record, ({ certificates }) => {
      if (certificates?.rotation?.phase !== "drop") return {};
      const { rotation: _over, ...current } = certificates;
      return { certificates: { ...current, rotatedBy: record.operation.id } };
    });
    return done();
  },
};

function readBay({ table }: ConductorPorts, { projectId, uuid }: Bay): Promise<BayWithSpecification | undefined> {
  return findBayByUuid(table, { projectId, allProjects: false }, uuid);
}

export const rotateAuthority: OperationDefinition<ConductorPorts, Bay> = {
  kind: ROTATE_AUTHORITY,
  version: 1,
  steps: [ensureNextAuthority, ...ROTATION_PHASES.flatMap(stepsOf), forgetRotation],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", bay.status, outcome, nowMs) }),
};
