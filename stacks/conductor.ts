/** The conductors: a function that takes hints from the queue in batches, each message failing by itself. */
import type { Base } from "./functions.ts";
import { createFunction } from "./functions.ts";
import { keyVariables, mayOpenConfiguration, mayRewrap, maySealRecords } from "./keys.ts";
import { maySendHints, mayTake, queueVariables, takeBatches } from "./queues.ts";
import { sizes } from "./sizes.ts";
import { mayUseTable } from "./storage.ts";

export function createConductor(base: Base) {
  const { queue } = base.queues.hints;
  const { timeoutSeconds, memoryMb } = sizes.conductor;
  const made = createFunction("Conductor", base, {
    bundle: "conductor",
    description: "Takes up records that have work and moves their operations on",
    timeoutSeconds,
    memoryMb,
    speaksToCloud: true,
    environment: {
      JEROBOAM_TABLE: base.storage.table.name,
      ...queueVariables(base.queues),
      ...keyVariables(base.keys),
      // For the nodes, which ask the API.
      JEROBOAM_PUBLIC_URL: base.endpoint.url,
      JEROBOAM_REMOVES: base.settings.removes,
      ...base.settings.choices.conductor,
    },
    permissions: [
      ...mayUseTable(base.storage, ["GetItem", "PutItem", "DeleteItem", "Query"], ["project", "name", "type"]),
      maySendHints(base.queues),
      mayTake(queue),
      ...mayOpenConfiguration(base.keys),
      ...maySealRecords(base.keys),
      ...mayRewrap(base.keys),
    ],
  });
  takeBatches("ConductorHints", queue, made, sizes.conductor);
  return made;
}
