/**
 * `?wait=SECONDS` when one thing is shown (ours, additive): the reply comes when nothing is in progress any more, or when
 * the time is up, whichever is first; so one request takes the place of many. A wait costs one read a second. It is
 * bounded by what the platform can keep open, and so is the number of waits at once: who comes beyond it, and who waits
 * where nothing can be kept open, is answered at once, as without it.
 */
import { Rejected } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Clock } from "@jeroboam/core/ports";
import { refuseArguments } from "./route.ts";
import type { QueryArguments } from "./wire/reader.ts";
import { describeQuery } from "./wire/reader.ts";

export interface LongPollPorts {
  readonly clock: Clock;
  /** Resolves after this long, or when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a reply may be kept waiting from now on, as the platform has it. */
  readonly mostMs: () => number;
}

export interface LongPoll {
  /** Looks until what it sees is settled, or the time is up, or the caller has gone; with what it saw last. */
  until<Seen>(look: () => Promise<Seen>, isSettled: (seen: Seen) => boolean, wait: Wait): Promise<Seen>;
}

export interface Wait {
  readonly ms: number;
  readonly signal: AbortSignal;
}

export function createLongPoll({ clock, pause, mostMs }: LongPollPorts): LongPoll {
  let waiting = 0;
  return {
    async until(look, isSettled, { ms, signal }) {
      let seen = await look();
      if (isSettled(seen) || waiting >= limits.longPoll.waits) return seen;
      const endsAtMs = clock.nowMs() + Math.min(ms, mostMs());
      waiting += 1;
      try {
        for (let leftMs = endsAtMs - clock.nowMs(); leftMs > 0; leftMs = endsAtMs - clock.nowMs()) {
          await pause(Math.min(limits.longPoll.lookMs, leftMs), signal);
          if (signal.aborted) return seen;
          seen = await look();
          if (isSettled(seen)) return seen;
        }
        return seen;
      } finally {
        waiting -= 1;
      }
    },
  };
}

/** How long to wait, in milliseconds; more than there is to be had is lowered, as a list's limit is. */
export const readWait = describeQuery(
  [{ name: "wait", schema: { type: "integer", minimum: 0, maximum: 999_999 } }],
  ({ wait, ...rest }: QueryArguments): number => {
    refuseArguments(rest);
    if (wait === undefined) return 0;
    if (!/^\d{1,6}$/.test(wait)) throw new Rejected(400, "wait must be a number of seconds");
    return Math.min(Number(wait) * 1_000, limits.longPoll.mostMs);
  },
);
