import { describe, expect, it } from "vitest";
import { limits } from "@jeroboam/core/limits";
import { readManifest } from "@jeroboam/core/manifest/manifest";
import type { Manifest, ManifestKind } from "@jeroboam/core/manifest/manifest";
import { describeUnsupported } from "./capabilities.ts";
import { MARK } from "./container-engine.ts";
import type { Unreachable } from "./container-engine.ts";
import { createKubernetesEngine } from "./kubernetes-engine.ts";
import { scriptEngine } from "./scripted-engine.ts";

const endpoint = { url: "https://172.24.4.10:6443", authority: null, client: null };
const UUID = "11111111-2222-4333-8444-555555555555";
const PODS = "/api/v1/namespaces/default/pods";
const SERVICES = "/api/v1/namespaces/default/services";

function engineOf(script: Parameters<typeof scriptEngine>[0]) {
  const scripted = scriptEngine(script);
  return { engine: createKubernetesEngine(scripted.http, endpoint), ...scripted };
}

function manifestOf<Kind extends ManifestKind>(kind: Kind, text: string): Manifest<Kind> {
  const reading = readManifest(kind, text);
  if (reading.kind === "invalid") throw new Error("the test's manifest is invalid");
  return reading.manifest;
}

const podManifest = manifestOf("pod", "metadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}");
const serviceManifest = manifestOf("service", "metadata: {name: web}\nspec: {ports: [{port: 80}]}");

const metadata = (mark: string | null, more: object = {}) => ({
  name: "web",
  uid: "uid-1",
  resourceVersion: "7",
  ...(mark !== null && { annotations: { [MARK]: mark } }),
  ...more,
});

const podJson = (mark: string | null, more: object = {}) => ({
  kind: "Pod",
  metadata: metadata(mark, more),
  spec: { containers: [{ name: "web", image: "nginx" }] },
  status: { phase: "Pending" },
});

const status = (code: number, message: string) => ({
  status: code,
  json: { kind: "Status", apiVersion: "v1", status: "Failure", message, code },
});

describe("listing pods", () => {
  it("reads what the sheet names, of ours and of others'", async () => {
    const items = [
      podJson(UUID, { labels: { app: "web" } }),
      {
        metadata: { name: "other", uid: "uid-2", resourceVersion: "8", deletionTimestamp: "2026-01-01T00:00:00Z" },
        spec: { nodeName: "node-0", containers: [{ image: "a" }, { image: "b:1" }] },
        status: { phase: "Running", podIP: "10.100.0.2" },
      },
    ];
    const { engine, lines } = engineOf({ [`GET ${PODS}`]: { json: { kind: "PodList", metadata: {}, items } } });
    expect(await engine.list("pod")).toEqual({
      kind: "listed",
      objects: [
        {
          uuid: UUID,
          engineId: "uid-1",
          name: "web",
          labels: { app: "web" },
          images: ["nginx"],
          phase: "Pending",
          host: null,
          address: null,
          reason: null,
          isGoing: false,
        },
        {
          uuid: null,
          engineId: "uid-2",
          name: "other",
          labels: {},
          images: ["a", "b:1"],
          phase: "Running",
          host: "node-0",
          address: "10.100.0.2",
          reason: null,
          isGoing: true,
        },
      ],
    });
    expect(lines()).toEqual([`GET ${PODS}?limit=${limits.containerEngine.pageItems}`]);
  });

  it.each([
    [{ reason: "Evicted", message: "disk is full" }, "Evicted: disk is full"],
    [
      {
        containerStatuses: [{ name: "web", state: { waiting: { reason: "ErrImagePull", message: "no such image" } } }],
      },
      "web: ErrImagePull: no such image",
    ],
    [
      { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes" }] },
      "Unschedulable: 0/1 nodes",
    ],
  ])("says why one does not run: %o", async (said, reason) => {
    const item = { ...podJson(null), status: { phase: "Pending", ...said } };
    const { engine } = engineOf({ [`GET ${PODS}`]: { json: { items: [item] } } });
    expect(await engine.list("pod")).toMatchObject({ objects: [{ reason }] });
  });

  it("reads page after page, and gives up on a list without end", async () => {
    const page = (next: string) => ({ json: { metadata: { continue: next }, items: [podJson(null)] } });
    const two = engineOf({ [`GET ${PODS}`]: [page("a/b="), page("")] });
    expect(await two.engine.list("pod")).toMatchObject({ kind: "listed", objects: [{}, {}] });
    expect(two.lines()[1]).toBe(`GET ${PODS}?limit=${limits.containerEngine.pageItems}&continue=a%2Fb%3D`);
    const endless = engineOf({ [`GET ${PODS}`]: page("more") });
    expect(await endless.engine.list("pod")).toMatchObject({ kind: "unreachable", cause: "broken" });
    expect(endless.requests).toHaveLength(limits.containerEngine.pages);
  });

  it("of an empty collection gives none, though the server leaves the items out", async () => {
    const { engine } = engineOf({ [`GET ${PODS}`]: { json: { items: null } } });
    expect(await engine.list("pod")).toEqual({ kind: "listed", objects: [] });
  });
});

describe("creating a pod", () => {
  it("puts our mark on it and changes nothing else", async () => {
    const { engine, requests } = engineOf({ [`POST ${PODS}`]: { status: 201, json: podJson(UUID) } });
    const written = await engine.create("pod", { uuid: UUID, manifest: podManifest });
    expect(written).toMatchObject({ kind: "written", object: { uuid: UUID, name: "web", phase: "Pending" } });
    expect(requests[0]?.json).toEqual({ ...podManifest, metadata: { name: "web", annotations: { [MARK]: UUID } } });
  });

  it("finds what an earlier run made", async () => {
    const { engine } = engineOf({
      [`POST ${PODS}`]: status(409, 'pods "web" already exists'),
      [`GET ${PODS}/web`]: { json: podJson(UUID) },
    });
    expect(await engine.create("pod", { uuid: UUID, manifest: podManifest })).toMatchObject({ kind: "written" });
  });

  it("does not adopt what only has its name", async () => {
    const { engine } = engineOf({
      [`POST ${PODS}`]: status(409, 'pods "web" already exists'),
      [`GET ${PODS}/web`]: { json: podJson(null) },
    });
    expect(await engine.create("pod", { uuid: UUID, manifest: podManifest })).toEqual({
      kind: "taken",
      reason: 'pods "web" already exists',
    });
  });

  it("passes a refusal on in the server's words", async () => {
    const { engine } = engineOf({ [`POST ${PODS}`]: status(422, 'Pod "web" is invalid: spec.x: Forbidden') });
    expect(await engine.create("pod", { uuid: UUID, manifest: podManifest })).toEqual({
      kind: "refused",
      status: 422,
      reason: 'Pod "web" is invalid: spec.x: Forbidden',
    });
  });
});

describe("replacing a pod", () => {
  it("sends back what the server filled in, which may not change, under what the manifest says now", async () => {
    const token = { name: "token", secret: {} };
    const mount = { name: "token", mountPath: "/var/run/secrets" };
    const there = {
      json: {
        kind: "Pod",
        metadata: metadata(UUID),
        spec: {
          nodeName: "node-1",
          serviceAccountName: "default",
          volumes: [token],
          containers: [{ name: "web", image: "nginx:1", volumeMounts: [mount], resources: {} }],
        },
      },
    };
    const { engine, requests } = engineOf({ [`GET ${PODS}/web`]: there, [`PUT ${PODS}/web`]: there });
    const data = { name: "data", mountPath: "/data" };
    const manifest = manifestOf(
      "pod",
      JSON.stringify({
        metadata: { name: "web" },
        spec: {
          volumes: [{ name: "data", emptyDir: {} }],
          containers: [{ name: "web", image: "nginx:2", volumeMounts: [data] }],
        },
      }),
    );
    expect(await engine.replace("pod", { uuid: UUID, manifest })).toMatchObject({ kind: "written" });
    expect(requests[1]?.json).toMatchObject({
      spec: {
        nodeName: "node-1",
        serviceAccountName: "default",
        volumes: [{ name: "data", emptyDir: {} }, token],
        containers: [{ name: "web", image: "nginx:2", volumeMounts: [data, mount], resources: {} }],
      },
    });
  });
});

describe("replacing a service", () => {
  const there = (mark: string | null) => ({
    json: { metadata: metadata(mark), spec: { clusterIP: "10.254.0.9", ports: [{ port: 1 }] } },
  });
  const wanted = { uuid: UUID, manifest: serviceManifest };

  it("sends back its version and its address, which old servers want", async () => {
    const { engine, requests } = engineOf({
      [`GET ${SERVICES}/web`]: there(UUID),
      [`PUT ${SERVICES}/web`]: there(UUID),
    });
    expect(await engine.replace("service", wanted)).toMatchObject({
      kind: "written",
      object: { address: "10.254.0.9" },
    });
    expect(requests[1]?.json).toMatchObject({
      metadata: { resourceVersion: "7", annotations: { [MARK]: UUID } },
      spec: { clusterIP: "10.254.0.9", ports: [{ port: 80 }] },
    });
  });

  it("begins again when somebody changed it meanwhile, and not for ever", async () => {
    const conflict = status(409, "the object has been modified");
    const once = engineOf({ [`GET ${SERVICES}/web`]: there(UUID), [`PUT ${SERVICES}/web`]: [conflict, there(UUID)] });
    expect(await once.engine.replace("service", wanted)).toMatchObject({ kind: "written" });
    const always = engineOf({ [`GET ${SERVICES}/web`]: there(UUID), [`PUT ${SERVICES}/web`]: conflict });
    expect(await always.engine.replace("service", wanted)).toMatchObject({ kind: "unreachable", cause: "broken" });
    expect(always.requests).toHaveLength(2 * limits.containerEngine.conflictRetries);
  });

  it("touches nothing that is not ours, and says when ours is gone", async () => {
    const foreign = engineOf({ [`GET ${SERVICES}/web`]: there(null) });
    expect(await foreign.engine.replace("service", wanted)).toMatchObject({ kind: "taken" });
    const gone = engineOf({ [`GET ${SERVICES}/web`]: status(404, "not found") });
    expect(await gone.engine.replace("service", wanted)).toEqual({ kind: "missing" });
  });
});

describe("removing", () => {
  const ours = { uuid: UUID, name: "web" };

  it("of a pod on a node goes on after the answer", async () => {
    const going = podJson(UUID, { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 });
    const { engine, requests } = engineOf({
      [`GET ${PODS}/web`]: { json: podJson(UUID) },
      [`DELETE ${PODS}/web`]: { json: going },
    });
    expect(await engine.remove("pod", ours, { isForced: false })).toEqual({ kind: "removing" });
    expect(requests[1]?.json).toEqual({
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: "Background",
      preconditions: { uid: "uid-1" },
    });
  });

  it("is done when it is gone, is somebody else's, or is gone by the time of the call", async () => {
    const cases: Parameters<typeof scriptEngine>[0][] = [
      { [`GET ${PODS}/web`]: status(404, "not found") },
      { [`GET ${PODS}/web`]: { json: podJson("another record") } },
      { [`GET ${PODS}/web`]: { json: podJson(UUID) }, [`DELETE ${PODS}/web`]: status(404, "not found") },
      {
        [`GET ${PODS}/web`]: { json: podJson(UUID) },
        [`DELETE ${PODS}/web`]: status(409, "the UID in the precondition differs"),
      },
      {
        [`GET ${PODS}/web`]: { json: podJson(UUID) },
        [`DELETE ${PODS}/web`]: { json: { kind: "Status", status: "Success" } },
      },
    ];
    for (const script of cases) {
      expect(await engineOf(script).engine.remove("pod", ours, { isForced: true })).toEqual({ kind: "removed" });
    }
    expect(await engineOf({}).engine.remove("pod", { uuid: UUID, name: null }, { isForced: false })).toEqual({
      kind: "removed",
    });
  });
});

describe("health", () => {
  const node = (name: string, ready: string) => ({
    metadata: { name, uid: name, resourceVersion: "1" },
    status: { conditions: [{ type: "Ready", status: ready, message: "because" }] },
  });
  const nodes = (...items: object[]) => ({ "GET /healthz": { text: "ok" }, "GET /api/v1/nodes": { json: { items } } });

  it("is good when the API and every node say so", async () => {
    expect(await engineOf(nodes(node("a", "True"), node("b", "True"))).engine.checkHealth()).toEqual({
      kind: "checked",
      isHealthy: true,
      reasons: { api: "ok", "a.Ready": "True", "b.Ready": "True" },
    });
  });

  it("is bad when one node is not ready, or there is none", async () => {
    expect(await engineOf(nodes(node("a", "True"), node("b", "Unknown"))).engine.checkHealth()).toMatchObject({
      isHealthy: false,
      reasons: { api: "ok", "b.Ready": "False" },
    });
    expect(await engineOf(nodes()).engine.checkHealth()).toMatchObject({
      isHealthy: false,
      reasons: { nodes: "none" },
    });
  });

  it("asks for no nodes when the API says that it is ill", async () => {
    const { engine, lines } = engineOf({
      "GET /healthz": { status: 500, text: "[-]etcd failed\nhealthz check failed\n" },
    });
    expect(await engine.checkHealth()).toEqual({
      kind: "checked",
      isHealthy: false,
      reasons: { api: "[-]etcd failed healthz check failed" },
    });
    expect(lines()).toEqual(["GET /healthz"]);
  });
});

describe("an engine in trouble", () => {
  const down: Unreachable = { kind: "unreachable", cause: "down", reason: "172.24.4.10:6443 cannot be reached" };

  it("is told as it is, whatever was asked", async () => {
    const { engine } = engineOf({
      [`GET ${PODS}`]: down,
      [`GET ${PODS}/web`]: down,
      [`POST ${PODS}`]: down,
      "GET /healthz": down,
      "GET /version": down,
    });
    const reference = { uuid: UUID, name: "web" };
    expect(await engine.list("pod")).toBe(down);
    expect(await engine.find("pod", reference)).toBe(down);
    expect(await engine.create("pod", { uuid: UUID, manifest: podManifest })).toBe(down);
    expect(await engine.replace("pod", { uuid: UUID, manifest: podManifest })).toBe(down);
    expect(await engine.remove("pod", reference, { isForced: false })).toBe(down);
    expect(await engine.checkHealth()).toBe(down);
    expect(await engine.readVersion()).toBe(down);
  });

  it.each([
    [401, "certificate"],
    [408, "broken"],
    [429, "broken"],
    [500, "broken"],
    [503, "broken"],
    [504, "broken"],
  ])("that answers %i is unreachable, not refusing", async (code, cause) => {
    const { engine } = engineOf({ [`GET ${PODS}`]: status(code, "later") });
    expect(await engine.list("pod")).toMatchObject({ kind: "unreachable", cause });
  });

  it.each([
    ["a page of HTML", { text: "<html>hello</html>" }],
    ["another shape", { json: { items: [{ metadata: { name: 5 } }] } }],
    ["nothing", { text: "" }],
  ])("that answers with %s is broken", async (_, answer) => {
    const { engine } = engineOf({ [`GET ${PODS}`]: answer });
    expect(await engine.list("pod")).toMatchObject({ kind: "unreachable", cause: "broken" });
  });
});

it("what Kubernetes does not do is said by name", async () => {
  const { engine, requests } = engineOf({});
  const ours = { uuid: UUID, name: null };
  const paused = await engine.act("pause", ours);
  expect(paused).toEqual({ kind: "unsupported", coe: "kubernetes", action: "pause a container" });
  expect(paused.kind === "unsupported" && describeUnsupported(paused)).toBe(
    "a kubernetes bay cannot pause a container",
  );
  for (const outcome of [
    await engine.list("container"),
    await engine.find("container", ours),
    await engine.remove("container", ours, { isForced: true }),
    await engine.readLogs(ours),
    await engine.execute(ours, ["ls"]),
  ]) {
    expect(outcome).toMatchObject({ kind: "unsupported", coe: "kubernetes" });
  }
  expect(requests).toEqual([]);
});

it("the version is the server's own", async () => {
  const { engine } = engineOf({ "GET /version": { json: { major: "1", minor: "20", gitVersion: "v1.20.2" } } });
  expect(await engine.readVersion()).toEqual({ kind: "version", version: "v1.20.2" });
});
