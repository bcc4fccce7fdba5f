import { beforeEach, expect, test } from "vitest";
import type { TestBay } from "../test-bay.ts";
import { createTestBay } from "../test-bay.ts";

let bay: TestBay;

beforeEach(async () => {
  bay = await createTestBay(["MESOS_MASTERS='10.0.0.2'"], 8080);
});

const app = (id: string, more: object = {}) => ({
  id,
  instances: 1,
  container: { type: "DOCKER", docker: { image: "nginx:1" } },
  ...more,
});
const running = async (id: string): Promise<number> => (await bay.ask("GET", `/v2/apps${id}`)).body.app.tasksRunning;

test("an app's change is a deployment that ends after the answer; while it lasts, changes are refused unless forced", async () => {
  const made = await bay.ask("POST", "/v2/apps", { body: app("web") });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ id: "/web", tasksRunning: 0, deployments: [{}] });
  expect((await bay.ask("PUT", "/v2/apps/web", { body: { instances: 2 } })).status).toBe(409);
  bay.pass(1_000);
  expect(await running("/web")).toBe(1);
  expect((await bay.ask("PUT", "/v2/apps/web", { body: { instances: 2 } })).status).toBe(200);
  bay.pass(1_000);
  expect(await running("/web")).toBe(2);
  expect((await bay.ask("GET", "/v2/deployments")).body).toEqual([]);
  expect((await bay.ask("DELETE", "/v2/apps/web")).status).toBe(200);
  bay.pass(1_000);
  expect((await bay.ask("GET", "/v2/apps/web")).status).toBe(404);
});

test("a task that fails is tried again, later each time, and the app tells why", async () => {
  await bay.ask("POST", "/v2/apps", { body: app("bad", { cmd: "exit 3" }) });
  bay.pass(2_000);
  const { lastTaskFailure: failure } = (await bay.ask("GET", "/v2/apps/bad")).body.app;
  expect(failure).toMatchObject({ state: "TASK_FAILED", message: "Container exited with status 3" });
});

test("a definition that is none is refused with its place", async () => {
  const malformed = await bay.ask("POST", "/v2/apps", { body: { id: 1 } });
  expect([malformed.status, malformed.body.details[0].path]).toEqual([400, "/id"]);
  const invalid = await bay.ask("POST", "/v2/apps", { body: { id: "UPPER", cmd: "true" } });
  expect([invalid.status, invalid.body.message]).toEqual([422, "Object is not valid"]);
});

test("the master names its agents; one that is not heard of is not active", async () => {
  bay.sandbox.knobs.add({ kind: "engine", effect: "agent-stopped", name: "worker-1" });
  const { slaves } = (await bay.ask("GET", "/slaves", { port: 5050 })).body;
  expect(slaves.map(({ hostname, active }: { hostname: string; active: boolean }) => [hostname, active])).toEqual([
    ["worker-0", true],
    ["worker-1", false],
  ]);
});
