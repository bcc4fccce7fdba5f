/**
 * A batch of messages: each hint conducted, all within one budget, each failure its own. Knows no platform: queue.ts is
 * the AWS entry, the local process and the CLI have theirs.
 */
import { Transient, textOf } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { EnginePorts } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { RecordType } from "@jeroboam/core/operation/record";
import type { BatchHandler, ReceivedMessage } from "@jeroboam/core/queue/queue";
import type { Report } from "@jeroboam/core/service-record/service-record";
import { decodeHint } from "@jeroboam/core/queue/queue";

export interface BatchOptions<Ports extends EnginePorts> {
  /** Names this conductor in leases and logs. */
  readonly name: string;
  /** Says that this conductor is at work. */
  readonly report?: Report;
  /** Fires when the process wants to stop: steps in hand end, no more begin. */
  readonly stopping?: AbortSignal;
  /** Fires when the process must stop: the calls of the steps in hand are cut. */
  readonly signal: AbortSignal;
  /** What this conductor knows to do. */
  readonly types: readonly RecordType<Ports, unknown>[];
}

export function createBatchHandler<Ports extends EnginePorts>(
  ports: Ports,
  { name, report, stopping, signal, types }: BatchOptions<Ports>,
): BatchHandler {
  return async (messages) => {
    const endsAtMs = ports.clock.nowMs() + limits.engine.budgetMs;
    const budget = { endsAtMs, signal, ...(stopping && { stopping }) };
    const [outcomes] = await Promise.all([
      Promise.all(messages.map(async (message) => ({ id: message.id, isDone: await handle(message) }))),
      report?.(),
    ]);
    return { failedIds: outcomes.filter(({ isDone }) => !isDone).map(({ id }) => id) };

    async function handle(message: ReceivedMessage): Promise<boolean> {
      const hint = decodeHint(message.body);
      if (!hint) {
        ports.log.write("error", "message-not-understood", { message: message.id, receives: message.receives });
        return false;
      }
      try {
        const outcome = await conduct({ ports, name, types }, hint, budget);
        ports.log.write("debug", "conducted", { key: hint.pk, ...outcome });
        return true;
      } catch (thrown) {
        // The message comes again, and goes to the dead letters when that does not help; the record stays due.
        const level = thrown instanceof Transient ? "warning" : "error";
        ports.log.write(level, "conduct-threw", { key: hint.pk, receives: message.receives, reason: textOf(thrown) });
        return false;
      }
    }
  };
}
