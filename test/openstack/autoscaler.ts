/**
 * What cluster-autoscaler (provider magnum) reads of Heat to know a node group's servers (cluster sheet 27), in its order.
 */
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { ask } from "./people.ts";

export interface ScaledNode {
  /** The index in the group. */
  readonly name: string;
  readonly status: string;
  readonly serverId: string | undefined;
  /** What the node's own stack calls its server and its boot: resources that are looked for by name when a node fails. */
  readonly resources: Readonly<Record<"kube-minion" | "node_config_deployment", string | undefined>>;
}

interface Resource {
  readonly resource_name: string;
  readonly resource_status: string;
  readonly physical_resource_id: string;
}

/** Throws when something that it relies on is not there. */
export async function readAsAutoscaler(session: CloudSession, stackId: string | null): Promise<readonly ScaledNode[]> {
  const heat = createHeat(session);
  const found = await heat.findStack(stackId ?? "");
  if (found.kind !== "found") throw new Error(`stack ${stackId ?? ""} is ${found.kind}`);
  const stack = `/stacks/${found.value.stack_name}/${found.value.id}`;
  const group = await ask<{ resource: Resource }>(session, "orchestration", {
    method: "GET",
    path: `${stack}/resources/kube_minions`,
  });
  const members = await heat.findStack(group.resource.physical_resource_id, { outputs: true });
  if (members.kind !== "found") throw new Error(`the stack of kube_minions is ${members.kind}`);
  const within = `/stacks/${members.value.stack_name}/${members.value.id}`;
  const { resources } = await ask<{ resources: readonly Resource[] }>(session, "orchestration", {
    method: "GET",
    path: `${within}/resources`,
  });
  const output = members.value.outputs?.find(({ output_key }) => output_key === "refs_map");
  if (!output) throw new Error("the stack of kube_minions has no output refs_map");
  const servers = output.output_value as Readonly<Record<string, string>>;
  return await Promise.all(
    resources.map(async ({ resource_name, resource_status, physical_resource_id }) => ({
      name: resource_name,
      status: resource_status,
      serverId: servers[resource_name],
      resources: await readMember(session, physical_resource_id),
    })),
  );
}

async function readMember(session: CloudSession, stackId: string): Promise<ScaledNode["resources"]> {
  const member = await createHeat(session).findStack(stackId);
  if (member.kind !== "found") throw new Error(`the stack of a minion is ${member.kind}`);
  const path = `/stacks/${member.value.stack_name}/${member.value.id}/resources`;
  const answer = await ask<{ resources: readonly Resource[] }>(session, "orchestration", { method: "GET", path });
  const statusOf = (name: string): string | undefined =>
    answer.resources.find(({ resource_name }) => resource_name === name)?.resource_status;
  return { "kube-minion": statusOf("kube-minion"), node_config_deployment: statusOf("node_config_deployment") };
}
