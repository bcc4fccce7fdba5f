import { describe, expect, test } from "vitest";
import type { NodeMarks } from "./container-engine.ts";
import { createKubernetesEngine } from "./kubernetes-engine.ts";
import { scriptEngine } from "./scripted-engine.ts";
import { createSwarmEngine } from "./swarm-engine.ts";

const endpoint = { url: "https://172.24.4.10:6443", authority: null, client: null };
const NODE = "/api/v1/nodes/blue-gpu-0";
const NOT_READY = { key: "node.kubernetes.io/not-ready", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" };
const MARKS: NodeMarks = {
  labels: { tier: "gold", disk: "ssd" },
  taints: [{ key: "gpu", value: null, effect: "NoSchedule" }],
  stale: { labels: ["old"], taints: [{ key: "old", effect: "NoExecute" }] },
};

const node = (labels: Record<string, string>, taints: readonly object[]) => ({
  json: { metadata: { name: "blue-gpu-0", resourceVersion: "5", labels }, spec: { podCIDR: "10.100.1.0/24", taints } },
});
const open = (script: Parameters<typeof scriptEngine>[0]) => {
  const scripted = scriptEngine(script);
  return { engine: createKubernetesEngine(scripted.http, endpoint), ...scripted };
};

describe("labels and taints of a Kubernetes node", () => {
  test("become as they are to be; what is stale goes, and what is others' stays", async () => {
    const before = node({ "kubernetes.io/hostname": "blue-gpu-0", old: "1", tier: "iron" }, [
      NOT_READY,
      { key: "old", value: "x", effect: "NoExecute" },
      { key: "old", effect: "NoSchedule" },
      { key: "gpu", value: "yes", effect: "NoSchedule" },
    ]);
    const { engine, requests, lines } = open({ [`GET ${NODE}`]: before, [`PUT ${NODE}`]: { json: {} } });
    expect(await engine.markNode("blue-gpu-0", MARKS)).toEqual({ kind: "marked" });
    expect(lines()).toEqual([`GET ${NODE}`, `PUT ${NODE}`]);
    expect(requests[1]?.json).toEqual({
      metadata: {
        name: "blue-gpu-0",
        resourceVersion: "5",
        labels: { "kubernetes.io/hostname": "blue-gpu-0", tier: "gold", disk: "ssd" },
      },
      spec: {
        podCIDR: "10.100.1.0/24",
        taints: [NOT_READY, { key: "old", effect: "NoSchedule" }, { key: "gpu", effect: "NoSchedule" }],
      },
    });
  });

  test("that are so already are not written again, in whatever order they stand", async () => {
    const before = node({ disk: "ssd", tier: "gold" }, [{ key: "gpu", value: "", effect: "NoSchedule" }, NOT_READY]);
    const { engine, lines } = open({ [`GET ${NODE}`]: before });
    expect(await engine.markNode("blue-gpu-0", MARKS)).toEqual({ kind: "marked" });
    expect(lines()).toEqual([`GET ${NODE}`]);
  });

  test("of a node that is not there are nobody's", async () => {
    const { engine } = open({ [`GET ${NODE}`]: { status: 404, json: {} } });
    expect(await engine.markNode("blue-gpu-0", MARKS)).toEqual({ kind: "missing" });
  });

  test("that Kubernetes refuses are told in its words", async () => {
    const refusal = { status: 422, json: { kind: "Status", message: "metadata.labels: Invalid value" } };
    const { engine } = open({ [`GET ${NODE}`]: node({}, []), [`PUT ${NODE}`]: refusal });
    expect(await engine.markNode("blue-gpu-0", MARKS)).toMatchObject({ kind: "refused", status: 422 });
  });
});

test("nodes of Swarm bear none of ours", async () => {
  const engine = createSwarmEngine(scriptEngine({}).http, endpoint);
  expect(await engine.markNode("blue-node-0", MARKS)).toEqual({
    kind: "unsupported",
    coe: "swarm",
    action: "label a node",
  });
});
