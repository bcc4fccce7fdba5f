/**
 * Two queues as one: hints at deliveries go to a queue of their own, so that receivers who do not answer keep nobody else's
 * work waiting.
 */
import type { Key } from "../table/table.ts";
import type { Queue } from "./queue.ts";

/** The beginning of every delivery's key. */
export const DELIVERY_PREFIX = "delivery#";

export function createRoutedQueue(hints: Queue, deliveries: Queue): Queue {
  const isDelivery = ({ pk }: Key): boolean => pk.startsWith(DELIVERY_PREFIX);
  return {
    ...(hints.grainMs !== undefined && { grainMs: hints.grainMs }),
    async send(keys, delayMs = 0) {
      const [own, others] = [keys.filter(isDelivery), keys.filter((key) => !isDelivery(key))];
      if (others.length > 0) await hints.send(others, delayMs);
      if (own.length > 0) await deliveries.send(own, delayMs);
    },
  };
}
