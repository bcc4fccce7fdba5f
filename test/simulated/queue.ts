/** A queue whose messages are looked at and delivered by the harness: in order, doubled, shuffled or not at all. */
import type { Clock, Random } from "@jeroboam/core/ports";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { Key } from "@jeroboam/core/table/table";

export interface Delivery {
  /** Every message is delivered this many times. */
  readonly copies: number;
  /** Due messages come in any order. */
  readonly shuffled: boolean;
  /** No message arrives at all. */
  readonly lost: boolean;
}

export const PLAIN_DELIVERY: Delivery = { copies: 1, shuffled: false, lost: false };

interface Waiting {
  readonly key: Key;
  readonly dueAtMs: number;
}

export interface SimulatedQueue extends Queue {
  /** Takes what is due out of the queue. */
  take(): readonly Key[];
  /** When the next message is due; absent when there is none. */
  nextDueAtMs(): number | undefined;
}

export function createSimulatedQueue(
  clock: Clock,
  random: Random,
  delivery: Delivery = PLAIN_DELIVERY,
): SimulatedQueue {
  let waiting: Waiting[] = [];
  return {
    send(keys, delayMs = 0) {
      if (!delivery.lost) {
        const dueAtMs = clock.nowMs() + delayMs;
        waiting.push(...keys.flatMap((key) => Array.from({ length: delivery.copies }, () => ({ key, dueAtMs }))));
      }
      return Promise.resolve();
    },
    take() {
      const due = waiting.filter((one) => one.dueAtMs <= clock.nowMs());
      waiting = waiting.filter((one) => one.dueAtMs > clock.nowMs());
      const ordered = delivery.shuffled
        ? due
            .map((one) => ({ one, at: random.fraction() }))
            .sort((a, b) => a.at - b.at)
            .map(({ one }) => one)
        : due;
      return ordered.map(({ key }) => key);
    },
    nextDueAtMs: () => (waiting.length > 0 ? Math.min(...waiting.map((one) => one.dueAtMs)) : undefined),
  };
}
