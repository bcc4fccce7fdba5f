/**
 * The two groups that every bay has (cluster sheet 10.6), as they follow from the bay: its masters and its own workers,
 * in its own stack. Their ids follow from the bay's, so that they are the same at every look, of bays of any age.
 */
import { createHash } from "node:crypto";
import type { Bay, BaySpecification } from "../bay/bay.ts";
import type { CountLimits } from "../bay/bay-nodes.ts";

export const DEFAULT_MASTER = "default-master";
export const DEFAULT_WORKER = "default-worker";
export type DefaultGroup = typeof DEFAULT_MASTER | typeof DEFAULT_WORKER;

/** A uuid like any other (version 4's form, whatever it is made from). */
export function defaultGroupUuid(bay: Pick<Bay, "uuid">, group: DefaultGroup): string {
  const digits = createHash("sha256").update(`${bay.uuid}/${group}`).digest("hex");
  const variant = ((Number.parseInt(digits.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(18, 20)}`,
    digits.slice(20, 32),
  ];
  return parts.join("-");
}

/** Until somebody sets them, the label `min_node_count` says the least number of workers, as in Magnum. */
export function defaultGroupLimits(
  { workerLimits, masterLimits, labels }: Pick<BaySpecification, "workerLimits" | "masterLimits" | "labels">,
  group: DefaultGroup,
): CountLimits {
  if (group === DEFAULT_MASTER) return masterLimits ?? { min: 0, max: null };
  const label = labels["min_node_count"] ?? "";
  return workerLimits ?? { min: /^\d{1,4}$/.test(label) ? Number(label) : 0, max: null };
}
