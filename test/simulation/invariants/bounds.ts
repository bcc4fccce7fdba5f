import { limits } from "@jeroboam/core/limits";
import { builtRecordOf } from "../bay-record.ts";
import type { Invariant } from "./invariant.ts";

/** Events of the log that tell of a bug of ours. */
const BUGS = new Set(["step-threw", "request-crashed", "queue.handler-threw", "queue.handler-named-unknown-messages"]);

/** Writes about an operation that has trouble; a retry is two. */
const RETRIES_WITHIN_MS = 60_000;
const RETRIES_MOST = 40;

export const bounds: Invariant = {
  id: "I11",
  says: "items, messages and reasons stay within their limits; nothing but what is expected is ever thrown",
  watch(world, broken) {
    const retries = new Map<string, number[]>();
    return {
      wrote(item, _before, text) {
        const bytes = Buffer.byteLength(text);
        if (bytes > limits.table.itemBytes) broken(`item ${item.pk} ${item.sk} has ${bytes} bytes`);
        const record = builtRecordOf(item);
        if (!record) return;
        const { outbox, state, operation } = record;
        if (operation?.trouble !== undefined) {
          const nowMs = world.scheduler.clock.nowMs();
          const lately = (retries.get(operation.id) ?? []).filter((atMs) => nowMs - atMs < RETRIES_WITHIN_MS);
          retries.set(operation.id, [...lately, nowMs]);
          if (lately.length > RETRIES_MOST) broken(`${item.pk} is retried ${lately.length} times in a minute`);
        }
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
          /is not a|is not defined|no conductor knows/.test(String(facts["reason"])) &&
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
