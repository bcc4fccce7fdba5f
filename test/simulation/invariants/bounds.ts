import { limits } from "@jeroboam/core/limits";
import { bayRecordOf } from "../bay-record.ts";
import type { Invariant } from "./invariant.ts";

/** Events of the log that tell of a bug of ours. */
const BUGS = new Set(["step-threw", "request-crashed", "queue.handler-threw", "queue.handler-named-unknown-messages"]);

export const bounds: Invariant = {
  id: "I11",
  says: "items, messages and reasons stay within their limits; nothing but what is expected is ever thrown",
  watch(_world, broken) {
    return {
      wrote(item) {
        const bytes = Buffer.byteLength(JSON.stringify(item));
        if (bytes > limits.table.itemBytes) broken(`item ${item.pk} ${item.sk} has ${bytes} bytes`);
        const record = bayRecordOf(item);
        if (!record) return;
        const { outbox, state, operation } = record;
        if (bytes > limits.table.hotItemBytes) broken(`the hot item ${item.pk} has ${bytes} bytes`);
        if (outbox.length > limits.engine.outboxEvents) broken(`${item.pk} holds ${outbox.length} untold events`);
        for (const text of [state.statusReason, operation?.trouble, operation?.failure])
          if ((text?.length ?? 0) > limits.engine.statusReasonChars) broken(`a reason of ${item.pk} is too long`);
      },
      sent(body) {
        if (Buffer.byteLength(body) > limits.queue.messageBytes) broken(`a message of ${body.length} characters`);
      },
      logged({ event, facts }) {
        if (BUGS.has(event)) broken(`${event}: ${JSON.stringify(facts)}`);
        if (
          event === "conduct-threw" &&
          /is not a|no conductor knows/.test(String(facts["reason"])) &&
          !String(facts["key"]).startsWith("strange")
        )
          broken(`${event}: ${JSON.stringify(facts)}`);
      },
      replied({ method, path, answer }) {
        if (answer.kind === "reply" && answer.status === 500) broken(`${method} ${path} was answered by 500`);
      },
    };
  },
};
