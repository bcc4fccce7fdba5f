/**
 * A call of a hook: by its signature it is the owner's, by its id it counts once, and by its time only for some minutes.
 * The operation that it begins bears an id of the call's own, so that a call which arrives again, whatever became of the
 * first, begins nothing. What callers do wrong is told to them only when they have signed.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { BayModel } from "../bay-model/bay-model.ts";
import { findBayModel } from "../bay-model/find-bay-model.ts";
import { resizeBay } from "../bay/change-bay.ts";
import type { BayWithSpecification } from "../bay/find-bay.ts";
import { findBayByUuid } from "../bay/find-bay.ts";
import { upgradeBay } from "../bay/upgrade-bay.ts";
import { limits } from "../limits.ts";
import type { KeyedRequestEffect } from "../operation/begin-operation.ts";
import type { WorkRecord } from "../operation/record.ts";
import { recordFromItem, typeOfItem } from "../operation/record.ts";
import type { Item, Table } from "../table/table.ts";
import { isSameText } from "../secret/same-text.ts";
import type { Hook, HookPorts } from "./hook.ts";
import { hookShape, secretContext } from "./hook.ts";

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
  | ({ readonly kind: "accepted"; readonly bayUuid: string } & HookWork);

/** What a call has done. */
export type HookWork =
  | { readonly action: "resize"; readonly nodeCount: number }
  | { readonly action: "upgrade"; readonly bayModelId: string; readonly maxBatchSize: number };

export interface HookCallPorts extends HookPorts {
  /** Throws Rejected where bays of that kind are not upgraded so: their types know. */
  readonly requireUpgradable: (bay: BayWithSpecification, model: BayModel) => Promise<void>;
}

export async function takeHook(ports: HookCallPorts, call: HookCall): Promise<HookOutcome> {
  const record = await findHook(ports.table, call.hookId);
  if (!record?.state.enabled || !(await isSigned(ports, record.state, call))) return { kind: "unknown" };
  const { bayUuid, projectId, allows } = record.state;
  const wanted = readWork(allows, call.body);
  if ("reason" in wanted) return wanted;
  const use = await beginUse(ports, call, wanted);
  if (use.isOther) return invalid("Another call came under this webhook-id");
  const accepted = { kind: "accepted", bayUuid, ...wanted } as const;
  if (use.isDone) return accepted;
  const bay = await findBayByUuid(ports.table, { projectId, allProjects: false }, bayUuid);
  const changed = bay ? await begin(ports, bay, wanted, use.keyed) : ({ kind: "absent" } as const);
  switch (changed.kind) {
    case "absent":
      return { kind: "unknown" };
    case "invalid":
      return changed;
    case "refused":
      return { kind: "busy", status: changed.status };
    case "accepted":
      await endUse(ports.table, use.item);
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
  return signature.split(" ").some((one) => isSameText(one, right));
}

type Invalid = HookOutcome & { readonly kind: "invalid" };

/** What callers send, by what the hook was made for. */
export const hookResizeSchema = z.strictObject({ node_count: z.number().int() });
export const hookUpgradeSchema = z.strictObject({
  bay_model: z.string(),
  max_batch_size: z.number().int().min(1).default(1),
});

/** What the call wants, if the hook was made for that. */
function readWork(allows: Hook["allows"], body: string): HookWork | Invalid {
  switch (allows.action) {
    case "resize": {
      const wanted = readJson(hookResizeSchema, body)?.node_count;
      if (wanted === undefined) return invalid('The body must be {"node_count": NUMBER}');
      const { minNodes, maxNodes } = allows;
      if (wanted < minNodes || wanted > maxNodes)
        return invalid(`node_count must be from ${minNodes} to ${maxNodes}: so the hook was made`);
      return { action: "resize", nodeCount: wanted };
    }
    case "upgrade": {
      const wanted = readJson(hookUpgradeSchema, body);
      if (wanted === undefined)
        return invalid('The body must be {"bay_model": UUID}, if wanted with "max_batch_size": NUMBER');
      const { bay_model: bayModelId, max_batch_size: maxBatchSize } = wanted;
      if (!allows.bayModelIds.includes(bayModelId))
        return invalid(`bay_model must be one of ${allows.bayModelIds.join(", ")}: so the hook was made`);
      if (maxBatchSize > allows.maxBatchSize)
        return invalid(`max_batch_size must be at most ${allows.maxBatchSize}: so the hook was made`);
      return { action: "upgrade", bayModelId, maxBatchSize };
    }
    default:
      return allows satisfies never;
  }
}

function invalid(reason: string): Invalid {
  return { kind: "invalid", reason };
}

function readJson<Body>(schema: z.ZodType<Body>, text: string): Body | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // No JSON, or another: the caller is told what is wanted.
    return undefined;
  }
}

type Begun =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: string }
  | { readonly kind: "absent" }
  | Invalid;

async function begin(
  ports: HookCallPorts,
  bay: BayWithSpecification,
  work: HookWork,
  keyed: KeyedRequestEffect,
): Promise<Begun> {
  if (work.action === "resize") {
    const wish = { nodeCount: work.nodeCount, nodesToRemove: [], rollback: false };
    return await resizeBay(ports, bay, wish, "patch", keyed);
  }
  const { bayModelId, maxBatchSize } = work;
  const scope = { projectId: bay.record.state.projectId, allProjects: false };
  const found = await findBayModel(ports.table, scope, bayModelId);
  if (found.kind !== "found") return invalid(`bay model ${bayModelId} is not there any more`);
  await ports.requireUpgradable(bay, found.model.state);
  return await upgradeBay(ports, bay, { bayModelId, maxBatchSize, scope: "bay" }, keyed);
}

interface Use {
  readonly item: Item;
  readonly isDone: boolean;
  /** What it was begun for is not what is wanted now. */
  readonly isOther: boolean;
  readonly keyed: KeyedRequestEffect;
}

const useSchema = z.object({
  operationId: z.string(),
  startedAtMs: z.number(),
  isDone: z.boolean(),
  /** Absent: begun by an older version. */
  wanted: z.string().exactOptional(),
});

/** Whoever calls may do so from this long before our time to this long after it, and again until then, by our clock. */
const USE_MS = 2 * limits.hook.toleranceMs;

/** One call is one use, however often it arrives; one that was begun and not ended is gone on with. */
async function beginUse({ table, clock, random }: HookPorts, { hookId, id }: HookCall, work: HookWork): Promise<Use> {
  const startedAtMs = clock.nowMs();
  const wanted = JSON.stringify(work);
  const item: Item = {
    pk: `hook-use#${hookId}`,
    sk: createHash("sha256").update(id).digest("hex"),
    revision: 1,
    body: { operationId: random.uuid(), startedAtMs, isDone: false, wanted },
    indexes: {},
    expiresAtSeconds: Math.ceil((startedAtMs + USE_MS + limits.idempotency.clockSkewMs) / 1_000) + 1,
  };
  const isFirst = (await table.put(item, { absent: true })) === "written";
  const present = isFirst ? item : ((await table.get(item)) ?? item);
  const { operationId, isDone, ...body } = useSchema.parse(present.body);
  const untilMs = body.startedAtMs + USE_MS;
  // The first may sleep here until a repetition has come and gone: nobody knows of themselves that they are alone.
  const keyed = { uuid: operationId, startedAtMs: body.startedAtMs, untilMs, isRepeat: true };
  const isOther = (body.wanted ?? wanted) !== wanted;
  return { item: present, isDone, isOther, keyed };
}

async function endUse(table: Table, item: Item): Promise<void> {
  // Refused: the same call, arrived twice at once, has ended it.
  await table.put(
    { ...item, revision: item.revision + 1, body: { ...item.body, isDone: true } },
    { revision: item.revision },
  );
}
