/** /v1/clustertemplates as today's clients use it (cluster sheet 6, 7, 9, 24.2, 30, 32, 33). */
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, UNKNOWN_UUID, UUID, shown, textIn } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";

let api: Harness;
beforeEach(() => void (api = createHarness()));

type As = "memberA" | "memberB" | "admin";

async function make(changes: JsonObject = {}, as: As = "memberA"): Promise<Shown> {
  const answer = await api.call("POST", "/v1/clustertemplates", { as, body: { ...CLUSTER_TEMPLATE, ...changes } });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

describe("POST", () => {
  test("what today's client sends, nulls and all, is 201 with every attribute in the sheet's order", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/clustertemplates/", { body: CLUSTER_TEMPLATE });
    expect(status).toBe(201);
    const uuid = textIn(body, "uuid");
    expect(uuid).toMatch(UUID);
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/clustertemplates/${uuid}`);
    expect(Object.entries(body)).toEqual(
      Object.entries({
        uuid,
        name: "prod",
        coe: "kubernetes",
        image_id: "atomic",
        flavor_id: "m1.medium",
        master_flavor_id: null,
        dns_nameserver: "8.8.8.8",
        keypair_id: null,
        external_network_id: "ext-a",
        fixed_network: null,
        fixed_subnet: null,
        network_driver: "flannel",
        apiserver_port: null,
        docker_volume_size: null,
        cluster_distro: "fedora-atomic",
        links: [
          { href: `http://magnum.test:9511/v1/clustertemplates/${uuid}`, rel: "self" },
          { href: `http://magnum.test:9511/clustertemplates/${uuid}`, rel: "bookmark" },
        ],
        http_proxy: null,
        https_proxy: null,
        no_proxy: null,
        volume_driver: null,
        registry_enabled: false,
        labels: {},
        tls_disabled: false,
        public: false,
        server_type: "vm",
        insecure_registry: null,
        docker_storage_driver: "overlay2",
        master_lb_enabled: false,
        floating_ip_enabled: true,
        project_id: "a",
        user_id: "user-alice",
        hidden: false,
        tags: null,
        driver: "magnum_vm_atomic_k8s",
        created_at: "2026-01-02T03:04:06+00:00",
        updated_at: null,
      }),
    );
  });

  test("a template without a name gets one", async () => {
    const { body } = await api.call("POST", "/v1/clustertemplates", {
      body: { coe: "kubernetes", image_id: "atomic" },
    });
    expect(body["name"]).toMatch(/^[a-z]+-\d{1,2}-template$/);
  });

  test.each<[string, JsonObject, JsonObject]>([
    [
      "words and empty texts, as the dashboard sends",
      { docker_volume_size: "3", tls_disabled: "True", flavor_id: "", keypair_id: "", docker_storage_driver: "" },
      { docker_volume_size: 3, tls_disabled: true, flavor_id: null, keypair_id: null, docker_storage_driver: null },
    ],
    ["tags", { tags: "a,b" }, { tags: "a,b" }],
    ["name servers", { dns_nameserver: "192.0.2.1, 192.0.2.2" }, { dns_nameserver: "192.0.2.1, 192.0.2.2" }],
    ["calico", { network_driver: "calico" }, { network_driver: "calico" }],
    ["cinder", { volume_driver: "cinder" }, { volume_driver: "cinder" }],
    ["a driver that builds it", { driver: "magnum_vm_atomic_k8s" }, { driver: "magnum_vm_atomic_k8s" }],
    [
      "devicemapper with room",
      { docker_storage_driver: "devicemapper", docker_volume_size: 3 },
      { docker_volume_size: 3 },
    ],
    [
      "load balancer and no floating addresses",
      { master_lb_enabled: true, floating_ip_enabled: false },
      { master_lb_enabled: true, floating_ip_enabled: false },
    ],
    ["null labels", { labels: null }, { labels: {} }],
  ])("takes %s", async (_what, changes, expected) => {
    expect(await make(changes)).toMatchObject(expected);
  });

  test.each<[string, JsonObject, number, string]>([
    ["an unknown attribute", { colour: "blue" }, 400, "colour"],
    ["an attribute of bay models alone", { ssh_authorized_key: null }, 400, "ssh_authorized_key"],
    ["the project", { project_id: "b" }, 400, "read only"],
    ["the user", { user_id: null }, 400, "read only"],
    ["no COE", { coe: null }, 400, "coe. Mandatory"],
    ["no image", { image_id: null }, 400, "image_id. Mandatory"],
    ["a COE in capitals", { coe: "Kubernetes" }, 400, "kubernetes"],
    ["an empty name", { name: "" }, 400, "name"],
    ["tags too long", { tags: "x".repeat(256) }, 400, "tags"],
    ["an IPv6 name server", { dns_nameserver: "2001:db8::1" }, 400, "dns_nameserver"],
    ["a name server out of range", { dns_nameserver: "192.0.2.256" }, 400, "dns_nameserver"],
    ["devicemapper without room", { docker_storage_driver: "devicemapper" }, 400, "docker_volume_size"],
    [
      "devicemapper with little room",
      { docker_storage_driver: "devicemapper", docker_volume_size: 2 },
      400,
      "docker_volume_size",
    ],
    ["a driver that nothing builds", { network_driver: "weave" }, 400, "flannel, calico, cilium"],
    ["rexray", { volume_driver: "rexray" }, 400, "cinder"],
    ["an unknown driver", { driver: "k8s_capi" }, 400, "magnum_vm_atomic_k8s"],
    ["a driver for another image", { driver: "magnum_vm_atomic_k8s", image_id: "windows" }, 400, "os_distro windows"],
    ["a missing image", { image_id: "gone" }, 400, "gone"],
    ["an image of another's", { image_id: "locked" }, 403, "locked"],
    ["an image without distribution", { image_id: "plain" }, 400, "os_distro"],
    ["a boolean of no such word", { hidden: "perhaps" }, 400, "hidden"],
    ["public, by a member", { public: true }, 403, "clustertemplate:publish"],
    ["hidden, by a member", { hidden: true }, 403, "clustertemplate:publish"],
  ])("refuses %s", async (_what, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/clustertemplates", {
      body: { ...CLUSTER_TEMPLATE, ...changes },
    });
  });
});

describe("who sees what", () => {
  const names = async (as: As): Promise<unknown> => {
    const { body } = await api.call("GET", "/v1/clustertemplates", { as });
    return (body["clustertemplates"] as JsonObject[]).map((template) => template["name"]);
  };

  test("own, public and, for administrators, all; hidden only with its owner", async () => {
    await make({ name: "a-private" });
    await make({ name: "b-private" }, "memberB");
    await make({ name: "public", public: true }, "admin");
    await make({ name: "hidden", public: true, hidden: true }, "admin");
    expect(await names("memberA")).toEqual(["a-private", "public"]);
    expect(await names("memberB")).toEqual(["b-private", "public"]);
    expect(await names("admin")).toEqual(["a-private", "b-private", "public", "hidden"]);
    for (const [as, name, status] of [
      ["memberA", "public", 200],
      ["memberA", "b-private", 404],
      ["memberA", "hidden", 404],
      ["admin", "a-private", 200],
      ["admin", "hidden", 200],
    ] as const)
      expect([as, name, (await api.call("GET", `/v1/clustertemplates/${name}`, { as })).status]).toEqual([
        as,
        name,
        status,
      ]);
  });

  test("an administrator changes and deletes any project's; others only look at what is public", async () => {
    const { uuid } = await make({ name: "theirs" });
    const path = `/v1/clustertemplates/${uuid}`;
    const rename = { body: [{ op: "replace", path: "/name", value: "new" }] };
    expect(await api.call("PATCH", path, { as: "admin", ...rename })).toMatchObject({
      status: 200,
      body: { name: "new", project_id: "a" },
    });
    await api.call("PATCH", path, { as: "admin", body: [{ op: "replace", path: "/public", value: true }] });
    await expectRefusal(api, 403, "clustertemplate:update", "PATCH", path, { as: "memberB", ...rename });
    await expectRefusal(api, 403, "clustertemplate:delete", "DELETE", path, { as: "memberB" });
    expect(await api.call("DELETE", path, { as: "admin" })).toMatchObject({ status: 204 });
  });

  test("a name of an own and a public template is 409", async () => {
    await make({ name: "same" });
    await make({ name: "same", public: true }, "admin");
    await expectRefusal(api, 409, "uuid", "GET", "/v1/clustertemplates/same");
    await expectRefusal(api, 409, "uuid", "DELETE", "/v1/clustertemplates/same");
  });
});

describe("lists", () => {
  test("the list is in full, as detail is", async () => {
    const template = await make();
    for (const path of [
      "/v1/clustertemplates",
      "/v1/clustertemplates/",
      "/v1/clustertemplates/detail",
      "/clustertemplates",
    ])
      expect((await api.call("GET", path)).body).toEqual({ clustertemplates: [template] });
  });

  test("next stands on every full page, also the last, and on no other", async () => {
    const made = [await make({ name: "1" }), await make({ name: "2" })];
    const full = await api.call("GET", "/v1/clustertemplates?limit=2&sort_key=name&sort_dir=desc");
    expect(full.body["next"]).toBe(
      `http://magnum.test:9511/v1/clustertemplates?sort_key=name&sort_dir=desc&limit=2&marker=${made[0]!.uuid}`,
    );
    const next = textIn(full.body, "next").replace("http://magnum.test:9511", "");
    expect((await api.call("GET", next)).body).toEqual({ clustertemplates: [] });
    expect((await api.call("GET", "/v1/clustertemplates?limit=3")).body).not.toHaveProperty("next");
  });
});

describe("PATCH", () => {
  test.each<[string, Json, JsonObject]>([
    [
      "text of booleans, as Terraform sends them",
      [{ op: "replace", path: "/tls_disabled", value: "true" }],
      { tls_disabled: true },
    ],
    ["an empty text as a removal", [{ op: "replace", path: "/flavor_id", value: "" }], { flavor_id: null }],
    ["removal of what has a default", [{ op: "remove", path: "/floating_ip_enabled" }], { floating_ip_enabled: true }],
    ["removal of a flavor", [{ op: "remove", path: "/flavor_id" }], { flavor_id: null }],
    ["labels as text", [{ op: "replace", path: "/labels", value: "{'k':'v'}" }], { labels: { k: "v" } }],
    ["tags", [{ op: "add", path: "/tags", value: "a,b" }], { tags: "a,b" }],
  ])("takes %s", async (_what, operations, expected) => {
    const { uuid } = await make();
    const answer = await api.call("PATCH", `/v1/clustertemplates/${uuid}`, { body: operations });
    expect(answer).toMatchObject({ status: 200, body: expected });
  });

  test.each<[Json, number, string]>([
    [[{ op: "replace", path: "/public", value: true }], 403, "publish"],
    [[{ op: "replace", path: "/hidden", value: "True" }], 403, "publish"],
    [[{ op: "remove", path: "/hidden" }], 400, "mandatory"],
    [[{ op: "replace", path: "/user_id", value: "x" }], 400, "internal"],
    [[{ op: "replace", path: "/driver", value: "none" }], 400, "none"],
    [{ name: "x" }, 400, "list"],
  ])("refuses %j with %d", async (operations, status, says) => {
    const { uuid } = await make();
    await expectRefusal(api, status, says, "PATCH", `/v1/clustertemplates/${uuid}`, { body: operations });
  });

  test.each(["DELETE", "GET", "PATCH"])(
    "%s of a template that is not there is 404, by uuid and by name",
    async (method) => {
      const body = method === "PATCH" ? { body: [{ op: "replace", path: "/name", value: "x" }] } : {};
      for (const ident of [UNKNOWN_UUID, "fooo"])
        await expectRefusal(api, 404, "could not be found", method, `/v1/clustertemplates/${ident}`, body);
    },
  );
});

test("what one generation makes the other shows and changes, without touching what it does not know", async () => {
  const { uuid } = await make({ tags: "kept", fixed_subnet: "sub", floating_ip_enabled: false });
  const path = `/v1/baymodels/${uuid}`;
  expect(await api.call("GET", path)).toMatchObject({ status: 200, body: { uuid, name: "prod", keypair_id: null } });
  const operations = [{ op: "replace", path: "/flavor_id", value: "m1.big" }];
  expect(await api.call("PATCH", path, { body: operations })).toMatchObject({ status: 200 });
  expect(await api.call("GET", `/v1/clustertemplates/${uuid}`)).toMatchObject({
    body: { flavor_id: "m1.big", tags: "kept", fixed_subnet: "sub", floating_ip_enabled: false },
  });
});
