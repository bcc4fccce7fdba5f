/**
 * Labels that will have no effect (user asks C12): those that neither a bay type nor anything else here reads, each with the
 * known one that it most likely was meant to be. What is done about them is the API's.
 */
import type { BayType } from "./bay-type.ts";

/** What an installation has done about them: they are told, or whoever gave them is refused. */
export const UNKNOWN_LABELS = ["warn", "refuse"] as const;
export type UnknownLabels = (typeof UNKNOWN_LABELS)[number];

/** Read of bays of every type: the default group's limits, health checks and repair. */
const GENERAL_LABELS = [
  "min_node_count",
  "auto_healing_enabled",
  "auto_healing_controller",
  "health_checks_enabled",
  "master_lb_floating_ip_enabled",
];

/** A word may be misspelt in so many places. */
const MISSPELLINGS = 3;
/** Longer ones are nobody's label. */
const COMPARED_CHARS = 64;

export interface UnknownLabel {
  readonly label: string;
  /** Null: nothing is like it. */
  readonly nearest: string | null;
}

export function unknownLabelsOf(
  bayType: Pick<BayType, "labels" | "unknownLabels">,
  labels: Readonly<Record<string, string>>,
): readonly UnknownLabel[] {
  const known = [...Object.keys(bayType.labels.shape), ...GENERAL_LABELS];
  return bayType
    .unknownLabels(labels)
    .filter((label) => !GENERAL_LABELS.includes(label))
    .map((label) => ({ label, nearest: nearestTo(label, known) }));
}

function nearestTo(label: string, known: readonly string[]): string | null {
  if (label.length > COMPARED_CHARS) return null;
  let found: { readonly name: string; readonly away: number } | undefined;
  for (const name of known) {
    const away = distance(label.toLowerCase(), name);
    // A short word is not like another only because both are short.
    if (away <= Math.min(MISSPELLINGS, name.length / 3) && away < (found?.away ?? Infinity)) found = { name, away };
  }
  return found?.name ?? null;
}

/** Levenshtein's: letters to put in, take out or replace. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at += 1) {
      const replaced = (row[at] ?? 0) + (one[index] === other[at] ? 0 : 1);
      next.push(Math.min((row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
