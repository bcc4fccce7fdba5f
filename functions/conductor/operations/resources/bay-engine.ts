/** What the steps of container resources share: the engine of their bay, and what its troubles mean to an operation. */
import { describeUnsupported } from "@jeroboam/coe/engines/capabilities";
import type { ContainerEngine, Reference, Trouble } from "@jeroboam/coe/engines/container-engine";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { isBeingDeleted } from "@jeroboam/core/bay/bay-status";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { ContainerResource } from "@jeroboam/core/container/resource";
import { Transient } from "@jeroboam/core/errors";
import type { ActiveRecord, Step, StepResult } from "@jeroboam/core/operation/record";
import { failed } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts } from "../../ports.ts";

export type BayEngine =
  | { readonly kind: "open"; readonly engine: ContainerEngine; readonly bay: Bay }
  /** The bay has no engine that could be asked, now. */
  | { readonly kind: "closed"; readonly reason: string }
  /** With the bay goes all that is in it. */
  | { readonly kind: "gone" };

export async function openBay(
  { table, openEngine }: ConductorPorts,
  { projectId, bayUuid }: { readonly projectId: string; readonly bayUuid: string },
): Promise<BayEngine> {
  const record = await findRecord(table, bayShape, bayKey(projectId, bayUuid));
  if (!record || isBeingDeleted(record.state)) return { kind: "gone" };
  const specification = await readSpecification(table, record.state);
  if (!specification) return { kind: "gone" };
  const opened = await openEngine(record.state, specification);
  return opened.kind === "open" ? { ...opened, bay: record.state } : opened;
}

export interface AtWork<State> {
  readonly ports: ConductorPorts;
  readonly record: ActiveRecord<State>;
  readonly engine: ContainerEngine;
  readonly signal: AbortSignal;
}

/** A step that asks the bay's engine. In a bay that goes nothing is begun any more: the record goes as well. */
export function withEngine<State extends ContainerResource>(
  name: string,
  run: (work: AtWork<State>) => Promise<StepResult<State>>,
): Step<ConductorPorts, State> {
  return {
    name,
    async run(ports, record, { signal }) {
      const opened = await openBay(ports, record.state);
      if (opened.kind === "gone") return failed("the bay is being deleted", { isDeleting: true } as Partial<State>);
      if (opened.kind === "closed") throw new Transient(opened.reason);
      return run({ ports, record, engine: opened.engine, signal });
    },
  };
}

export const referenceOf = ({ uuid, name }: ContainerResource): Reference => ({ uuid, name });

/** What asking again may heal is asked again; the rest is an answer. */
export function failedBy<State>(trouble: Trouble): StepResult<State> {
  switch (trouble.kind) {
    case "unreachable":
      throw new Transient(trouble.reason);
    case "unsupported":
      return failed(describeUnsupported(trouble));
    case "refused":
      return failed(`the bay's engine refused: ${trouble.reason}`);
    default:
      return trouble satisfies never;
  }
}
