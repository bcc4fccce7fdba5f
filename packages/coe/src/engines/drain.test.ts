import { describe, expect, it } from "vitest";
import { createKubernetesEngine } from "./kubernetes-engine.ts";
import { createSwarmEngine } from "./swarm-engine.ts";
import { createSwarmModeEngine } from "./swarm-mode-engine.ts";
import { scriptEngine } from "./scripted-engine.ts";

const endpoint = { url: "https://172.24.4.10:6443", authority: null, client: null };
type Script = Parameters<typeof scriptEngine>[0];

describe("a Kubernetes node", () => {
  const open = (script: Script) => {
    const scripted = scriptEngine(script);
    return { engine: createKubernetesEngine(scripted.http, endpoint), ...scripted };
  };
  const pod = (name: string, more: object = {}, phase = "Running") => ({
    metadata: { name, namespace: "shop", uid: name, resourceVersion: "1", ...more },
    spec: { nodeName: "blue-minion-0", containers: [] },
    status: { phase },
  });
  const node = (unschedulable: boolean) => ({
    json: {
      metadata: { name: "blue-minion-0", resourceVersion: "5" },
      spec: { podCIDR: "10.100.1.0/24", unschedulable },
    },
  });
  const NODE = "/api/v1/nodes/blue-minion-0";
  const eviction = (name: string) => `/api/v1/namespaces/shop/pods/${name}/eviction`;

  it("takes no more pods, and those it has are asked to leave, but not what is the node's own", async () => {
    const items = [
      pod("web"),
      pod("agent", { ownerReferences: [{ kind: "DaemonSet" }] }),
      pod("static", { annotations: { "kubernetes.io/config.mirror": "x" } }),
      pod("done", {}, "Succeeded"),
      pod("leaving", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    ];
    const { engine, requests, lines } = open({
      [`GET ${NODE}`]: node(false),
      [`PUT ${NODE}`]: node(true),
      "GET /api/v1/pods": { json: { items } },
      [`POST ${eviction("web")}`]: { status: 201, json: {} },
    });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "draining", left: 2 });
    expect(requests[1]?.json).toMatchObject({
      metadata: { resourceVersion: "5" },
      spec: { unschedulable: true, podCIDR: "10.100.1.0/24" },
    });
    expect(lines()[2]).toContain("fieldSelector=spec.nodeName%3Dblue-minion-0");
    expect(lines().slice(3)).toEqual([`POST ${eviction("web")}`]);
  });

  it("is drained when nothing of others is left on it, without being written to again", async () => {
    const { engine, lines } = open({
      [`GET ${NODE}`]: node(true),
      "GET /api/v1/pods": { json: { items: [pod("agent", { ownerReferences: [{ kind: "DaemonSet" }] })] } },
    });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "drained" });
    expect(lines()).toHaveLength(2);
  });

  it("waits where a budget does not let a pod go", async () => {
    const { engine } = open({
      [`GET ${NODE}`]: node(true),
      "GET /api/v1/pods": { json: { items: [pod("web")] } },
      [`POST ${eviction("web")}`]: { status: 429, json: { message: "Cannot evict pod" } },
    });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "draining", left: 1 });
  });

  it("is asked in the older version where the newer is not known", async () => {
    const { engine, requests } = open({
      [`GET ${NODE}`]: node(true),
      "GET /api/v1/pods": { json: { items: [pod("web")] } },
      [`POST ${eviction("web")}`]: [
        { status: 400, json: { message: 'no kind "Eviction" is registered for version "policy/v1"' } },
        { status: 201, json: {} },
      ],
    });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "draining", left: 1 });
    expect(requests.at(-1)?.json).toMatchObject({ apiVersion: "policy/v1beta1" });
  });

  it("is written again when its kubelet wrote in between", async () => {
    const { engine, lines } = open({
      [`GET ${NODE}`]: node(false),
      [`PUT ${NODE}`]: [{ status: 409, json: { message: "conflict" } }, node(true)],
      "GET /api/v1/pods": { json: { items: [] } },
    });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "drained" });
    expect(lines().filter((line) => line.startsWith("PUT"))).toHaveLength(2);
  });

  it("that is gone is missing, and can be forgotten twice", async () => {
    const { engine } = open({ [`GET ${NODE}`]: { status: 404 }, [`DELETE ${NODE}`]: [{ json: {} }, { status: 404 }] });
    expect(await engine.drainNode("blue-minion-0")).toEqual({ kind: "missing" });
    for (const _ of [1, 2]) expect(await engine.forgetNode("blue-minion-0")).toEqual({ kind: "forgotten" });
  });

  it("has as much to do as it has pods that another would take over", async () => {
    const items = [pod("web"), pod("db"), pod("agent", { ownerReferences: [{ kind: "DaemonSet" }] })];
    const { engine } = open({ "GET /api/v1/pods": { json: { items } } });
    expect(await engine.listNodeLoads()).toEqual({ kind: "listed", objects: [{ name: "blue-minion-0", units: 2 }] });
  });
});

describe("a node of swarm mode", () => {
  const open = (script: Script) => {
    const scripted = scriptEngine(script);
    return { engine: createSwarmModeEngine(scripted.http, endpoint), ...scripted };
  };
  const node = (Availability: string, index = 7) => ({
    ID: "n0",
    Version: { Index: index },
    Spec: { Availability, Role: "worker", Labels: { a: "b" } },
    Description: { Hostname: "blue-node-0" },
    Status: { State: "ready" },
  });

  it("is drained by its availability, and looked at until its tasks have ended", async () => {
    const { engine, requests } = open({
      "GET /nodes": [{ json: [node("active")] }, { json: [node("drain", 8)] }],
      "POST /nodes/n0/update?version=7": {},
      "GET /tasks": [
        {
          json: [
            { NodeID: "n0", Status: { State: "running" } },
            { NodeID: "n0", Status: { State: "shutdown" } },
          ],
        },
        { json: [{ NodeID: "n0", Status: { State: "shutdown" } }] },
      ],
    });
    expect(await engine.drainNode("blue-node-0")).toEqual({ kind: "draining", left: 1 });
    expect(requests[1]?.json).toEqual({ Availability: "drain", Role: "worker", Labels: { a: "b" } });
    expect(await engine.drainNode("blue-node-0")).toEqual({ kind: "drained" });
  });

  it("that no manager knows is missing; forgetting it takes all of its name", async () => {
    const { engine, lines } = open({ "GET /nodes": { json: [node("active")] }, "DELETE /nodes/n0": {} });
    expect(await engine.drainNode("blue-node-9")).toEqual({ kind: "missing" });
    expect(await engine.forgetNode("blue-node-0")).toEqual({ kind: "forgotten" });
    expect(lines().at(-1)).toBe("DELETE /nodes/n0?force=true");
  });

  it("has as much to do as it has tasks", async () => {
    const { engine } = open({
      "GET /nodes": { json: [node("active")] },
      "GET /tasks": {
        json: [
          { NodeID: "n0", Status: { State: "running" } },
          { NodeID: "n0", Status: { State: "failed" } },
        ],
      },
    });
    expect(await engine.listNodeLoads()).toEqual({ kind: "listed", objects: [{ name: "blue-node-0", units: 1 }] });
  });
});

it("classic Swarm cannot drain a node, and says so", async () => {
  const engine = createSwarmEngine(scriptEngine({}).http, endpoint);
  expect(await engine.drainNode("blue-node-0")).toEqual({ kind: "unsupported", coe: "swarm", action: "drain a node" });
});
