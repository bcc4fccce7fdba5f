/**
 * Every fault that the world knows, and the one who decides when they strike. A seed switches a random part of them on
 * (swarm testing: what is never mixed hides what the mixture shows). Each decision has a place: the service asked, and
 * how manieth asking it is; so what struck in a run can be written down and struck again, or left out, one by one.
 */
import type { Random } from "@jeroboam/core/ports";

/**
 * Where faults are decided: at calls of a service, at messages sent, when Heat begins on a stack, when a bay is stored, now
 * and then, when a node of a bay is about to look, when a master is to come to other versions, when health is checked.
 */
export const SITES = [
  "table",
  "queue",
  "keystone",
  "heat",
  "engine",
  "receiver",
  "request",
  "message",
  "stack",
  "birth",
  "moment",
  "node",
  "master",
  "health",
] as const;
export type Site = (typeof SITES)[number];

const CALLS: readonly Site[] = ["table", "queue", "keystone", "heat", "engine", "receiver"];

interface FaultDescription {
  readonly at: readonly Site[];
  readonly says: string;
}

/** The rows of the list of faults, as far as the product has the parts that they strike. */
export const FAULTS = {
  "request lost": { at: [...CALLS, "request"], says: "the call never arrives; the caller is told of a failure" },
  "reply lost": { at: [...CALLS, "request"], says: "the call has its effect; the caller is told of a failure" },
  "arrives late": { at: CALLS, says: "the caller gives up waiting, and after that the call has its effect" },
  "repeated call": { at: CALLS, says: "the call takes effect twice; the caller gets the second answer" },
  "slow call": { at: [...CALLS, "request"], says: "the answer takes almost as long as anybody waits" },
  "killed before": { at: CALLS, says: "the process dies at this await, before the call leaves it" },
  "killed after": { at: CALLS, says: "the process dies at this await, after the call had its effect" },
  "paused before": { at: CALLS, says: "the process sleeps, maybe past its lease, before the call leaves it" },
  "paused after": { at: CALLS, says: "the process sleeps, maybe past its lease, after the call had its effect" },
  "message lost": { at: ["message"], says: "the hint never comes" },
  "message doubled": { at: ["message"], says: "the hint comes two or three times" },
  "message late": { at: ["message"], says: "the hint comes much later than it should" },
  "message held": { at: ["message"], says: "the hint comes when everything is over" },
  "stack fails": { at: ["stack"], says: "Heat ends with a failure" },
  "stack stuck": { at: ["stack"], says: "Heat never ends" },
  "heat busy": { at: ["heat"], says: "Heat says that it is at work on the stack" },
  "heat refuses": { at: ["heat"], says: "Heat refuses for good: over quota" },
  "receiver fails": { at: ["receiver"], says: "a webhook's receiver answers that it could not" },
  "stack of the same name": { at: ["birth"], says: "somebody else's stack has the name that the bay's is to have" },
  "table throttled": { at: ["moment"], says: "most calls of the table fail for a while" },
  "heat down": { at: ["moment"], says: "no call reaches Heat for a while" },
  "keystone down": { at: ["moment"], says: "no call reaches Keystone for a while" },
  "engine down": { at: ["moment"], says: "no bay's engine can be reached for a while" },
  "receivers down": { at: ["moment"], says: "no webhook's receiver answers for a while" },
  "queue down": { at: ["moment"], says: "no message can be sent for a while" },
  "queue purged": { at: ["moment"], says: "every waiting hint is gone" },
  "dead letters redriven": { at: ["moment"], says: "dead letters come again" },
  "strange message": { at: ["moment"], says: "a message that is no hint, or one of a record that never was" },
  "stack removed by hand": { at: ["moment"], says: "somebody deletes a bay's stack in Heat" },
  "trust revoked": { at: ["moment"], says: "a bay's trust ends: the one who gave it is gone" },
  "process killed": { at: ["moment"], says: "a process dies wherever it is" },
  "process stopped": { at: ["moment"], says: "a process is asked to stop, and stops when its steps are done" },
  "no sweep": { at: ["moment"], says: "the schedule does not run for a while" },
  "double sweep": { at: ["moment"], says: "the schedule runs twice at once" },
  "work resumed": { at: ["moment"], says: "a conductor believes to be alone and gives up everybody's leases" },
  "node deaf": { at: ["node"], says: "a node of a bay does not look for a long time what it is to come to" },
  "master fails": { at: ["master"], says: "a master cannot come to the versions that it is told" },
  "node not ready": { at: ["health"], says: "a worker of a bay is not ready, for a while or for good" },
} as const satisfies Record<string, FaultDescription>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** What holds for a whole run, and is no single event; what users do besides making, resizing and deleting bays. */
export const CONDITIONS = {
  "clocks skewed": "every process has its own clock, up to ten minutes wrong",
  "index lags": "index reads show what was written up to a minute ago",
  "functions end": "conductors are functions that are killed at their timeout, not servers",
  "conductors late": "no conductor runs for the first hour and more: nothing happens but what the API does",
  "mixed versions": "half of the conductors know a newer version of each operation",
  "keyed requests": "users give their requests keys, and ask again under them",
  "limits change": "an administrator sets how many bays projects may have, more and fewer",
  "node groups": "users make node groups in their bays, resize and delete them",
  pods: "users make pods in their bays, change and delete them",
  webhooks: "projects are told of what happens, by receivers that fail",
  rounds: "the schedule has the records compared with the cloud",
  rotations: "users replace the authorities of their bays, whose nodes follow",
  upgrades: "users upgrade their bays, masters where they stand and workers, one minor version after the other",
  hooks: "users make hooks for their bays, which an automation without a token calls, rightly and wrongly",
  "administrators repair": "an administrator has what is stuck tried again, and gives bays up",
  renewals: "users renew the credentials of their bays' nodes",
  "nodes fail": "the health of bays is checked, whose nodes fail, and are replaced where their owners ask for it",
} as const;

export type Condition = keyof typeof CONDITIONS;
export const ALL_CONDITIONS = Object.keys(CONDITIONS) as readonly Condition[];

/** One fault, as it struck or is to strike. */
export interface Fault {
  readonly kind: FaultKind;
  readonly site: Site;
  /** How manieth decision of its site, from 1. */
  readonly place: number;
  /** How hard it strikes, and whom: from 0 up to 1, read as the kind needs it. */
  readonly force: number;
  readonly choice: number;
}

/** All that a run is put through besides its seed. */
export interface FaultPlan {
  readonly conditions: ReadonlySet<Condition>;
  /** Drawn by chance, as the seed has it. */
  readonly kinds: ReadonlySet<FaultKind>;
  /** In place of chance: these alone. */
  readonly faults?: readonly Fault[];
}

export interface Faults {
  readonly conditions: ReadonlySet<Condition>;
  /** Whether a fault strikes here, and which. */
  decide(site: Site, mayStrike?: (kind: FaultKind) => boolean, isRead?: boolean): Fault | undefined;
  /** They strike more often from now on. */
  hurry(): void;
  /** From now on nothing strikes any more. */
  stop(): void;
  /** What has struck. */
  readonly struck: readonly Fault[];
  /** Decisions so far, of each site. */
  readonly places: ReadonlyMap<Site, number>;
  /** Those about calls that only read, by site and place. */
  readonly reads: ReadonlySet<string>;
}

/** Of the seeds that have it, where runs take longer by it. */
const SHARES: Partial<Record<Condition, number>> = {
  "conductors late": 0.06,
  rotations: 0.25,
  upgrades: 0.25,
  renewals: 0.25,
  "nodes fail": 0.12,
};

/** Which faults and conditions a seed has. */
export function drawPlan(random: Pick<Random, "fraction">): FaultPlan {
  const share = 0.3 + 0.5 * random.fraction();
  const isDrawn = (): boolean => random.fraction() < share;
  const kinds = new Set(FAULT_KINDS.filter((kind) => !isOfNodes(kind) && isDrawn()));
  const calls = FAULT_KINDS.filter((kind) => isAt(kind, "table"));
  // Some that can strike often, whatever chance left out.
  while (calls.filter((kind) => kinds.has(kind)).length < 2)
    kinds.add(calls[Math.floor(random.fraction() * calls.length)]!);
  const conditions = new Set(ALL_CONDITIONS.filter((one) => random.fraction() < (SHARES[one] ?? 0.35)));
  for (const kind of FAULT_KINDS) if (isOfNodes(kind) && isDrawn()) kinds.add(kind);
  // Without it there is nothing to see.
  if (conditions.has("nodes fail")) kinds.add("node not ready");
  return { kinds, conditions };
}

function isOfNodes(kind: FaultKind): boolean {
  return isAt(kind, "node") || isAt(kind, "master") || isAt(kind, "health");
}

/** One decision, by name. */
export function placeOf(site: Site, place: number): string {
  return `${site} ${place}`;
}

export function isAt(kind: FaultKind, site: Site): boolean {
  return (FAULTS[kind].at as readonly Site[]).includes(site);
}

/** How often a decision of this site is a fault. */
const RATES: Readonly<Record<Site, number>> = {
  table: 0.012,
  queue: 0.02,
  keystone: 0.05,
  heat: 0.05,
  engine: 0.05,
  receiver: 0.15,
  request: 0.05,
  message: 0.12,
  stack: 0.15,
  birth: 0.1,
  moment: 1,
  node: 0.04,
  master: 0.15,
  health: 0.15,
};

/** Nor more often than this, however few faults have struck: where each request fails users come to nothing. */
const RATE_MOST = 0.3;

export function createFaults(
  random: Pick<Random, "fraction">,
  plan: FaultPlan,
  before?: ReadonlyMap<Site, number>,
): Faults {
  let intensity = 0.3 + 1.2 * random.fraction();
  const kindsAt = new Map<Site, readonly FaultKind[]>(
    SITES.map((site) => [site, FAULT_KINDS.filter((kind) => plan.kinds.has(kind) && isAt(kind, site))]),
  );
  const written = new Map((plan.faults ?? []).map((fault) => [placeOf(fault.site, fault.place), fault]));
  const places = new Map<Site, number>(before);
  const reads = new Set<string>();
  const struck: Fault[] = [];
  let stopped = false;

  const rateAt = (site: Site): number => Math.min(RATES[site] * intensity, Math.max(RATES[site], RATE_MOST));
  const draw = (site: Site, place: number): Fault | undefined => {
    if (plan.faults) return written.get(placeOf(site, place));
    const kinds = kindsAt.get(site) ?? [];
    if (kinds.length === 0 || random.fraction() >= rateAt(site)) return undefined;
    const kind = kinds[Math.floor(random.fraction() * kinds.length)]!;
    return { kind, site, place, force: random.fraction(), choice: random.fraction() };
  };
  return {
    conditions: plan.conditions,
    struck,
    places,
    reads,
    decide(site, mayStrike = () => true, isRead = false) {
      if (stopped) return undefined;
      const place = (places.get(site) ?? 0) + 1;
      places.set(site, place);
      if (isRead) reads.add(placeOf(site, place));
      const fault = draw(site, place);
      if (!fault || !mayStrike(fault.kind)) return undefined;
      struck.push(fault);
      return fault;
    },
    hurry() {
      intensity *= 2;
    },
    stop() {
      stopped = true;
    },
  };
}
