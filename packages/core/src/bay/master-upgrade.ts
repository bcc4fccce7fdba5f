/**
 * Masters of a bay that come to other versions where they stand, one at a time: whose turn it is, what they are told, and
 * what they say to it. Who is still to come is part of the bay's specification, so that a later upgrade goes on where one
 * was cut short. The first master comes last: what a bay has once is its to see to, when no older API server is left.
 */
import { limits } from "../limits.ts";
import { upgradeInputSchema } from "../node-group/upgrade-input.ts";
import type { StorePorts } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Table } from "../table/table.ts";
import type { BaySpecification } from "./bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import type { Conversation, NodeWord, ToldWord } from "./node-words.ts";
import { readWords, takeWord } from "./node-words.ts";

export const UPGRADE = "upgrade";

/** Absent: all have come. */
export function nextMaster({ mastersBehind = [] }: Pick<BaySpecification, "mastersBehind">): string | undefined {
  return mastersBehind.at(-1);
}

/** By which the master is told, and no other: the last part of its name says which of the bay's masters it is. */
export function masterMark(upgradeId: string, master: string): string {
  return `${upgradeId}.${master.slice(master.lastIndexOf("-") + 1)}`;
}

/** Whether that master is being waited for, under that mark where one is named. */
export function isAwaited({ record, specification }: BayWithSpecification, node: string, mark?: string): boolean {
  const { operation } = record;
  if (operation?.kind !== UPGRADE || nextMaster(specification) !== node) return false;
  const { scope, upgradeId } = upgradeInputSchema.parse(operation.input);
  return scope !== "workers" && (mark === undefined || mark === masterMark(upgradeId, node));
}

/** Takes a master's word; what nobody waits for any more is forgotten. */
export async function acknowledgeUpgrade(
  ports: StorePorts & { readonly clock: Clock },
  bay: BayWithSpecification,
  { node, mark, failure }: ToldWord,
): Promise<void> {
  const { operation, key } = bay.record;
  if (!operation || !isAwaited(bay, node, mark)) return;
  const { upgradeId } = upgradeInputSchema.parse(operation.input);
  const said = failure === undefined ? {} : { failure: failure.slice(0, limits.nodeWords.failureChars) };
  await takeWord(ports, { key, operation }, about(upgradeId), { node, ...said });
}

/** Absent: the master has said nothing yet. */
export async function wordOf(table: Table, upgradeId: string, master: string): Promise<NodeWord | undefined> {
  return (await readWords(table, about(upgradeId))).get(master);
}

const about = (id: string): Conversation => ({ about: "upgrade", id, topic: "master" });
