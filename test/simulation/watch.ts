/**
 * What can be watched of a run, by whoever checks a promise: everything stored, done to the cloud, sent, logged and
 * replied, at the step where it happens. Watchers see the world as nobody in it can: all at once.
 */
import type { LogLevel } from "@jeroboam/core/ports";
import type { Item, Key } from "@jeroboam/core/table/table";
import type { CloudEffect } from "./cloud.ts";
import type { Person } from "./people.ts";

/** A request as it was sent. */
export interface Asked {
  readonly person: Person;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** Its Idempotency-Key, if it has one. */
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Step of the run at which it was sent. */
  readonly sentAt: number;
}

/** A request of a user and what came of it. */
export interface Exchange extends Asked {
  /** Step of the run at which the answer was written. */
  readonly answeredAt: number;
  readonly answer: Answer;
}

/** `no answer`: the connection broke, or it took too long; whether it was done is unknown. */
export type Answer =
  | { readonly kind: "reply"; readonly status: number; readonly text: string }
  | { readonly kind: "no answer" };

/** Of what was made. */
export function uuidIn(answer: Answer): string | undefined {
  if (answer.kind === "no answer" || answer.status >= 300 || answer.text === "") return undefined;
  return (JSON.parse(answer.text) as { uuid?: string }).uuid;
}

export interface Watcher {
  /** `text` is the item as JSON, written out once for all who look at it. */
  readonly wrote?: (item: Item, before: Item | undefined, text: string) => void;
  readonly removed?: (key: Key, before: Item) => void;
  readonly effected?: (effect: CloudEffect) => void;
  readonly sent?: (body: string) => void;
  readonly logged?: (line: LogLine) => void;
  readonly asked?: (asked: Asked) => void;
  readonly replied?: (exchange: Exchange) => void;
  /** Nothing has work any more and faults have stopped. */
  readonly rested?: () => void;
  /** Besides, every bay has been deleted. */
  readonly emptied?: () => void;
}

export interface LogLine {
  readonly process: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** All of them as one. */
export function watchAll(watchers: readonly Watcher[]): Required<Watcher> {
  const tell =
    <Name extends keyof Watcher>(name: Name) =>
    (...what: Parameters<Required<Watcher>[Name]>): void => {
      for (const watcher of watchers) (watcher[name] as ((...what: unknown[]) => void) | undefined)?.(...what);
    };
  return {
    wrote: tell("wrote"),
    removed: tell("removed"),
    effected: tell("effected"),
    sent: tell("sent"),
    logged: tell("logged"),
    asked: tell("asked"),
    replied: tell("replied"),
    rested: tell("rested"),
    emptied: tell("emptied"),
  };
}
