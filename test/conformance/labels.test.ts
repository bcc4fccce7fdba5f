/** Labels whose value nobody could read are refused when they are given; those that nobody reads are told (user asks C3, C12). */
import { createApp } from "@jeroboam/api/app";
import { createFakePorts, TOKENS } from "@jeroboam/api/testing/fake-ports";
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import type { Harness } from "./api-harness.ts";
import { at, BAY_MODEL, CLUSTER_TEMPLATE, createHarness, expectRefusal, textIn } from "./api-harness.ts";

let api: Harness;

beforeEach(() => {
  api = createHarness();
});

const GENERATIONS: readonly [collection: string, body: JsonObject][] = [
  ["clustertemplates", CLUSTER_TEMPLATE],
  ["baymodels", BAY_MODEL],
];

describe.each(GENERATIONS)("/v1/%s", (collection, body) => {
  const path = `/v1/${collection}`;
  const BAD: readonly [JsonObject, string][] = [
    [{ kube_allow_priv: "perhaps" }, "labels.kube_allow_priv"],
    [{ boot_volume_size: "-1" }, "boot_volume_size"],
    [{ flannel_network_cidr: "10.0.0.0/99" }, "labels.flannel_network_cidr"],
    [{ kubelet_options: "it's" }, "labels.kubelet_options"],
  ];

  test.each(BAD)("with labels %j is refused at once, naming %s", async (labels, says) => {
    await expectRefusal(api, 400, says, "POST", path, { body: { ...body, labels } });
  });

  test.each(BAD)("is not changed to labels %j", async (labels, says) => {
    const made = await api.call("POST", path, { body });
    const patch = [{ op: "replace", path: "/labels", value: labels }];
    await expectRefusal(api, 400, says, "PATCH", `${path}/${textIn(made.body, "uuid")}`, { body: patch });
  });

  test("of a type that has no such label takes it: it has no effect there", async () => {
    const labels = { kube_allow_priv: "perhaps" };
    const answer = await api.call("POST", path, { body: { ...body, coe: "swarm", network_driver: null, labels } });
    expect([answer.status, answer.headers.get("warning")]).toEqual([
      201,
      '299 - "label kube_allow_priv has no effect on clusters of type magnum_vm_atomic_swarm"',
    ]);
  });

  test("says what has no effect, and what was meant, when it is made and when its labels change", async () => {
    const warning =
      '299 - "label kube_tagg has no effect on clusters of type magnum_vm_atomic_k8s: did you mean kube_tag?"';
    const made = await api.call("POST", path, { body: { ...body, labels: { kube_tagg: "v1", kube_tag: "v1" } } });
    expect([made.status, made.headers.get("warning")]).toEqual([201, warning]);
    const item = `${path}/${textIn(made.body, "uuid")}`;
    const rename = [{ op: "replace", path: "/name", value: "other" }];
    expect((await api.call("PATCH", item, { body: rename })).headers.get("warning")).toBeNull();
    const patch = [{ op: "add", path: "/labels/x", value: "1" }];
    expect((await api.call("PATCH", item, { body: patch })).headers.get("warning")).toContain("label x has no effect");
  });
});

describe("a cluster or bay whose labels have no effect", () => {
  const labels = { flanel_backend: "vxlan", min_node_count: "1", 'a"b\\ü': "1" };
  const WARNING =
    '299 - "label flanel_backend has no effect on clusters of type magnum_vm_atomic_k8s: did you mean flannel_backend?", ' +
    '299 - "label a?b?? has no effect on clusters of type magnum_vm_atomic_k8s"';

  beforeEach(() =>
    api.call("POST", "/v1/clustertemplates", { body: { ...CLUSTER_TEMPLATE, keypair_id: "ops", labels } }),
  );

  test.each([
    ["/v1/clusters", { name: "blue", cluster_template_id: "prod" }, 202],
    ["/v1/bays", { name: "blue", baymodel_id: "prod" }, 201],
  ])("made by POST %s is taken, with a warning and an event; again under its key too", async (path, body, status) => {
    const call = { body, headers: { "idempotency-key": "key" } };
    const made = await api.call("POST", path, call);
    expect([made.status, made.headers.get("warning")]).toEqual([status, WARNING]);
    expect((await api.call("POST", path, call)).headers.get("warning")).toBe(WARNING);
    const events = (await api.record(textIn(made.body, "uuid")))?.outbox;
    expect(events).toMatchObject([
      { type: "bay.create.start" },
      {
        type: "bay.labels.unknown",
        data: {
          labels: [
            { label: "flanel_backend", nearest: "flannel_backend" },
            { label: 'a"b\\ü', nearest: null },
          ],
        },
      },
    ]);
  });

  test("has node groups that say so of their own labels", async () => {
    const made = await api.call("POST", "/v1/clusters", {
      body: { name: "blue", cluster_template_id: "prod", labels: { kube_tag: "v1" } },
    });
    expect(made.headers.get("warning")).toBeNull();
    await api.specify(textIn(made.body, "uuid"), { apiAddress: "https://198.51.100.7:6443" });
    const group = { name: "gpu", labels: { kube_tagg: "v1" } };
    const answer = await api.call("POST", "/v1/clusters/blue/nodegroups", { ...at("1.9"), body: group });
    expect([answer.status, answer.headers.get("warning")]).toEqual([
      202,
      expect.stringContaining("did you mean kube_tag?"),
    ]);
  });

  test("of which there are many says so of a few, and how many more there are", async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, nth) => [`own-${nth}`, "1"]));
    const made = await api.call("POST", "/v1/clusters", {
      body: { name: "blue", cluster_template_id: "prod", labels: many },
    });
    expect(made.headers.get("warning")).toMatch(/^299 - "label own-0 .*, 299 - "and 4 more"$/);
  });
});

test("where the installation takes none, a label without effect is refused, naming what was meant; it makes nothing", async () => {
  const ports = createFakePorts({ unknownLabels: "refuse" });
  const app = createApp(ports);
  const post = async (path: string, body: JsonObject): Promise<readonly [number, string]> => {
    const headers = { "x-auth-token": TOKENS.memberA, "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await app.request(`http://magnum.test:9511${path}`, init);
    return [response.status, await response.text()];
  };
  const refused = [400, expect.stringMatching(/labels\.kube_tagg.*did you mean kube_tag\?/)];
  const template = { ...CLUSTER_TEMPLATE, keypair_id: "ops" };
  expect(await post("/v1/clustertemplates", { ...template, labels: { kube_tagg: "v1" } })).toEqual(refused);
  expect(ports.table.items()).toEqual([]);
  expect((await post("/v1/clustertemplates", template))[0]).toBe(201);
  const cluster = { name: "blue", cluster_template_id: "prod" };
  expect(await post("/v1/clusters", { ...cluster, labels: { kube_tagg: "v1" } })).toEqual(refused);
  expect((await post("/v1/clusters", { ...cluster, labels: { auto_healing_enabled: "true" } }))[0]).toBe(202);
});
