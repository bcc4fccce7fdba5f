/** Hooks on the wire (ours). What a hook allows has attributes of its own for each action. */
import type { HookWish } from "@jeroboam/core/hook/hook";
import { hookActionSchema } from "@jeroboam/core/hook/hook";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { invalid, readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { boolean, integer, oneOf, optional, reference } from "./types.ts";

const count = integer(1, limits.bay.nodes);

const READ_ONLY = ["uuid", "secret", "url", "project_id", "user_id", "created_at", "updated_at", "links"];

const COMMON = {
  name: optional(reference),
  bay: reference,
  action: oneOf(hookActionSchema).default("resize"),
  enabled: boolean.default(true),
};

const RESIZE_HOOK = {
  argument: "hook",
  schema: z.strictObject({ ...COMMON, min_node_count: count.default(1), max_node_count: count }),
  readOnly: READ_ONLY,
};

const UPGRADE_HOOK = {
  argument: "hook",
  schema: z.strictObject({
    ...COMMON,
    bay_models: z
      .array(reference, { error: "Value should be a list" })
      .min(1, { error: "Value should name a bay model" })
      .max(limits.hook.bayModels, { error: `Value should have at most ${limits.hook.bayModels} entries` }),
    max_batch_size: count.default(1),
  }),
  readOnly: READ_ONLY,
};

const CHANGED_HOOK = {
  argument: "hook",
  schema: z.strictObject({ name: reference.nullable(), enabled: boolean }).partial(),
  readOnly: [
    ...READ_ONLY,
    "bay",
    "bay_uuid",
    "action",
    "min_node_count",
    "max_node_count",
    "bay_models",
    "max_batch_size",
  ],
  keepsNull: ["name"],
};

/** The bay, and the models to upgrade it to, by uuid or name. */
export type HookRequest = Pick<HookWish, "name" | "enabled"> & {
  readonly bay: string;
  readonly allows:
    | (HookWish["allows"] & { readonly action: "resize" })
    | { readonly action: "upgrade"; readonly bayModels: readonly string[]; readonly maxBatchSize: number };
};

/** Each attribute that there is; which of them belong together is said by the refusals. */
const ANY_HOOK = z.strictObject({ ...RESIZE_HOOK.schema.shape, ...UPGRADE_HOOK.schema.shape }).partial({
  max_node_count: true,
  bay_models: true,
});

export const readHookWish = describeBody(
  { kind: "object", schema: ANY_HOOK },
  (given: Json | undefined): HookRequest => {
    const isUpgrade = given !== null && typeof given === "object" && "action" in given && given["action"] === "upgrade";
    return isUpgrade ? readUpgradeHook(given) : readResizeHook(given);
  },
);

function readResizeHook(given: Json | undefined): HookRequest {
  const { name, bay, enabled, min_node_count: minNodes, max_node_count: maxNodes } = readAttributes(RESIZE_HOOK, given);
  if (minNodes > maxNodes) throw invalid("min_node_count", minNodes, "Value should not be above max_node_count");
  return { name, bay, enabled, allows: { action: "resize", minNodes, maxNodes } };
}

function readUpgradeHook(given: Json): HookRequest {
  const {
    name,
    bay,
    enabled,
    bay_models: bayModels,
    max_batch_size: maxBatchSize,
  } = readAttributes(UPGRADE_HOOK, given);
  return { name, bay, enabled, allows: { action: "upgrade", bayModels, maxBatchSize } };
}

export const readHookChange = describeBody(
  { kind: "object", schema: CHANGED_HOOK.schema },
  (given: Json | undefined): Partial<Pick<HookWish, "name" | "enabled">> => {
    const { name, enabled } = readAttributes(CHANGED_HOOK, given);
    return { ...(name !== undefined && { name }), ...(enabled !== undefined && { enabled }) };
  },
);
