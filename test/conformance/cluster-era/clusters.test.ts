/** /v1/clusters as today's clients use it (cluster sheet 3.4, 6, 8, 9, 17, 24 to 26, 30, 33). */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import {
  at,
  CLUSTER_TEMPLATE,
  createHarness,
  expectRefusal,
  shown,
  textIn,
  UNKNOWN_UUID,
  UUID,
} from "../api-harness.ts";
import type { Call, Harness, Shown } from "../api-harness.ts";

let api: Harness;
let template: Shown;

beforeEach(async () => {
  api = createHarness();
  template = await makeTemplate({ keypair_id: "ops", labels: { kube_tag: "v1", team: "a" } });
});

async function makeTemplate(changes: JsonObject, as: Call["as"] = "memberA"): Promise<Shown> {
  const answer = await api.call("POST", "/v1/clustertemplates", { as, body: { ...CLUSTER_TEMPLATE, ...changes } });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

/** What `openstack coe cluster create` always sends. */
const wish = (changes: JsonObject = {}): JsonObject => ({
  cluster_template_id: template.uuid,
  create_timeout: 60,
  discovery_url: null,
  keypair: null,
  master_count: 1,
  name: "blue",
  node_count: 1,
  ...changes,
});

async function make(changes: JsonObject = {}, call: Call = {}): Promise<Shown> {
  const answer = await api.call("POST", "/v1/clusters", { ...call, body: wish(changes) });
  expect(answer).toMatchObject({ status: 202 });
  return shown(answer.body);
}

const show = async ({ uuid }: Shown, call: Call = {}): Promise<JsonObject> =>
  (await api.call("GET", `/v1/clusters/${uuid}`, call)).body;

describe("POST", () => {
  test("answers 202 with the uuid alone, and the cluster is there, being created", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/clusters", { body: wish() });
    expect(status).toBe(202);
    expect(headers.get("location")).toBeNull();
    const uuid = textIn(body, "uuid");
    expect(uuid).toMatch(UUID);
    expect(body).toEqual({ uuid });
    const { body: cluster } = await api.call("GET", `/v1/clusters/${uuid}`);
    expect(Object.entries(cluster)).toEqual(
      Object.entries({
        uuid,
        name: "blue",
        cluster_template_id: template.uuid,
        keypair: "ops",
        node_count: 1,
        master_count: 1,
        docker_volume_size: null,
        labels: { kube_tag: "v1", team: "a" },
        master_flavor_id: null,
        flavor_id: "m1.medium",
        create_timeout: 60,
        links: [
          { href: `http://magnum.test:9511/v1/clusters/${uuid}`, rel: "self" },
          { href: `http://magnum.test:9511/clusters/${uuid}`, rel: "bookmark" },
        ],
        stack_id: null,
        status: "CREATE_IN_PROGRESS",
        status_reason: null,
        health_status: null,
        health_status_reason: {},
        discovery_url: null,
        api_address: null,
        coe_version: null,
        container_version: null,
        project_id: "a",
        user_id: "user-alice",
        node_addresses: [],
        master_addresses: [],
        fixed_network: null,
        fixed_subnet: null,
        floating_ip_enabled: true,
        merge_labels: false,
        labels_overridden: {},
        labels_added: {},
        labels_skipped: {},
        master_lb_enabled: false,
        created_at: "2026-01-02T03:04:07+00:00",
        updated_at: null,
      }),
    );
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["the template by name", { cluster_template_id: "prod" }, {}],
    [
      "own values over the template's",
      {
        keypair: "mine",
        flavor_id: "big",
        master_flavor_id: "huge",
        docker_volume_size: 9,
        fixed_network: "net",
        floating_ip_enabled: true,
        master_lb_enabled: true,
        fixed_subnet: "sub",
      },
      {
        keypair: "mine",
        flavor_id: "big",
        master_flavor_id: "huge",
        docker_volume_size: 9,
        fixed_network: "net",
        master_lb_enabled: true,
        fixed_subnet: "sub",
      },
    ],
    [
      "empty texts, as the dashboard sends them",
      { keypair: "", flavor_id: "", discovery_url: "" },
      { keypair: "ops", flavor_id: "m1.medium", discovery_url: null },
    ],
    [
      "digits and words, as the dashboard sends them",
      { node_count: "3", floating_ip_enabled: "True" },
      { node_count: 3, floating_ip_enabled: true },
    ],
    ["null counts", { node_count: null, master_count: null }, { node_count: 1, master_count: 1 }],
    ["a null timeout, which stays", { create_timeout: null }, { create_timeout: null }],
    ["no limit of time", { create_timeout: 0 }, { create_timeout: 0 }],
    ["three masters behind a load balancer", { master_count: 3, master_lb_enabled: true }, { master_count: 3 }],
    [
      "a status, which is not taken",
      { status: "CREATE_COMPLETE", health_status: "HEALTHY", uuid: UNKNOWN_UUID },
      { status: "CREATE_IN_PROGRESS", health_status: null },
    ],
    [
      "other labels, in place of the template's",
      { labels: { team: "b", x: true } },
      {
        labels: { team: "b", x: "True" },
        labels_overridden: { team: "a" },
        labels_added: { x: "True" },
        labels_skipped: { kube_tag: "v1" },
      },
    ],
    [
      "other labels, laid over the template's",
      { labels: { team: "b" }, merge_labels: true },
      {
        labels: { kube_tag: "v1", team: "b" },
        labels_overridden: { team: "a" },
        labels_skipped: {},
        merge_labels: false,
      },
    ],
    ["empty labels, which are the template's", { labels: {} }, { labels: { kube_tag: "v1", team: "a" } }],
    ["a name of 242 characters", { name: "x".repeat(242) }, { name: "x".repeat(242) }],
  ])("takes %s", async (_what, changes, expected) => {
    expect(await show(await make(changes))).toMatchObject({ ...expected, cluster_template_id: template.uuid });
  });

  test("without a name, gets one; without a timeout, an hour", async () => {
    const body = { cluster_template_id: template.uuid };
    const cluster = await show(shown((await api.call("POST", "/v1/clusters", { body })).body));
    expect(cluster["name"]).toMatch(/^[a-z]+-\d{1,2}-cluster$/);
    expect(cluster["create_timeout"]).toBe(60);
    expect(await api.record(textIn(cluster, "uuid"))).toMatchObject({
      operation: { deadlineAtMs: api.ports.clock.nowMs() - 1_000 + 70 * 60_000 },
    });
  });

  test.each<[string, JsonObject, number, string]>([
    ["an unknown attribute", { colour: "blue" }, 400, "colour"],
    ["a read-only attribute", { api_address: "x" }, 400, "read only"],
    ["the project", { project_id: "b" }, 400, "read only"],
    ["labels that are computed", { labels_added: {} }, 400, "read only"],
    ["no template", { cluster_template_id: null }, 400, "cluster_template_id. Mandatory"],
    ["an empty name", { name: "" }, 400, "name"],
    ["a name that begins with a digit", { name: "1blue" }, 400, "name"],
    ["a name with a space", { name: "light blue" }, 400, "name"],
    ["a name too long", { name: "x".repeat(243) }, 400, "name"],
    ["no masters", { master_count: 0 }, 400, "master_count"],
    ["an even number of masters", { master_count: 2 }, 400, "odd"],
    ["masters without a load balancer", { master_count: 3 }, 400, "master_lb_enabled"],
    ["no nodes, at 1.1", { node_count: 0 }, 400, "1.10"],
    ["less than no nodes", { node_count: -1 }, 400, "node_count"],
    ["a volume of nothing", { docker_volume_size: 0 }, 400, "docker_volume_size"],
    ["a timeout below nothing", { create_timeout: -5 }, 400, "create_timeout"],
    ["a timeout of a month", { create_timeout: 43_200 }, 400, "create_timeout"],
    ["a label of null", { labels: { a: null } }, 400, "labels/a"],
    ["a boolean of no such word", { master_lb_enabled: "nah" }, 400, "master_lb_enabled"],
  ])("refuses %s", async (_what, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/clusters", { body: wish(changes) });
  });

  test.each([
    ["1.1", 400],
    ["1.9", 400],
    ["1.10", 404],
    ["1.14", 404],
  ])("at %s an unknown template is %d", async (version, status) => {
    for (const cluster_template_id of ["nobody", UNKNOWN_UUID])
      await expectRefusal(api, status, "could not be found", "POST", "/v1/clusters", {
        ...at(version),
        body: wish({ cluster_template_id }),
      });
  });

  test("no nodes are taken from 1.10 on", async () => {
    expect(await show(await make({ node_count: 0 }, at("1.10")))).toMatchObject({ node_count: 0 });
    await expectRefusal(api, 400, "1.10", "POST", "/v1/clusters", { ...at("1.9"), body: wish({ node_count: 0 }) });
  });

  test("a template's name that two bear is 409; a hidden one is 403 but for administrators; a private one of another's is not there", async () => {
    await makeTemplate({ name: "prod" });
    await expectRefusal(api, 409, "uuid", "POST", "/v1/clusters", { body: wish({ cluster_template_id: "prod" }) });
    const hide: Call = { as: "admin", body: [{ op: "replace", path: "/hidden", value: true }] };
    await api.call("PATCH", `/v1/clustertemplates/${template.uuid}`, hide);
    await expectRefusal(api, 403, "hidden", "POST", "/v1/clusters", { body: wish() });
    await expectRefusal(api, 400, "could not be found", "POST", "/v1/clusters", { as: "memberB", body: wish() });
    await expectRefusal(api, 400, "could not be found", "POST", "/v1/clusters", { as: "admin", body: wish() });
  });
});

describe("what depends on the version", () => {
  test.each([
    ["1.1", "stack_id"],
    ["1.12", "stack_id"],
    ["1.13", "cluster_id"],
    ["1.14", "cluster_id"],
  ])("at %s show, list and detail have %s", async (version, name) => {
    const cluster = await make();
    await api.settle(cluster.uuid, { stackId: "stack-1" });
    const other = name === "stack_id" ? "cluster_id" : "stack_id";
    const [short] = (await api.call("GET", "/v1/clusters", at(version))).body["clusters"] as JsonObject[];
    const [full] = (await api.call("GET", "/v1/clusters/detail", at(version))).body["clusters"] as JsonObject[];
    for (const view of [await show(cluster, at(version)), short!, full!]) {
      expect(view[name]).toBe("stack-1");
      expect(view).not.toHaveProperty(other);
    }
  });

  test("rollback is an argument from 1.3 on, and reaches the work", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    const path = `/v1/clusters/${cluster.uuid}?rollback=True`;
    const body = [{ op: "replace", path: "/node_count", value: 3 }];
    await expectRefusal(api, 400, "rollback", "PATCH", path, { ...at("1.2"), body });
    await expectRefusal(api, 400, "rollback", "PATCH", `${path.slice(0, -4)}perhaps`, { ...at("1.3"), body });
    expect(await api.call("PATCH", path, { ...at("1.3"), body })).toMatchObject({ status: 202 });
    expect(await api.record(cluster.uuid)).toMatchObject({ operation: { input: { rollback: true, nodeCount: 3 } } });
  });
});

describe("lists", () => {
  test("the short form, in the sheet's order; detail is what show shows", async () => {
    const cluster = await make();
    const { body } = await api.call("GET", "/v1/clusters/", at("latest"));
    const [short] = body["clusters"] as JsonObject[];
    expect(Object.keys(short!)).toEqual([
      "uuid",
      "name",
      "cluster_template_id",
      "keypair",
      "node_count",
      "master_count",
      "docker_volume_size",
      "labels",
      "master_flavor_id",
      "flavor_id",
      "create_timeout",
      "links",
      "cluster_id",
      "status",
      "health_status",
      "merge_labels",
    ]);
    expect((await api.call("GET", "/v1/clusters/detail/")).body).toEqual({ clusters: [await show(cluster)] });
  });

  test("next is absolute, on every full page and on no other", async () => {
    const first = await make({ name: "a" });
    const second = await make({ name: "b" });
    const { body } = await api.call("GET", "/v1/clusters?limit=1&sort_key=name");
    expect(body["next"]).toBe(
      `http://magnum.test:9511/v1/clusters?sort_key=name&sort_dir=asc&limit=1&marker=${first.uuid}`,
    );
    const last = await api.call("GET", textIn(body, "next").replace("http://magnum.test:9511", ""));
    expect(last.body).toMatchObject({
      clusters: [{ uuid: second.uuid }],
      next: expect.stringContaining(second.uuid) as string,
    });
    expect((await api.call("GET", "/v1/clusters?limit=5")).body).not.toHaveProperty("next");
  });

  test.each([
    ["sort_key=node_count", "node_count"],
    ["sort_key=master_count", "master_count"],
    ["sort_key=labels", "labels"],
    ["all_tenants=True", "all_tenants"],
    ["name=blue", "name"],
    ["limit=x", "limit"],
  ])("?%s is 400", async (query, says) => {
    await expectRefusal(api, 400, says, "GET", `/v1/clusters?${query}`);
  });
});

describe("across projects", () => {
  test("a member sees their project's alone, an administrator all without asking", async () => {
    const mine = await make();
    for (const as of ["memberB"] as const) {
      expect((await api.call("GET", "/v1/clusters", { as })).body).toEqual({ clusters: [] });
      for (const method of ["GET", "DELETE"])
        await expectRefusal(api, 404, "blue", method, "/v1/clusters/blue", { as });
      await expectRefusal(api, 404, mine.uuid, "PATCH", `/v1/clusters/${mine.uuid}`, { as, body: [] });
      await expectRefusal(api, 404, mine.uuid, "GET", `/v1/clusters?marker=${mine.uuid}`, { as });
    }
    expect((await api.call("GET", "/v1/clusters", { as: "admin" })).body).toMatchObject({
      clusters: [{ uuid: mine.uuid }],
    });
    for (const ident of [mine.uuid, "blue"])
      expect(await api.call("GET", `/v1/clusters/${ident}`, { as: "admin" })).toMatchObject({
        status: 200,
        body: { project_id: "a" },
      });
  });

  test("an administrator patches and deletes another project's, which stays in its project", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    const body = [{ op: "replace", path: "/node_count", value: 2 }];
    expect(await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, { as: "admin", body })).toMatchObject({
      status: 202,
    });
    expect(await api.call("DELETE", `/v1/clusters/${cluster.uuid}`, { as: "admin" })).toMatchObject({ status: 204 });
    expect(await show(cluster)).toMatchObject({ status: "DELETE_IN_PROGRESS", node_count: 2, project_id: "a" });
  });

  test("a reader reads, and does nothing else", async () => {
    const cluster = await make();
    const as = "readerA";
    expect(await api.call("GET", "/v1/clusters/blue", { as })).toMatchObject({ status: 200 });
    await expectRefusal(api, 403, "cluster:create", "POST", "/v1/clusters", { as, body: wish() });
    await expectRefusal(api, 403, "cluster:update", "PATCH", `/v1/clusters/${cluster.uuid}`, { as, body: [] });
    await expectRefusal(api, 403, "cluster:delete", "DELETE", `/v1/clusters/${cluster.uuid}`, { as });
  });

  test("a colleague in the project does all", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    const as = "otherMemberA";
    const body = [{ op: "replace", path: "/node_count", value: 2 }];
    expect(await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, { as, body })).toMatchObject({ status: 202 });
    expect(await api.call("DELETE", `/v1/clusters/${cluster.uuid}`, { as })).toMatchObject({ status: 204 });
  });
});

const replace = (path: string, value: Json): Json => [{ op: "replace", path, value }];

describe("PATCH", () => {
  test("answers 202 with the uuid alone, and the status has changed before", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    const answer = await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, { body: replace("/node_count", 3) });
    expect(answer).toMatchObject({ status: 202, body: { uuid: cluster.uuid } });
    expect(Object.keys(answer.body)).toEqual(["uuid"]);
    expect(await show(cluster)).toMatchObject({
      status: "UPDATE_IN_PROGRESS",
      node_count: 3,
      updated_at: expect.any(String) as string,
    });
  });

  test("an empty patch, and one that names what is so already, are 202 and write nothing", async () => {
    const cluster = await make();
    const writes = api.writes();
    for (const body of [
      [],
      replace("/node_count", 1),
      replace("/name", "blue"),
      replace("/cluster_template_id", template.uuid),
    ])
      expect(await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, { body })).toMatchObject({ status: 202 });
    expect(api.writes()).toBe(writes);
  });

  test.each<[string, Json, string]>([
    ["the name", replace("/name", "red"), "property(ies) name"],
    ["the labels", replace("/labels", { a: "b" }), "property(ies) labels"],
    ["one label", [{ op: "add", path: "/labels/k", value: "v" }], "property(ies) labels"],
    ["the masters", replace("/master_count", 3), "property(ies) master_count"],
    ["the status", replace("/status", "CREATE_FAILED"), "property(ies) status"],
    ["the stack", replace("/stack_id", "x"), "internal"],
    ["the cluster id", replace("/cluster_id", "x"), "internal"],
    ["the certificate", replace("/ca_cert_ref", "x"), "internal"],
    ["the removal of the template", [{ op: "remove", path: "/cluster_template_id" }], "mandatory"],
    ["no nodes, at 1.1", replace("/node_count", 0), "1.10"],
    ["half a node", replace("/node_count", 1.5), "node_count"],
    ["a null count", replace("/node_count", null), "need a value"],
    ["a body that is no list", { node_count: 3 }, "list"],
    ["a health of no such word", replace("/health_status", "FINE"), "HEALTHY"],
    ["a reason that is no dict", replace("/health_status_reason", "all is well"), "health_status_reason"],
    ["a reason with what is no text", replace("/health_status_reason", "{'api': True}"), "text"],
  ])("refuses %s", async (_what, body, says) => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    await expectRefusal(api, 400, says, "PATCH", `/v1/clusters/${cluster.uuid}`, { body });
  });

  test("to no nodes is taken from 1.10 on", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
    const answer = await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, {
      ...at("1.10"),
      body: replace("/node_count", 0),
    });
    expect(answer).toMatchObject({ status: 202 });
    expect(await show(cluster)).toMatchObject({ node_count: 0 });
  });

  test.each<[BayStatus, boolean]>([
    ["CREATE_COMPLETE", true],
    ["UPDATE_COMPLETE", true],
    ["UPDATE_FAILED", true],
    ["CREATE_IN_PROGRESS", false],
    ["CREATE_FAILED", false],
    ["UPDATE_IN_PROGRESS", false],
    ["DELETE_IN_PROGRESS", false],
    ["DELETE_FAILED", false],
  ])("in %s is taken: %s; never taken and dropped", async (status, taken) => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status });
    const patch = ["PATCH", `/v1/clusters/${cluster.uuid}`, { body: replace("/node_count", 3) }] as const;
    if (!taken) return expectRefusal(api, 400, status, ...patch);
    expect(await api.call(...patch)).toMatchObject({ status: 202 });
    expect(await api.record(cluster.uuid)).toMatchObject({
      operation: { kind: "update", input: { previousNodeCount: 1 } },
    });
  });

  test("an outside healer's word is taken in any status, changes no status and begins no work", async () => {
    const cluster = await make();
    await api.settle(cluster.uuid, { status: "UPDATE_IN_PROGRESS" });
    const body = [
      { op: "replace", path: "/health_status", value: "UNHEALTHY" },
      {
        op: "replace",
        path: "/health_status_reason",
        value: "{'api': 'ok', 'blue-w-0.Ready': 'False', 'updated_at': 'now'}",
      },
    ];
    for (let again = 0; again < 2; again += 1)
      expect(await api.call("PATCH", `/v1/clusters/${cluster.uuid}`, { ...at("latest"), body })).toMatchObject({
        status: 202,
      });
    expect(await show(cluster)).toMatchObject({
      status: "UPDATE_IN_PROGRESS",
      health_status: "UNHEALTHY",
      health_status_reason: { api: "ok", "blue-w-0.Ready": "False", updated_at: "now" },
    });
    expect(await api.record(cluster.uuid)).not.toHaveProperty("operation");
  });

  test("the type of the body wins over a cluster that is not there", async () => {
    await expectRefusal(api, 400, "list", "PATCH", `/v1/clusters/${UNKNOWN_UUID}`, { body: { a: 1 } });
    await expectRefusal(api, 404, "fooo", "PATCH", "/v1/clusters/fooo", { body: replace("/node_count", 2) });
  });
});

describe("DELETE", () => {
  test("answers 204 with the status changed; two of a name are 409, one that is not there 404", async () => {
    const cluster = await make();
    await make();
    await expectRefusal(api, 409, "uuid", "DELETE", "/v1/clusters/blue");
    expect(await api.call("DELETE", `/v1/clusters/${cluster.uuid}`)).toMatchObject({ status: 204, body: {} });
    expect(await show(cluster)).toMatchObject({ status: "DELETE_IN_PROGRESS" });
    await expectRefusal(api, 404, UNKNOWN_UUID, "DELETE", `/v1/clusters/${UNKNOWN_UUID}`);
  });
});

test("a bay is a cluster, and a cluster a bay", async () => {
  const cluster = await make({ node_count: 2 });
  expect(await api.call("GET", `/v1/bays/${cluster.uuid}`)).toMatchObject({
    status: 200,
    body: { baymodel_id: template.uuid, node_count: 2 },
  });
  const answer = await api.call("POST", "/v1/bays", { body: { name: "old", baymodel_id: template.uuid } });
  expect(await show(shown(answer.body))).toMatchObject({
    name: "old",
    cluster_template_id: template.uuid,
    create_timeout: 0,
  });
});

test("no reply shows a secret, a delegation or a certificate of the record", async () => {
  const cluster = await make();
  const specification = await readSpecification(api.ports.table, {
    uuid: cluster.uuid,
    projectId: "a",
    createdAtMs: 0,
  });
  expect(JSON.stringify(specification)).toContain("sealed-trust");
  for (const path of [
    `/v1/clusters/${cluster.uuid}`,
    "/v1/clusters/detail",
    "/v1/bays/detail",
    `/v1/bays/${cluster.uuid}`,
  ]) {
    const text = JSON.stringify((await api.call("GET", path)).body);
    expect(text).not.toContain("sealed-trust");
    expect(text).not.toContain("elegation");
  }
});
