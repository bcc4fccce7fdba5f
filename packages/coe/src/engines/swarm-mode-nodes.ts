/**
 * Swarm mode's nodes as they are emptied and let go, and how much each has to do. A node whose availability is `drain`
 * gets no tasks, and the managers move those it has to others. Facts: engine sheet section 4.
 */
import { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import type { Drained, Forgotten, Listed, NodeLoad, Refused, Unreachable } from "./container-engine.ts";
import { dockerTrouble } from "./docker-client.ts";
import { broken, isSuccess, readReply } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";

/** The specification is sent back as it came, so all of it is kept. */
const nodesSchema = z.array(
  z.object({
    ID: z.string(),
    Version: z.object({ Index: z.number() }),
    Spec: z.looseObject({ Availability: z.string().nullish() }),
    Description: z.object({ Hostname: z.string().nullish() }).nullish(),
  }),
);
type Node = z.output<typeof nodesSchema>[number];

const tasksSchema = z.array(
  z.object({ NodeID: z.string().nullish(), Status: z.object({ State: z.string() }).nullish() }),
);
type Task = z.output<typeof tasksSchema>[number];

const ENDED = new Set(["complete", "shutdown", "failed", "rejected", "remove", "orphaned"]);

async function readTasks(
  ask: Ask,
  filters: Readonly<Record<string, readonly string[]>>,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: "tasks"; readonly tasks: readonly Task[] } | Refused | Unreachable> {
  const reply = await ask("GET", `/tasks?filters=${encodeURIComponent(JSON.stringify(filters))}`, { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, tasksSchema);
  if (read.kind === "unreachable") return read;
  return { kind: "tasks", tasks: read.value.filter(({ Status }) => !ENDED.has(Status?.State ?? "")) };
}

/** All of a node's name: a server that was replaced under its name leaves the old one behind, down. */
async function readNodes(
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: "nodes"; readonly nodes: readonly Node[] } | Refused | Unreachable> {
  const reply = await ask("GET", "/nodes", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, nodesSchema);
  return read.kind === "unreachable" ? read : { kind: "nodes", nodes: read.value };
}

const isNamed =
  (name: string) =>
  ({ Description }: Node): boolean =>
    Description?.Hostname === name;

/** Tasks on each node that has any. */
export async function listNodeLoads(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<NodeLoad>> {
  const nodes = await readNodes(ask, signal);
  if (nodes.kind !== "nodes") return nodes;
  const tasks = await readTasks(ask, { "desired-state": ["running"] }, signal);
  if (tasks.kind !== "tasks") return tasks;
  const counts = new Map<string, number>();
  for (const { NodeID } of tasks.tasks) if (NodeID) counts.set(NodeID, (counts.get(NodeID) ?? 0) + 1);
  const objects = nodes.nodes.map(({ ID, Description }) => ({
    name: Description?.Hostname ?? ID,
    units: counts.get(ID) ?? 0,
  }));
  return { kind: "listed", objects };
}

export async function drainNode(ask: Ask, name: string, signal: AbortSignal | undefined): Promise<Drained> {
  for (let attempt = 0; attempt < limits.containerEngine.conflictRetries; attempt += 1) {
    const nodes = await readNodes(ask, signal);
    if (nodes.kind !== "nodes") return nodes;
    const named = nodes.nodes.filter(isNamed(name));
    if (named.length === 0) return { kind: "missing" };
    const next = named.find(({ Spec }) => Spec.Availability !== "drain");
    if (!next) return await countTasks(ask, named, signal);
    const { ID, Version, Spec } = next;
    const json = { ...Spec, Availability: "drain" };
    const reply = await ask("POST", `/nodes/${ID}/update?version=${Version.Index}`, { json, signal });
    if (reply.kind === "unreachable") return reply;
    if (isSuccess(reply) || reply.status === 404) continue;
    const trouble = dockerTrouble(reply);
    if (!/out of sequence/i.test(trouble.reason)) return trouble;
  }
  return broken(`node "${name}" was changed by others each time that it was to be drained`);
}

async function countTasks(ask: Ask, nodes: readonly Node[], signal: AbortSignal | undefined): Promise<Drained> {
  const tasks = await readTasks(ask, { node: nodes.map(({ ID }) => ID) }, signal);
  if (tasks.kind !== "tasks") return tasks;
  return tasks.tasks.length === 0 ? { kind: "drained" } : { kind: "draining", left: tasks.tasks.length };
}

export async function forgetNode(ask: Ask, name: string, signal: AbortSignal | undefined): Promise<Forgotten> {
  const nodes = await readNodes(ask, signal);
  if (nodes.kind !== "nodes") return nodes;
  for (const { ID } of nodes.nodes.filter(isNamed(name))) {
    const reply = await ask("DELETE", `/nodes/${ID}?force=true`, { signal });
    if (reply.kind === "unreachable") return reply;
    if (!isSuccess(reply) && reply.status !== 404) return dockerTrouble(reply);
  }
  return { kind: "forgotten" };
}
