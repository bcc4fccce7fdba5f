/**
 * The one door through which everything outside comes in: time, chance and the log. (The table, the queue, HTTP and
 * the secrets' sealer have ports of their own beside their adapters.) Code takes what it needs as arguments, so that a
 * whole fleet can run in one process on a simulated clock from a seed.
 */

export interface Clock {
  /** Milliseconds since the epoch. Differs between machines: no decision between two writers may rest on it alone. */
  nowMs(): number;
}

export interface Timers {
  /** Runs once, no sooner than after this long; the function returned cancels it. */
  schedule(afterMs: number, run: () => void): () => void;
}

export interface Random {
  /** A fresh uuid version 4, lower case with dashes. */
  uuid(): string;
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Bytes fit for keys. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface Log {
  /** One line a call: an event's name and its facts. Facts never hold a secret. */
  write(level: LogLevel, event: string, facts?: Readonly<Record<string, unknown>>): void;
}
