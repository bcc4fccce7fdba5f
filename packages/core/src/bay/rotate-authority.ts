/**
 * Accepting a rotation of a bay's authority (certificate/rotation.ts), or going on with one that was not finished; and what
 * nodes say to it. A node tells that it has come to what it was told; it may tell so more than once, and late.
 */
import { phaseOfMark, ROTATION_PHASES } from "../certificate/rotation.ts";
import type { RotationPhase } from "../certificate/rotation.ts";
import { limits } from "../limits.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import type { StorePorts } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Table } from "../table/table.ts";
import { beginUpdate } from "./begin-update.ts";
import type { BayPorts } from "./create-bay.ts";
import { deadlineOf } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import type { Conversation, ToldWord } from "./node-words.ts";
import { readWords, takeWord } from "./node-words.ts";
import type { AcceptedUpgrade } from "./upgrade-bay.ts";

export const ROTATE_AUTHORITY = "rotate-authority";

export function rotateAuthority(
  ports: BayPorts,
  bay: BayWithSpecification,
  keyed?: KeyedRequestEffect,
): Promise<AcceptedUpgrade> {
  const nowMs = ports.clock.nowMs();
  // In each phase Heat is to tell all nodes, and all nodes are waited for.
  const phaseMs = deadlineOf(nowMs, bay.specification.createTimeoutMinutes) - nowMs + limits.rotation.phaseMs;
  const deadlineAtMs = nowMs + ROTATION_PHASES.length * phaseMs;
  return beginUpdate(ports, bay, { kind: ROTATE_AUTHORITY, nowMs, deadlineAtMs }, keyed);
}

/** Who has to come to each phase: all masters and workers, those of further groups too. */
export function rotatingNodes({
  specification: { masterNames = [], workers = [] },
  nodeGroups,
}: Pick<BayWithSpecification, "specification" | "nodeGroups">): readonly string[] {
  const members = [...workers, ...nodeGroups.flatMap((one) => one.specification.members ?? [])];
  return [...masterNames, ...members.flatMap(({ name }) => (name === null ? [] : [name]))];
}

/**
 * Takes a node's word. `stranger`: the bay has no node of that name, yet: one that is just being made may say so again.
 * What nobody waits for any more is taken as well, and forgotten.
 */
export async function acknowledgeRotation(
  ports: StorePorts & { readonly clock: Clock },
  bay: BayWithSpecification,
  { node, mark }: Omit<ToldWord, "failure">,
): Promise<"taken" | "stranger"> {
  const { operation, key } = bay.record;
  const phase = operation?.kind === ROTATE_AUTHORITY ? phaseOfMark(operation.id, mark) : undefined;
  if (!operation || phase === undefined || phase !== bay.specification.certificates?.rotation?.phase) return "taken";
  if (!rotatingNodes(bay).includes(node)) return "stranger";
  await takeWord(ports, { key, operation }, about(operation.id, phase), { node });
  return "taken";
}

/** The names of those who have come to that phase. */
export async function acknowledgedNodes(
  table: Table,
  operationId: string,
  phase: RotationPhase,
): Promise<ReadonlySet<string>> {
  return new Set((await readWords(table, about(operationId, phase))).keys());
}

const about = (id: string, topic: RotationPhase): Conversation => ({ about: "rotation", id, topic });
