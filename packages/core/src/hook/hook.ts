/**
 * Hooks: addresses by which a project's own automations have one thing done to one bay, within limits set when the hook was
 * made. Who calls proves it by a signature (Standard Webhooks, with the hook's own secret) and needs no token: so a monitoring
 * system can resize a bay without an account. A call counts once, by its id, and only for some minutes, by its time; the
 * bay is changed by the delegation that it was made with.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { resizeBay } from "../bay/change-bay.ts";
import type { ChangedBay } from "../bay/change-bay.ts";
import { findBayByUuid } from "../bay/find-bay.ts";
import { limits } from "../limits.ts";
import {
  listProjectRecords,
  projectRecordKey,
  projectRecordSchema,
  projectRecordShape,
} from "../listing/project-record.ts";
import type { WorkRecord } from "../operation/record.ts";
import { recordFromItem, typeOfItem } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { Key, Table } from "../table/table.ts";
import type { Owner } from "../webhook/webhook.ts";
import { newSecret } from "../webhook/webhook.ts";

export const hookActionSchema = z.enum(["resize"]);

export const hookSchema = projectRecordSchema.extend({
  name: z.string().nullable(),
  /** It goes with its bay. */
  bayUuid: z.string(),
  action: hookActionSchema,
  minNodes: z.number().int(),
  maxNodes: z.number().int(),
  enabled: z.boolean(),
  secretSealed: z.string(),
});
export type Hook = z.infer<typeof hookSchema>;

export const hookShape = projectRecordShape("hook", hookSchema);

export interface HookPorts extends StorePorts {
  readonly clock: Clock;
  readonly sealer: Sealer;
}

export type HookWish = Pick<Hook, "name" | "bayUuid" | "action" | "minNodes" | "maxNodes" | "enabled">;

export async function createHook(
  ports: HookPorts,
  { projectId, userId }: Owner,
  wish: HookWish,
): Promise<
  | { readonly kind: "created"; readonly record: WorkRecord<Hook>; readonly secret: string }
  | { readonly kind: "too-many" }
> {
  const { perProject } = limits.hook;
  const present = await listProjectRecords(ports.table, hookShape, projectId, { limit: perProject, descending: false });
  if (present.kind === "page" && present.entries.length >= perProject) return { kind: "too-many" };
  const uuid = ports.random.uuid();
  const secret = newSecret(ports.random);
  const secretSealed = await ports.sealer.seal(secret, secretContext(uuid), projectId);
  const createdAtMs = ports.clock.nowMs();
  const state: Hook = { ...wish, uuid, projectId, userId, secretSealed, createdAtMs, updatedAtMs: null };
  const inserted = await insertRecord(ports, hookShape, newRecord(projectRecordKey(hookShape, projectId, uuid), state));
  if (inserted.kind === "exists") throw new Error(`the fresh uuid ${uuid} is a hook's already`);
  return { kind: "created", record: inserted.record, secret };
}

/** Its name, and whether it works; what it may do was decided when it was made. */
export async function changeHook(
  ports: HookPorts,
  { key }: WorkRecord<Hook>,
  changes: Partial<Pick<Hook, "name" | "enabled">>,
): Promise<WorkRecord<Hook> | undefined> {
  const updatedAtMs = ports.clock.nowMs();
  const changed = await changeRecord<Hook, never>(ports, hookShape, key, (current) => ({
    kind: "write",
    record: { ...current, state: { ...current.state, ...changes, updatedAtMs } },
  }));
  return "record" in changed ? changed.record : undefined;
}

export interface HookCall {
  readonly hookId: string;
  /** The headers of Standard Webhooks. */
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  /** As it was sent. */
  readonly body: string;
}

export type HookOutcome =
  /** No such hook, switched off, wrongly signed, too old: which, is told to nobody. */
  | { readonly kind: "unknown" }
  /** Signed, and not to be done: the reason is for the caller. */
  | { readonly kind: "invalid"; readonly reason: string }
  /** Not while the bay is in this status; the same call may come again. */
  | { readonly kind: "busy"; readonly status: string }
  | { readonly kind: "accepted"; readonly bayUuid: string; readonly nodeCount: number };

const bodySchema = z.strictObject({ node_count: z.number().int() });

export async function takeHook(ports: HookPorts, call: HookCall): Promise<HookOutcome> {
  const record = await findHook(ports.table, call.hookId);
  if (!record?.state.enabled || !(await isSigned(ports, record.state, call))) return { kind: "unknown" };
  const hook = record.state;
  const wanted = readBody(call.body);
  if (wanted === undefined) return { kind: "invalid", reason: 'The body must be {"node_count": NUMBER}' };
  const { minNodes, maxNodes } = hook;
  if (wanted < minNodes || wanted > maxNodes)
    return { kind: "invalid", reason: `node_count must be from ${minNodes} to ${maxNodes}: so the hook was made` };
  const accepted = { kind: "accepted", bayUuid: hook.bayUuid, nodeCount: wanted } as const;
  const use = await beginUse(ports, call);
  if (use.kind === "done") return accepted;
  const scope = { projectId: hook.projectId, allProjects: false };
  const bay = await findBayByUuid(ports.table, scope, hook.bayUuid);
  const changed: ChangedBay = bay
    ? await resizeBay(ports, bay, { nodeCount: wanted, nodesToRemove: [], rollback: false })
    : { kind: "absent" };
  switch (changed.kind) {
    case "absent":
      return { kind: "unknown" };
    case "refused":
      return { kind: "busy", status: changed.status };
    case "accepted":
      await endUse(ports, use.key, use.revision);
      return accepted;
    default:
      return changed satisfies never;
  }
}

/** By its id alone: whoever calls does not say whose it is. */
async function findHook(table: Table, uuid: string): Promise<WorkRecord<Hook> | undefined> {
  const { items } = await table.query(`${hookShape.type}#${uuid}`, { limit: 1 });
  const [item] = items.filter((one) => typeOfItem(one) === hookShape.type);
  const record = item && recordFromItem(hookShape, item);
  return record?.gone ? undefined : record;
}

async function isSigned({ sealer, clock }: HookPorts, hook: Hook, call: HookCall): Promise<boolean> {
  const { id, timestamp, signature, body } = call;
  if (id === "" || id.length > limits.hook.idChars || !/^\d{1,12}$/.test(timestamp)) return false;
  const atMs = Number(timestamp) * 1_000;
  if (Math.abs(clock.nowMs() - atMs) > limits.hook.toleranceMs) return false;
  const secret = await sealer.open(hook.secretSealed, secretContext(hook.uuid));
  // Loaded when the first hook is called. Its own `verify` looks at the machine's clock.
  const { Webhook: Signer } = await import("standardwebhooks");
  const right = new Signer(secret).sign(id, new Date(atMs), body);
  return signature.split(" ").some((one) => isSame(one, right));
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function readBody(text: string): number | undefined {
  try {
    return bodySchema.parse(JSON.parse(text)).node_count;
  } catch {
    // No JSON, or another: the caller is told what is wanted.
    return undefined;
  }
}

type Use = { readonly kind: "done" } | { readonly kind: "begun"; readonly key: Key; readonly revision: number };

/** One call is one use, however often it arrives; one that was begun and not ended is gone on with. */
async function beginUse({ table, clock }: HookPorts, { hookId, id }: HookCall): Promise<Use> {
  const key = { pk: `hook-use#${hookId}`, sk: createHash("sha256").update(id).digest("hex") };
  const expiresAtSeconds = Math.ceil((clock.nowMs() + 2 * limits.hook.toleranceMs) / 1_000) + 1;
  const item = { ...key, revision: 1, body: { isDone: false }, indexes: {}, expiresAtSeconds };
  if ((await table.put(item, { absent: true })) === "written") return { kind: "begun", key, revision: 1 };
  const found = await table.get(key);
  if (found?.body["isDone"] === true) return { kind: "done" };
  return { kind: "begun", key, revision: found?.revision ?? 1 };
}

async function endUse({ table, clock }: HookPorts, key: Key, revision: number): Promise<void> {
  const expiresAtSeconds = Math.ceil((clock.nowMs() + 2 * limits.hook.toleranceMs) / 1_000) + 1;
  const item = { ...key, revision: revision + 1, body: { isDone: true }, indexes: {}, expiresAtSeconds };
  // Refused: the same call, arrived twice at once, has ended it.
  await table.put(item, { revision });
}

function secretContext(uuid: string): string {
  return `hook/${uuid}/secret`;
}
