import { expect, test } from "vitest";
import { createTestCloud, passwordAuth } from "../test-cloud.ts";

const template = "heat_template_version: 2018-08-31\nresources: {one: {type: OS::Heat::TestResource}}\n";

test("an error is answered as often as it was asked for, with no effect", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  cloud.sandbox.knobs.add({
    kind: "request",
    service: "heat",
    method: "POST",
    effect: "status",
    status: 502,
    times: 2,
  });
  expect((await heat.create("one", template)).status).toBe(502);
  expect((await heat.create("one", template)).status).toBe(502);
  expect((await heat.create("one", template)).status).toBe(201);
  expect(cloud.sandbox.knobs.rules()).toEqual([]);
});

test("a lost reply rejects as fetch does, and the effect is there", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  cloud.sandbox.knobs.add({
    kind: "request",
    service: "heat",
    path: "*/stacks",
    method: "POST",
    effect: "lose-reply",
    times: 1,
  });
  await expect(heat.create("one", template)).rejects.toThrow(new TypeError("fetch failed"));
  expect((await heat.create("one", template)).status).toBe(409);
});

test("a probability is met about so often, and the same seed meets it at the same requests", async () => {
  const run = async (seed: number) => {
    const cloud = createTestCloud({ seed });
    cloud.sandbox.knobs.add({ kind: "request", service: "keystone", effect: "status", probability: 0.5 });
    const seen: number[] = [];
    for (let index = 0; index < 200; index += 1) seen.push((await cloud.request("GET", "/v3")).status);
    return seen;
  };
  const seen = await run(7);
  expect(seen).toEqual(await run(7));
  const failed = seen.filter((status) => status === 503).length;
  expect(failed).toBeGreaterThan(70);
  expect(failed).toBeLessThan(130);
});

test("a delay is handed to whoever drives the sandbox", async () => {
  const waited: number[] = [];
  const { createSandbox } = await import("../sandbox.ts");
  const sandbox = createSandbox({
    clock: { now: () => 0 },
    random: () => 0.5,
    sleep: async (ms) => void waited.push(ms),
  });
  sandbox.knobs.add({ kind: "request", effect: "delay", delayMs: 1_234, times: 1 });
  expect((await sandbox.fetch(new Request(`${sandbox.publicUrl}/v3`))).status).toBe(200);
  expect((await sandbox.fetch(new Request(`${sandbox.publicUrl}/v3`))).status).toBe(200);
  expect(waited).toEqual([1_234]);
});

test("a resource fails by its type, its name, its stack and its action only", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  cloud.sandbox.knobs.add({ kind: "resource", type: "OS::Heat::*", name: "one", stack: "bad-*", reason: "by order" });
  await heat.create("bad-1", template);
  await heat.create("good-1", template);
  cloud.clock.advance(1_000);
  expect((await heat.show("bad-1")).stack_status_reason).toBe(
    "Resource CREATE failed: ResourceInError: resources.one: by order",
  );
  expect((await heat.show("good-1")).stack_status).toBe("CREATE_COMPLETE");
});

test("requests are counted by service and route", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  await heat.create("one", template);
  await heat.show("one");
  await cloud.request("POST", "/v3/auth/tokens", { body: { auth: passwordAuth("demo", "demo", "wrong") } });
  expect(cloud.sandbox.counts()).toEqual({
    "keystone POST /v3/auth/tokens": 2,
    "heat POST /v1/:tenant/stacks": 1,
    "heat GET /v1/:tenant/stacks/:name": 1,
    "heat GET /v1/:tenant/stacks/:name/:id": 1,
  });
});

test("the next moment is told, so that a simulation can leap to it", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  expect(cloud.sandbox.nextMoment()).toBeUndefined();
  await heat.create("one", template.replace("TestResource}", "TestResource, properties: {wait_secs: 30}}"), {
    timeout_mins: 5,
  });
  cloud.sandbox.advance();
  expect(cloud.sandbox.nextMoment()).toBe(cloud.clock.now() + 30_000);
  cloud.clock.advance(30_000);
  cloud.sandbox.advance();
  expect((await heat.show("one")).stack_status).toBe("CREATE_COMPLETE");
  expect(cloud.sandbox.nextMoment()).toBeUndefined();
});

test("a number of stacks is the project's limit, but not an administrator's", async () => {
  const cloud = createTestCloud({ options: { stacksPerProject: 1 } });
  const demo = await cloud.heat("demo");
  expect((await demo.create("one", template)).status).toBe(201);
  expect((await demo.create("two", template)).body.error).toMatchObject({
    type: "RequestLimitExceeded",
    message: "Request limit exceeded: You have reached the maximum stacks per tenant, 1. Please delete some stacks.",
  });
  const admin = await cloud.heat("admin");
  for (const name of ["one", "two"]) expect((await admin.create(name, template)).status).toBe(201);
});

test("a resource that hangs keeps its stack under way until the stack's own time is up, and can be deleted", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  cloud.sandbox.knobs.add({ kind: "resource", fate: "hangs", stack: "*-1" });
  await heat.create("stuck-1", template);
  await heat.create("timed-1", template, { timeout_mins: 10 });
  cloud.clock.advance(3_000_000);
  expect((await heat.show("stuck-1")).stack_status).toBe("CREATE_IN_PROGRESS");
  expect(await heat.show("timed-1")).toMatchObject({ stack_status: "CREATE_FAILED", stack_status_reason: "Timed out" });
  const { id } = await heat.show("stuck-1");
  await heat.send("DELETE", `/stacks/stuck-1/${id}`);
  cloud.clock.advance(1_000);
  expect(await heat.show("stuck-1")).toBeUndefined();
});

test("two creates of a name at once may both live, where that is wanted", async () => {
  const cloud = createTestCloud({ settings: { twinProbability: 1 } });
  const heat = await cloud.heat("demo");
  expect((await heat.create("one", template)).status).toBe(201);
  expect((await heat.create("one", template)).status).toBe(201);
  expect((await heat.send("GET", "/stacks?name=one")).body.stacks).toHaveLength(2);
  cloud.clock.advance(1_001);
  expect((await heat.create("one", template)).status).toBe(409);
});

test("all tokens expire at once when they are told to", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  cloud.sandbox.expireTokens();
  expect((await heat.send("GET", "/stacks")).status).toBe(401);
  expect((await (await cloud.heat("demo")).send("GET", "/stacks")).status).toBe(200);
});

test("a tree of stacks has a limit of resources, nested ones counted", async () => {
  const cloud = createTestCloud({ options: { resourcesPerStack: 5 } });
  const heat = await cloud.heat("demo");
  const group = (count: number) => `
heat_template_version: 2018-08-31
resources:
  one: {type: OS::Heat::ResourceGroup, properties: {count: ${count}, resource_def: {type: OS::Heat::TestResource}}}
`;
  await heat.create("fits", group(4));
  await heat.create("bursts", group(5));
  cloud.clock.advance(5_000);
  expect((await heat.show("fits")).stack_status).toBe("CREATE_COMPLETE");
  expect((await heat.show("bursts")).stack_status_reason).toBe(
    "Resource CREATE failed: RequestLimitExceeded: resources.one: Request limit exceeded: Maximum resources per stack exceeded.",
  );
});
