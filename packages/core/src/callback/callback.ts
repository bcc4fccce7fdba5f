/**
 * Callbacks: addresses by which a bay's nodes say that its operation has something to look at. The nodes of a bay are told
 * one key, for that operation alone; it follows from their credential, so that nothing of it is stored. Each makes an
 * address of its own of it, with a word that it has thought of: what travels is the proof that it knew the key. An address
 * is taken once, and ends with the operation, at the latest at its deadline. All that a call does is to make the record
 * due: what is true, the conductor finds out by itself. Calls at once count as one, and there is an end to them.
 */
import { createHash, createHmac } from "node:crypto";
import { bayPartition, bayShape, secretContext } from "../bay/bay.ts";
import type { Bay } from "../bay/bay.ts";
import { isHot } from "../bay/find-bay.ts";
import { readSpecification } from "../bay/specification-store.ts";
import { isUuid } from "../identity/ident.ts";
import { limits } from "../limits.ts";
import type { Operation, WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { Key, Table } from "../table/table.ts";
import { isSameText } from "../secret/same-text.ts";

export interface CallbackPorts extends StorePorts {
  readonly clock: Clock;
  readonly sealer: Sealer;
}

/** What the nodes are told: of what the address is to be, and the key; `password` is that of the bay's nodes. */
export function callbackSecret(password: string, bayUuid: string, { id, deadlineAtMs }: Operation): string {
  const claims = `${bayUuid}.${id}.${Math.ceil(deadlineAtMs / 1_000)}`;
  return `${claims}.${keyOf(password, claims)}`;
}

/**
 * The last part of a node's address, as its boot script makes it (packages/coe/src/node/prologue.sh). The proof is a hash
 * within a hash, each with the key: on no image is there a tool that takes the key of an HMAC where no list of processes
 * shows it.
 */
export function callbackToken(secret: string, word: string): string {
  const at = secret.lastIndexOf(".");
  const claims = `${secret.slice(0, at)}.${word}`;
  return `${claims}.${proofOf(secret.slice(at + 1), claims)}`;
}

/** Takes a callback. Whatever is wrong with it is told by one word: who guesses learns nothing. */
export async function takeCallback(ports: CallbackPorts, token: string): Promise<"taken" | "unknown"> {
  const read = readToken(token);
  if (!read || read.endsAtMs <= ports.clock.nowMs()) return "unknown";
  // A bay's hot item is the first of its partition; the address does not tell whose it is.
  const { items } = await ports.table.query(bayPartition(read.bayUuid), { limit: 1 });
  const [item] = items.filter((one) => isHot(one));
  const bay = item && recordFromItem(bayShape, item);
  if (bay?.operation?.id !== read.operationId) return "unknown";
  const password = await openPassword(ports, bay.state);
  if (password === undefined) return "unknown";
  const proof = proofOf(keyOf(password, read.claims), `${read.claims}.${read.word}`);
  if (!isSameText(proof, read.proof)) return "unknown";
  // It changes nothing, and is not spent.
  if (isEnough(bay.nudge, read.operationId, ports.clock.nowMs())) return "taken";
  if ((await spend(ports.table, read)) === "refused") return "unknown";
  await nudgeBay(ports, bay.key, read.operationId);
  return "taken";
}

interface Token {
  readonly claims: string;
  readonly bayUuid: string;
  readonly operationId: string;
  readonly endsAtMs: number;
  readonly word: string;
  readonly proof: string;
}

function readToken(token: string): Token | undefined {
  const [bayUuid = "", operationId = "", ends = "", word = "", proof = "", ...rest] = token.split(".");
  const isRead = [bayUuid, operationId, word].every(isUuid) && /^\d{1,12}$/.test(ends) && rest.length === 0;
  if (!isRead || token.length > limits.callback.tokenChars) return undefined;
  const claims = `${bayUuid}.${operationId}.${ends}`;
  return { claims, bayUuid, operationId, endsAtMs: Number(ends) * 1_000, word, proof };
}

function keyOf(password: string, claims: string): string {
  const key = createHmac("sha256", password).update("jeroboam callback").digest();
  return createHmac("sha256", key).update(claims).digest("base64url");
}

function proofOf(key: string, claims: string): string {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  return hash(key + hash(key + claims));
}

/** Refused: it was taken before. Kept until the address ends. */
async function spend(table: Table, { operationId, word, endsAtMs }: Token): Promise<"written" | "refused"> {
  const key = { pk: `callback-use#${operationId}`, sk: word };
  const expiresAtSeconds = Math.ceil(endsAtMs / 1_000) + 1;
  return await table.put({ ...key, revision: 1, body: {}, indexes: {}, expiresAtSeconds }, { absent: true });
}

function isEnough(nudge: WorkRecord<Bay>["nudge"], operation: string, nowMs: number): boolean {
  if (nudge?.operation !== operation) return false;
  return nudge.uses >= limits.callback.uses || nowMs - nudge.atMs < limits.callback.spacingMs;
}

async function openPassword({ table, sealer }: CallbackPorts, bay: Bay): Promise<string | undefined> {
  const credential = (await readSpecification(table, bay))?.nodeCredential;
  return credential ? sealer.open(credential.passwordSealed, secretContext(bay, "node-password")) : undefined;
}

/** Makes the operation due, unless it was a moment ago. While a conductor holds the record it looks again by itself. */
export async function nudgeBay(
  ports: StorePorts & { readonly clock: Clock },
  key: Key,
  operation: string,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  await changeRecord<Bay, never>(ports, bayShape, key, (current) => {
    if (current.operation?.id !== operation || current.dueAtMs === undefined) return { kind: "keep" };
    const before = current.nudge?.operation === operation ? current.nudge : undefined;
    if (isEnough(before, operation, nowMs)) return { kind: "keep" };
    const isHeld = current.lease !== undefined && current.lease.untilMs > nowMs;
    const dueAtMs = isHeld ? current.dueAtMs : Math.min(current.dueAtMs, nowMs);
    const uses = (before?.uses ?? 0) + 1;
    return { kind: "write", record: { ...current, nudge: { operation, uses, atMs: nowMs }, dueAtMs } };
  });
}
