/** What happened, in order: a line an event, hashed as it comes, kept only where somebody wants to read it. */
import type { Clock } from "@jeroboam/core/ports";
import { SIMULATED_START_MS } from "../simulated/clock.ts";

export interface Trace {
  /** `what` says who did what to what and how it ended; the time comes by itself. */
  add(actor: string, what: string): void;
  /** Takes in what is too long to read: what was stored, what was replied. */
  digest(text: string): void;
  /** Of everything so far: equal for two runs that were equal. */
  hash(): string;
  /** The last lines, oldest first. */
  readonly lines: readonly string[];
}

/** A trace that is neither kept nor hashed costs nothing. */
export function createTrace(clock: Clock, { kept, isHashed }: { kept: number; isHashed: boolean }): Trace {
  const lines: string[] = [];
  let [one, other] = [0x811c9dc5, 0x01000193];
  const digest = (text: string): void => {
    if (!isHashed) return;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      one = Math.imul(one ^ unit, 0x01000193);
      other = Math.imul(other ^ unit, 0x5bd1e995) ^ (other >>> 15);
    }
  };
  return {
    add(actor, what) {
      if (!isHashed && kept === 0) return;
      const line = `${clockTime(clock.nowMs() - SIMULATED_START_MS)} ${actor} ${what}`;
      digest(line);
      if (kept === 0) return;
      lines.push(line);
      if (lines.length > 2 * kept) lines.splice(0, lines.length - kept);
    },
    digest,
    hash: () => (one >>> 0).toString(16).padStart(8, "0") + (other >>> 0).toString(16).padStart(8, "0"),
    lines,
  };
}

/** Since the start of the run: days, then hours to milliseconds. */
export function clockTime(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const time = new Date(ms).toISOString().slice(11, -1);
  return days > 0 ? `${days}d ${time}` : time;
}
