/**
 * A cloud as the conductor's steps see it: stacks that take a while, trusts, the nodes' users. Strict where it matters:
 * without a live delegation nothing can be done, a name may be taken, a stack that is being worked on is busy. Every call
 * passes the gate, and everything that exists can be counted.
 */
import { Transient } from "@jeroboam/core/errors";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { Clock } from "@jeroboam/core/ports";
import type { Cloud, Stack, StackAction, StackPage, Stacks } from "@jeroboam/conductor/ports";
import type { Gate } from "../faults/gate.ts";

export interface CloudBehaviour {
  /** How long a stack is in progress. */
  readonly stackMs: number;
  /** Stacks end as failed, for this reason. */
  readonly fails?: string;
  /** So many deletes end as failed. */
  readonly failingDeletes?: number;
}

interface SimulatedStack {
  id: string;
  name: string;
  projectId: string;
  action: StackAction;
  sinceMs: number;
  fails: string | undefined;
  tags: readonly string[];
  parameters: Record<string, unknown>;
  /** Indexes of nodes that were taken out: none is used again. */
  gone: readonly unknown[];
}

export interface SimulatedCloud {
  readonly cloud: Cloud;
  readonly stacks: ReadonlyMap<string, SimulatedStack>;
  readonly trusts: Set<string>;
  readonly users: ReadonlyMap<string, string>;
  /** Stacks made so far, and updates that Heat took. */
  readonly counts: { creates: number; updates: number };
  /** Somebody removes every stack by hand. */
  removeAllStacks(): void;
  removeStack(id: string): void;
  /** Somebody changes every stack by hand; it ends as failed for that reason, if there is one. */
  touchAllStacks(fails?: string): void;
  touchStack(id: string, fails?: string): void;
}

const TRUST_GONE = { kind: "refused", reason: "the trust is gone" } as const;

function trustOf(delegation: Delegation): string {
  return delegation.kind === "trust" ? delegation.sealedTrustId : "";
}

export function createSimulatedCloud(gate: Gate, clock: Clock, behaviour: CloudBehaviour): SimulatedCloud {
  const stacks = new Map<string, SimulatedStack>();
  const trusts = new Set<string>();
  const users = new Map<string, string>();
  const counts = { creates: 0, updates: 0 };
  let failingDeletes = behaviour.failingDeletes ?? 0;

  const settle = (): void => {
    for (const stack of stacks.values()) {
      const isOver = clock.nowMs() - stack.sinceMs >= behaviour.stackMs;
      if (stack.action === "DELETE" && isOver && stack.fails === undefined) stacks.delete(stack.id);
    }
  };
  const isInProgress = (stack: SimulatedStack): boolean => clock.nowMs() - stack.sinceMs < behaviour.stackMs;
  const show = (stack: SimulatedStack): Stack => ({
    id: stack.id,
    name: stack.name,
    ...statusOf(stack),
    seen: seenOf(stack),
    reason: isInProgress(stack) ? "in progress" : (stack.fails ?? `Stack ${stack.action} completed successfully`),
    tags: stack.tags,
    parameters: stack.parameters,
    outputs: { nodes: stack.parameters["nodes"], gone: stack.gone },
  });
  const seenOf = (stack: SimulatedStack): string => {
    const { action, progress } = statusOf(stack);
    return `${action}_${progress} ${stack.sinceMs}`;
  };
  const statusOf = (stack: SimulatedStack): Pick<Stack, "action" | "progress"> => ({
    action: stack.action,
    progress: isInProgress(stack) ? "IN_PROGRESS" : stack.fails === undefined ? "COMPLETE" : "FAILED",
  });
  const pageOf = (tag: string, isSeen: (stack: SimulatedStack) => boolean): StackPage => {
    settle();
    const listed = [...stacks.values()].filter((stack) => stack.tags.includes(tag) && isSeen(stack));
    return {
      kind: "page",
      stacks: listed.map((stack) => ({ ...stack, ...statusOf(stack), seen: seenOf(stack) })),
      nextMarker: undefined,
    };
  };
  const begin = (stack: SimulatedStack, action: StackAction, fails: string | undefined): void => {
    Object.assign(stack, { action, sinceMs: clock.nowMs(), fails });
  };

  // Heat asks Keystone again at each call: a trust that was given back in between is worth nothing.
  const stacksOf = (projectId: string, isAlive: () => boolean): Stacks => ({
    find: ({ name, id }, { outputsAtWork } = { outputsAtWork: false }) =>
      gate.pass("heat.find", () => {
        settle();
        if (!isAlive()) return Promise.reject(new Transient(TRUST_GONE.reason));
        const found = [...stacks.values()].find(
          (one) => one.projectId === projectId && one.name === name && (id === null || one.id === id),
        );
        if (!found) return Promise.resolve(undefined);
        const shown = show(found);
        const hasOutputs = outputsAtWork || shown.progress !== "IN_PROGRESS";
        return Promise.resolve(hasOutputs ? shown : { ...shown, outputs: {} });
      }),
    create: ({ name, tags, parameters }) =>
      gate.pass<Awaited<ReturnType<Stacks["create"]>>>("heat.create", () => {
        settle();
        if (!isAlive()) return Promise.resolve(TRUST_GONE);
        if ([...stacks.values()].some((one) => one.name === name)) return Promise.resolve({ kind: "exists" as const });
        counts.creates += 1;
        const id = `stack-${counts.creates}`;
        stacks.set(id, {
          id,
          name,
          projectId,
          action: "CREATE",
          sinceMs: clock.nowMs(),
          fails: behaviour.fails,
          tags,
          parameters: { ...parameters },
          gone: [],
        });
        return Promise.resolve({ kind: "made" as const, id });
      }),
    update: ({ id }, { parameters, tags }) =>
      gate.pass<Awaited<ReturnType<Stacks["update"]>>>("heat.update", () => {
        settle();
        if (!isAlive()) return Promise.resolve(TRUST_GONE);
        const stack = stacks.get(id);
        if (!stack) return Promise.resolve({ kind: "refused" as const, reason: "the stack was not found in Heat" });
        if (isInProgress(stack)) return Promise.resolve({ kind: "busy" as const });
        counts.updates += 1;
        begin(stack, "UPDATE", behaviour.fails);
        const removed = parameters["removed"];
        const gone = new Set([...stack.gone, ...(Array.isArray(removed) ? (removed as unknown[]) : [])]);
        Object.assign(stack, { tags, parameters: { ...stack.parameters, ...parameters }, gone: [...gone] });
        return Promise.resolve({ kind: "accepted" as const });
      }),
    remove: ({ id }) =>
      gate.pass<Awaited<ReturnType<Stacks["remove"]>>>("heat.remove", () => {
        settle();
        if (!isAlive()) return Promise.resolve(TRUST_GONE);
        const stack = stacks.get(id);
        failingDeletes -= 1;
        if (stack) begin(stack, "DELETE", failingDeletes >= 0 ? "a port is in use" : undefined);
        return Promise.resolve({ kind: "accepted" as const });
      }),
    list: ({ tag }) =>
      gate.pass<StackPage>("heat.list", () =>
        isAlive()
          ? Promise.resolve(pageOf(tag, (stack) => stack.projectId === projectId))
          : Promise.reject(new Transient(TRUST_GONE.reason)),
      ),
    failures: ({ id }) =>
      gate.pass("heat.failures", () => Promise.resolve([`minion 0: ${stacks.get(id)?.fails ?? "gone"}`])),
  });

  const cloud: Cloud = {
    stacks: ({ delegation, isCleanup }) =>
      gate.pass<Awaited<ReturnType<Cloud["stacks"]>>>("keystone.login", () => {
        // Cleaning, the service's own user takes over where the trust has ended.
        const isAlive = trusts.has(trustOf(delegation)) ? () => trusts.has(trustOf(delegation)) : () => isCleanup;
        if (!isAlive()) return Promise.resolve(TRUST_GONE);
        return Promise.resolve({ kind: "stacks" as const, stacks: stacksOf(delegation.projectId, isAlive) });
      }),
    revoke: (delegation) =>
      gate.pass("keystone.revoke", () => Promise.resolve(void trusts.delete(trustOf(delegation)))),
    ensureNodeUser: ({ name, password }) =>
      gate.pass("keystone.user", () => {
        users.set(name, password);
        return Promise.resolve({ kind: "user" as const, id: `id-of-${name}`, domainId: "nodes" });
      }),
    listStacks: ({ tag }) => gate.pass("heat.list-all", () => Promise.resolve(pageOf(tag, () => true))),
    listNodeUsers: () =>
      gate.pass("keystone.users", () => Promise.resolve({ kind: "users" as const, names: [...users.keys()] })),
    listTrusts: () =>
      gate.pass("keystone.trusts", () =>
        Promise.resolve({ kind: "trusts" as const, trusts: [...trusts].map((id) => ({ id, digest: id })) }),
      ),
    endTrust: ({ id }) =>
      gate.pass("keystone.end-trust", () => {
        trusts.delete(id);
        return Promise.resolve({ kind: "ended" as const });
      }),
    removeNodeUser: ({ name }) => gate.pass("keystone.remove-user", () => Promise.resolve(void users.delete(name))),
  };
  return {
    cloud,
    stacks,
    trusts,
    users,
    counts,
    removeAllStacks: () => stacks.clear(),
    removeStack: (id) => void stacks.delete(id),
    touchAllStacks: (fails) => {
      for (const stack of stacks.values()) begin(stack, "UPDATE", fails);
    },
    touchStack: (id, fails) => {
      const stack = stacks.get(id);
      if (stack) begin(stack, "UPDATE", fails);
    },
  };
}
