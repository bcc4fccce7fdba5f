/**
 * What Heat's replies hold, as far as we read them. Keys that we do not know are left out; those that some versions or
 * calls leave away may be missing.
 */
import { z } from "zod";

export const stackSummarySchema = z.object({
  id: z.string(),
  stack_name: z.string(),
  /** `CREATE_IN_PROGRESS` and so on. */
  stack_status: z.string(),
  stack_status_reason: z.string().nullish(),
  creation_time: z.string().nullish(),
  updated_time: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  /** The stack that this one is a part of. */
  parent: z.string().nullish(),
  /** Named by lists over all projects. */
  project: z.string().nullish(),
});

export const stackSchema = stackSummarySchema.extend({
  /** Heat gives all values as texts; lists and maps as JSON within. Hidden ones as `******`. */
  parameters: z.record(z.string(), z.unknown()).nullish(),
  outputs: z
    .array(
      z.object({
        output_key: z.string(),
        output_value: z.unknown(),
        output_error: z.string().nullish(),
      }),
    )
    .nullish(),
  timeout_mins: z.number().nullish(),
});

const linkSchema = z.object({ href: z.string(), rel: z.string() });

export const resourceSchema = z.object({
  resource_name: z.string(),
  resource_type: z.string(),
  resource_status: z.string(),
  resource_status_reason: z.string().nullish(),
  physical_resource_id: z.string().nullish(),
  logical_resource_id: z.string().nullish(),
  /** `stack` is the one it lies in, `nested` the one that it is. */
  links: z.array(linkSchema).nullish(),
});

export const eventSchema = z.object({
  id: z.string(),
  event_time: z.string(),
  resource_name: z.string(),
  resource_status: z.string(),
  resource_status_reason: z.string().nullish(),
  physical_resource_id: z.string().nullish(),
});

export type StackSummary = z.output<typeof stackSummarySchema>;
export type Stack = z.output<typeof stackSchema>;
export type StackResource = z.output<typeof resourceSchema>;
export type StackEvent = z.output<typeof eventSchema>;
