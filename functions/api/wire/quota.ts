/** Quotas on the wire (cluster sheet 13): a new one, and a changed one, which is an object here, no list of operations. */
import type { Json } from "@jeroboam/core/json";
import { z } from "zod";
import type { AttributeSet } from "./attributes.ts";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { integer, oneOf, reference } from "./types.ts";

/** The one thing there are quotas of; bays count as the clusters that they are. */
export const QUOTA_RESOURCE = "Cluster";

const resource = oneOf(z.enum([QUOTA_RESOURCE])).default(QUOTA_RESOURCE);
const hardLimit = integer(0);
const readOnly = ["id", "created_at", "updated_at"];

const QUOTA = {
  argument: "quota",
  schema: z.strictObject({ project_id: reference, resource, hard_limit: hardLimit.default(1) }),
  readOnly,
} satisfies AttributeSet<z.ZodObject>;

/** The limit must be there: Magnum would take it for 1. What the path says already may be said again. */
const QUOTA_CHANGE = {
  argument: "quota",
  schema: z.strictObject({ project_id: reference.optional(), resource, hard_limit: hardLimit }),
  readOnly,
} satisfies AttributeSet<z.ZodObject>;

export interface QuotaWish {
  readonly projectId: string;
  readonly hardLimit: number;
}

export const readQuotaWish = describeBody(
  { kind: "object", schema: QUOTA.schema },
  (given: Json | undefined): QuotaWish => {
    const wire = readAttributes(QUOTA, given);
    return { projectId: wire.project_id, hardLimit: wire.hard_limit };
  },
);

export const readQuotaChange = describeBody(
  { kind: "object", schema: QUOTA_CHANGE.schema },
  (given: Json | undefined): { projectId: string | undefined; hardLimit: number } => {
    const wire = readAttributes(QUOTA_CHANGE, given);
    return { projectId: wire.project_id, hardLimit: wire.hard_limit };
  },
);
