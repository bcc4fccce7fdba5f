/**
 * Brings everything up to the present. Moments that are due are worked through in their order, each at its own time, so that it makes no
 * difference how often and when the sandbox is asked: a stack that is looked at after an hour has gone through the same states at the same
 * times as one that was watched all along.
 */
import { limits } from "../../limits.ts";
import type { Cloud } from "../../cloud.ts";
import type { SetupOutcome } from "../../engines/node-setup.ts";
import type { Server } from "../../nova/records.ts";
import type { Stack } from "../records.ts";
import { endSetup, joinBay } from "../../engines/bays.ts";
import type { EngineNode } from "../../engines/records.ts";
import { settleEngine } from "../../engines/settle.ts";
import { handlesOf } from "./nodes.ts";
import { sendSignal } from "./signals.ts";
import { failStack, stepStack } from "./steps.ts";

/** Reads from the tables what is under way: for a cloud that was just opened. */
export function readAgenda(cloud: Cloud): void {
  for (const stack of cloud.heat.stacks.values()) {
    if (stack.rootId === stack.id && stack.status === "IN_PROGRESS") {
      cloud.agenda.roots.set(stack.id, lastMoment(cloud, stack.id));
    }
  }
  for (const server of cloud.nova.servers.values()) {
    if (!server.isSignalled && server.bootedAtMs !== null) cloud.agenda.boots.set(server.id, server.bootedAtMs);
  }
  for (const engine of cloud.engines.engines.values()) cloud.agenda.engines.set(engine.id, cloud.clock.now());
}

/** Says that something happened to that tree now: it is looked at in the next advance. */
export const touch = (cloud: Cloud, rootId: string): void => {
  cloud.agenda.roots.set(rootId, cloud.clock.now());
};

function earliest(moments: ReadonlyMap<string, number>): { id: string; at: number } | undefined {
  let found: { id: string; at: number } | undefined;
  for (const [id, at] of moments) if (!found || at < found.at) found = { id, at };
  return found;
}

/** The next moment at which something happens by itself; undefined when nothing will. */
export function nextMoment(cloud: Cloud): number | undefined {
  const { agenda } = cloud;
  const moments = [agenda.roots, agenda.boots, agenda.engines]
    .map((one) => earliest(one)?.at)
    .filter((at) => at !== undefined);
  const finite = moments.filter((at) => Number.isFinite(at));
  return finite.length === 0 ? undefined : Math.min(...finite);
}

export function advance(cloud: Cloud): void {
  const now = cloud.clock.now();
  const { agenda } = cloud;
  for (let step = 0; step < limits.stepsPerAdvance; step += 1) {
    const boot = earliest(agenda.boots);
    const root = earliest(agenda.roots);
    const engine = earliest(agenda.engines);
    const next = Math.min(...[boot, root, engine].map((one) => one?.at ?? Number.POSITIVE_INFINITY));
    if (next > now) return;
    if (boot?.at === next) {
      agenda.boots.delete(boot.id);
      bootNode(cloud, boot.id, boot.at);
    } else if (root?.at === next) settleTree(cloud, root.id, root.at);
    else if (engine) settleEngine(cloud, engine.id, engine.at);
  }
  throw new Error(`more than ${limits.stepsPerAdvance} moments are due at once`);
}

/** The moment of the last thing that happened in the tree, for going on from there after a restart. */
function lastMoment(cloud: Cloud, rootId: string): number {
  let last = 0;
  for (const stack of cloud.heat.stacks.group(rootId)) {
    last = Math.max(last, stack.createdAtMs, stack.updatedAtMs ?? 0);
    for (const resource of cloud.heat.resources.group(stack.id)) last = Math.max(last, resource.updatedAtMs);
  }
  return last;
}

/** Lets everything happen in the tree that happens at that moment, and notes when the next thing will. */
function settleTree(cloud: Cloud, rootId: string, at: number): void {
  const { agenda } = cloud;
  const root = cloud.heat.stacks.get(rootId);
  if (!root || root.status !== "IN_PROGRESS") {
    agenda.roots.delete(rootId);
    return;
  }
  if (root.deadlineMs !== null && root.deadlineMs <= at) failStack(cloud, root, "Timed out", at);
  for (let moved = true; moved;) {
    moved = false;
    // Innermost first: what they end is seen by those around them in the same round.
    const stacks = [...cloud.heat.stacks.group(rootId)].toSorted((a, b) => b.depth - a.depth);
    for (const stack of stacks) if (cloud.heat.stacks.get(stack.id)) moved = stepStack(cloud, stack, at) || moved;
  }
  if (root.status === "IN_PROGRESS") agenda.roots.set(rootId, nextOf(cloud, root, at));
  else agenda.roots.delete(rootId);
}

/** The next moment at which something in the tree is ready by itself; infinity when it waits for a signal alone. */
function nextOf(cloud: Cloud, root: Stack, at: number): number {
  let next = root.deadlineMs ?? Number.POSITIVE_INFINITY;
  for (const stack of cloud.heat.stacks.group(root.id)) {
    if (stack.status !== "IN_PROGRESS") continue;
    for (const { work } of cloud.heat.resources.group(stack.id)) {
      if (work && work.readyAtMs !== null && work.readyAtMs > at) next = Math.min(next, work.readyAtMs);
    }
  }
  return next;
}

/** The node comes up: it signals what its user data names. */
function bootNode(cloud: Cloud, serverId: string, at: number): void {
  const server = cloud.nova.servers.get(serverId);
  if (!server || server.isSignalled) return;
  server.isSignalled = true;
  cloud.nova.servers.put(server);
  const node = joinBay(cloud, server, at);
  // One that still fetches its certificate reports afterwards.
  if (node?.setup !== "pending") report(cloud, server, at);
}

/** The node has its certificate, or could not get one: it reports that it is up, or why it is not. */
export function finishSetup(cloud: Cloud, nodeId: string, outcome: SetupOutcome, at: number): void {
  const node: EngineNode | undefined = cloud.engines.nodes.get(nodeId);
  const server = cloud.nova.servers.get(nodeId);
  if (!node || !server || node.setup !== "pending") return;
  endSetup(cloud, node, outcome.kind === "certified" ? outcome.certificate : null, at);
  if (outcome.kind === "failed") {
    server.bootFailure = outcome.reason;
    cloud.nova.servers.put(server);
  }
  report(cloud, server, at);
}

/** Signals what the server's user data names. */
function report(cloud: Cloud, server: Server, at: number): void {
  if (cloud.knobs.settings.signals === "manual") return;
  const details =
    server.bootFailure === null
      ? { status: "SUCCESS", reason: "Setup complete" }
      : { status: "FAILURE", reason: server.bootFailure };
  for (const handle of handlesOf(cloud, server)) {
    const stack = cloud.heat.stacks.get(handle.stackId);
    if (!stack) continue;
    const isHeat = handle.type === "OS::Heat::WaitConditionHandle";
    const body = { data: "OK", id: server.id, ...details };
    sendSignal(
      cloud,
      stack,
      handle,
      isHeat ? body : { Data: body.data, UniqueId: body.id, Status: body.status, Reason: body.reason },
      at,
    );
    if (cloud.heat.stacks.get(stack.rootId)?.status === "IN_PROGRESS") cloud.agenda.roots.set(stack.rootId, at);
  }
}
