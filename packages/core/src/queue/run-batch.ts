/** Handing a batch of messages to its handler, the same for every queue. */
import { textOf } from "../errors.ts";
import type { Log } from "../ports.ts";
import type { BatchHandler, ReceivedMessage } from "./queue.ts";

/**
 * The ids of the messages that must come again. A handler that throws, or names a message it was not given, has told
 * nothing we can rely on: then all of them.
 */
export async function runBatch(
  messages: readonly ReceivedMessage[],
  handler: BatchHandler,
  log: Log,
): Promise<ReadonlySet<string>> {
  const all = new Set(messages.map((message) => message.id));
  try {
    const { failedIds } = await handler(messages);
    const unknown = failedIds.filter((id) => !all.has(id));
    if (unknown.length === 0) return new Set(failedIds);
    log.write("error", "queue.handler-named-unknown-messages", { unknown });
    return all;
  } catch (thrown) {
    // A bug of the handler's; the messages come again, and go to the dead letters when it stays.
    log.write("error", "queue.handler-threw", { messages: all.size, error: textOf(thrown) });
    return all;
  }
}
