/** How long to wait before trying again. */
import { limits } from "../limits.ts";
import type { Random } from "../ports.ts";

/**
 * Full jitter: uniform between nothing and a ceiling that doubles with each attempt (from 1), so that many who failed
 * together do not return together. Never less than what the other side asked for, and never nothing.
 */
export function backoffMs(random: Random, attempt: number, leastMs = 1): number {
  const { retryBaseMs, retryCapMs } = limits.engine;
  const ceiling = Math.min(retryCapMs, retryBaseMs * 2 ** Math.min(attempt, 30));
  return Math.ceil(Math.max(leastMs, random.fraction() * ceiling));
}
