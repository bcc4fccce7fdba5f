/** What is stored of the nodes of a bay and of its node groups alike. */
import { z } from "zod";

/** A worker as its stack's group knows it: by its index in the group, which is never used again, and by its server. */
export const memberSchema = z.object({
  index: z.string(),
  serverId: z.string().nullable(),
  name: z.string().nullable(),
});
export type Member = z.infer<typeof memberSchema>;

/** How many nodes a group may be resized to; `max` null: no upper limit. */
export const countLimitsSchema = z.object({ min: z.number().int(), max: z.number().int().nullable() });
export type CountLimits = z.infer<typeof countLimitsSchema>;
