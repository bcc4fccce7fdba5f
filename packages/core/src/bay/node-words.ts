/**
 * What nodes of a bay say to an operation that has told them, by a mark in their servers' metadata, to come to something:
 * that they have, or why they could not. A node may say so more than once, and late.
 */
import { nudgeBay } from "../callback/callback.ts";
import { limits } from "../limits.ts";
import type { Operation } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import { collect } from "../table/table.ts";
import type { Key, Table } from "../table/table.ts";

/** By what the words of nodes to an operation are kept together: `rotation`, and the operation's id or another of its own. */
export interface Conversation {
  readonly about: "rotation" | "upgrade";
  readonly id: string;
  /** What they were told, of several things one after the other. */
  readonly topic: string;
}

export interface NodeWord {
  readonly node: string;
  /** Absent: it has come to what it was told. */
  readonly failure?: string | undefined;
}

/** What a node says for itself, as it came. */
export interface ToldWord extends NodeWord {
  readonly mark: string;
}

/** Keeps the first word of a node's, and has a conductor look at once. */
export async function takeWord(
  ports: StorePorts & { readonly clock: Clock },
  { key, operation }: { readonly key: Key; readonly operation: Operation },
  conversation: Conversation,
  { node, failure }: NodeWord,
): Promise<void> {
  const expiresAtSeconds = Math.ceil((operation.deadlineAtMs + limits.nodeWords.keepMs) / 1_000);
  const body = failure === undefined ? {} : { failure };
  const item = { ...wordKey(conversation, node), revision: 1, body, indexes: {}, expiresAtSeconds };
  // Refused: it has said so before.
  await ports.table.put(item, { absent: true });
  await nudgeBay(ports, key, operation.id);
}

/** What nodes have said, by their names. */
export async function readWords(table: Table, conversation: Conversation): Promise<ReadonlyMap<string, NodeWord>> {
  const { pk, sk: prefix } = wordKey(conversation, "");
  const { items } = await collect((range) => table.query(pk, range), { prefix }, limits.nodeWords.nodes);
  return new Map(
    items.map(({ sk, body }) => {
      const node = sk.slice(prefix.length);
      const { failure } = body;
      return [node, { node, ...(typeof failure === "string" && { failure }) }];
    }),
  );
}

/** In a partition of the operation's own, which vanishes by itself. */
function wordKey({ about, id, topic }: Conversation, node: string): Key {
  return { pk: `${about}#${id}`, sk: `${topic}#${node}` };
}
