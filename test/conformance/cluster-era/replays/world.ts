/** The sheet's small world, with what clients find in a cluster that runs: its API, its authority, a further node group. */
import { secretContext } from "@jeroboam/core/bay/bay";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import { changeGroupSpecification } from "@jeroboam/core/node-group/group-specification-store";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { textIn } from "../../api-harness.ts";
import type { World } from "../sheet.ts";
import { createWorld } from "../sheet.ts";

export interface RunningWorld extends World {
  readonly group: string;
  readonly server: string;
  /** Ends the node group's work, as a conductor does. */
  settleGroup(changes: Partial<NodeGroup>): Promise<void>;
}

const SERVERS = ["0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"] as const;

export async function createRunningWorld(): Promise<RunningWorld> {
  const world = await createWorld();
  const { api, blue } = world;
  const { ports } = api;
  const authority = await createAuthority({ clock: ports.clock, random: systemRandom }, "blue");
  const bay = { uuid: blue, projectId: "a" };
  await api.specify(blue, {
    apiAddress: "https://198.51.100.7:6443",
    certificates: {
      caCertificate: authority.certificate,
      caKeySealed: await ports.sealer.seal(authority.privateKey, secretContext(bay, "ca-key"), "a"),
      clientCertificate: "client",
      clientKeySealed: "sealed",
    },
  });
  await api.settle(blue, { stackId: "stack-1" });
  await api.call("POST", "/v1/quotas", { as: "admin", body: { project_id: "b", hard_limit: 5 } });
  const body = { name: "gpu", node_count: 2, min_node_count: 0, max_node_count: 4 };
  const headers = { "openstack-api-version": "container-infra latest" };
  const made = await api.call("POST", `/v1/clusters/${blue}/nodegroups`, { headers, body });
  const group = textIn(made.body, "uuid");
  const identity = { uuid: group, bayUuid: blue, bayCreatedAtMs: 0, projectId: "a" };
  const members = SERVERS.map((serverId, nth) => ({ index: String(nth), serverId, name: `gpu-${nth}` }));
  await changeGroupSpecification(ports.table, identity, () => ({ members, nodeAddresses: ["10.0.0.31", "10.0.0.32"] }));
  const settleGroup: RunningWorld["settleGroup"] = async (changes) => {
    await changeRecord<NodeGroup, never>(ports, nodeGroupShape, nodeGroupKey("a", blue, group), (current) => {
      const { operation: _operation, dueAtMs: _due, ...rest } = current;
      return { kind: "write", record: { ...rest, state: { ...current.state, ...changes } } };
    });
  };
  await settleGroup({ status: "CREATE_COMPLETE", stackId: "stack-2" });
  return { ...world, group, server: SERVERS[0], settleGroup };
}
