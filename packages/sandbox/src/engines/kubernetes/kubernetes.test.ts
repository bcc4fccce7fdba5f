import { beforeEach, expect, test } from "vitest";
import type { TestBay } from "../test-bay.ts";
import { createTestBay } from "../test-bay.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONTROLLERS = "/api/v1/namespaces/default/replicationcontrollers";
let bay: TestBay;

beforeEach(async () => {
  bay = await createTestBay(["KUBE_API_PORT='6443'", "TLS_DISABLED='False'"], 6443);
});

const pod = (name: string, image = "nginx:1") => ({
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name },
  spec: { containers: [{ name: "c", image }] },
});

const controller = (name: string, replicas: number) => ({
  kind: "ReplicationController",
  apiVersion: "v1",
  metadata: { name },
  spec: {
    replicas,
    selector: { app: name },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "nginx:1" }] } },
  },
});

const podNames = async (): Promise<string[]> =>
  (await bay.ask("GET", PODS)).body.items.map((one: { metadata: { name: string } }) => one.metadata.name);

test("a pod is pending, then on a node and running with an address; deleted, it ends within its time", async () => {
  const made = await bay.ask("POST", PODS, { body: pod("one") });
  expect(made.status).toBe(201);
  expect(made.body.status.phase).toBe("Pending");
  bay.pass(1_000);
  const running = (await bay.ask("GET", `${PODS}/one`)).body;
  expect(running.status.phase).toBe("Running");
  expect(running.spec.nodeName).toMatch(/^worker-/);
  expect(running.status.podIP).toMatch(/^10\.100\./);
  const deleted = await bay.ask("DELETE", `${PODS}/one`);
  expect(deleted.body.metadata.deletionGracePeriodSeconds).toBe(30);
  expect((await bay.ask("GET", `${PODS}/one`)).status).toBe(200);
  bay.pass(1_000);
  expect((await bay.ask("GET", `${PODS}/one`)).status).toBe(404);
});

test("a replication controller replaces a pod that is deleted, and gives up those that are too many", async () => {
  expect((await bay.ask("POST", CONTROLLERS, { body: controller("web", 3) })).body.status).toEqual({ replicas: 0 });
  bay.pass(1_000);
  const [first = "", ...others] = await podNames();
  expect(others).toHaveLength(2);
  await bay.ask("DELETE", `${PODS}/${first}`);
  bay.pass(2_000);
  const names = await podNames();
  expect(names).toHaveLength(3);
  expect(names).not.toContain(first);
  const found = (await bay.ask("GET", `${CONTROLLERS}/web`)).body;
  expect(found.status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  await bay.ask("PUT", `${CONTROLLERS}/web`, { body: { ...controller("web", 1) } });
  bay.pass(2_000);
  expect(await podNames()).toHaveLength(1);
  await bay.ask("DELETE", `${CONTROLLERS}/web?propagationPolicy=Background`);
  bay.pass(2_000);
  expect(await podNames()).toEqual([]);
});

test("a node whose agent stops is not ready 40 s later; one whose server is gone leaves with its pods", async () => {
  await bay.ask("POST", CONTROLLERS, { body: controller("web", 2) });
  bay.pass(1_000);
  const rule = bay.sandbox.knobs.add({ kind: "engine", effect: "agent-stopped", name: "worker-0" });
  bay.pass(41_000);
  const ready = async (): Promise<string[]> =>
    (await bay.ask("GET", "/api/v1/nodes")).body.items.map(
      (node: { status: { conditions: { type: string; status: string }[] } }) =>
        node.status.conditions.find(({ type }) => type === "Ready")?.status,
    );
  expect(await ready()).toEqual(["Unknown", "True"]);
  bay.sandbox.knobs.remove(rule.id);
  bay.pass(1_000);
  expect(await ready()).toEqual(["True", "True"]);
});

test("with the bay its engine and everything in it goes", async () => {
  await bay.ask("POST", PODS, { body: pod("one") });
  await bay.deleteBay();
  expect(bay.sandbox.engines.listeners()).toEqual([]);
  expect((await bay.ask("GET", PODS)).status).toBe(0);
});

test("who has no certificate of the bay's sees health and version only; another authority's is told apart", async () => {
  const anonymous = { peer: { kind: "anonymous" } } as const;
  expect((await bay.ask("GET", "/healthz", anonymous)).text).toBe("ok");
  expect((await bay.ask("GET", PODS, anonymous)).status).toBe(403);
  expect((await bay.ask("GET", "/healthz", { peer: { kind: "foreign" } })).status).toBe(401);
});

test("a page that is cut by a limit goes on where it ended", async () => {
  for (const name of ["a1", "b1", "c1"]) await bay.ask("POST", PODS, { body: pod(name) });
  const first = (await bay.ask("GET", `${PODS}?limit=2`)).body;
  expect(first.items).toHaveLength(2);
  expect(first.metadata.remainingItemCount).toBe(1);
  const second = (await bay.ask("GET", `${PODS}?limit=2&continue=${first.metadata.continue}`)).body;
  expect(second.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual(["c1"]);
});
