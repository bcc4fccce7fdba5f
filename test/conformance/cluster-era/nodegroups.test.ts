/** /v1/clusters/{cluster}/nodegroups and actions/resize as today's clients use them (cluster sheet 8.7, 10, 17, 26, 27). */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import { bayStatusSchema } from "@jeroboam/core/bay/bay";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import { changeGroupSpecification } from "@jeroboam/core/node-group/group-specification-store";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import { beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness, Shown } from "../api-harness.ts";
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

const LATEST = at("latest");
const SERVER = "0a1b2c3d-0000-4000-8000-00000000000a";
const OTHER_SERVER = "0a1b2c3d-0000-4000-8000-00000000000b";
const MEMBERS = [
  { index: "0", serverId: SERVER, name: "blue-0" },
  { index: "1", serverId: OTHER_SERVER, name: "blue-1" },
];

let api: Harness;
let cluster: Shown;

beforeEach(async () => {
  api = createHarness();
  cluster = await makeCluster();
});

async function makeCluster(changes: JsonObject = {}, template: JsonObject = {}): Promise<Shown> {
  const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops", labels: { team: "a" }, ...template };
  const made = shown((await api.call("POST", "/v1/clustertemplates", { body })).body);
  const wish = { cluster_template_id: made.uuid, name: "blue", node_count: 2, ...changes };
  const { body: answer } = await api.call("POST", "/v1/clusters", { body: wish });
  const { uuid } = shown(answer);
  await api.specify(uuid, { apiAddress: "https://198.51.100.7:6443", nodeAddresses: ["10.0.0.21"], workers: MEMBERS });
  await api.settle(uuid, { status: "CREATE_COMPLETE", stackId: "stack-1" });
  return shown(answer);
}

const groupsPath = (): string => `/v1/clusters/${cluster.uuid}/nodegroups`;
const call = (method: string, path: string, more: Call = {}) => api.call(method, path, { ...LATEST, ...more });
const show = async (ident: string): Promise<JsonObject> => (await call("GET", `${groupsPath()}/${ident}`)).body;
const showCluster = async (): Promise<JsonObject> => (await call("GET", `/v1/clusters/${cluster.uuid}`)).body;

async function make(changes: JsonObject = {}): Promise<Shown> {
  const answer = await call("POST", groupsPath(), { body: { name: "gpu", ...changes } });
  expect(answer).toMatchObject({ status: 202 });
  return shown(answer.body);
}

/** Ends the group's work, as a conductor does. */
async function settleGroup({ uuid }: Shown, changes: { status: BayStatus; stackId?: string }): Promise<void> {
  const key = nodeGroupKey("a", cluster.uuid, uuid);
  await changeRecord(api.ports, nodeGroupShape, key, (current) => {
    const { operation: _operation, dueAtMs: _due, ...rest } = current;
    return { kind: "write", record: { ...rest, state: { ...current.state, ...changes } } };
  });
}

const list = async (query = ""): Promise<readonly JsonObject[]> => {
  const { body } = await call("GET", `${groupsPath()}${query}`);
  return body["nodegroups"] as JsonObject[];
};

describe("the two groups that every cluster has", () => {
  test("are in its list, with these attributes and no others", async () => {
    const groups = await list();
    expect(groups.map(({ name, role, node_count }) => [name, role, node_count])).toEqual([
      ["default-master", "master", 1],
      ["default-worker", "worker", 2],
    ]);
    expect(groups[1]).toEqual({
      uuid: expect.stringMatching(UUID) as unknown,
      name: "default-worker",
      flavor_id: "m1.medium",
      image_id: "atomic",
      node_count: 2,
      role: "worker",
      min_node_count: 0,
      max_node_count: null,
      is_default: true,
      stack_id: "stack-1",
      status: "CREATE_COMPLETE",
      merge_labels: false,
    });
  });

  test("show all their attributes in Magnum's order", async () => {
    const worker = await show("default-worker");
    expect(Object.keys(worker)).toEqual([
      "id",
      "uuid",
      "name",
      "cluster_id",
      "project_id",
      "docker_volume_size",
      "labels",
      "links",
      "node_addresses",
      "node_count",
      "flavor_id",
      "image_id",
      "role",
      "min_node_count",
      "max_node_count",
      "is_default",
      "stack_id",
      "status",
      "merge_labels",
      "status_reason",
      "version",
      "labels_overridden",
      "labels_added",
      "labels_skipped",
      "node_labels",
      "node_taints",
      "created_at",
      "updated_at",
    ]);
    expect(worker).toMatchObject({
      cluster_id: cluster.uuid,
      labels: { team: "a" },
      node_addresses: ["10.0.0.21"],
      node_labels: {},
      node_taints: [],
      labels_added: {},
    });
    expect(Number.isSafeInteger(worker["id"])).toBe(true);
    const uuid = textIn(worker, "uuid");
    expect(worker["links"]).toEqual([
      { href: `http://magnum.test:9511/v1/clusters/${cluster.uuid}/nodegroups/${uuid}`, rel: "self" },
      { href: `http://magnum.test:9511/clusters/${cluster.uuid}/nodegroups/${uuid}`, rel: "bookmark" },
    ]);
    expect(await show(uuid)).toEqual(worker);
  });

  test("take the least number of workers from the label, which the masters do not", async () => {
    cluster = await makeCluster({ labels: { min_node_count: "2" } });
    expect((await list()).map(({ min_node_count }) => min_node_count)).toEqual([0, 2]);
  });

  test.each(["default-master", "default-worker"])("%s cannot be deleted", async (name) => {
    await expectRefusal(api, 400, name, "DELETE", `${groupsPath()}/${name}`, LATEST);
  });
});

describe("versions", () => {
  test.each([
    ["GET", ""],
    ["POST", ""],
    ["GET", "/default-worker"],
    ["PATCH", "/default-worker"],
    ["DELETE", "/default-worker"],
  ])("%s %s is 406 before 1.9", async (method, path) => {
    for (const version of ["1.1", "1.8"]) {
      const answer = await api.call(method, `${groupsPath()}${path}`, at(version));
      expect(answer).toMatchObject({ status: 406, body: { errors: [{ title: "Not Acceptable", code: "" }] } });
    }
  });

  test("groups are there from 1.9 on, at every version with their stack", async () => {
    for (const version of ["1.9", "1.10", "1.13", "1.14"]) {
      const { status, body } = await api.call("GET", `${groupsPath()}/default-worker`, at(version));
      expect([status, body["stack_id"]]).toEqual([200, "stack-1"]);
    }
  });

  test("resize is 406 before 1.7, and to zero 400 before 1.10", async () => {
    const path = `/v1/clusters/${cluster.uuid}/actions/resize`;
    expect(await api.call("POST", path, { ...at("1.6"), body: { node_count: 1 } })).toMatchObject({ status: 406 });
    await expectRefusal(api, 400, "Zero nodes", "POST", path, { ...at("1.9"), body: { node_count: 0 } });
    expect(await api.call("POST", path, { ...at("1.7"), body: { node_count: 1 } })).toMatchObject({ status: 202 });
  });

  test("the document of versions names node groups", async () => {
    const { body } = await api.call("GET", "/v1");
    expect(body["nodegroups"]).toMatchObject([
      { href: "http://magnum.test:9511/v1/clusters/{cluster_id}/nodegroups" },
      {},
    ]);
  });
});

describe("lists", () => {
  test("are cut into pages by limit and marker; next keeps the filter and is there on full pages alone", async () => {
    for (const name of ["a", "b", "c"]) await make({ name, role: "gpu" });
    const first = await call("GET", `${groupsPath()}?limit=2&role=gpu`);
    expect((first.body["nodegroups"] as JsonObject[]).map(({ name }) => name)).toEqual(["a", "b"]);
    const next = textIn(first.body, "next");
    expect(next).toContain("role=gpu");
    expect(next).toContain(`/v1/clusters/${cluster.uuid}/nodegroups?`);
    const rest = await call("GET", next.slice("http://magnum.test:9511".length));
    expect((rest.body["nodegroups"] as JsonObject[]).map(({ name }) => name)).toEqual(["c"]);
    expect(rest.body).not.toHaveProperty("next");
  });

  test("are sorted by an attribute, either way", async () => {
    await make({ name: "aaa" });
    expect((await list("?sort_key=name")).map(({ name }) => name)).toEqual(["aaa", "default-master", "default-worker"]);
    expect((await list("?sort_key=name&sort_dir=desc"))[2]).toMatchObject({ name: "aaa" });
  });

  test.each([
    ["limit=0", 400],
    ["limit=x", 400],
    ["marker=x", 400],
    [`marker=${UNKNOWN_UUID}`, 404],
    ["sort_key=nothing", 400],
    ["sort_dir=up", 400],
    ["colour=red", 400],
  ])("?%s is %d", async (query, status) => {
    expect(await call("GET", `${groupsPath()}?${query}`)).toMatchObject({ status });
  });

  test("show the real limits of each group", async () => {
    await make({ min_node_count: 1, max_node_count: 5 });
    expect((await list("?role=worker"))[1]).toMatchObject({ min_node_count: 1, max_node_count: 5 });
  });
});

describe("POST", () => {
  test("answers 202 with the group, which is there, being created; so is the cluster's status changed", async () => {
    const made = await make({ node_count: 3, flavor_id: "m1.small", labels: { team: "b" }, merge_labels: true });
    expect(made).toMatchObject({
      name: "gpu",
      status: "CREATE_IN_PROGRESS",
      is_default: false,
      role: "worker",
      node_count: 3,
      flavor_id: "m1.small",
      image_id: "atomic",
      labels: { team: "b" },
      labels_overridden: { team: "a" },
      stack_id: null,
      created_at: "2026-01-02T03:04:08+00:00",
    });
    expect(made.uuid).toMatch(UUID);
    expect(await show("gpu")).toEqual(made);
    expect(await showCluster()).toMatchObject({ status: "UPDATE_IN_PROGRESS", node_count: 5 });
    const { body } = await call("GET", "/v1/clusters");
    expect(body["clusters"]).toMatchObject([{ status: "UPDATE_IN_PROGRESS", node_count: 5 }]);
    const bays = await api.call("GET", "/v1/bays");
    expect(bays.body["bays"]).toMatchObject([{ status: "UPDATE_IN_PROGRESS", node_count: 5 }]);
    expect(api.ports.delegations.at(-1)).toEqual({
      context: `node-group/${made.uuid}/delegation`,
      userId: "user-alice",
    });
  });

  test("labels: none are the cluster's, an empty object stays empty, given ones take their place", async () => {
    expect(await make({ name: "one" })).toMatchObject({ labels: { team: "a" }, labels_skipped: {} });
    expect(await make({ name: "two", labels: {} })).toMatchObject({ labels: {}, labels_skipped: { team: "a" } });
    const three = await make({ name: "three", labels: { size: 1, fast: true } });
    expect(three).toMatchObject({
      labels: { size: "1", fast: "True" },
      labels_added: { size: "1", fast: "True" },
      labels_skipped: { team: "a" },
    });
  });

  test("what Magnum takes although it is not the caller's to say is taken, and means nothing", async () => {
    const body = { id: 7, uuid: UNKNOWN_UUID, is_default: true, status: "CREATE_COMPLETE", cluster_id: UNKNOWN_UUID };
    const made = await make(body);
    expect(made).toMatchObject({ is_default: false, status: "CREATE_IN_PROGRESS", cluster_id: cluster.uuid });
    expect(made.uuid).not.toBe(UNKNOWN_UUID);
  });

  test("zero nodes are taken at 1.9 already; a maximum of zero is none", async () => {
    const { status } = await api.call("POST", groupsPath(), { ...at("1.9"), body: { name: "z", node_count: 0 } });
    expect(status).toBe(202);
    expect(await make({ name: "y", node_count: 3, max_node_count: 0 })).toMatchObject({ max_node_count: 0 });
  });

  test("node labels and taints are kept", async () => {
    const body = {
      node_labels: { "example.com/disk": "ssd", "node.kubernetes.io/x": "1", "topology.kubernetes.io/zone": "a" },
      node_taints: [
        { key: "gpu", value: "yes", effect: "NoSchedule" },
        { key: "slow", effect: "PreferNoSchedule" },
      ],
    };
    expect(await make(body)).toMatchObject(body);
  });

  test.each<[string, JsonObject, number, string]>([
    ["no name", { name: null }, 400, "name"],
    ["an empty name", { name: "" }, 400, "name"],
    ["a long name", { name: "x".repeat(256) }, 400, "name"],
    ["a name that Kubernetes cannot have as a label", { name: "a b" }, 409, "name"],
    ["the name of a default group", { name: "default-worker" }, 409, "default-worker"],
    ["masters", { role: "master" }, 400, "role"],
    ["an empty role is the default, a long one is not", { role: "x".repeat(256) }, 400, "role"],
    ["a negative count", { node_count: -1 }, 400, "node_count"],
    ["a count that is no number", { node_count: "many" }, 400, "node_count"],
    ["a negative minimum", { min_node_count: -1 }, 400, "min_node_count"],
    ["a count below the minimum", { node_count: 1, min_node_count: 2 }, 409, "min_node_count"],
    ["a count above the maximum", { node_count: 3, max_node_count: 2 }, 409, "max_node_count"],
    ["a minimum above the maximum", { node_count: 3, min_node_count: 4, max_node_count: 2 }, 409, "min_node_count"],
    ["a volume of nothing", { docker_volume_size: 0 }, 400, "docker_volume_size"],
    ["an unknown attribute", { colour: "red" }, 400, "colour"],
    ["its project", { project_id: "a" }, 400, "project_id"],
    ["its addresses", { node_addresses: [] }, 400, "node_addresses"],
    ["a list for labels", { labels: [] }, 400, "labels"],
    ["a flavor that is not there", { flavor_id: "gone" }, 400, "flavor_id"],
    ["an image that is not there", { image_id: "nope" }, 400, "image_id"],
    ["a number as a node label", { node_labels: { a: 1 } }, 400, "node_labels"],
    ["a node label of Kubernetes", { node_labels: { "kubernetes.io/x": "1" } }, 409, "kubernetes.io/x"],
    ["a node label below it", { node_labels: { "a.k8s.io/x": "1" } }, 409, "a.k8s.io/x"],
    ["a role by node label", { node_labels: { "node-role.kubernetes.io/x": "" } }, 409, "node-role"],
    ["below an open prefix", { node_labels: { "a.node.kubernetes.io/x": "" } }, 409, "a.node.kubernetes.io"],
    ["a node label that is none", { node_labels: { "a/b/c": "1" } }, 409, "a/b/c"],
    ["a value that is none", { node_labels: { a: "b c" } }, 409, "b c"],
    ["a taint without key", { node_taints: [{ effect: "NoSchedule" }] }, 409, "key"],
    ["a taint without effect", { node_taints: [{ key: "a" }] }, 409, "effect"],
    ["another effect", { node_taints: [{ key: "a", effect: "Never" }] }, 409, "effect"],
    ["more fields of a taint", { node_taints: [{ key: "a", effect: "NoExecute", x: 1 }] }, 409, "x"],
    ["a number as a taint's value", { node_taints: [{ key: "a", value: 1, effect: "NoExecute" }] }, 409, "value"],
    ["a taint that is no object", { node_taints: ["a"] }, 400, "node_taints"],
    ["another network than the cluster's", { labels: { flannel_network_cidr: "10.9.0.0/16" } }, 409, "flannel"],
    ["a label out of range", { labels: { boot_volume_size: "x" } }, 409, "boot_volume_size"],
  ])("%s is refused", async (_name, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", groupsPath(), { ...LATEST, body: { name: "gpu", ...changes } });
  });

  test("a name is taken once in a cluster, also by two at one time, and free again in another", async () => {
    const body = { name: "gpu" };
    const both = await Promise.all([1, 2].map(() => call("POST", groupsPath(), { body })));
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([202, 409]);
    cluster = await makeCluster({ name: "green" });
    expect(await make()).toMatchObject({ name: "gpu" });
  });

  test("a cluster without an API address, or one that is being deleted, takes none", async () => {
    await api.specify(cluster.uuid, { apiAddress: null });
    await expectRefusal(api, 409, "no API address", "POST", groupsPath(), { ...LATEST, body: { name: "gpu" } });
    await api.specify(cluster.uuid, { apiAddress: "https://198.51.100.7:6443" });
    await api.settle(cluster.uuid, { status: "DELETE_IN_PROGRESS" });
    await expectRefusal(api, 409, "DELETE_IN_PROGRESS", "POST", groupsPath(), { ...LATEST, body: { name: "gpu" } });
  });

  test.each([
    ["only-user-alice", "Key pair only-user-alice of the cluster is not yours"],
    ["each", "Your key pair each is another than the cluster's"],
  ])(
    "of a colleague who has no key pair %s as the cluster's owner has is refused, and says what to do",
    async (keypair, says) => {
      cluster = await makeCluster({ keypair });
      const call: Call = { ...LATEST, as: "otherMemberA", body: { name: "gpu" } };
      await expectRefusal(api, 409, says, "POST", groupsPath(), call);
      await expectRefusal(api, 409, "user-alice", "POST", groupsPath(), call);
      expect(await api.call("POST", groupsPath(), { ...LATEST, body: { name: "gpu" } })).toMatchObject({ status: 202 });
    },
  );

  test("of a colleague is taken where the key pair is theirs too, or there is none, or the service builds the cluster", async () => {
    const body = { name: "gpu" };
    const make = () => api.call("POST", groupsPath(), { ...LATEST, as: "otherMemberA", body });
    expect(await make()).toMatchObject({ status: 202 });
    cluster = await makeCluster({ keypair: "only-user-alice" });
    await api.specify(cluster.uuid, { delegation: { kind: "service", projectId: "a" } });
    expect(await make()).toMatchObject({ status: 202 });
  });

  test("a type of cluster that has no further groups is named", async () => {
    cluster = await makeCluster({}, { coe: "swarm", labels: {} });
    await expectRefusal(api, 409, "magnum_vm_atomic_swarm", "POST", groupsPath(), { ...LATEST, body: { name: "gpu" } });
  });
});

describe("who may", () => {
  test("administrators read every project's and write none", async () => {
    await make();
    const as = { ...LATEST, as: "admin" } as const;
    expect(await api.call("GET", groupsPath(), as)).toMatchObject({ status: 200 });
    expect(await api.call("GET", `${groupsPath()}/gpu`, as)).toMatchObject({ status: 200, body: { name: "gpu" } });
    for (const [method, path, body] of [
      ["POST", groupsPath(), { name: "x" }],
      ["PATCH", `${groupsPath()}/gpu`, []],
      ["DELETE", `${groupsPath()}/gpu`, undefined],
      ["POST", `/v1/clusters/${cluster.uuid}/actions/resize`, { node_count: 1 }],
    ] as const)
      expect(await api.call(method, path, { ...as, ...(body && { body: body as Json }) })).toMatchObject({
        status: 404,
      });
  });

  test("another project finds nothing; a reader reads", async () => {
    expect(await api.call("GET", groupsPath(), { ...LATEST, as: "memberB" })).toMatchObject({ status: 404 });
    expect(await api.call("GET", groupsPath(), { ...LATEST, as: "readerA" })).toMatchObject({ status: 200 });
    const body = { name: "gpu" };
    expect(await api.call("POST", groupsPath(), { ...LATEST, as: "readerA", body })).toMatchObject({ status: 403 });
    const resize = `/v1/clusters/${cluster.uuid}/actions/resize`;
    const wish = { ...LATEST, as: "readerA", body: { node_count: 1 } } as const;
    expect(await api.call("POST", resize, wish)).toMatchObject({ status: 403 });
  });

  test.each(["GET", "PATCH", "DELETE"])("%s of a group, or in a cluster, that is not there is 404", async (method) => {
    const body = method === "PATCH" ? { body: [] } : {};
    for (const path of [`${groupsPath()}/nope`, `${groupsPath()}/${UNKNOWN_UUID}`, "/v1/clusters/nope/nodegroups/x"])
      expect(await call(method, path, body)).toMatchObject({ status: 404 });
  });
});

describe("PATCH", () => {
  const patch = (ident: string, operations: Json, more: Call = {}) =>
    call("PATCH", `${groupsPath()}/${ident}`, { body: operations, ...more });

  test.each(["default-worker", "gpu"])("changes the limits of %s, at once and without work", async (ident) => {
    if (ident === "gpu") await settleGroup(await make({ node_count: 2 }), { status: "CREATE_COMPLETE" });
    const answer = await patch(ident, [
      { op: "replace", path: "/min_node_count", value: 1 },
      { op: "add", path: "/max_node_count", value: 4 },
    ]);
    expect(answer).toMatchObject({ status: 202, body: { min_node_count: 1, max_node_count: 4 } });
    expect(await show(ident)).toMatchObject({ min_node_count: 1, max_node_count: 4, status: "CREATE_COMPLETE" });
    await patch(ident, [
      { op: "remove", path: "/min_node_count" },
      { op: "remove", path: "/max_node_count" },
    ]);
    expect(await show(ident)).toMatchObject({ min_node_count: 0, max_node_count: null });
  });

  test("nothing to change is 202", async () => {
    expect(await patch("default-worker", [])).toMatchObject({ status: 202, body: { name: "default-worker" } });
  });

  test.each<[string, Json, number]>([
    ["the count", [{ op: "replace", path: "/node_count", value: 5 }], 400],
    ["the name", [{ op: "replace", path: "/name", value: "x" }], 400],
    ["the role", [{ op: "replace", path: "/role", value: "x" }], 400],
    ["labels", [{ op: "add", path: "/labels/x", value: "1" }], 400],
    ["the flavor", [{ op: "replace", path: "/flavor_id", value: "x" }], 400],
    ["the image", [{ op: "replace", path: "/image_id", value: "x" }], 400],
    ["an attribute that is none", [{ op: "add", path: "/colour", value: "red" }], 400],
    ["a minimum that is no number", [{ op: "replace", path: "/min_node_count", value: "x" }], 400],
    ["a minimum that is a boolean", [{ op: "replace", path: "/min_node_count", value: true }], 400],
    ["a negative minimum", [{ op: "replace", path: "/min_node_count", value: -1 }], 400],
    ["a minimum above the count", [{ op: "replace", path: "/min_node_count", value: 3 }], 409],
    ["a maximum below the count", [{ op: "add", path: "/max_node_count", value: 1 }], 409],
    ["no list", { op: "replace" }, 400],
    ["another operation", [{ op: "move", path: "/min_node_count", value: 1 }], 400],
  ])("%s is refused", async (_name, operations, status) => {
    await expectRefusal(api, status, "", "PATCH", `${groupsPath()}/default-worker`, { ...LATEST, body: operations });
  });
});

describe("labels and taints of nodes that run", () => {
  const TAINT = { key: "gpu", value: "yes", effect: "NoSchedule" };
  const patch = (operations: Json, more: Call = {}) =>
    call("PATCH", `${groupsPath()}/gpu`, { body: operations, ...more });
  let group: Shown;

  beforeEach(async () => {
    group = await make({ node_count: 2, node_labels: { tier: "iron" } });
    await settleGroup(group, { status: "CREATE_COMPLETE" });
  });

  const groupRecord = () => findRecord(api.ports.table, nodeGroupShape, nodeGroupKey("a", cluster.uuid, group.uuid));

  test.each<[string, Json]>([
    [
      "as JSON",
      [
        { op: "replace", path: "/node_labels", value: { tier: "gold" } },
        { op: "replace", path: "/node_taints", value: [TAINT] },
      ],
    ],
    [
      "as texts of Python, which magnumclient sends",
      [
        { op: "replace", path: "/node_labels", value: "{'tier': 'gold'}" },
        { op: "replace", path: "/node_taints", value: "[{'key': 'gpu', 'value': 'yes', 'effect': 'NoSchedule'}]" },
      ],
    ],
    [
      "an entry at a time",
      [
        { op: "replace", path: "/node_labels/tier", value: "gold" },
        { op: "add", path: "/node_taints", value: [TAINT] },
      ],
    ],
  ])("change by PATCH, which is work: %s", async (_name, operations) => {
    const answer = await patch(operations);
    const changed = { node_labels: { tier: "gold" }, node_taints: [TAINT], status: "UPDATE_IN_PROGRESS" };
    expect(answer).toMatchObject({ status: 202, body: changed });
    expect(await show("gpu")).toMatchObject(changed);
    expect(await groupRecord()).toMatchObject({
      operation: { kind: "mark", input: { nodeLabels: { tier: "gold" }, nodeTaints: [TAINT] } },
    });
  });

  test("change together with the group's limits; removed, there are none", async () => {
    const operations = [
      { op: "remove", path: "/node_labels" },
      { op: "replace", path: "/max_node_count", value: 7 },
    ];
    expect(await patch(operations)).toMatchObject({ status: 202, body: { node_labels: {}, max_node_count: 7 } });
  });

  test("that are so already are nothing to do, unless a change of them did not come to its end", async () => {
    const same = [{ op: "replace", path: "/node_labels", value: { tier: "iron" } }];
    expect(await patch(same)).toMatchObject({ status: 202, body: { status: "CREATE_COMPLETE" } });
    const identity = { uuid: group.uuid, bayUuid: cluster.uuid, bayCreatedAtMs: 0, projectId: "a" };
    await changeGroupSpecification(api.ports.table, identity, () => ({ staleMarks: { labels: ["old"], taints: [] } }));
    expect(await patch(same)).toMatchObject({ status: 202, body: { status: "UPDATE_IN_PROGRESS" } });
  });

  test.each<[string, JsonObject, number, string]>([
    ["a label of Kubernetes' own", { path: "/node_labels", value: { "kubernetes.io/x": "1" } }, 409, "kubernetes.io/x"],
    ["a value that is none", { path: "/node_labels/tier", value: "a b" }, 409, "a b"],
    ["a number", { path: "/node_labels/tier", value: 1 }, 400, "node_labels"],
    ["another effect", { path: "/node_taints", value: [{ key: "a", effect: "Never" }] }, 409, "effect"],
    ["a taint that is no object", { path: "/node_taints", value: ["a"] }, 400, "node_taints"],
    ["no list", { path: "/node_taints", value: { key: "a" } }, 400, "node_taints"],
    ["a text that is no list", { path: "/node_taints", value: "gpu" }, 400, "node_taints"],
  ])("refused: %s", async (_name, operation, status, says) => {
    const body = [{ op: "replace", ...operation }];
    await expectRefusal(api, status, says, "PATCH", `${groupsPath()}/gpu`, { ...LATEST, body });
  });

  test.each(["default-worker", "default-master"])("of %s are its type's", async (ident) => {
    const body = [{ op: "add", path: "/node_labels/tier", value: "gold" }];
    await expectRefusal(api, 409, ident, "PATCH", `${groupsPath()}/${ident}`, { ...LATEST, body });
  });

  test("wait for what goes on with the group, as a resize waits for them", async () => {
    const body = [{ op: "replace", path: "/node_labels/tier", value: "gold" }];
    await patch(body);
    const other = { ...LATEST, body: [{ op: "replace", path: "/node_labels/tier", value: "tin" }] };
    await expectRefusal(api, 409, "UPDATE_IN_PROGRESS", "PATCH", `${groupsPath()}/gpu`, other);
    const resize = { ...LATEST, body: { node_count: 3, nodegroup: "gpu" } };
    await expectRefusal(api, 409, "UPDATE_IN_PROGRESS", "POST", `/v1/clusters/${cluster.uuid}/actions/resize`, resize);
  });
});

describe("DELETE", () => {
  test("is 204, and group and cluster say so at once; again it changes nothing", async () => {
    const group = await make();
    await settleGroup(group, { status: "CREATE_COMPLETE" });
    expect(await showCluster()).toMatchObject({ status: "CREATE_COMPLETE" });
    for (let times = 0; times < 2; times += 1)
      expect(await call("DELETE", `${groupsPath()}/gpu`)).toMatchObject({ status: 204 });
    expect(await show("gpu")).toMatchObject({ status: "DELETE_IN_PROGRESS" });
    expect(await showCluster()).toMatchObject({ status: "UPDATE_IN_PROGRESS", node_count: 3 });
  });
});

describe("a cluster with groups", () => {
  test("is failed when a group is, names it, and says why in its faults, which lists do not show", async () => {
    const group = await make();
    const key = nodeGroupKey("a", cluster.uuid, group.uuid);
    await settleGroup(group, { status: "CREATE_FAILED" });
    await changeRecord(api.ports, nodeGroupShape, key, (current) => ({
      kind: "write",
      record: { ...current, state: { ...current.state, statusReason: "no valid host" } },
    }));
    const whole = await showCluster();
    expect(whole).toMatchObject({ status: "UPDATE_FAILED", faults: { gpu: "no valid host" } });
    expect(whole["status_reason"]).toContain("gpu");
    const { body } = await call("GET", "/v1/clusters/detail");
    expect((body["clusters"] as JsonObject[])[0]).not.toHaveProperty("faults");
  });

  test("its count is patched by the default workers' alone", async () => {
    await settleGroup(await make({ node_count: 3 }), { status: "CREATE_COMPLETE" });
    const body = [{ op: "replace", path: "/node_count", value: 4 }];
    expect(await call("PATCH", `/v1/clusters/${cluster.uuid}`, { body })).toMatchObject({ status: 202 });
    expect(await show("default-worker")).toMatchObject({ node_count: 4, status: "UPDATE_IN_PROGRESS" });
    expect(await showCluster()).toMatchObject({ node_count: 7, status: "UPDATE_IN_PROGRESS" });
  });
});

describe("resize", () => {
  const resize = (body: JsonObject, more: Call = {}) =>
    call("POST", `/v1/clusters/${cluster.uuid}/actions/resize`, { body, ...more });
  const operation = async () => (await api.record(cluster.uuid))?.operation;

  test("of the default workers: 202 with the uuid alone, and the statuses have changed", async () => {
    const answer = await resize({ node_count: 4 });
    expect([answer.status, answer.body]).toEqual([202, { uuid: cluster.uuid }]);
    expect(await showCluster()).toMatchObject({ node_count: 4, status: "UPDATE_IN_PROGRESS" });
    expect(await show("default-worker")).toMatchObject({ node_count: 4, status: "UPDATE_IN_PROGRESS" });
  });

  test("of another group, by name or uuid, touches no other", async () => {
    const group = await make();
    for (const [ident, count] of [
      ["gpu", 2],
      [group.uuid, 3],
    ] as const) {
      await settleGroup(group, { status: "CREATE_COMPLETE" });
      expect(await resize({ node_count: count, nodegroup: ident })).toMatchObject({ status: 202 });
      expect(await show("gpu")).toMatchObject({ node_count: count, status: "UPDATE_IN_PROGRESS" });
    }
    expect(await show("default-worker")).toMatchObject({ node_count: 2, status: "CREATE_COMPLETE" });
  });

  test("by an autoscaler, one node each in quick succession: the last count holds, every node named is to go", async () => {
    await resize({ node_count: 1, nodes_to_remove: [SERVER] });
    expect(await resize({ node_count: 0, nodes_to_remove: [OTHER_SERVER] })).toMatchObject({ status: 202 });
    expect(await operation()).toMatchObject({
      kind: "update",
      input: { nodeCount: 0, previousNodeCount: 2, nodesToRemove: [OTHER_SERVER], carriedNodes: [SERVER] },
    });
    expect(await showCluster()).toMatchObject({ node_count: 0, status: "UPDATE_IN_PROGRESS" });
  });

  test("with the count unchanged is work all the same: named nodes are replaced (auto-healer)", async () => {
    expect(await resize({ node_count: 2, nodes_to_remove: ["1"] })).toMatchObject({ status: 202 });
    expect(await operation()).toMatchObject({ input: { nodeCount: 2, nodesToRemove: ["1"] } });
  });

  test("nothing to remove may be written as null", async () => {
    expect(await resize({ node_count: 2, nodes_to_remove: null, nodegroup: null })).toMatchObject({ status: 202 });
    expect(await showCluster()).toMatchObject({ status: "UPDATE_IN_PROGRESS" });
  });

  test.each<[string, JsonObject, number, string]>([
    ["no count", {}, 400, "node_count"],
    ["a null count", { node_count: null }, 400, "node_count"],
    ["a negative count", { node_count: -1 }, 400, "node_count"],
    ["too many", { node_count: 1_001 }, 400, "node_count"],
    ["an unknown attribute", { node_count: 1, colour: "red" }, 400, "colour"],
    ["a text for the list", { node_count: 1, nodes_to_remove: "x" }, 400, "nodes_to_remove"],
    ["a node that is not there", { node_count: 1, nodes_to_remove: [UNKNOWN_UUID] }, 400, UNKNOWN_UUID],
    ["an empty group", { node_count: 1, nodegroup: "" }, 400, "nodegroup"],
    ["a group that is not there", { node_count: 1, nodegroup: "nope" }, 404, "nope"],
    ["the masters", { node_count: 3, nodegroup: "default-master" }, 400, "magnum_vm_atomic_k8s"],
  ])("%s is refused", async (_name, body, status, says) => {
    const path = `/v1/clusters/${cluster.uuid}/actions/resize`;
    await expectRefusal(api, status, says, "POST", path, { ...LATEST, body });
  });

  test.each([
    [0, 400],
    [1, 202],
    [5, 202],
    [6, 400],
  ])("to %d is %d where the limits are 1 and 5", async (count, status) => {
    await api.specify(cluster.uuid, { workerLimits: { min: 1, max: 5 } });
    expect(await resize({ node_count: count })).toMatchObject({ status });
  });

  const TAKEN: readonly BayStatus[] = [
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
  ];
  test.each(bayStatusSchema.options.filter((status) => status !== "UPDATE_IN_PROGRESS"))(
    "in %s is taken and done, or refused; never taken and dropped",
    async (status) => {
      await api.settle(cluster.uuid, { status });
      const path = `/v1/clusters/${cluster.uuid}/actions/resize`;
      const body = { node_count: 3 };
      if (!TAKEN.includes(status)) return expectRefusal(api, 400, status, "POST", path, { ...LATEST, body });
      expect(await resize(body)).toMatchObject({ status: 202 });
      expect(await operation()).toMatchObject({ kind: "update" });
    },
  );
});

describe("upgrade", () => {
  const path = (): string => `/v1/clusters/${cluster.uuid}/actions/upgrade`;
  const upgrade = (body: JsonObject, more: Call = {}) => call("POST", path(), { body, ...more });

  async function makeTemplate(changes: JsonObject = {}, as: Call["as"] = "memberA"): Promise<Shown> {
    const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops", name: "newer", image_id: "atomic-25", ...changes };
    const answer = await api.call("POST", "/v1/clustertemplates", { as, body });
    expect(answer).toMatchObject({ status: 201 });
    return shown(answer.body);
  }

  test("to another template: 202 with the uuid alone, the status changed, batches of one", async () => {
    const newer = await makeTemplate();
    const answer = await upgrade({ cluster_template: "newer" });
    expect([answer.status, answer.body]).toEqual([202, { uuid: cluster.uuid }]);
    expect(await showCluster()).toMatchObject({ status: "UPDATE_IN_PROGRESS" });
    expect((await api.record(cluster.uuid))?.operation).toMatchObject({
      kind: "upgrade",
      input: { bayModelId: newer.uuid, maxBatchSize: 1 },
    });
  });

  test("what clients send: a null or other batch size, either default group for the whole cluster", async () => {
    const { uuid } = await makeTemplate();
    for (const more of [{ max_batch_size: null }, { max_batch_size: 3 }, { nodegroup: "default-master" }]) {
      await api.settle(cluster.uuid, { status: "UPDATE_COMPLETE" });
      expect(await upgrade({ cluster_template: uuid, ...more })).toMatchObject({ status: 202 });
    }
  });

  test("a resize while it goes on is done by it; one that names nodes has to wait, as a patch has", async () => {
    const { uuid } = await makeTemplate();
    await upgrade({ cluster_template: uuid, max_batch_size: 2 });
    const resize = `/v1/clusters/${cluster.uuid}/actions/resize`;
    expect(await call("POST", resize, { body: { node_count: 5 } })).toMatchObject({ status: 202 });
    expect(await showCluster()).toMatchObject({ node_count: 5, status: "UPDATE_IN_PROGRESS" });
    expect((await api.record(cluster.uuid))?.operation).toMatchObject({
      kind: "upgrade",
      input: { bayModelId: uuid, maxBatchSize: 2 },
    });
    const naming = { ...LATEST, body: { node_count: 4, nodes_to_remove: [SERVER] } };
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "POST", resize, naming);
    const patch = { ...LATEST, body: [{ op: "replace", path: "/node_count", value: 3 }] };
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "PATCH", `/v1/clusters/${cluster.uuid}`, patch);
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "POST", path(), {
      ...LATEST,
      body: { cluster_template: uuid },
    });
  });

  test("of another group, to the cluster's own template alone", async () => {
    const { uuid } = await makeTemplate();
    await settleGroup(await make(), { status: "CREATE_COMPLETE" });
    const body = { cluster_template: uuid, nodegroup: "gpu" };
    await expectRefusal(api, 409, "upgrade the cluster first", "POST", path(), { ...LATEST, body });
    const own = textIn(await showCluster(), "cluster_template_id");
    expect(await upgrade({ cluster_template: own, nodegroup: "gpu" })).toMatchObject({ status: 202 });
    expect(await show("gpu")).toMatchObject({ status: "UPDATE_IN_PROGRESS" });
    expect(await show("default-worker")).toMatchObject({ status: "CREATE_COMPLETE" });
  });

  test("is 406 before 1.7, 400 at 1.7, and there from 1.8 on", async () => {
    const { uuid } = await makeTemplate();
    const body = { cluster_template: uuid };
    expect(await api.call("POST", path(), { ...at("1.6"), body })).toMatchObject({ status: 406 });
    await expectRefusal(api, 400, "1.8", "POST", path(), { ...at("1.7"), body });
    expect(await api.call("POST", path(), { ...at("1.8"), body })).toMatchObject({ status: 202 });
  });

  test.each<[string, JsonObject, JsonObject, number, string]>([
    ["no template", {}, { cluster_template: null }, 400, "cluster_template"],
    ["one that is not there", {}, { cluster_template: "nope" }, 404, "nope"],
    ["an empty batch", {}, { max_batch_size: 0 }, 400, "max_batch_size"],
    ["a batch that is no number", {}, { max_batch_size: "all" }, 400, "max_batch_size"],
    ["an unknown attribute", {}, { rollback: true }, 400, "rollback"],
    ["a group that is not there", {}, { nodegroup: "nope" }, 404, "nope"],
    ["a template of another kind", { coe: "swarm", network_driver: null }, {}, 409, "magnum_vm_atomic_swarm"],
    ["one of another network", { external_network_id: "ext-b" }, {}, 409, "external_network_id"],
    ["one without TLS", { tls_disabled: true }, {}, 409, "tls_disabled"],
    ["a version where there was none to compare with", { labels: { kube_tag: "v1.20.4" } }, {}, 409, "kube_tag"],
  ])("%s is refused, and the cluster stays as it is", async (_name, template, changes, status, says) => {
    await makeTemplate(template);
    const body = { cluster_template: "newer", ...changes };
    await expectRefusal(api, status, says, "POST", path(), { ...LATEST, body });
  });

  test.each([
    ["v1.20.2", "v1.20.4", 202, ""],
    ["v1.20.4", "v1.20.2", 409, "older"],
    ["v1.20.4", "v1.21.0", 409, "masters"],
    ["v1.20.4", "v1.19.9", 409, "older"],
  ])("from %s to %s is %d", async (from, to, status, says) => {
    cluster = await makeCluster({}, { labels: { kube_tag: from } });
    await makeTemplate({ labels: { kube_tag: to } });
    const answer = await upgrade({ cluster_template: "newer" });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(says);
  });

  test("clusters whose type has no upgrade are told so by name", async () => {
    cluster = await makeCluster({}, { coe: "swarm", labels: {} });
    const body = { cluster_template: (await makeTemplate()).uuid };
    await expectRefusal(api, 400, "magnum_vm_atomic_swarm", "POST", path(), { ...LATEST, body });
  });

  test("administrators upgrade any project's clusters, to templates that the project sees", async () => {
    const { uuid } = await makeTemplate();
    const as = { ...LATEST, as: "admin" } as const;
    const own = await makeTemplate({}, "admin");
    expect(await api.call("POST", path(), { ...as, body: { cluster_template: own.uuid } })).toMatchObject({
      status: 404,
    });
    expect(await api.call("POST", path(), { ...as, body: { cluster_template: uuid } })).toMatchObject({ status: 202 });
  });

  test.each(bayStatusSchema.options)("in %s is taken and done, or refused", async (status) => {
    const { uuid } = await makeTemplate();
    await api.settle(cluster.uuid, { status });
    const body = { cluster_template: uuid };
    const isTaken = status.endsWith("COMPLETE") || status === "UPDATE_FAILED" || status === "ROLLBACK_FAILED";
    if (!isTaken) return expectRefusal(api, 400, status, "POST", path(), { ...LATEST, body });
    expect(await upgrade(body)).toMatchObject({ status: 202 });
  });
});
