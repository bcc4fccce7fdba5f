/**
 * Every moment of every operation: each call that it makes, and each message, is struck in turn by each thing that can
 * happen to it (a kill before it and after it, a lost request, a lost reply, a repetition, a pause past the lease, …),
 * in the whole fleet with the real API; all promises are watched over, and at the end everything is deleted.
 */
import type { Fault, FaultKind, Site } from "./faults.ts";
import { placeOf } from "./faults.ts";
import type { Script } from "./script.ts";
import { play } from "./script.ts";
import type { Violation } from "./stage.ts";

export interface MomentsResult {
  readonly runs: number;
  readonly moments: number;
  readonly broken: readonly { readonly fault: Fault; readonly violation: Violation }[];
}

/** Some four minutes (process.ts). */
const PAUSE = 0.75;

/**
 * With the force that makes the most of each: a pause is longer than the lease and the wait for the sweep that finds it
 * ended, so that another has done the work when the sleeper wakes; what is lost is missed at once.
 */
const CALL_FAULTS: readonly (readonly [FaultKind, number])[] = [
  ["killed before", 0],
  ["killed after", 0],
  ["request lost", 0.1],
  ["reply lost", 0.1],
  ["repeated call", 0.3],
  ["arrives late", 0.5],
  ["paused before", PAUSE],
  ["paused after", PAUSE],
];
/** A reply that is lost, to who only reads, is as good as a request that is; a read may come late and twice. */
const CHANGES_ALONE: ReadonlySet<FaultKind> = new Set(["killed after", "reply lost", "repeated call", "arrives late"]);
/** So little late that whoever takes the work over has looked and is not done. */
const SLIGHTLY_LATE = 0.04;
const HEAT_FAULTS: typeof CALL_FAULTS = [
  ...CALL_FAULTS,
  ["arrives late", SLIGHTLY_LATE],
  ["heat busy", 0],
  ["heat refuses", 0],
];

const STRIKES: readonly { readonly site: Site; readonly faults: typeof CALL_FAULTS }[] = [
  { site: "heat", faults: HEAT_FAULTS },
  ...(["table", "queue", "keystone"] as const).map((site) => ({ site, faults: CALL_FAULTS })),
  {
    site: "request",
    faults: [
      ["request lost", 0],
      ["reply lost", 0],
    ],
  },
  {
    site: "message",
    faults: [
      ["message lost", 0],
      ["message doubled", 0.6],
      ["message held", 0],
    ],
  },
];

/** Strikes each moment of the script; stops at the first broken promise if asked to. */
export async function strikeEveryMoment(script: Script, { first = false } = {}): Promise<MomentsResult> {
  const plain = await play(script, []);
  if (plain.violation) throw new Error(`${script.name}: ${plain.violation.id} ${plain.violation.how}`);
  const broken: { fault: Fault; violation: Violation }[] = [];
  let [runs, moments] = [1, 0];
  for (const { site, faults } of STRIKES) {
    for (let place = (plain.from.get(site) ?? 0) + 1; place <= (plain.to.get(site) ?? 0); place += 1) {
      moments += 1;
      const isRead = plain.reads.has(placeOf(site, place));
      for (const [kind, force] of faults) {
        if (isRead && CHANGES_ALONE.has(kind)) continue;
        const fault: Fault = { kind, site, place, force, choice: 0 };
        const { violation } = await play(script, [fault]);
        runs += 1;
        if (violation) broken.push({ fault, violation });
        if (violation && first) return { runs, moments, broken };
      }
    }
  }
  return { runs, moments, broken };
}
