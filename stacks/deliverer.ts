/** Those who deliver webhooks: a function that takes deliveries from a queue of their own, outside of any private network. */
import type { Base } from "./functions.ts";
import { createFunction } from "./functions.ts";
import { keyVariables, mayOpenWebhooks } from "./keys.ts";
import { maySendHints, mayTake, queueVariables, takeBatches } from "./queues.ts";
import { sizes } from "./sizes.ts";
import { mayUseTable } from "./storage.ts";

export function createDeliverer(base: Base) {
  const { queue } = base.queues.deliveries;
  const { timeoutSeconds, memoryMb } = sizes.deliverer;
  const made = createFunction("Deliverer", base, {
    bundle: "deliverer",
    description: "Delivers webhooks",
    timeoutSeconds,
    memoryMb,
    speaksToCloud: false,
    environment: {
      JEROBOAM_TABLE: base.storage.table.name,
      ...queueVariables(base.queues),
      ...keyVariables(base.keys),
    },
    permissions: [
      ...mayUseTable(base.storage, ["GetItem", "PutItem", "DeleteItem"], []),
      maySendHints(base.queues),
      mayTake(queue),
      ...mayOpenWebhooks(base.keys),
    ],
  });
  takeBatches("DelivererDeliveries", queue, made, sizes.deliverer);
  return made;
}
