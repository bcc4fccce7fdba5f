/** Pods, services, replication controllers and containers over HTTP, through to their bay's engine (bay-era sheet 3.4 to 3.7). */
import { createApp } from "@jeroboam/api/app";
import { TOKENS } from "@jeroboam/api/testing/fake-ports";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { beforeEach, describe, expect, test } from "vitest";
import { shown, textIn } from "../api-harness.ts";
import type { World } from "./world.ts";
import { createWorld, filled, named, POD_MANIFEST, RC_MANIFEST, SERVICE_MANIFEST } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = await createWorld();
});

const call = (method: string, path: string, body?: JsonObject | JsonObject[]) =>
  world.call(method, filled(world.ids, path), body === undefined ? {} : { body });

const inside = (bay: string) => world.ports.engines.bay(world.ids[bay] ?? "");

describe("a pod", () => {
  test("is answered as the sheet has it, made by a conductor, and shown as its bay has it", async () => {
    const manifest = named(POD_MANIFEST, "other");
    const wish = { bay_uuid: world.ids["blue"] ?? "", manifest, manifest_url: null, desc: "mine" };
    const { status, headers, body } = await call("POST", "/v1/pods", wish);
    expect(status).toBe(201);
    const uuid = textIn(body, "uuid");
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/pods/${uuid}`);
    expect(body).toMatchObject({
      name: "other",
      desc: "mine",
      bay_uuid: world.ids["blue"],
      images: ["nginx"],
      labels: { app: "web" },
      status: "Pending",
      host: null,
      updated_at: null,
      manifest,
      manifest_url: null,
    });
    await world.conduct();
    const read = await call("GET", `/v1/pods/other/blue`);
    expect(read.body).toMatchObject({ uuid, status: "Running", host: "node-0", status_reason: null });
    expect(Object.keys(read.body)).not.toContain("manifest");
  });

  test("that is changed by a new manifest keeps what the manifest says", async () => {
    const manifest = POD_MANIFEST.replace('"nginx"', '"httpd"').replace('"app":"web"', '"app":"new"');
    const patch = [{ op: "replace", path: "/manifest", value: manifest }];
    const { status, body } = await call("PATCH", "/v1/pods/web/?bay_ident=blue", patch);
    expect({ status, body }).toMatchObject({ status: 200, body: { images: ["httpd"], manifest } });
    await world.conduct();
    expect((await call("GET", "/v1/pods/{pod}/{blue}")).body).toMatchObject({
      images: ["httpd"],
      labels: { app: "new" },
    });
    expect([...inside("blue").objects.pod.values()].map(({ images }) => images)).toEqual([["httpd"]]);
  });

  test("that is deleted is in no list from then on, its name is free, and the bay loses it", async () => {
    expect((await call("DELETE", "/v1/pods/web/blue")).status).toBe(204);
    expect((await call("GET", "/v1/pods/web/blue")).status).toBe(404);
    expect((await call("GET", "/v1/pods")).body).toEqual({ pods: [] });
    const again = await call("POST", "/v1/pods", { bay_uuid: world.ids["blue"] ?? "", manifest: POD_MANIFEST });
    expect(again.status).toBe(201);
    await world.conduct();
    const { uuid } = shown(again.body);
    expect([...inside("blue").objects.pod.values()].map((one) => one.uuid)).toEqual([uuid]);
    expect((await call("GET", `/v1/pods/${uuid}/blue`)).body).toMatchObject({ status: "Running" });
  });

  test("that somebody removed from the bay says so, and is deleted without complaint", async () => {
    inside("blue").objects.pod.clear();
    world.ports.clock.advance(60_000);
    expect((await call("GET", "/v1/pods/web/blue")).body).toMatchObject({
      status: "Missing",
      status_reason: "it is not in the bay any more: somebody removed it there",
    });
    expect((await call("DELETE", "/v1/pods/web/blue")).status).toBe(204);
    await world.conduct();
    expect((await call("GET", "/v1/pods")).body).toEqual({ pods: [] });
  });

  test("whose name somebody else's has fails and says whose fault it is", async () => {
    const [object] = inside("blue").objects.pod.values();
    if (!object) throw new Error("no pod was made");
    inside("blue").objects.pod.set("theirs", { ...object, uuid: null, engineId: "theirs", name: "taken" });
    const body = { bay_uuid: world.ids["blue"] ?? "", manifest: named(POD_MANIFEST, "taken") };
    expect((await call("POST", "/v1/pods", body)).status).toBe(201);
    await world.conduct();
    expect((await call("GET", "/v1/pods/taken/blue")).body).toMatchObject({
      status: "failed",
      status_reason: 'pod "taken" already exists',
    });
  });

  test("of an engine that is down says so, keeps its answer quick, and heals by itself", async () => {
    inside("blue").trouble = { kind: "unreachable", cause: "certificate", reason: "its certificate is another's" };
    world.ports.clock.advance(60_000);
    expect((await call("GET", "/v1/pods/web/blue")).body).toMatchObject({
      status: "Unknown",
      status_reason: "the bay's engine cannot be asked: its certificate is another's",
    });
    const asked = inside("blue").calls.length;
    world.ports.clock.advance(10_000);
    await call("GET", "/v1/pods/web/blue");
    expect(inside("blue").calls.length).toBe(asked);
    inside("blue").trouble = undefined;
    world.ports.clock.advance(60_000);
    expect((await call("GET", "/v1/pods/web/blue")).body).toMatchObject({ status: "Running", status_reason: null });
  });

  test("that is made while the engine is down is made when it is back", async () => {
    inside("blue").trouble = { kind: "unreachable", cause: "down", reason: "nobody answers" };
    const body = { bay_uuid: world.ids["blue"] ?? "", manifest: named(POD_MANIFEST, "late") };
    expect((await call("POST", "/v1/pods", body)).status).toBe(201);
    const waiting = world.conduct();
    inside("blue").trouble = undefined;
    await waiting;
    expect((await call("GET", "/v1/pods/late/blue")).body).toMatchObject({ status: "Running" });
  });
});

test("a list asks each bay's engine once a while, and the table once a page, however many pods there are", async () => {
  for (let number = 0; number < 20; number += 1) {
    const body = { bay_uuid: world.ids["blue"] ?? "", manifest: named(POD_MANIFEST, `pod-${number}`) };
    expect((await call("POST", "/v1/pods", body)).status).toBe(201);
  }
  await world.conduct();
  world.ports.clock.advance(60_000);
  const before = inside("blue").calls.length;
  expect((await call("GET", "/v1/pods")).body["pods"]).toHaveLength(21);
  // Pods, services and replication controllers, each once.
  expect(inside("blue").calls.slice(before).toSorted()).toEqual([
    "list pod",
    "list replication-controller",
    "list service",
  ]);
  const { queryIndex, query } = world.ports.table.counts;
  const { calls } = inside("blue");
  const asked = calls.length;
  expect((await call("GET", "/v1/pods")).body["pods"]).toHaveLength(21);
  expect(calls.length).toBe(asked);
  expect(world.ports.table.counts.queryIndex + world.ports.table.counts.query).toBe(queryIndex + query + 1);
});

test("lists of one bay hold that bay's alone, page by page", async () => {
  for (const bay of ["blue", "grey"])
    for (const name of ["a", "b", "c"])
      await call("POST", "/v1/pods", { bay_uuid: world.ids[bay] ?? "", manifest: named(POD_MANIFEST, name) });
  const names: string[] = [];
  let path: string | undefined = "/v1/pods/?bay_ident=grey&limit=2";
  while (path) {
    const { body }: { body: JsonObject } = await call("GET", path);
    names.push(...(body["pods"] as { name: string }[]).map(({ name }) => name));
    path = typeof body["next"] === "string" ? body["next"].slice("http://magnum.test:9511".length) : undefined;
  }
  expect(names).toEqual(["a", "b", "c"]);
  expect((await call("GET", "/v1/pods?bay_ident={blue}")).body["pods"]).toHaveLength(4);
  expect((await call("GET", "/v1/pods")).body["pods"]).toHaveLength(7);
});

test("a service gets its address, a replication controller the number of its pods", async () => {
  expect((await call("GET", "/v1/services/fe/blue")).body).toMatchObject({
    ip: expect.stringMatching(/^10\.254\.0\.\d$/),
    ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }],
  });
  expect((await call("GET", "/v1/rcs/fe/?bay_ident=blue")).body).toMatchObject({ replicas: 2 });
  const [controller] = inside("blue").objects["replication-controller"].values();
  if (!controller) throw new Error("no controller was made");
  inside("blue").objects["replication-controller"].set(controller.engineId, { ...controller, replicas: 1 });
  world.ports.clock.advance(10_000);
  expect((await call("GET", "/v1/rcs/?bay_ident=blue")).body).toMatchObject({ rcs: [{ name: "fe", replicas: 1 }] });
});

test("what is in a bay is looked at by schedule, though nobody asks", async () => {
  inside("blue").objects.pod.clear();
  await world.conduct(true);
  const items = world.ports.table.items().find(({ pk }) => pk === `pod#${world.ids["pod"]}`);
  expect(JSON.stringify(items?.body)).toContain("somebody removed it there");
});

test("a manifest comes from an address as well, checked like any other", async () => {
  world.ports.web.documents.set(
    "pod.yaml",
    "metadata: {name: from-afar}\nspec: {containers: [{name: one, image: nginx}]}\n",
  );
  world.ports.web.documents.set("two.yaml", `${POD_MANIFEST}\n---\n${SERVICE_MANIFEST}`);
  const bay_uuid = world.ids["blue"] ?? "";
  const made = await call("POST", "/v1/pods", { bay_uuid, manifest_url: "http://web.test/pod.yaml" });
  expect(made).toMatchObject({ status: 201, body: { name: "from-afar", manifest_url: "http://web.test/pod.yaml" } });
  for (const url of ["http://web.test/two.yaml", "http://web.test/none", "http://inside.test/", "http://down.test/"])
    expect((await call("POST", "/v1/pods", { bay_uuid, manifest_url: url })).status).toBe(400);
});

describe("a container", () => {
  const status = async (): Promise<unknown> => (await call("GET", "/v1/containers/box")).body["status"];

  test("does what is asked of it, in the order in which it was asked", async () => {
    expect(await status()).toBe("Stopped");
    for (const action of ["start", "pause"]) {
      const answer = await call("PUT", `/v1/containers/box/${action}`);
      expect(answer).toMatchObject({ status: 200, body: null });
    }
    await world.conduct();
    expect(await status()).toBe("Paused");
    await call("PUT", "/v1/containers/unpause/box");
    await call("PUT", "/v1/containers/{box}/reboot");
    await call("PUT", "/v1/containers/box/stop");
    await world.conduct();
    expect(await status()).toBe("Stopped");
  });

  test("that is started in the moment it is made is made, then started", async () => {
    const body = { name: "quick", image: "nginx", bay_uuid: world.ids["green"] ?? "" };
    const { uuid } = shown((await call("POST", "/v1/containers", body)).body);
    await call("PUT", `/v1/containers/${uuid}/start`);
    await world.conduct();
    expect((await call("GET", "/v1/containers/quick")).body).toMatchObject({ status: "Running" });
    expect(inside("green").made).toBe(2);
  });

  test("gives its logs and the output of a command, however the command is sent", async () => {
    expect((await call("GET", "/v1/containers/box/logs")).body).toEqual({ output: "log of box\n" });
    expect((await call("PUT", "/v1/containers/box/execute?command=ls+-l+%2F")).body).toEqual({ output: "ls -l /\n" });
    expect((await call("PUT", "/v1/containers/box/execute", { command: "ls 'a b'" })).body).toEqual({
      output: "ls a b\n",
    });
    inside("green").trouble = { kind: "unreachable", cause: "down", reason: "nobody answers" };
    const down = await call("GET", "/v1/containers/box/logs");
    expect(down.status).toBe(503);
    expect(down.headers.get("retry-after")).toBe("5");
    inside("green").trouble = undefined;
    inside("green").objects.container.clear();
    expect((await call("GET", "/v1/containers/box/logs")).status).toBe(404);
  });

  test("that cannot do what was asked says why, and goes on being what it is", async () => {
    await call("PUT", "/v1/containers/box/pause");
    await world.conduct();
    const { body } = await call("GET", "/v1/containers/box");
    expect(body).toMatchObject({ status: "Stopped" });
    expect(body["status_reason"]).toContain("the container is not running");
    await call("PUT", "/v1/containers/box/start");
    await world.conduct();
    expect((await call("GET", "/v1/containers/box")).body).toMatchObject({ status: "Running", status_reason: null });
  });

  test("that runs is removed all the same", async () => {
    await call("PUT", "/v1/containers/box/start");
    await world.conduct();
    expect((await call("DELETE", "/v1/containers/box")).status).toBe(204);
    await world.conduct();
    expect(inside("green").objects.container.size).toBe(0);
  });

  test("in a bay of Mesos does what Marathon can, and the rest is refused by name", async () => {
    expect((await call("PUT", "/v1/containers/task/start")).status).toBe(200);
    await world.conduct();
    expect((await call("GET", "/v1/containers/task")).body).toMatchObject({ status: "Running" });
    const refused = await call("PUT", "/v1/containers/task/pause");
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("a mesos bay cannot pause a container; bays that can are of swarm");
  });
});

test("another project sees nothing of it, and can do nothing to it", async () => {
  const paths = [
    "/v1/pods/{pod}/{blue}",
    "/v1/services/{service}/{blue}",
    "/v1/rcs/{rc}/{blue}",
    "/v1/containers/{box}",
  ];
  for (const path of paths)
    for (const method of ["GET", "DELETE"])
      expect((await world.call(method, filled(world.ids, path), { as: "memberB" })).status).toBe(404);
  for (const collection of ["pods", "services", "containers"])
    expect((await world.call("GET", `/v1/${collection}`, { as: "memberB" })).body).toEqual({ [collection]: [] });
  const body = { bay_uuid: world.ids["blue"] ?? "", manifest: RC_MANIFEST };
  expect((await world.call("POST", "/v1/rcs", { as: "memberB", body })).status).toBe(400);
});

test.each([
  ["pods", { bay_uuid: "{blue}", manifest: named(POD_MANIFEST, "keyed") }],
  ["containers", { bay_uuid: "{green}", name: "keyed", image: "nginx" }],
])("under an Idempotency-Key one of the %s is made, whenever the process dies", async (collection, body) => {
  let [calls, diesAt] = [0, Infinity];
  const pass = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    calls += 1;
    if (calls >= diesAt) throw new Error("the process died");
    return call();
  };
  const { table } = world.ports;
  const app = createApp({
    ...world.ports,
    table: {
      get: (key) => pass(() => table.get(key)),
      put: (item, condition) => pass(() => table.put(item, condition)),
      remove: (key, revision) => pass(() => table.remove(key, revision)),
      query: (pk, range) => pass(() => table.query(pk, range)),
      queryIndex: (index, pk, range) => pass(() => table.queryIndex(index, pk, range)),
    },
  });
  const post = async (key: string): Promise<{ status: number; uuid: unknown }> => {
    calls = 0;
    const headers = { "x-auth-token": TOKENS.memberA, "content-type": "application/json", "idempotency-key": key };
    const text = filled(world.ids, JSON.stringify(body));
    const answer = await app.request(`http://magnum.test/v1/${collection}`, { method: "POST", headers, body: text });
    return { status: answer.status, uuid: ((await answer.json()) as JsonObject)["uuid"] };
  };
  const made = async () =>
    ((await call("GET", `/v1/${collection}`)).body[collection] as { name: string }[]).filter(
      ({ name }) => name === "keyed",
    );
  const clean = await post("clean");
  const needed = calls;
  expect(clean.status).toBe(201);
  expect(await post("clean")).toEqual(clean);
  for (let at = 1; at <= needed; at += 1) {
    for (const { uuid } of (await made()) as unknown as { uuid: string }[])
      await call("DELETE", `/v1/${collection}/${uuid}${collection === "pods" ? "/blue" : ""}`);
    await world.conduct();
    diesAt = at;
    expect((await post(`key-${at}`)).status).toBe(500);
    diesAt = Infinity;
    world.ports.clock.advance(limits.idempotency.leaseMs);
    const again = await post(`key-${at}`);
    expect({ at, status: again.status }).toEqual({ at, status: 201 });
    expect(await post(`key-${at}`)).toEqual(again);
    await world.conduct();
    expect(await made()).toHaveLength(1);
  }
});

test("a bay that holds as many resources as are kept up to date takes no more, and says so", async () => {
  await world.conduct();
  const watches = world.ports.table.items().filter(({ body }) => body["type"] === "engine-watch");
  expect(watches.length).toBeGreaterThan(0);
  for (const item of watches) {
    const state = { ...(item.body["state"] as JsonObject), count: limits.container.ofBay };
    const full = { ...item, revision: item.revision + 1, body: { ...item.body, state } };
    expect(await world.ports.table.put(full, { revision: item.revision })).toBe("written");
  }
  const wish = { bay_uuid: world.ids["blue"] ?? "", manifest: named(POD_MANIFEST, "one-too-many") };
  const { status, body } = await call("POST", "/v1/pods", wish);
  expect(status).toBe(409);
  expect(JSON.stringify(body)).toContain(`holds ${limits.container.ofBay} resources, and takes no more`);
  expect((await call("GET", "/v1/pods/one-too-many/blue")).status).toBe(404);
});
