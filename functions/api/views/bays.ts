/**
 * What callers see of bays and clusters: these attributes, in this order, and no others (bay-era sheet 3.2, cluster sheet
 * 8.5). Nothing of the credentials, certificates or delegations is ever among them.
 */
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import type { JsonObject } from "@jeroboam/core/json";
import type { BaySummary } from "@jeroboam/core/node-group/bay-summary";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import type { SortValue } from "@jeroboam/core/listing/page";
import { itemLinks } from "../links.ts";
import type { Minor } from "../microversion.ts";
import { GATES } from "../microversion.ts";
import { wireTime } from "../wire/time.ts";
import { labelDifferences } from "./label-differences.ts";

/** A bay as far as anybody sees it. */
export interface ShownBay extends Pick<BayWithSpecification, "record" | "nodeGroups"> {
  readonly specification: Omit<BayWithSpecification["specification"], "delegation">;
}

function summaryOf({ record, specification, nodeGroups }: ShownBay): BaySummary {
  return summarise({ bay: record.state, specification, nodeGroups });
}

export function viewBay(entry: ShownBay, base: string): JsonObject {
  const { state: bay } = entry.record;
  const { specification } = entry;
  const { links, ...brief } = viewBriefBay(entry, base);
  const { statusReason, nodeAddresses } = summaryOf(entry);
  return {
    ...brief,
    status_reason: statusReason,
    discovery_url: specification.discoveryUrl,
    api_address: specification.apiAddress,
    node_addresses: [...nodeAddresses],
    master_addresses: specification.masterAddresses,
    created_at: wireTime(bay.createdAtMs),
    updated_at: wireTime(bay.updatedAtMs),
    links: links ?? null,
  };
}

export function viewBriefBay(entry: ShownBay, base: string): JsonObject {
  const {
    record: { state: bay },
    specification,
  } = entry;
  const { nodeCount, status } = summaryOf(entry);
  return {
    uuid: bay.uuid,
    name: bay.name,
    baymodel_id: bay.bayModelId,
    node_count: nodeCount,
    master_count: bay.masterCount,
    bay_create_timeout: specification.createTimeoutMinutes,
    stack_id: bay.stackId,
    status,
    links: itemLinks(base, "bays", bay.uuid).map((link) => ({ ...link })),
  };
}

export function viewCluster(entry: ShownBay, base: string, minor: Minor): JsonObject {
  const { state: bay } = entry.record;
  const { specification } = entry;
  const { status, health_status, merge_labels, ...head } = viewBriefCluster(entry, base, minor);
  const { statusReason, nodeAddresses } = summaryOf(entry);
  return {
    ...head,
    status: status ?? null,
    status_reason: statusReason,
    health_status: health_status ?? null,
    health_status_reason: specification.healthStatusReason,
    discovery_url: specification.discoveryUrl,
    api_address: specification.apiAddress,
    coe_version: specification.coeVersion,
    container_version: specification.containerVersion,
    project_id: bay.projectId,
    user_id: bay.userId,
    node_addresses: [...nodeAddresses],
    master_addresses: specification.masterAddresses,
    fixed_network: specification.fixedNetwork,
    fixed_subnet: specification.fixedSubnet,
    floating_ip_enabled: specification.floatingIpEnabled,
    merge_labels: merge_labels ?? null,
    ...labelDifferences(specification.model.labels, specification.labels),
    master_lb_enabled: specification.masterLbEnabled,
    created_at: wireTime(bay.createdAtMs),
    updated_at: wireTime(bay.updatedAtMs),
  };
}

/** Why it failed, by the names of its node groups: only on show, and only of what failed. */
export function viewFaults(entry: ShownBay): JsonObject {
  const { faults } = summaryOf(entry);
  return Object.keys(faults).length > 0 ? { faults: { ...faults } } : {};
}

export function viewBriefCluster(entry: ShownBay, base: string, minor: Minor): JsonObject {
  const {
    record: { state: bay },
    specification,
  } = entry;
  const { nodeCount, status } = summaryOf(entry);
  return {
    uuid: bay.uuid,
    name: bay.name,
    cluster_template_id: bay.bayModelId,
    keypair: specification.keypairId,
    node_count: nodeCount,
    master_count: bay.masterCount,
    docker_volume_size: specification.dockerVolumeSizeGb,
    labels: specification.labels,
    master_flavor_id: specification.masterFlavorId,
    flavor_id: specification.flavorId,
    create_timeout: specification.createTimeoutMinutes,
    links: itemLinks(base, "clusters", bay.uuid).map((link) => ({ ...link })),
    [minor >= GATES.clusterId ? "cluster_id" : "stack_id"]: bay.stackId,
    status,
    health_status: bay.healthStatus,
    // Never the true one: Terraform compares the labels' differences by this (cluster sheet 26).
    merge_labels: false,
  };
}

type SortKeys = Readonly<Record<string, (entry: BayWithSpecification) => SortValue>>;

const COMMON_SORT_KEYS: SortKeys = {
  uuid: ({ record }) => record.state.uuid,
  name: ({ record }) => record.state.name,
  status: (entry) => summaryOf(entry).status,
  status_reason: (entry) => summaryOf(entry).statusReason,
  stack_id: ({ record }) => record.state.stackId,
  project_id: ({ record }) => record.state.projectId,
  user_id: ({ record }) => record.state.userId,
  updated_at: ({ record }) => record.state.updatedAtMs,
  discovery_url: ({ specification }) => specification.discoveryUrl,
  api_address: ({ specification }) => specification.apiAddress,
};

export const BAY_SORT_KEYS: SortKeys = {
  ...COMMON_SORT_KEYS,
  baymodel_id: ({ record }) => record.state.bayModelId,
  node_count: (entry) => summaryOf(entry).nodeCount,
  master_count: ({ record }) => record.state.masterCount,
  bay_create_timeout: ({ specification }) => specification.createTimeoutMinutes,
};

/** Not by the counts: today's Magnum computes them, and refuses. */
export const CLUSTER_SORT_KEYS: SortKeys = {
  ...COMMON_SORT_KEYS,
  cluster_template_id: ({ record }) => record.state.bayModelId,
  health_status: ({ record }) => record.state.healthStatus,
  keypair: ({ specification }) => specification.keypairId,
  docker_volume_size: ({ specification }) => specification.dockerVolumeSizeGb,
  flavor_id: ({ specification }) => specification.flavorId,
  master_flavor_id: ({ specification }) => specification.masterFlavorId,
  create_timeout: ({ specification }) => specification.createTimeoutMinutes,
  coe_version: ({ specification }) => specification.coeVersion,
  container_version: ({ specification }) => specification.containerVersion,
  fixed_network: ({ specification }) => specification.fixedNetwork,
  fixed_subnet: ({ specification }) => specification.fixedSubnet,
  floating_ip_enabled: ({ specification }) => specification.floatingIpEnabled,
  master_lb_enabled: ({ specification }) => specification.masterLbEnabled,
};
