/**
 * What every ContainerEngine keeps, whichever engine stands behind it: the same cases for a real one and for the sandbox's,
 * so that neither the client nor the double can drift. A case that a COE cannot do is one that the client must refuse.
 */
// Engines differ in what they can do; each case says what is expected of which.
// oxlint-disable vitest/no-conditional-expect
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readManifest } from "@jeroboam/core/manifest/manifest";
import type { Manifest, ManifestKind } from "@jeroboam/core/manifest/manifest";
import { isSupported } from "@jeroboam/coe/engines/capabilities";
import { MARK } from "@jeroboam/coe/engines/container-engine";
import type { Container, ContainerEngine, NewContainer, Pod, Reference } from "@jeroboam/coe/engines/container-engine";
import type { EngineEndpoint, EngineRequest } from "@jeroboam/coe/engines/engine-http";
import { createHttpsEngineHttp } from "@jeroboam/coe/engines/https-engine-http";
import { openEngine } from "@jeroboam/coe/engines/open-engine";
import { freePort, until } from "./lab/processes.ts";
import { IMAGE } from "./place.ts";
import type { Place } from "./place.ts";

const SETTLES_WITHIN_MS = 30_000;
const START_WITHIN_MS = 150_000;

const http = createHttpsEngineHttp();

interface Open {
  readonly place: Place;
  readonly engine: ContainerEngine;
  /** A call that the client knows nothing of: what others do. */
  readonly raw: (method: EngineRequest["method"], path: string, json?: unknown) => Promise<number>;
}

export function contractOf(name: string, coe: Place["coe"], start: () => Promise<Place>): void {
  describe(`${name} keeps the contract:`, () => {
    let open: Open;
    beforeAll(async () => {
      const place = await start();
      open = { place, engine: engineOf(place), raw: rawOf(place) };
      await until("the engine's health", () => healthOf(open.engine), SETTLES_WITHIN_MS);
    }, START_WITHIN_MS);
    afterAll(async () => await open?.place.close());
    const get = (): Open => open;
    commonCases(get);
    trustCases(get);
    if (isSupported(coe, "pod")) manifestCases(get);
    else
      test("refuses pods in the words of its COE", async () => {
        expect(await get().engine.list("pod")).toMatchObject({ kind: "unsupported", coe });
      });
    if (isSupported(coe, "container")) containerCases(get);
    else
      test("refuses containers in the words of its COE", async () => {
        expect(await get().engine.list("container")).toMatchObject({ kind: "unsupported", coe });
      });
  });
}

const engineOf = (place: Place, change: Partial<Parameters<typeof openEngine>[1]> = {}): ContainerEngine =>
  openEngine(http, {
    coe: place.coe,
    apiAddress: place.apiAddress,
    masterAddresses: [],
    authority: place.hasTls ? place.identity.authority : null,
    client: place.client,
    ...change,
  });

function rawOf(place: Place): Open["raw"] {
  const url = place.coe === "mesos" ? `http://${place.apiAddress}:8080` : place.apiAddress;
  const endpoint: EngineEndpoint = {
    url,
    authority: place.hasTls ? place.identity.authority : null,
    client: place.client,
  };
  return async (method, path, json) => {
    const reply = await http(endpoint, { method, path, json, timeoutMs: 20_000, maxBytes: 1_000_000 });
    if (reply.kind === "unreachable") throw new Error(reply.reason);
    return reply.status;
  };
}

/** An engine without nodes is healthy too: they come a moment later. */
async function healthOf(engine: ContainerEngine): Promise<boolean> {
  const nodes = await engine.list("node");
  const health = await engine.checkHealth();
  const hasNodes = nodes.kind === "listed" && nodes.objects.length > 0 && nodes.objects.every(({ isReady }) => isReady);
  return hasNodes && health.kind === "checked" && health.isHealthy;
}

function commonCases(get: () => Open): void {
  test("tells its version, its nodes and its health", async () => {
    const { engine } = get();
    expect(await engine.readVersion()).toMatchObject({ kind: "version", version: expect.stringMatching(/\d+\.\d+/) });
    const nodes = await engine.list("node");
    if (nodes.kind !== "listed") throw new Error(nodes.kind);
    expect(nodes.objects.length).toBeGreaterThan(0);
    for (const node of nodes.objects) expect(node).toMatchObject({ isReady: true, reason: null });
    const health = await engine.checkHealth();
    const ready = nodes.objects.map(({ name }) => [`${name}.Ready`, "True"]);
    expect(health).toEqual({ kind: "checked", isHealthy: true, reasons: { api: "ok", ...Object.fromEntries(ready) } });
  });

  test("where nobody listens it is down", async () => {
    const { place } = get();
    const port = await freePort();
    const endpoint = { url: `https://127.0.0.1:${port}`, authority: place.identity.authority, client: place.client };
    const reply = await http(endpoint, { method: "GET", path: "/", timeoutMs: 2_000, maxBytes: 100 });
    expect(reply).toMatchObject({ kind: "unreachable", cause: "down" });
  });
}

function trustCases(get: () => Open): void {
  test("a client of another authority is not let in, and an engine of another one is not believed", async () => {
    const { place } = get();
    // Mesos bays have no TLS (bay-era sheet 9): there is nobody to tell apart.
    if (!place.hasTls) return expect(place.coe).toBe("mesos");
    const stranger = engineOf(place, { client: place.identity.stranger });
    expect(await stranger.checkHealth()).toMatchObject({ kind: "unreachable", cause: place.strangersSee });
    const doubter = engineOf(place, { authority: place.identity.stranger.certificate });
    expect(await doubter.checkHealth()).toMatchObject({ kind: "unreachable", cause: "certificate" });
  });
}

function manifestOf<Kind extends ManifestKind>(kind: Kind, manifest: object): Manifest<Kind> {
  const reading = readManifest(kind, JSON.stringify(manifest));
  if (reading.kind === "invalid") throw new Error(JSON.stringify(reading.problems));
  return reading.manifest;
}

const container = { name: "main", image: "registry.test/web:1" };
const podOf = (name: string, more: object = {}) =>
  manifestOf("pod", { metadata: { name, labels: { app: name } }, spec: { containers: [container], ...more } });
const controllerOf = (name: string, replicas: number) =>
  manifestOf("replication-controller", {
    metadata: { name },
    spec: {
      replicas,
      selector: { app: name },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
    },
  });
const serviceOf = (name: string, port: number) =>
  manifestOf("service", { metadata: { name }, spec: { selector: { app: name }, ports: [{ port }] } });

const newReference = (name: string): Reference & { readonly name: string } => ({
  uuid: randomUUID(),
  name: `${name}-${randomUUID().slice(0, 8)}`,
});

async function untilGone(engine: ContainerEngine, kind: Parameters<ContainerEngine["find"]>[0], one: Reference) {
  await until("it is gone", async () => (await engine.find(kind, one)).kind === "missing", SETTLES_WITHIN_MS);
}

const PODS = "/api/v1/namespaces/default/pods";

function manifestCases(get: () => Open): void {
  podCases(get);
  controllerCases(get);
  serviceCases(get);
}

function podCases(get: () => Open): void {
  test("a pod is made once, runs on a node with an address, and is gone when it is removed", async () => {
    const { engine } = get();
    const one = newReference("pod");
    const wanted = { uuid: one.uuid, manifest: podOf(one.name) };
    const made = await engine.create("pod", wanted);
    if (made.kind !== "written") throw new Error(JSON.stringify(made));
    expect(made.object).toMatchObject({ uuid: one.uuid, name: one.name, images: [container.image] });
    expect(made.object.labels).toEqual({ app: one.name });
    const again = await engine.create("pod", wanted);
    expect(again).toMatchObject({ kind: "written", object: { engineId: made.object.engineId } });
    let pod: Pod = made.object;
    await until(
      "the pod runs",
      async () => {
        const found = await engine.find("pod", one);
        if (found.kind === "found") pod = found.object;
        return pod.phase === "Running";
      },
      SETTLES_WITHIN_MS,
    );
    expect(pod).toMatchObject({ host: expect.any(String), address: expect.stringMatching(/^10\./), isGoing: false });
    const listed = await engine.list("pod");
    expect(listed).toMatchObject({ objects: expect.arrayContaining([expect.objectContaining({ uuid: one.uuid })]) });
    expect(await engine.remove("pod", one, { isForced: false })).toEqual({ kind: "removing" });
    await untilGone(engine, "pod", one);
    expect(await engine.remove("pod", one, { isForced: false })).toEqual({ kind: "removed" });
  });

  test("a pod that is removed by force is gone at once", async () => {
    const { engine } = get();
    const one = newReference("forced");
    await engine.create("pod", { uuid: one.uuid, manifest: podOf(one.name) });
    expect(await engine.remove("pod", one, { isForced: true })).toEqual({ kind: "removed" });
    expect(await engine.find("pod", one)).toEqual({ kind: "missing" });
  });

  test("what somebody else made is listed as theirs, never found, replaced or removed as ours", async () => {
    const { engine, raw } = get();
    const theirs = newReference("theirs");
    expect(await raw("POST", PODS, { ...podOf(theirs.name) })).toBe(201);
    expect(await engine.find("pod", theirs)).toEqual({ kind: "missing" });
    const wanted = { uuid: theirs.uuid, manifest: podOf(theirs.name) };
    expect(await engine.create("pod", wanted)).toMatchObject({ kind: "taken" });
    expect(await engine.replace("pod", wanted)).toMatchObject({ kind: "taken" });
    expect(await engine.remove("pod", theirs, { isForced: true })).toEqual({ kind: "removed" });
    const listed = await engine.list("pod");
    if (listed.kind !== "listed") throw new Error(listed.kind);
    expect(listed.objects.find(({ name }) => name === theirs.name)).toMatchObject({ uuid: null });
    expect(await raw("DELETE", `${PODS}/${theirs.name}?gracePeriodSeconds=0`)).toBe(200);
  });

  test("a pod that it refuses is refused in its own words, with the field", async () => {
    const { engine } = get();
    const one = newReference("refused");
    const manifest = podOf(one.name, { restartPolicy: "Sometimes" });
    expect(await engine.create("pod", { uuid: one.uuid, manifest })).toMatchObject({
      kind: "refused",
      status: 422,
      reason: expect.stringMatching(
        /^Pod "refused-.*spec\.restartPolicy: Unsupported value: "Sometimes": supported values/,
      ),
    });
  });

  test("a pod may change its image and nothing else; replacing one that is gone says so", async () => {
    const { engine } = get();
    const one = newReference("changed");
    await engine.create("pod", { uuid: one.uuid, manifest: podOf(one.name) });
    const image = podOf(one.name, { containers: [{ ...container, image: "registry.test/web:2" }] });
    expect(await engine.replace("pod", { uuid: one.uuid, manifest: image })).toMatchObject({
      kind: "written",
      object: { images: ["registry.test/web:2"] },
    });
    const other = podOf(one.name, { containers: [{ ...container, command: ["other"] }] });
    expect(await engine.replace("pod", { uuid: one.uuid, manifest: other })).toMatchObject({
      kind: "refused",
      status: 422,
      reason: expect.stringContaining("pod updates may not change fields other than"),
    });
    await engine.remove("pod", one, { isForced: true });
    expect(await engine.replace("pod", { uuid: one.uuid, manifest: image })).toEqual({ kind: "missing" });
  });

  test("a pod whose image cannot be had says why it does not run", async () => {
    const { engine } = get();
    const one = newReference("stuck");
    const manifest = podOf(one.name, { containers: [{ name: "main", image: "registry.invalid/web:1" }] });
    await engine.create("pod", { uuid: one.uuid, manifest });
    let reason: string | null = null;
    const hasReason = async (): Promise<boolean> => {
      const found = await engine.find("pod", one);
      if (found.kind === "found") reason = found.object.reason;
      return reason?.includes("ErrImagePull") === true;
    };
    await until("the reason", hasReason, SETTLES_WITHIN_MS);
    expect(reason).toMatch(/ErrImagePull/);
    await engine.remove("pod", one, { isForced: true });
  });
}

function controllerCases(get: () => Open): void {
  test("a replication controller keeps its pods: one that is deleted behind its back is replaced", async () => {
    const { engine, raw } = get();
    const one = newReference("rc");
    const made = await engine.create("replication-controller", {
      uuid: one.uuid,
      manifest: controllerOf(one.name, 2),
    });
    expect(made).toMatchObject({ kind: "written", object: { wantedReplicas: 2, replicas: 0, readyReplicas: 0 } });
    const untilReady = async (count: number): Promise<void> =>
      await until(
        `${count} are ready`,
        async () => {
          const found = await engine.find("replication-controller", one);
          return found.kind === "found" && found.object.replicas === count && found.object.readyReplicas === count;
        },
        SETTLES_WITHIN_MS,
      );
    const podNames = async (): Promise<string[]> => {
      const listed = await engine.list("pod");
      if (listed.kind !== "listed") throw new Error(listed.kind);
      return listed.objects.flatMap(({ labels, name, isGoing }) =>
        labels["app"] === one.name && !isGoing ? [name] : [],
      );
    };
    await untilReady(2);
    const before = await podNames();
    expect(before).toHaveLength(2);
    for (const name of before) expect(name).toMatch(new RegExp(`^${one.name}-[a-z0-9]{5}$`));
    expect(await raw("DELETE", `${PODS}/${before[0] ?? ""}`)).toBe(200);
    const isReplaced = async (): Promise<boolean> => {
      const names = await podNames();
      return names.length === 2 && !names.includes(before[0] ?? "");
    };
    await until("another takes its place", isReplaced, SETTLES_WITHIN_MS);
    await untilReady(2);
    const scaled = { uuid: one.uuid, manifest: controllerOf(one.name, 1) };
    expect(await engine.replace("replication-controller", scaled)).toMatchObject({
      kind: "written",
      object: { wantedReplicas: 1 },
    });
    await untilReady(1);
    await engine.remove("replication-controller", one, { isForced: false });
    await untilGone(engine, "replication-controller", one);
    await until("its pods are gone", async () => (await podNames()).length === 0, SETTLES_WITHIN_MS);
  });

  test("a replication controller takes in a pod that fits and is nobody's", async () => {
    const { engine, raw } = get();
    const one = newReference("adopts");
    expect(await raw("POST", PODS, podOf(one.name))).toBe(201);
    await engine.create("replication-controller", { uuid: one.uuid, manifest: controllerOf(one.name, 1) });
    const isFull = async (): Promise<boolean> => {
      const found = await engine.find("replication-controller", one);
      return found.kind === "found" && found.object.readyReplicas === 1;
    };
    await until("it has its pod", isFull, SETTLES_WITHIN_MS);
    const listed = await engine.list("pod");
    if (listed.kind !== "listed") throw new Error(listed.kind);
    expect(listed.objects.filter(({ labels }) => labels["app"] === one.name)).toHaveLength(1);
    await engine.remove("replication-controller", one, { isForced: false });
  });
}

function serviceCases(get: () => Open): void {
  test("a service has an address, which it keeps when it is replaced", async () => {
    const { engine } = get();
    const one = newReference("svc");
    const made = await engine.create("service", { uuid: one.uuid, manifest: serviceOf(one.name, 80) });
    if (made.kind !== "written") throw new Error(JSON.stringify(made));
    expect(made.object).toMatchObject({
      selector: { app: one.name },
      address: expect.stringMatching(/^10\.254\./),
      ports: [{ name: null, protocol: "TCP", port: 80, targetPort: 80, nodePort: null }],
    });
    const replaced = await engine.replace("service", { uuid: one.uuid, manifest: serviceOf(one.name, 81) });
    expect(replaced).toMatchObject({ object: { address: made.object.address, ports: [{ port: 81, targetPort: 81 }] } });
    expect(await engine.remove("service", one, { isForced: false })).toEqual({ kind: "removed" });
    expect(await engine.find("service", one)).toEqual({ kind: "missing" });
  });

  test("a service of the type NodePort has a port on the nodes", async () => {
    const { engine } = get();
    const one = newReference("nodeport");
    const manifest = manifestOf("service", {
      metadata: { name: one.name },
      spec: { type: "NodePort", ports: [{ port: 80 }] },
    });
    const made = await engine.create("service", { uuid: one.uuid, manifest });
    if (made.kind !== "written") throw new Error(JSON.stringify(made));
    expect(made.object.ports[0]?.nodePort).toBeGreaterThanOrEqual(30_000);
    await engine.remove("service", one, { isForced: false });
  });
}

const newContainer = (one: Reference, more: Partial<NewContainer> = {}): NewContainer => ({
  uuid: one.uuid,
  name: one.name,
  image: IMAGE,
  command: ["sh", "-c", "echo begins; echo warns >&2; sleep 1000"],
  memoryBytes: 64 * 1024 * 1024,
  environment: { GREETING: "hello" },
  ...more,
});

async function stateOf(engine: ContainerEngine, one: Reference): Promise<Container["state"] | "missing"> {
  const found = await engine.find("container", one);
  if (found.kind === "missing") return "missing";
  if (found.kind !== "found") throw new Error(JSON.stringify(found));
  return found.object.state;
}

async function untilState(engine: ContainerEngine, one: Reference, state: Container["state"]): Promise<void> {
  await until(state, async () => (await stateOf(engine, one)) === state, SETTLES_WITHIN_MS);
}

/** A container that runs. */
async function startOne(engine: ContainerEngine, name: string, more: Partial<NewContainer> = {}): Promise<Reference> {
  const one = newReference(name);
  const made = await engine.createContainer(newContainer(one, more));
  if (made.kind !== "written") throw new Error(JSON.stringify(made));
  expect(await engine.act("start", one)).toEqual({ kind: "done" });
  await untilState(engine, one, "Running");
  return one;
}

function containerCases(get: () => Open): void {
  lifeCases(get);
  outputCases(get);
  test("what its COE cannot do to a container is refused in its words", async () => {
    const { engine, place } = get();
    const one = newReference("refused");
    for (const action of ["pause", "unpause"] as const) {
      if (isSupported(place.coe, action)) continue;
      expect(await engine.act(action, one)).toMatchObject({ kind: "unsupported", coe: place.coe });
    }
    if (!isSupported(place.coe, "logs")) expect(await engine.readLogs(one)).toMatchObject({ kind: "unsupported" });
    expect(await engine.create("pod", { uuid: one.uuid, manifest: podOf("a") })).toMatchObject({ kind: "unsupported" });
  });
}

function lifeCases(get: () => Open): void {
  test("a container is made once, stopped; it starts, stops and starts anew; removed, it is gone", async () => {
    const { engine, place } = get();
    const one = newReference("life");
    const made = await engine.createContainer(newContainer(one));
    if (made.kind !== "written") throw new Error(JSON.stringify(made));
    expect(made.object).toMatchObject({ uuid: one.uuid, name: one.name, image: IMAGE, state: "Stopped", reason: null });
    expect(made.object.labels).toMatchObject({ [MARK]: one.uuid });
    const again = await engine.createContainer(newContainer(one));
    expect(again).toMatchObject({ kind: "written", object: { engineId: made.object.engineId } });
    for (const _ of [1, 2]) expect(await engine.act("start", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Running");
    const listed = await engine.list("container");
    if (listed.kind !== "listed") throw new Error(listed.kind);
    const own = listed.objects.find(({ uuid }) => uuid === one.uuid);
    expect(own).toMatchObject({ name: one.name, image: IMAGE, state: "Running" });
    // One engine alone does not name itself.
    if (place.coe !== "swarm") expect(own?.host).toEqual(expect.any(String));
    for (const _ of [1, 2]) expect(await engine.act("stop", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Stopped");
    expect(await engine.act("start", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Running");
    expect(await engine.act("reboot", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Running");
    const removed = await engine.remove("container", one, { isForced: true });
    expect(["removed", "removing"]).toContain(removed.kind);
    await untilGone(engine, "container", one);
    expect(await engine.remove("container", one, { isForced: true })).toEqual({ kind: "removed" });
    expect(await engine.act("start", one)).toEqual({ kind: "missing" });
  });

  test("a name that somebody else's container has is taken; theirs is listed and left alone", async () => {
    const { engine, place, raw } = get();
    const one = newReference("theirs");
    if (place.coe === "mesos") {
      const app = {
        id: `/jeroboam-${one.uuid}`,
        args: ["sleep", "1000"],
        container: { type: "DOCKER", docker: { image: IMAGE } },
      };
      expect(await raw("POST", "/v2/apps", app)).toBe(201);
    } else if (place.coe === "swarm-mode") {
      const spec = { Name: one.name, TaskTemplate: { ContainerSpec: { Image: IMAGE } } };
      expect(await raw("POST", "/services/create", spec)).toBe(201);
    } else {
      await engine.createContainer(newContainer(newReference("fetches")));
      expect(await raw("POST", `/containers/create?name=${one.name}`, { Image: IMAGE })).toBe(201);
    }
    expect(await engine.createContainer(newContainer(one))).toMatchObject({ kind: "taken" });
    expect(await engine.find("container", one)).toEqual({ kind: "missing" });
    expect(await engine.remove("container", one, { isForced: true })).toEqual({ kind: "removed" });
    const listed = await engine.list("container");
    if (listed.kind !== "listed") throw new Error(listed.kind);
    const wanted = place.coe === "mesos" ? `jeroboam-${one.uuid}` : one.name;
    expect(listed.objects.find(({ name }) => name === wanted)).toMatchObject({ uuid: null });
  });

  test("a paused container stands still, and pausing or thawing it twice changes nothing", async () => {
    const { engine, place } = get();
    if (!isSupported(place.coe, "pause")) return expect(isSupported(place.coe, "unpause")).toBe(false);
    const one = await startOne(engine, "paused");
    for (const _ of [1, 2]) expect(await engine.act("pause", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Paused");
    expect(await engine.execute(one, ["true"])).toMatchObject({ kind: "refused", status: 409 });
    expect(await engine.remove("container", one, { isForced: false })).toMatchObject({ kind: "refused", status: 409 });
    for (const _ of [1, 2]) expect(await engine.act("unpause", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Running");
    expect(await engine.remove("container", one, { isForced: false })).toMatchObject({ kind: "refused", status: 409 });
    expect(await engine.remove("container", one, { isForced: true })).toEqual({ kind: "removed" });
    expect(await engine.act("pause", one)).toEqual({ kind: "missing" });
  });

  test("a container whose command is not there is in error and says why", async () => {
    const { engine, place } = get();
    const one = newReference("broken");
    await engine.createContainer(newContainer(one, { command: ["/no-such-program"] }));
    const acted = await engine.act("start", one);
    if (place.coe === "swarm") expect(acted).toMatchObject({ kind: "refused" });
    await untilState(engine, one, "Error");
    const found = await engine.find("container", one);
    expect(found).toMatchObject({ object: { reason: expect.stringContaining("no-such-program") } });
    await engine.remove("container", one, { isForced: true });
  });

  test("an image that cannot be fetched is refused, or puts the container in error; nothing is left behind", async () => {
    const { engine, place } = get();
    const one = newReference("imageless");
    const made = await engine.createContainer(newContainer(one, { image: "registry.invalid/web:1" }));
    if (place.coe === "swarm") {
      expect(made).toMatchObject({ kind: "refused", reason: expect.stringContaining("registry.invalid") });
      expect(await engine.find("container", one)).toEqual({ kind: "missing" });
      return;
    }
    expect(await engine.act("start", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Error");
    await engine.remove("container", one, { isForced: true });
    await untilGone(engine, "container", one);
  });
}

function outputCases(get: () => Open): void {
  test("the logs have both streams in their order", async () => {
    const { engine, place } = get();
    if (!isSupported(place.coe, "logs")) return expect(place.coe).toBe("mesos");
    const one = await startOne(engine, "logs");
    let text = "";
    const isThere = async (): Promise<boolean> => {
      const logs = await engine.readLogs(one);
      if (logs.kind !== "output") throw new Error(JSON.stringify(logs));
      expect(logs).toMatchObject({ isCut: false, exitCode: null });
      text = logs.text;
      return text.split("\n").length === 3;
    };
    await until("both lines", isThere, SETTLES_WITHIN_MS);
    expect(text.split("\n").toSorted()).toEqual(["", "begins", "warns"]);
    await engine.remove("container", one, { isForced: true });
    expect(await engine.readLogs(one)).toEqual({ kind: "missing" });
  });

  test("a command runs in the container, in its environment, and tells how it ended", async () => {
    const { engine, place } = get();
    const one = newReference("exec");
    if (!isSupported(place.coe, "execute")) {
      expect(await engine.execute(one, ["true"])).toMatchObject({ kind: "unsupported" });
      return;
    }
    await engine.createContainer(newContainer(one));
    expect(await engine.execute(one, ["true"])).toMatchObject({ kind: "refused", status: 409 });
    await engine.act("start", one);
    await untilState(engine, one, "Running");
    const said = await engine.execute(one, ["sh", "-c", "echo $GREETING; echo aside >&2; exit 3"]);
    expect(said).toMatchObject({ kind: "output", exitCode: 3, isCut: false });
    expect(said.kind === "output" ? said.text.split("\n").toSorted() : []).toEqual(["", "aside", "hello"]);
    expect(await engine.execute(one, ["hostname"])).toMatchObject({ text: `${one.uuid}\n`, exitCode: 0 });
    const missing = await engine.execute(one, ["/no-such-program"]);
    expect(missing).toMatchObject({ kind: "output", text: expect.stringContaining("no-such-program") });
    expect(missing.kind === "output" ? missing.exitCode : null).not.toBe(0);
    await engine.remove("container", one, { isForced: true });
  });

  test("a container that has ended by itself is stopped, and its logs can still be read", async () => {
    const { engine, place } = get();
    // Marathon starts again what has ended.
    if (place.coe === "mesos") return expect(isSupported("mesos", "logs")).toBe(false);
    const one = newReference("ended");
    await engine.createContainer(newContainer(one, { command: ["echo", "done"] }));
    expect(await engine.act("start", one)).toEqual({ kind: "done" });
    await untilState(engine, one, "Stopped");
    expect(await engine.readLogs(one)).toMatchObject({ kind: "output", text: "done\n" });
    await engine.remove("container", one, { isForced: true });
  });
}
