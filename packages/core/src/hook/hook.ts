/**
 * Hooks: addresses by which a project's own automations have one thing done to one bay, within limits set when the hook was
 * made. Who calls proves it by a signature (Standard Webhooks, with the hook's own secret) and needs no token: so a monitoring
 * system can resize a bay without an account. The bay is changed by the delegation that it was made with. What a call does
 * is left to take-hook.ts.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { takePlaceInProject } from "../listing/project-places.ts";
import { projectRecordKey, projectRecordSchema, projectRecordShape } from "../listing/project-record.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { changeRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { Owner } from "../webhook/webhook.ts";
import { newSecret } from "../webhook/webhook.ts";

const allowsSchema = z.discriminatedUnion("action", [
  z.object({ action: z.literal("resize"), minNodes: z.number().int(), maxNodes: z.number().int() }),
  z.object({
    action: z.literal("upgrade"),
    /** To one of these, and to no other. */
    bayModelIds: z.array(z.string()),
    /** So many nodes out at one time, at most. */
    maxBatchSize: z.number().int(),
  }),
]);

export const hookActionSchema = z.enum(["resize", "upgrade"]);

export const hookSchema = projectRecordSchema.extend({
  name: z.string().nullable(),
  /** It goes with its bay. */
  bayUuid: z.string(),
  /** What its calls may ask for. */
  allows: allowsSchema,
  enabled: z.boolean(),
  secretSealed: z.string(),
});
export type Hook = z.infer<typeof hookSchema>;

export const hookShape = projectRecordShape("hook", hookSchema);

export interface HookPorts extends StorePorts {
  readonly clock: Clock;
  readonly sealer: Sealer;
}

export type HookWish = Pick<Hook, "name" | "bayUuid" | "allows" | "enabled">;

export async function createHook(
  ports: HookPorts,
  { projectId, userId }: Owner,
  wish: HookWish,
): Promise<
  | { readonly kind: "created"; readonly record: WorkRecord<Hook>; readonly secret: string }
  | { readonly kind: "too-many" }
> {
  const uuid = ports.random.uuid();
  const place = { projectId, uuid, most: limits.hook.perProject };
  if ((await takePlaceInProject(ports, hookShape, place)) === "full") return { kind: "too-many" };
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

export function secretContext(uuid: string): string {
  return `hook/${uuid}/secret`;
}
