import { POLICY_RULES } from "@jeroboam/core/identity/policy-rules";
import { expect, test } from "vitest";
import { createApp } from "../app.ts";
import { ROUTES } from "../testing/all-routes.ts";
import { createFakePorts, TOKENS } from "../testing/fake-ports.ts";
import { COLLECTIONS } from "./routes.ts";

test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s asks rules that policy defines",
  (_name, route) => {
    const defined = POLICY_RULES.map((rule) => rule.name);
    expect(route.rules.length).toBeGreaterThan(0);
    for (const rule of route.rules) expect(defined).toContain(rule);
  },
);

test.each(Object.keys(COLLECTIONS))("%s: every path is in its collection, and so is found", async (name) => {
  const routes = await COLLECTIONS[name]!();
  expect(routes.length).toBeGreaterThan(0);
  for (const { path } of routes) expect(path.split("/", 3)).toEqual(["", "v1", name]);
});

test("a collection is loaded with the first request for it, and once", async () => {
  const loads: string[] = [];
  const counted = Object.entries(COLLECTIONS).map(([name, load]) => [
    name,
    () => {
      loads.push(name);
      return load();
    },
  ]);
  const app = createApp(createFakePorts(), Object.fromEntries(counted));
  const ask = async (path: string): Promise<number> =>
    (await app.request(path, { headers: { "x-auth-token": TOKENS.memberA } })).status;
  for (const path of ["/", "/v1", "/healthcheck", "/v1/nothing", "/v1/constructor"]) await ask(path);
  expect(loads).toEqual([]);
  expect(await Promise.all([ask("/v1/bays"), ask("bays.json"), ask("/v1/stats")])).toEqual([200, 200, 200]);
  expect(loads).toEqual(["bays", "stats"]);
});

test("no path and method is served twice", () => {
  const names = ROUTES.map((route) => `${route.method} ${route.path}`);
  expect(new Set(names).size).toBe(names.length);
});

test.each(ROUTES.map((route) => [route.method, route.path.replace(":ident", "x").replace(":group", "y")]))(
  "%s %s is not served without a token, and not to who may do nothing",
  async (method, path) => {
    const ports = createFakePorts();
    const app = createApp({ ...ports, policy: { ...ports.policy, enforce: refuse, allows: () => false } });
    expect((await app.request(path, { method })).status).toBe(401);
    const headers = { "x-auth-token": TOKENS.admin, "openstack-api-version": "container-infra latest" };
    const answer = await app.request(path, { method, headers });
    expect([400, 403, 404]).toContain(answer.status);
    expect(ports.table.counts.put).toBe(0);
  },
);

const refuse = (rule: string) => ({ kind: "refused" as const, rule, reason: "no" });

test("an application credential does what its access rules name, and nothing else", async () => {
  const app = createApp(createFakePorts());
  const headers = { "x-auth-token": TOKENS.listOnlyA };
  expect((await app.request("/v1/bays", { headers })).status).toBe(200);
  for (const [method, path] of [
    ["GET", "/v1/baymodels"],
    ["GET", "/v1/bays/x"],
    ["POST", "/v1/bays"],
  ])
    expect((await app.request(path!, { method: method!, headers })).status).toBe(401);
});

test.each([
  ["unauthorized", 401],
  ["forbidden", 403],
  ["other", 403],
  ["unavailable", 503],
] as const)("a delegation refused as %s is %d, and leaves no bay", async (cause, status) => {
  const ports = createFakePorts();
  const reason = "identity refused: no trusts here";
  const app = createApp({ ...ports, delegate: () => Promise.resolve({ kind: "refused", cause, reason }) });
  const headers = { "x-auth-token": TOKENS.memberA, "content-type": "application/json" };
  const post = async (path: string, body: object): Promise<Response> =>
    app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  const template = { name: "t", coe: "kubernetes", image_id: "atomic", external_network_id: "x" };
  expect((await post("/v1/clustertemplates", template)).status).toBe(201);
  const answer = await post("/v1/clusters", { cluster_template_id: "t" });
  expect(answer.status).toBe(status);
  expect(answer.headers.has("retry-after")).toBe(status === 503);
  expect(await (await app.request("/v1/clusters", { headers })).json()).toEqual({ clusters: [] });
  expect((await app.request("/v1/clustertemplates/t", { method: "DELETE", headers })).status).toBe(204);
});

/** Every route on a record of project a, by everybody: who finds nothing, who is refused, who is let in. */
const MATRIX = {
  memberA: { baymodels: "let in", bays: "let in", clustertemplates: "let in", clusters: "let in" },
  otherMemberA: { baymodels: "let in", bays: "let in", clustertemplates: "let in", clusters: "let in" },
  readerA: { baymodels: "reads", bays: "reads", clustertemplates: "reads", clusters: "reads" },
  memberB: { baymodels: "absent", bays: "absent", clustertemplates: "absent", clusters: "absent" },
  admin: { baymodels: "absent", bays: "absent", clustertemplates: "let in", clusters: "let in" },
} as const;

test.each(Object.keys(MATRIX) as (keyof typeof MATRIX)[])("on the records of project a: %s", async (who) => {
  const ports = createFakePorts();
  const app = createApp(ports);
  const send = (as: keyof typeof TOKENS, method: string, path: string, body?: object) =>
    app.request(path, {
      method,
      headers: { "x-auth-token": TOKENS[as], "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  for (const collection of ["baymodels", "bays", "clustertemplates", "clusters"] as const) {
    const template = { name: `of ${collection}`, coe: "kubernetes", image_id: "atomic", external_network_id: "x" };
    const model = (await (await send("memberA", "POST", "/v1/clustertemplates", template)).json()) as { uuid: string };
    const cluster = await send("memberA", "POST", "/v1/clusters", { cluster_template_id: model.uuid });
    const isBay = collection === "bays" || collection === "clusters";
    const { uuid } = isBay ? ((await cluster.json()) as { uuid: string }) : model;
    const item = `/v1/${collection}/${uuid}`;
    const reads = [(await send(who, "GET", item)).status];
    const listed = JSON.stringify(await (await send(who, "GET", `/v1/${collection}/detail`)).json());
    const changes = [
      (await send(who, "PATCH", item, [])).status,
      // A model in use: let in means told so.
      (await send(who, "DELETE", item)).status,
    ];
    const verdict = MATRIX[who][collection];
    expect([collection, reads]).toEqual([collection, verdict === "absent" ? [404] : [200]]);
    expect([collection, listed.includes(uuid)]).toEqual([collection, verdict !== "absent"]);
    for (const status of changes) {
      const outcome = status === 404 ? "absent" : status === 403 ? "reads" : "let in";
      expect([collection, outcome]).toEqual([collection, verdict]);
    }
  }
});
