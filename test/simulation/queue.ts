/**
 * The queue as SQS is: a message that was received comes again unless it is done with in time, what fails too often goes
 * to the dead letters, nothing has an order. Faults lose, double, delay and hold messages.
 */
import { limits } from "@jeroboam/core/limits";
import type { Random } from "@jeroboam/core/ports";
import type { ReceivedMessage } from "@jeroboam/core/queue/queue";
import type { Faults } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";

export interface WorldQueue {
  send(body: string, delayMs: number): void;
  /** Whom to tell that messages may be there. */
  onReady(listen: () => void): void;
  /** Up to so many messages that are due, in any order; each comes again when it is not done with in time. */
  receive(max: number): readonly ReceivedMessage[];
  /** The messages that are done with; the others come again. */
  finish(received: readonly ReceivedMessage[], failedIds: readonly string[]): void;
  purge(): void;
  redrive(): void;
  /** Held messages come now. */
  releaseHeld(): void;
  /** What is waiting, for another queue to begin with. */
  waiting(): readonly Pick<Message, "body" | "visibleAtMs">[];
  /** Messages waiting or in hand, but for held ones, and for looks at bays' engines, which never end. */
  size(): number;
}

export interface Message {
  readonly id: string;
  readonly body: string;
  visibleAtMs: number;
  receives: number;
}

const LOOKS = /(engine|health)-watch#/;
const LATE_MOST_MS = 30 * 60_000;

export function createQueue(scheduler: Scheduler, random: Pick<Random, "fraction">, faults: Faults): WorldQueue {
  const messages = new Map<string, Message>();
  let deadLetters: Message[] = [];
  let held: string[] = [];
  let listener = (): void => {};
  let sent = 0;

  const announce = (atMs: number): void => scheduler.after(atMs - scheduler.clock.nowMs(), () => listener());
  const add = (body: string, delayMs: number): void => {
    const visibleAtMs = scheduler.clock.nowMs() + delayMs;
    const id = `message-${(sent += 1)}`;
    messages.set(id, { id, body, visibleAtMs, receives: 0 });
    announce(visibleAtMs);
  };
  const show = (message: Message, afterMs: number): void => {
    message.visibleAtMs = scheduler.clock.nowMs() + afterMs;
    announce(message.visibleAtMs);
  };
  return {
    send(body, delayMs) {
      const fault = faults.decide("message");
      const copies = fault?.kind === "message lost" || fault?.kind === "message held" ? 0 : 1;
      const delay = Math.min(delayMs, limits.queue.delayMaxMs);
      if (fault?.kind === "message held") held.push(body);
      const more = fault?.kind === "message doubled" ? 1 + Math.floor(2 * fault.force) : 0;
      const late = fault?.kind === "message late" ? LATE_MOST_MS * fault.force ** 2 : 0;
      for (let copy = 0; copy < copies + more; copy += 1)
        add(body, delay + late + 20 * random.fraction() + (copy > 0 ? 60_000 * random.fraction() ** 3 : 0));
    },
    onReady(listen) {
      listener = listen;
    },
    receive(max) {
      const nowMs = scheduler.clock.nowMs();
      const due = [...messages.values()].filter((message) => message.visibleAtMs <= nowMs);
      const received: ReceivedMessage[] = [];
      while (due.length > 0 && received.length < max) {
        const [message] = due.splice(Math.floor(random.fraction() * due.length), 1);
        if (!message) break;
        if (message.receives >= limits.queue.receives) {
          messages.delete(message.id);
          deadLetters.push(message);
          continue;
        }
        message.receives += 1;
        show(message, limits.queue.visibilityMs);
        received.push({ id: message.id, body: message.body, receives: message.receives });
      }
      return received;
    },
    finish(received, failedIds) {
      for (const { id } of received) {
        const message = messages.get(id);
        if (message && failedIds.includes(id)) show(message, limits.queue.redeliverMs);
        else messages.delete(id);
      }
    },
    purge: () => messages.clear(),
    redrive() {
      const again = deadLetters;
      deadLetters = [];
      for (const { body } of again) add(body, 0);
    },
    releaseHeld() {
      const late = held;
      held = [];
      for (const body of late) add(body, 0);
    },
    waiting: () => [...messages.values()].map(({ body, visibleAtMs }) => ({ body, visibleAtMs })),
    size: () => [...messages.values()].filter(({ body }) => !LOOKS.test(body)).length,
  };
}
