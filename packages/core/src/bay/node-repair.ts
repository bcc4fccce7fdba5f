/**
 * Which of a bay's workers are to be replaced, by what its health checks say one after the other: pure, so that what is done
 * about it is the conductor's (operations/repair-nodes.ts). Its bay model's owner chooses it by a label. Only workers of
 * the bay's own stack count: what is wrong with a master, or with nodes of other groups, is told by the bay's health alone.
 *
 * A node is replaced when the engine has not called it ready in several checks in a row that span some time. No more than a
 * few at once and a day; and none while many fail at once, or the engine cannot be asked: then it is more likely the
 * network, or the engine, and replacing nodes would only take away what still works.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import type { Bay, BaySpecification } from "./bay.ts";
import { isComplete } from "./bay-status.ts";
import { isOn } from "./label.ts";
import type { Member } from "./bay-nodes.ts";

const spellSchema = z.object({ checks: z.number().int(), sinceMs: z.number() });
type Spell = z.infer<typeof spellSchema>;

/** What is remembered from check to check. */
export const nodeRepairSchema = z.object({
  /** By the worker's index, which is never used again. */
  notReady: z.record(z.string(), spellSchema),
  /** The engine could not be asked. */
  away: spellSchema.nullable(),
  /** When workers were replaced, each once, as far as it counts still. */
  replacedAtMs: z.array(z.number()),
  /** Why nothing is done at present; told once. */
  suspended: z.string().nullable(),
  /** Decided and counted, about to be begun. */
  decided: z
    .object({
      operation: z.string(),
      workers: z.array(z.object({ index: z.string(), name: z.string() })),
      /** The bay as it was then: on one that has changed since nothing is begun. */
      bayUpdatedAtMs: z.number().nullable(),
    })
    .nullable(),
});
export type NodeRepair = z.infer<typeof nodeRepairSchema>;

export const NO_REPAIR: NodeRepair = { notReady: {}, away: null, replacedAtMs: [], suspended: null, decided: null };

/** Only what was replaced is remembered. */
export function forgetSpells({ replacedAtMs }: NodeRepair): NodeRepair {
  return { ...NO_REPAIR, replacedAtMs };
}

/** The label that switches it on; another controller than ours is somebody else's work (cluster sheet 18, 27). */
export function wantsRepair({ labels }: Pick<BaySpecification, "labels">): boolean {
  const controller = labels["auto_healing_controller"] ?? "jeroboam";
  return isOn(labels["auto_healing_enabled"]) && controller === "jeroboam";
}

export interface Seen {
  readonly bay: Pick<Bay, "status" | "nodeCount" | "updatedAtMs">;
  /** Whether something goes on with it. */
  readonly isBusy: boolean;
  readonly workers: readonly Member[];
  /** `{"node-0.Ready": "True"}`; undefined: the engine could not be asked. */
  readonly conditions: Readonly<Record<string, string>> | undefined;
  readonly nowMs: number;
}

export interface Judged {
  readonly repair: NodeRepair;
  /** To be told now. */
  readonly tell: { readonly reason: string; readonly sinceMs: number } | undefined;
}

/** `operation`: the id of the one that would replace them. */
export function judgeNodes(before: NodeRepair, seen: Seen, operation: string): Judged {
  const { nowMs, conditions, workers } = seen;
  const replacedAtMs = before.replacedAtMs.filter((atMs) => nowMs - atMs < limits.repair.budgetMs);
  if (!conditions) {
    const away = longer(before.away ?? undefined, nowMs);
    const repair = { ...before, replacedAtMs, notReady: {}, away };
    return isLong(away, nowMs)
      ? suspended(repair, "the engine cannot be asked", away.sinceMs)
      : { repair, tell: undefined };
  }
  const failing = workers.filter(({ name }) => name !== null && isNotReady(conditions[`${name}.Ready`]));
  const watched = failing.toSorted(byLongest(before)).slice(0, limits.repair.watchedNodes);
  const notReady = Object.fromEntries(watched.map(({ index }) => [index, longer(before.notReady[index], nowMs)]));
  const repair = { ...before, replacedAtMs, notReady, away: null };
  const ripe = watched.filter(({ index }) => isLong(notReady[index], nowMs));
  const [longest] = ripe;
  if (!longest) return { repair: { ...repair, suspended: null }, tell: undefined };
  const sinceMs = notReady[longest.index]?.sinceMs ?? nowMs;
  const hindrance = hindranceOf(seen, failing.length, replacedAtMs.length);
  if (hindrance !== undefined) return suspended(repair, hindrance, sinceMs);
  // What goes on comes first; the next check looks again.
  if (seen.isBusy) return { repair, tell: undefined };
  const left = Math.min(limits.repair.nodesAtOnce, limits.repair.nodesADay - replacedAtMs.length);
  const chosen = ripe.slice(0, left).map(({ index, name }) => ({ index, name: name ?? index }));
  const decided = { operation, workers: chosen, bayUpdatedAtMs: seen.bay.updatedAtMs };
  const counted = [...replacedAtMs, ...chosen.map(() => nowMs)];
  return { repair: { ...repair, replacedAtMs: counted, suspended: null, decided }, tell: undefined };
}

function hindranceOf({ bay, isBusy, workers }: Seen, failing: number, replaced: number): string | undefined {
  // A single node is never many.
  if (failing > Math.max(1, workers.length * limits.repair.manyPart))
    return `${failing} of ${workers.length} nodes are not ready`;
  if (replaced >= limits.repair.nodesADay) return `${replaced} nodes were replaced within a day`;
  if (isBusy) return undefined;
  if (!isComplete(bay.status)) return `the bay is ${bay.status}`;
  // A resize that names nodes would bring the count about as well.
  return workers.length === bay.nodeCount ? undefined : `the bay has ${workers.length} of ${bay.nodeCount} nodes`;
}

/** Told when it begins, and when there is another reason. */
function suspended(repair: NodeRepair, reason: string, sinceMs: number): Judged {
  // How many there are changes all the time.
  const kind = reason.replaceAll(/\d+/g, "");
  return { repair: { ...repair, suspended: kind }, tell: repair.suspended === kind ? undefined : { reason, sinceMs } };
}

const isNotReady = (condition: string | undefined): boolean => condition !== undefined && condition !== "True";

function longer(spell: Spell | undefined, nowMs: number): Spell {
  return spell ? { ...spell, checks: spell.checks + 1 } : { checks: 1, sinceMs: nowMs };
}

function isLong(spell: Spell | undefined, nowMs: number): boolean {
  return spell !== undefined && spell.checks >= limits.repair.checks && nowMs - spell.sinceMs >= limits.repair.spanMs;
}

function byLongest({ notReady }: NodeRepair) {
  const sinceOf = ({ index }: Member): number => notReady[index]?.sinceMs ?? Infinity;
  // Two that are new are alike, and Infinity less itself is no number.
  return (one: Member, other: Member): number => (sinceOf(one) === sinceOf(other) ? 0 : sinceOf(one) - sinceOf(other));
}
