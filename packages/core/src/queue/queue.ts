/**
 * The queue carries hints: "look at this record". A hint holds the record's key and nothing that is needed to be right:
 * losing, doubling, delaying or reordering hints changes when things happen, never what happens.
 */
import { z } from "zod";
import type { Key } from "../table/table.ts";

export const hintSchema = z.strictObject({
  pk: z.string().min(1).max(1_024),
  sk: z.string().min(1).max(1_024),
});

export type Hint = z.infer<typeof hintSchema>;

export interface Queue {
  /** Its delays are multiples of this, cut upwards: one that is wanted much shorter is better none. Absent: they are exact. */
  readonly grainMs?: number;
  /** Sends one hint a key, to be delivered after the delay (0 when not given, cut to the queue's longest). */
  send(keys: readonly Key[], delayMs?: number): Promise<void>;
}

/** A message as a conductor receives it. `receives` counts deliveries of this message, this one included. */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  readonly receives: number;
}

/** What took messages tells which of them to deliver again. */
export interface BatchOutcome {
  readonly failedIds: readonly string[];
}

export type BatchHandler = (messages: readonly ReceivedMessage[]) => Promise<BatchOutcome>;

/** The text of a hint's message, in ASCII: not every queue takes every character. */
export function encodeHint(key: Key): string {
  const text = JSON.stringify({ pk: key.pk, sk: key.sk } satisfies Hint);
  return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The key in a message, or nothing when the text is no hint of ours. */
export function decodeHint(body: string): Hint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Not JSON: no hint of ours; the caller sends it to the dead letters.
    return undefined;
  }
  const parsed = hintSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
