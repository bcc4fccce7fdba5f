/**
 * The queue inside one process. It holds hints in memory only: what is lost with the process, or dropped because too
 * many wait, the scheduled sweep finds again. Equal hints that are due together are one. Delays end on a grid, never early
 * and late by at most one slot. Messages whose handling fails come again, and in the end become dead letters.
 */
import { limits } from "../limits.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import { encodeHint } from "./queue.ts";
import type { BatchHandler, Queue } from "./queue.ts";
import { runBatch } from "./run-batch.ts";

export interface MemoryQueueOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Deliveries before a message becomes a dead letter. */
  readonly receives?: number;
  readonly redeliverMs?: number;
  readonly waitingMessages?: number;
}

export interface ConsumerBounds {
  readonly batchesInHand?: number;
  readonly batchMessages?: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly body: string;
}

export interface MemoryQueue extends Queue {
  /** Sends any text, as a stranger might. */
  sendText(body: string, delayMs?: number): void;
  /** Begins to deliver to this handler, so many batches at the same time, each of so many messages. */
  consume(handler: BatchHandler, bounds?: ConsumerBounds): void;
  /** Delivers nothing more, and resolves when the batches in hand are finished. What waits is dropped. */
  stop(): Promise<void>;
  /** The latest `limits.queue.deadLetters`, oldest first. */
  readonly deadLetters: readonly DeadLetter[];
  /** Messages that wait, and those that were lost because too many did. */
  count(): { readonly waiting: number; readonly dropped: number };
}

interface Message {
  readonly id: string;
  readonly body: string;
  receives: number;
}

/** Messages by their text: of equal ones that are due together, one is kept. */
type Messages = Map<string, Message>;

export function createMemoryQueue(options: MemoryQueueOptions): MemoryQueue {
  const { clock, timers, log } = options;
  const { receives, redeliverMs, waitingMessages } = { ...limits.queue, ...options };

  const ready: Messages = new Map();
  const later = createSlots(clock, timers, (messages) => {
    for (const message of messages.values()) makeReady(message);
  });
  const deadLetters: DeadLetter[] = [];
  const inHand = new Set<Promise<void>>();
  let consumer: (Required<ConsumerBounds> & { readonly handler: BatchHandler }) | undefined;
  let stopped = false;
  let sent = 0;
  let dropped = 0;

  const makeReady = (message: Message): void => {
    merge(ready, message);
    // Not at once, so that messages sent together are delivered together.
    void Promise.resolve().then(deliver);
  };
  const accept = (message: Message, delayMs: number): void => {
    if (stopped) return;
    if (ready.size + later.size() >= waitingMessages && !dropOldest()) return;
    if (delayMs > 0) later.hold(message, Math.min(delayMs, limits.queue.delayMaxMs));
    else makeReady(message);
  };
  /** Makes place for one message; when none is due, the new one is what is lost. */
  const dropOldest = (): boolean => {
    dropped += 1;
    const [oldest] = ready.keys();
    if (dropped % 1_000 === 1) log.write("warning", "queue.full", { waiting: waitingMessages, dropped });
    return oldest !== undefined && ready.delete(oldest);
  };
  const deliver = (): void => {
    if (!consumer || stopped) return;
    const { handler, batchesInHand, batchMessages } = consumer;
    while (ready.size > 0 && inHand.size < batchesInHand) {
      const handling = handle(takeFirst(ready, batchMessages), handler).finally(() => {
        inHand.delete(handling);
        deliver();
      });
      inHand.add(handling);
    }
  };
  const handle = async (batch: readonly Message[], handler: BatchHandler): Promise<void> => {
    for (const message of batch) message.receives += 1;
    const failed = await runBatch(
      batch.map((message) => ({ ...message })),
      handler,
      log,
    );
    for (const message of batch) {
      if (!failed.has(message.id)) continue;
      if (message.receives < receives) accept(message, redeliverMs);
      else bury(message);
    }
  };
  const bury = ({ id, body }: Message): void => {
    log.write("error", "queue.dead-letter", { id });
    deadLetters.push({ id, body });
    if (deadLetters.length > limits.queue.deadLetters) deadLetters.shift();
  };
  const sendText = (body: string, delayMs = 0): void => {
    sent += 1;
    accept({ id: `message-${sent}`, body, receives: 0 }, delayMs);
  };

  return {
    deadLetters,
    sendText,
    send: async (keys, delayMs) => keys.forEach((key) => sendText(encodeHint(key), delayMs)),
    consume: (handler, bounds) => {
      consumer = { ...limits.queue, ...bounds, handler };
      deliver();
    },
    stop: async () => {
      stopped = true;
      later.clear();
      ready.clear();
      await Promise.all(inHand);
    },
    count: () => ({ waiting: ready.size + later.size(), dropped }),
  };
}

function takeFirst(messages: Messages, count: number): Message[] {
  const taken: Message[] = [];
  for (const message of messages.values()) {
    if (taken.length === count) break;
    taken.push(message);
    messages.delete(message.body);
  }
  return taken;
}

/** Adds a message, unless an equal one waits there, which then stands for both. */
function merge(messages: Messages, message: Message): "added" | "merged" {
  const same = messages.get(message.body);
  if (same) same.receives = Math.max(same.receives, message.receives);
  else messages.set(message.body, message);
  return same ? "merged" : "added";
}

/** Messages that wait for their time, in slots of `limits.queue.slotMs`, each with one timer. */
function createSlots(clock: Clock, timers: Timers, release: (messages: Messages) => void) {
  const slots = new Map<number, { readonly messages: Messages; cancel: () => void }>();
  let size = 0;

  const arm = (slot: number): (() => void) =>
    timers.schedule(slot * limits.queue.slotMs - clock.nowMs(), () => {
      const due = slots.get(slot);
      if (!due) return;
      // Timers may run a moment before the clock says so.
      if (clock.nowMs() < slot * limits.queue.slotMs) {
        due.cancel = arm(slot);
        return;
      }
      slots.delete(slot);
      size -= due.messages.size;
      release(due.messages);
    });
  return {
    hold: (message: Message, delayMs: number): void => {
      const slot = Math.ceil((clock.nowMs() + delayMs) / limits.queue.slotMs);
      const found = slots.get(slot) ?? { messages: new Map(), cancel: arm(slot) };
      slots.set(slot, found);
      if (merge(found.messages, message) === "added") size += 1;
    },
    size: (): number => size,
    clear: (): void => {
      for (const slot of slots.values()) slot.cancel();
      slots.clear();
      size = 0;
    },
  };
}
