/** cluster-autoscaler's magnum provider and magnum-auto-healer: both on gophercloud, at `latest` (cluster sheet 27). */
import { z } from "zod";
import type { Replay } from "./replay.ts";
import { accepted, goClusterInFull, goNodeGroup, goNodeGroupInFull, goPage, LATEST as headers } from "./replay.ts";

/** A group is scaled when its show says how far: a null would have it left alone. */
const scalable = goNodeGroupInFull.extend({ max_node_count: z.number().int(), stack_id: z.string() });
/** It takes the stack from where older versions show it; from 1.13 on it is `cluster_id` there. */
const healable = goClusterInFull.extend({ cluster_id: z.string(), status: z.string().regex(/_COMPLETE$/) });
const RESIZE = "/v1/clusters/{blue}/actions/resize";
const groups: Omit<Replay, "of"> = {
  method: "GET",
  path: "/v1/clusters/{blue}/nodegroups",
  headers,
  ok: [200],
  reads: goPage("nodegroups", goNodeGroup),
};
const group: Omit<Replay, "of"> = { ...groups, path: "/v1/clusters/{blue}/nodegroups/{group}", reads: scalable };

export const autoscaler: readonly Replay[] = [
  { of: "GET cluster", method: "GET", path: "/v1/clusters/blue", headers, ok: [200], reads: goClusterInFull },
  { of: "list nodegroups", ...groups },
  { of: "list nodegroups", with: "by its roles", ...groups, path: `${groups.path}?role=worker` },
  { of: "GET nodegroup", ...group },
  {
    of: "resize",
    with: "one more",
    method: "POST",
    path: RESIZE,
    headers,
    body: { node_count: 3, nodegroup: "{group}" },
    ok: [200, 202],
    reads: accepted,
  },
  {
    of: "resize",
    with: "a server less",
    method: "POST",
    path: RESIZE,
    headers,
    body: { node_count: 1, nodes_to_remove: ["{server}"], nodegroup: "{group}" },
    ok: [200, 202],
    reads: accepted,
  },
  {
    of: "resize",
    with: "a node less that never came up, by its index",
    method: "POST",
    path: RESIZE,
    headers,
    body: { node_count: 1, nodes_to_remove: ["1"], nodegroup: "{group}" },
    ok: [200, 202],
    reads: accepted,
  },
];

export const autoHealer: readonly Replay[] = [
  { of: "GET cluster", method: "GET", path: "/v1/clusters/{blue}", headers, ok: [200], reads: healable },
  {
    of: "PATCH cluster",
    method: "PATCH",
    path: "/v1/clusters/{blue}",
    headers,
    body: [
      { op: "replace", path: "/health_status", value: "UNHEALTHY" },
      {
        op: "replace",
        path: "/health_status_reason",
        value: "{'updated_at': '2026-01-02 03:04:05', 'node-0.Ready': 'False'}",
      },
    ],
    ok: [200, 202],
    reads: accepted,
  },
  { of: "list nodegroups", ...groups },
  { of: "GET nodegroup", ...group },
  {
    of: "resize",
    with: "the broken one replaced: the count stays",
    method: "POST",
    path: RESIZE,
    headers,
    body: { node_count: 2, nodes_to_remove: ["{server}"], nodegroup: "{group}" },
    ok: [200, 202],
    reads: accepted,
  },
];
