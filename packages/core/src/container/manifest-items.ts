/**
 * Manifests on their way to a bay's engine: written before the operation that needs them is committed, in pieces that
 * every table can hold, read by its steps, removed when it is over. One whose operation was never committed, or whose
 * removal was lost, expires by itself after every operation that could have needed it.
 */
import { limits } from "../limits.ts";
import type { Manifest, ManifestKind } from "../manifest/manifest.ts";
import type { Item, Key, Table } from "../table/table.ts";

/** Behind everything else about the record. */
const PREFIX = "~manifest#";

const prefixOf = (operationId: string): string => `${PREFIX}${operationId}#`;

export async function writeManifest(
  table: Table,
  record: Key,
  operation: { readonly id: string; readonly nowMs: number },
  manifest: Manifest,
): Promise<void> {
  const text = JSON.stringify(manifest);
  const { manifestPieceChars, manifestKeepMs } = limits.container;
  const expiresAtSeconds = Math.ceil((operation.nowMs + manifestKeepMs) / 1_000);
  const writes: Promise<unknown>[] = [];
  for (let at = 0; at < text.length; at += manifestPieceChars) {
    const number = String(writes.length).padStart(4, "0");
    const body = { piece: text.slice(at, at + manifestPieceChars) };
    const key = { pk: record.pk, sk: `${prefixOf(operation.id)}${number}` };
    const item: Item = { ...key, revision: 1, body, indexes: {}, expiresAtSeconds };
    writes.push(table.put(item, { absent: true }));
  }
  await Promise.all(writes);
}

/** The manifest of an operation; it was checked when it was accepted. Absent once it is removed. */
export async function readManifestItems<Kind extends ManifestKind>(
  table: Table,
  record: Key,
  operationId: string,
): Promise<Manifest<Kind> | undefined> {
  const { items } = await table.query(record.pk, { prefix: prefixOf(operationId) });
  if (items.length === 0) return undefined;
  const text = items.map(({ body }) => (typeof body["piece"] === "string" ? body["piece"] : "")).join("");
  return JSON.parse(text) as Manifest<Kind>;
}

/** Removes an operation's manifest, or all that the record ever had; what is gone already is fine. */
export async function removeManifests(table: Table, record: Key, operationId?: string): Promise<void> {
  const prefix = operationId === undefined ? PREFIX : prefixOf(operationId);
  const { items } = await table.query(record.pk, { prefix });
  await Promise.all(items.map((item) => table.remove(item, item.revision)));
}
