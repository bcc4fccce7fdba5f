/**
 * Callbacks: an address by which whoever knows it (the nodes of a bay, or Heat) says that a bay's operation has something to
 * look at. It is signed for that operation alone, by a key that follows from the credential of the bay's nodes, so that
 * nothing of it is stored; it ends with the operation, and at the latest at its deadline. All that a call does is to make
 * the record due: what is true, the conductor finds out by itself. One address serves all nodes of a bay, so it may be used
 * more than once; each use counts, and they are bounded.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { bayPartition, bayShape, secretContext } from "../bay/bay.ts";
import type { Bay } from "../bay/bay.ts";
import { isHot } from "../bay/find-bay.ts";
import { readSpecification } from "../bay/specification-store.ts";
import { isUuid } from "../identity/ident.ts";
import { limits } from "../limits.ts";
import type { Operation } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";

export interface CallbackPorts extends StorePorts {
  readonly clock: Clock;
  readonly sealer: Sealer;
}

/** The last part of the address; `password` is that of the bay's nodes. */
export function callbackToken(password: string, bayUuid: string, { id, deadlineAtMs }: Operation): string {
  const claims = `${bayUuid}.${id}.${Math.ceil(deadlineAtMs / 1_000)}`;
  return `${claims}.${sign(password, claims)}`;
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
  if (password === undefined || !isSame(sign(password, read.claims), read.signature)) return "unknown";
  await nudge(ports, bay.key, read.operationId);
  return "taken";
}

interface Token {
  readonly claims: string;
  readonly bayUuid: string;
  readonly operationId: string;
  readonly endsAtMs: number;
  readonly signature: string;
}

function readToken(token: string): Token | undefined {
  const [bayUuid = "", operationId = "", ends = "", signature = "", ...rest] = token.split(".");
  const isRead = isUuid(bayUuid) && isUuid(operationId) && /^\d{1,12}$/.test(ends) && rest.length === 0;
  if (!isRead || token.length > limits.callback.tokenChars) return undefined;
  const claims = `${bayUuid}.${operationId}.${ends}`;
  return { claims, bayUuid, operationId, endsAtMs: Number(ends) * 1_000, signature };
}

function sign(password: string, claims: string): string {
  const key = createHmac("sha256", password).update("jeroboam callback").digest();
  return createHmac("sha256", key).update(claims).digest("base64url");
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function openPassword({ table, sealer }: CallbackPorts, bay: Bay): Promise<string | undefined> {
  const credential = (await readSpecification(table, bay))?.nodeCredential;
  return credential ? sealer.open(credential.passwordSealed, secretContext(bay, "node-password")) : undefined;
}

/** Makes the operation due, unless it was a moment ago. While a conductor holds the record it looks again by itself. */
async function nudge(ports: CallbackPorts, key: Parameters<typeof changeRecord>[2], operation: string): Promise<void> {
  const nowMs = ports.clock.nowMs();
  await changeRecord<Bay, never>(ports, bayShape, key, (current) => {
    if (current.operation?.id !== operation || current.dueAtMs === undefined) return { kind: "keep" };
    const before = current.nudge?.operation === operation ? current.nudge : undefined;
    const isEnough = before && (before.uses >= limits.callback.uses || nowMs - before.atMs < limits.callback.spacingMs);
    if (isEnough) return { kind: "keep" };
    const isHeld = current.lease !== undefined && current.lease.untilMs > nowMs;
    const dueAtMs = isHeld ? current.dueAtMs : Math.min(current.dueAtMs, nowMs);
    const uses = (before?.uses ?? 0) + 1;
    return { kind: "write", record: { ...current, nudge: { operation, uses, atMs: nowMs }, dueAtMs } };
  });
}
