/**
 * The cloud as the conductors' steps and the API see it: Keystone with trusts and users, Heat with stacks that take a
 * while and may fail, get stuck, or be deleted by somebody else. Strict where it matters: without a live trust nothing
 * can be done, a name may be taken, a stack that is being worked on is busy. State stands here, behind every process'
 * own way to it (`cloudFor`); everything that exists can be counted.
 */
import { Transient } from "@jeroboam/core/errors";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { Clock, Random } from "@jeroboam/core/ports";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import { trustDigest as digestOf } from "@jeroboam/core/identity/delegation";
import type {
  Cloud,
  ListedStack,
  StackPage,
  NewStack,
  Refused,
  Stack,
  StackAction,
  StackChange,
  Stacks,
} from "@jeroboam/conductor/ports";
import type { Faults } from "./faults.ts";
import { textsIn } from "./members.ts";
import { outputsOf } from "./outputs.ts";
import type { Process } from "./process.ts";

export interface CloudStack {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** From its parameters: the bay or node group that it is of; empty: somebody else's, whatever its name. */
  readonly ownerUuid: string;
  action: StackAction;
  /** Infinity: it is stuck. */
  endsAtMs: number;
  fails: string | undefined;
  tags: readonly string[];
  parameters: Record<string, unknown>;
  /** Members of its group of workers that were to go: their indexes never come again. */
  removed: readonly string[];
  /** Heat takes an update or a delete, and shows the stack as it was for a moment more. */
  shows?: { readonly stack: Stack; readonly untilMs: number };
}

export interface Trust {
  readonly id: string;
  readonly projectId: string;
  /** What it was asked for; holds the bay's uuid. */
  readonly context: string;
  /** Its id as it is stored. */
  readonly sealedId: string;
}

/** Something that was done to the cloud, for those who watch. */
export type CloudEffect =
  | {
      readonly kind: "create" | "update" | "delete";
      readonly stack: CloudStack;
      /** The step of the run at which a process of ours asked for it, and whether anything came of it. */
      readonly by: string;
      readonly sentAt: number;
      readonly changed: boolean;
    }
  | { readonly kind: "user made" | "user removed"; readonly name: string }
  | { readonly kind: "trust made" | "trust ended"; readonly trust: Trust };

export interface SimulatedCloud {
  readonly stacks: ReadonlyMap<string, CloudStack>;
  readonly trusts: ReadonlyMap<string, Trust>;
  /** The nodes' users and their passwords. */
  readonly users: ReadonlyMap<string, string>;
  cloudFor(process: Process): Cloud;
  /** The API's way: a trust for whoever calls. */
  makeTrust(projectId: string, userId: string, context: string): Promise<Delegation>;
  /** What others do to it. */
  addStackOfOthers(name: string, projectId: string): void;
  removeStackByHand(stack: CloudStack): void;
  endTrust(trust: Trust): void;
  /** Stuck stacks come to their end. */
  heal(): void;
  isSettled(stack: CloudStack): boolean;
  /** As it stands, for another to begin with. */
  copy(): CloudBeginning;
}

export interface CloudBeginning {
  readonly stacks: readonly CloudStack[];
  readonly trusts: readonly Trust[];
  readonly users: ReadonlyMap<string, string>;
  readonly made: number;
}

export interface CloudParts {
  readonly clock: Clock;
  readonly random: Pick<Random, "fraction">;
  readonly faults: Faults;
  /** How long Heat is at work on a stack; absent: mostly short, sometimes minutes. */
  readonly stackMs?: number | undefined;
  readonly sealer: Sealer;
  readonly watch: (effect: CloudEffect) => void;
  /** Tells what is done to a bay that may make it fail. */
  readonly blow: (ownerUuid: string, what: string) => void;
  readonly before?: CloudBeginning | undefined;
}

/** As Keystone numbers the nodes' users. */
export function nodeUserId(userName: string): string {
  return `id-of-${userName}`;
}

/** Everything of this beginning is a secret: it must never be seen in the clear. */
export const CANARY = "CANARY";

const GONE: Refused = { kind: "refused", reason: "the trust is gone" };
const STACK_LEAST_MS = 10_000;
const STACK_MOST_MS = 150_000;
const SHOWN_LATE_MOST_MS = 1_500;

export function createCloud(parts: CloudParts): SimulatedCloud {
  const { clock, random, faults, stackMs, sealer, watch, blow, before } = parts;
  const stacks = new Map<string, CloudStack>(before?.stacks.map((stack) => [stack.id, { ...stack }]));
  const trusts = new Map<string, Trust>(before?.trusts.map((trust) => [trust.id, trust]));
  const users = new Map<string, string>(before?.users);
  let made = before?.made ?? 0;

  const isInProgress = (stack: CloudStack): boolean => clock.nowMs() < stack.endsAtMs;
  /** What was deleted is gone when that has ended. */
  const settle = (): void => {
    for (const stack of stacks.values())
      if (stack.action === "DELETE" && !isInProgress(stack) && stack.fails === undefined) stacks.delete(stack.id);
  };
  const begin = (stack: CloudStack, action: StackAction): void => {
    if (action !== "CREATE")
      stack.shows = { stack: show(stack), untilMs: clock.nowMs() + SHOWN_LATE_MOST_MS * random.fraction() ** 2 };
    const fault = faults.decide("stack");
    if (fault) blow(stack.ownerUuid, fault.kind);
    const takesMs = stackMs ?? STACK_LEAST_MS + (STACK_MOST_MS - STACK_LEAST_MS) * random.fraction() ** 4;
    Object.assign(stack, {
      action,
      endsAtMs: fault?.kind === "stack stuck" ? Infinity : clock.nowMs() + takesMs,
      fails: fault?.kind === "stack fails" ? `${action.toLowerCase()}: No valid host was found` : undefined,
    });
  };
  const list = (stack: CloudStack): ListedStack => {
    const progress = isInProgress(stack) ? "IN_PROGRESS" : stack.fails === undefined ? "COMPLETE" : "FAILED";
    const { id, name, action, tags, projectId, endsAtMs } = stack;
    return { id, name, action, progress, tags, projectId, seen: `${action}_${progress} ${endsAtMs}` };
  };
  const show = (stack: CloudStack): Stack => ({
    ...list(stack),
    reason: isInProgress(stack) ? "in progress" : (stack.fails ?? `Stack ${stack.action} completed successfully`),
    parameters: stack.parameters,
    outputs: outputsOf(stack),
  });
  const state = {
    clock,
    stacks,
    trusts,
    users,
    settle,
    isInProgress,
    begin,
    list,
    show,
    watch,
    blow,
    nextId: () => (made += 1),
  };

  return {
    stacks,
    trusts,
    users,
    isSettled: (stack) => !isInProgress(stack),
    copy: () => ({
      stacks: [...stacks.values()].map((stack) => ({ ...stack })),
      trusts: [...trusts.values()],
      users: new Map(users),
      made,
    }),
    cloudFor: (process) => cloudFor(process, state, sealer),
    async makeTrust(projectId, userId, context) {
      const id = `${CANARY}-trust-${(made += 1)}`;
      const sealedTrustId = await sealer.seal(id, context, projectId);
      const trust = { id, projectId, context, sealedId: sealedTrustId };
      trusts.set(id, trust);
      watch({ kind: "trust made", trust });
      const trustDigest = digestOf(id);
      return { kind: "trust", projectId, trustorUserId: userId, sealedTrustId, trustDigest, expiresAtMs: null };
    },
    addStackOfOthers(name, projectId) {
      const id = `stack-${(made += 1)}`;
      const idle = { action: "CREATE", endsAtMs: 0, fails: undefined, tags: [], parameters: {}, removed: [] } as const;
      stacks.set(id, { id, name, projectId, ownerUuid: "", ...idle });
      blow(bayIn(name), "stack of the same name");
    },
    removeStackByHand({ id, ownerUuid }) {
      stacks.delete(id);
      blow(ownerUuid, "stack removed by hand");
    },
    endTrust({ id, context }) {
      trusts.delete(id);
      blow(bayIn(context), "trust revoked");
    },
    heal() {
      for (const stack of stacks.values()) if (stack.endsAtMs === Infinity) stack.endsAtMs = clock.nowMs();
    },
  };
}

interface CloudState {
  readonly clock: Clock;
  readonly stacks: Map<string, CloudStack>;
  readonly trusts: Map<string, Trust>;
  readonly users: Map<string, string>;
  readonly settle: () => void;
  readonly isInProgress: (stack: CloudStack) => boolean;
  readonly begin: (stack: CloudStack, action: StackAction) => void;
  readonly list: (stack: CloudStack) => ListedStack;
  readonly show: (stack: CloudStack) => Stack;
  readonly watch: (effect: CloudEffect) => void;
  readonly blow: (ownerUuid: string, what: string) => void;
  readonly nextId: () => number;
}

function cloudFor(process: Process, state: CloudState, sealer: Sealer): Cloud {
  const { trusts, users, watch } = state;
  const trustIdOf = async (delegation: Delegation, context: string): Promise<string> =>
    delegation.kind === "trust" ? sealer.open(delegation.sealedTrustId, context) : "";
  return {
    stacks: ({ delegation, context, isCleanup }) =>
      process.call<Awaited<ReturnType<Cloud["stacks"]>>>("keystone", "login", async () => {
        const trustId = await trustIdOf(delegation, context);
        // Cleaning, the service's own user takes over where the trust has ended.
        const isAccepted = trusts.has(trustId) ? () => trusts.has(trustId) : () => isCleanup;
        if (!isAccepted()) return GONE;
        return { kind: "stacks", stacks: stacksFor(process, state, delegation.projectId, isAccepted) };
      }),
    revoke: (delegation, context) =>
      process.call("keystone", "revoke", async () => {
        const trust = trusts.get(await trustIdOf(delegation, context));
        if (!trust) return;
        trusts.delete(trust.id);
        watch({ kind: "trust ended", trust });
      }),
    ensureNodeUser: ({ name, password }) =>
      process.call("keystone", `make-user ${name}`, () => {
        users.set(name, password);
        watch({ kind: "user made", name });
        return { kind: "user" as const, id: nodeUserId(name), domainId: "nodes" };
      }),
    listStacks: ({ tag }) => process.call("heat", "list all", () => listPage(state, tag)),
    listNodeUsers: () =>
      process.call("keystone", "list users", () => ({ kind: "users" as const, names: [...users.keys()] })),
    listTrusts: () =>
      process.call("keystone", "list trusts", () => ({
        kind: "trusts" as const,
        trusts: [...trusts.keys()].map((id) => ({ id, digest: digestOf(id) })),
      })),
    endTrust: ({ id }) =>
      process.call("keystone", `end trust ${digestOf(id)}`, () => {
        const trust = trusts.get(id);
        if (trust) {
          trusts.delete(trust.id);
          watch({ kind: "trust ended", trust });
        }
        return { kind: "ended" as const };
      }),
    removeNodeUser: ({ name }) =>
      process.call("keystone", `remove-user ${name}`, () => {
        if (users.delete(name)) watch({ kind: "user removed", name });
      }),
  };
}

function listPage({ stacks, settle, list }: CloudState, tag: string, projectId?: string): StackPage {
  settle();
  const page = [...stacks.values()].filter(
    (stack) => stack.tags.includes(tag) && (projectId === undefined || stack.projectId === projectId),
  );
  return { kind: "page", stacks: page.map(list), nextMarker: undefined };
}

/** Heat asks Keystone again at each call: a trust that was given back in between is worth nothing. */
function stacksFor(process: Process, state: CloudState, projectId: string, isAccepted: () => boolean): Stacks {
  const { clock, stacks, settle, isInProgress, begin, show, watch } = state;
  const overQuota = (ownerUuid: string): Refused => {
    state.blow(ownerUuid, "heat refuses");
    return { kind: "refused", reason: "You have reached the maximum stacks per project" };
  };
  return {
    find: ({ name, id }, { outputsAtWork } = { outputsAtWork: false }) =>
      process.call("heat", `find ${id ?? name}`, () => {
        settle();
        if (!isAccepted()) throw new Transient(GONE.reason);
        const found = [...stacks.values()].find(
          (one) => one.projectId === projectId && one.name === name && (id === null || one.id === id),
        );
        if (!found) return undefined;
        const shown = found.shows && clock.nowMs() < found.shows.untilMs ? found.shows.stack : show(found);
        return outputsAtWork || shown.progress !== "IN_PROGRESS" ? shown : { ...shown, outputs: {} };
      }),
    create: ({ name, tags, parameters }: NewStack) =>
      process.call<Awaited<ReturnType<Stacks["create"]>>>(
        "heat",
        `create ${name}`,
        (sentAt) => {
          settle();
          if (!isAccepted()) return GONE;
          if ([...stacks.values()].some((one) => one.name === name)) return { kind: "exists" };
          const id = `stack-${state.nextId()}`;
          const mark = parameters["group_uuid"] ?? parameters["bay_uuid"];
          const ownerUuid = typeof mark === "string" ? mark : "";
          const stack: CloudStack = {
            id,
            name,
            projectId,
            ownerUuid,
            action: "CREATE",
            endsAtMs: 0,
            fails: undefined,
            tags,
            parameters: { ...parameters },
            removed: textsIn(parameters["minions_to_remove"]),
          };
          begin(stack, "CREATE");
          stacks.set(id, stack);
          watch({ kind: "create", stack, by: process.name, sentAt, changed: true });
          return { kind: "made", id };
        },
        { "heat refuses": () => overQuota(bayIn(name)) },
      ),
    update: ({ id, name }, { parameters, tags }: StackChange) =>
      process.call<Awaited<ReturnType<Stacks["update"]>>>(
        "heat",
        `update ${id}`,
        (sentAt) => {
          settle();
          if (!isAccepted()) return GONE;
          const stack = stacks.get(id);
          if (!stack) return { kind: "refused", reason: "the stack was not found in Heat" };
          if (isInProgress(stack)) return { kind: "busy" };
          const removed = [...new Set([...stack.removed, ...textsIn(parameters["minions_to_remove"])])];
          const after = { tags, parameters: { ...stack.parameters, ...parameters }, removed };
          const changed = JSON.stringify(after.parameters) !== JSON.stringify(stack.parameters);
          begin(stack, "UPDATE");
          Object.assign(stack, after);
          watch({ kind: "update", stack, by: process.name, sentAt, changed });
          return { kind: "accepted" };
        },
        { "heat busy": () => ({ kind: "busy" }), "heat refuses": () => overQuota(bayIn(name)) },
      ),
    remove: ({ id }) =>
      process.call<Awaited<ReturnType<Stacks["remove"]>>>(
        "heat",
        `remove ${id}`,
        (sentAt) => {
          settle();
          if (!isAccepted()) return GONE;
          const stack = stacks.get(id);
          if (!stack) return { kind: "accepted" };
          // Asked again while it is at it, Heat goes on.
          const changed = stack.action !== "DELETE" || !isInProgress(stack);
          if (changed) begin(stack, "DELETE");
          watch({ kind: "delete", stack, by: process.name, sentAt, changed });
          return { kind: "accepted" };
        },
        { "heat busy": () => ({ kind: "busy" }) },
      ),
    list: ({ tag }) =>
      process.call("heat", `list ${projectId}`, () => {
        if (!isAccepted()) throw new Transient(GONE.reason);
        return listPage(state, tag, projectId);
      }),
    failures: ({ id }) =>
      process.call("heat", `failures of ${id}`, () => [`minion 0: ${stacks.get(id)?.fails ?? "gone"}`]),
  };
}

/** The bay that something is for, by the uuid in its name. */
export function bayIn(text: string): string {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0] ?? "";
}

/** The stack of a bay or node group, by its uuid. */
export function stackOf({ stacks }: Pick<SimulatedCloud, "stacks">, uuid: string): CloudStack | undefined {
  return [...stacks.values()].find(({ ownerUuid }) => ownerUuid === uuid);
}

/** The records that may act on a stack: its bay's, and of a node group's its own besides. */
export function ownersOf({ ownerUuid, parameters }: CloudStack): readonly string[] {
  const bay = parameters["bay_uuid"];
  return typeof bay === "string" && bay !== ownerUuid ? [ownerUuid, bay] : [ownerUuid];
}
