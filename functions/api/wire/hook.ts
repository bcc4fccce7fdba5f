/** Hooks on the wire (ours). */
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

const NEW_HOOK = {
  argument: "hook",
  schema: z.strictObject({
    name: optional(reference),
    bay: reference,
    action: oneOf(hookActionSchema).default("resize"),
    min_node_count: count.default(1),
    max_node_count: count,
    enabled: boolean.default(true),
  }),
  readOnly: READ_ONLY,
};

const CHANGED_HOOK = {
  argument: "hook",
  schema: z.strictObject({ name: reference.nullable(), enabled: boolean }).partial(),
  readOnly: [...READ_ONLY, "bay", "bay_uuid", "action", "min_node_count", "max_node_count"],
  keepsNull: ["name"],
};

/** The bay by uuid or name. */
export const readHookWish = describeBody(
  { kind: "object", schema: NEW_HOOK.schema },
  (given: Json | undefined): Omit<HookWish, "bayUuid"> & { readonly bay: string } => {
    const { min_node_count: minNodes, max_node_count: maxNodes, ...rest } = readAttributes(NEW_HOOK, given);
    if (minNodes > maxNodes) throw invalid("min_node_count", minNodes, "Value should not be above max_node_count");
    return { ...rest, minNodes, maxNodes };
  },
);

export const readHookChange = describeBody(
  { kind: "object", schema: CHANGED_HOOK.schema },
  (given: Json | undefined): Partial<Pick<HookWish, "name" | "enabled">> => {
    const { name, enabled } = readAttributes(CHANGED_HOOK, given);
    return { ...(name !== undefined && { name }), ...(enabled !== undefined && { enabled }) };
  },
);
