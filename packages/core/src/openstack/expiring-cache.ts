/**
 * Values kept in memory for a while, at most so many of them: the one used longest ago goes first. Several who want the
 * same missing value at once share one making of it.
 */
import type { Clock } from "../ports.ts";

/** What was made, and until when it may be given out; undefined means it must not be kept. */
export interface Made<Value> {
  readonly value: Value;
  readonly keepUntilMs: number | undefined;
}

export interface ExpiringCache<Value> {
  /** The kept value, or the one that `make` makes. What `make` throws reaches all who wait for it, and is not kept. */
  get(key: string, make: () => Promise<Made<Value>>): Promise<Value>;
  /** Forgets the kept value; where a value is given, only if it is still this one. */
  forget(key: string, value?: Value): void;
  readonly size: number;
}

export function createExpiringCache<Value>(clock: Clock, maxEntries: number): ExpiringCache<Value> {
  // A Map remembers the order of insertion: a value that is used is put in again, so the first is the oldest by use.
  const kept = new Map<string, { value: Value; keepUntilMs: number }>();
  const making = new Map<string, Promise<Value>>();

  const keep = (key: string, made: Made<Value>): void => {
    if (made.keepUntilMs === undefined || made.keepUntilMs <= clock.nowMs()) return;
    kept.delete(key);
    kept.set(key, { value: made.value, keepUntilMs: made.keepUntilMs });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
  };

  return {
    async get(key, make) {
      const found = kept.get(key);
      if (found) {
        kept.delete(key);
        if (clock.nowMs() < found.keepUntilMs) {
          kept.set(key, found);
          return found.value;
        }
      }
      const underWay = making.get(key);
      if (underWay) return await underWay;
      const made = make()
        .then((result) => {
          keep(key, result);
          return result.value;
        })
        .finally(() => making.delete(key));
      making.set(key, made);
      return await made;
    },
    forget(key, value) {
      if (value === undefined || kept.get(key)?.value === value) kept.delete(key);
    },
    get size() {
      return kept.size;
    },
  };
}
