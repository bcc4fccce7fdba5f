/** Nodes on the wire (bay-era sheet 3.3). The client's library believes that they have a name: it is taken and dropped. */
import type { NodeAttributes } from "@jeroboam/core/container/node";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import type { PatchRules } from "./patch.ts";
import { COMMON_INTERNAL } from "./patch.ts";
import { describeBody } from "./reader.ts";
import { optional, text, uuid } from "./types.ts";

const IRONIC_ID_CHARS = 36;

const NODE = {
  argument: "node",
  schema: z.strictObject({
    uuid: uuid.optional(),
    type: optional(text(1, limits.api.nameChars)),
    image_id: optional(text(1, limits.api.nameChars)),
    ironic_node_id: optional(text(1, IRONIC_ID_CHARS)),
  }),
  readOnly: ["links", "created_at", "updated_at"],
  ignored: ["name"],
};

export const NODE_PATCH: PatchRules = { internal: COMMON_INTERNAL, mandatory: [], dicts: [] };

export const readNodeWish = describeBody(
  { kind: "object", schema: NODE.schema },
  (given: Json | undefined): NodeAttributes & { readonly uuid: string | undefined } => {
    const { uuid: id, type, image_id, ironic_node_id } = readAttributes(NODE, given);
    return { uuid: id, type, imageId: image_id, ironicNodeId: ironic_node_id };
  },
);
