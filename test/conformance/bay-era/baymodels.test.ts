/** /v1/baymodels as clients of 2015 and 2016 use it (bay-era sheet 1.3, 1.10 to 1.13, 3.1, 15 to 17). */
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, createHarness, expectRefusal, UNKNOWN_UUID, UUID, shown, textIn } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";

let api: Harness;
beforeEach(() => void (api = createHarness()));

async function make(changes: JsonObject = {}, as: "memberA" | "memberB" | "admin" = "memberA"): Promise<Shown> {
  const answer = await api.call("POST", "/v1/baymodels", { as, body: { ...BAY_MODEL, ...changes } });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

const patch = (path: string, body: Json) => api.call("PATCH", path, { body });

describe("POST", () => {
  test("answers 201 with the whole model, in the sheet's order, and its place", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/baymodels", { body: BAY_MODEL });
    expect(status).toBe(201);
    const uuid = textIn(body, "uuid");
    expect(uuid).toMatch(UUID);
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/baymodels/${uuid}`);
    expect(Object.entries(body)).toEqual(
      Object.entries({
        uuid,
        name: "k8s-small",
        coe: "kubernetes",
        image_id: "atomic",
        flavor_id: "m1.small",
        master_flavor_id: null,
        keypair_id: "ops",
        dns_nameserver: "8.8.8.8",
        external_network_id: "public",
        fixed_network: null,
        network_driver: "flannel",
        volume_driver: null,
        apiserver_port: null,
        docker_volume_size: 5,
        ssh_authorized_key: null,
        cluster_distro: "fedora-atomic",
        http_proxy: null,
        https_proxy: null,
        no_proxy: null,
        registry_enabled: false,
        labels: { team: "a" },
        tls_disabled: false,
        public: false,
        server_type: "vm",
        created_at: "2026-01-02T03:04:06+00:00",
        updated_at: null,
        links: [
          { href: `http://magnum.test:9511/v1/baymodels/${uuid}`, rel: "self" },
          { href: `http://magnum.test:9511/baymodels/${uuid}`, rel: "bookmark" },
        ],
      }),
    );
    expect((await api.call("GET", `/v1/baymodels/${uuid}`)).body).toEqual(body);
  });

  test.each<[string, JsonObject, JsonObject]>([
    [
      "client 2.0's volume driver and registry",
      { volume_driver: "cinder", registry_enabled: true },
      { volume_driver: "cinder", registry_enabled: true },
    ],
    [
      "digits for integers",
      { apiserver_port: "8080", docker_volume_size: 7 },
      { apiserver_port: 8080, docker_volume_size: 7 },
    ],
    ["fractions, cut", { docker_volume_size: 7.9 }, { docker_volume_size: 7 }],
    [
      "words for booleans",
      { tls_disabled: "Yes", registry_enabled: "off" },
      { tls_disabled: true, registry_enabled: false },
    ],
    ["numbers for booleans", { tls_disabled: 1, registry_enabled: 0 }, { tls_disabled: true, registry_enabled: false }],
    ["no name", { name: null }, { name: null }],
    ["no labels", { labels: null }, { labels: {} }],
    [
      "labels that are no text",
      { labels: { a: true, b: false, c: 3, d: 1.5 } },
      { labels: { a: "True", b: "False", c: "3", d: "1.5" } },
    ],
    ["a label named like a trap", { labels: { constructor: "x" } }, { labels: { constructor: "x" } }],
    ["a distribution of the caller's, overwritten", { cluster_distro: "beos" }, { cluster_distro: "fedora-atomic" }],
    ["a name of 255 characters", { name: "ü".repeat(255) }, { name: "ü".repeat(255) }],
    [
      "a uuid of the caller's",
      { uuid: "AAAAAAAA-1111-4111-8111-111111111111" },
      { uuid: "aaaaaaaa-1111-4111-8111-111111111111" },
    ],
    ["a network driver", { network_driver: "flannel" }, { network_driver: "flannel" }],
  ])("takes %s", async (_what, changes, expected) => {
    expect(await make(changes)).toMatchObject(expected);
  });

  test.each<[string, JsonObject, number, string]>([
    ["an unknown attribute", { colour: "blue" }, 400, "colour"],
    ["an unknown attribute that is null", { colour: null }, 400, "colour"],
    ["an attribute of the other generation", { hidden: true }, 400, "hidden"],
    ["a read-only attribute", { created_at: "2015-01-01T00:00:00Z" }, 400, "read only"],
    ["links", { links: [] }, 400, "read only"],
    ["no image", { image_id: null }, 400, "image_id. Mandatory"],
    ["no key pair", { keypair_id: null }, 400, "keypair_id. Mandatory"],
    ["no COE", { coe: null }, 400, "coe. Mandatory"],
    ["an empty image", { image_id: "" }, 400, "image_id. Mandatory"],
    ["an unknown COE", { coe: "nomad" }, 400, "kubernetes"],
    ["an empty name", { name: "" }, 400, "name"],
    ["a name too long", { name: "x".repeat(256) }, 400, "at most 255"],
    ["a name that is a number", { name: 5 }, 400, "name"],
    ["a name with half a character", { name: "\ud800" }, 400, "name"],
    ["a volume of 0 GB", { docker_volume_size: 0 }, 400, "greater or equal to 1"],
    ["a volume of no number", { docker_volume_size: "big" }, 400, "docker_volume_size"],
    ["a port too low", { apiserver_port: 1023 }, 400, "apiserver_port"],
    ["a port too high", { apiserver_port: 65_536 }, 400, "apiserver_port"],
    ["a boolean of no such word", { public: "nah" }, 400, "public"],
    ["a name server that is no address", { dns_nameserver: "dns.example" }, 400, "dns_nameserver"],
    ["a name server of IPv6", { dns_nameserver: "::1" }, 400, "dns_nameserver"],
    ["labels that are a list", { labels: ["a"] }, 400, "labels"],
    ["a label of null", { labels: { a: null } }, 400, "labels/a"],
    ["a label that is a list", { labels: { a: [] } }, 400, "labels/a"],
    [
      "too many labels",
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, "x"])) },
      400,
      "at most 64",
    ],
    ["a label too long", { labels: { a: "x".repeat(4_097) } }, 400, "labels/a"],
    [
      "labels too large together",
      { labels: Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`l${n}`, "x".repeat(4_000)])) },
      400,
      "bytes",
    ],
    ["another server type", { server_type: "lambda" }, 400, "vm, bm"],
    ["a network driver of another COE", { network_driver: "docker" }, 400, "flannel"],
    ["an unknown volume driver", { volume_driver: "rexray" }, 400, "cinder"],
    ["an image that is not there", { image_id: "gone" }, 400, "Image gone could not be found"],
    ["an image of two", { image_id: "twins" }, 409, "twins"],
    ["an image that is forbidden", { image_id: "locked" }, 403, "locked"],
    ["an image without distribution", { image_id: "plain" }, 400, "os_distro"],
    ["an image nothing builds on", { image_id: "windows" }, 400, "os_distro windows"],
    ["a uuid that is none", { uuid: "5" }, 400, "uuid"],
    ["public, by a member", { public: true }, 403, "baymodel:publish"],
  ])("refuses %s", async (_what, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/baymodels", { body: { ...BAY_MODEL, ...changes } });
  });

  test.each<[string, string | undefined, string]>([
    ["no body", undefined, "Missing argument"],
    ["broken JSON", '{"name":', "not valid JSON"],
    ["a list", "[]", "baymodel"],
    ["a word", '"x"', "baymodel"],
    ["null", "null", "Missing argument"],
  ])("refuses %s", async (_what, text, says) => {
    await expectRefusal(api, 400, says, "POST", "/v1/baymodels", text === undefined ? {} : { text });
  });

  test("a uuid that another model has is 409, in whatever project", async () => {
    const uuid = "aaaaaaaa-1111-4111-8111-111111111111";
    await make({ uuid });
    for (const as of ["memberA", "memberB"] as const)
      await expectRefusal(api, 409, uuid, "POST", "/v1/baymodels", { as, body: { ...BAY_MODEL, uuid } });
  });

  test("a reader may not", async () => {
    await expectRefusal(api, 403, "baymodel:create", "POST", "/v1/baymodels", { as: "readerA", body: BAY_MODEL });
  });
});

describe("GET", () => {
  test("by uuid in either case, by name, with a slash and with .json", async () => {
    const { uuid } = await make();
    for (const ident of [uuid, uuid.toUpperCase(), "k8s-small"])
      for (const end of ["", "/", ".json"])
        expect(await api.call("GET", `/v1/baymodels/${ident}${end}`)).toMatchObject({
          status: 200,
          body: { uuid },
        });
  });

  test("two of a name are 409, one that is not there 404, without saying which it is of another's", async () => {
    await make();
    await make();
    await expectRefusal(api, 409, "use the uuid", "GET", "/v1/baymodels/k8s-small");
    await expectRefusal(api, 404, "could not be found", "GET", "/v1/baymodels/nobody");
    await expectRefusal(api, 404, "could not be found", "GET", `/v1/baymodels/${UNKNOWN_UUID}`);
    const { uuid } = await make({ name: "theirs" }, "memberB");
    await expectRefusal(api, 404, "could not be found", "GET", `/v1/baymodels/${uuid}`);
    await expectRefusal(api, 404, "could not be found", "GET", "/v1/baymodels/theirs");
  });

  test("administrators of this era see their own project, and what is public", async () => {
    const { uuid } = await make();
    await expectRefusal(api, 404, "could not be found", "GET", `/v1/baymodels/${uuid}`, { as: "admin" });
    await make({ public: true, name: "shared" }, "admin");
    expect(await api.call("GET", "/v1/baymodels/shared")).toMatchObject({ status: 200, body: { public: true } });
    expect(await api.call("GET", "/v1/baymodels", { as: "memberB" })).toMatchObject({
      body: { baymodels: [{ name: "shared" }] },
    });
  });
});

describe("lists", () => {
  test("the brief form has ten attributes, with the true flags", async () => {
    const { uuid } = await make({ tls_disabled: true, registry_enabled: true });
    const { body } = await api.call("GET", "/v1/baymodels");
    expect(body).toEqual({
      baymodels: [
        {
          uuid,
          name: "k8s-small",
          coe: "kubernetes",
          image_id: "atomic",
          apiserver_port: null,
          registry_enabled: true,
          tls_disabled: true,
          public: false,
          server_type: "vm",
          links: expect.any(Array) as unknown,
        },
      ],
    });
    const [item] = body["baymodels"] as JsonObject[];
    expect(Object.keys(item!)).toEqual([
      "uuid",
      "name",
      "coe",
      "image_id",
      "apiserver_port",
      "registry_enabled",
      "tls_disabled",
      "public",
      "server_type",
      "links",
    ]);
  });

  test("the detailed form is what a GET of each shows", async () => {
    const model = await make();
    expect((await api.call("GET", "/v1/baymodels/detail")).body).toEqual({ baymodels: [model] });
  });

  test("next stands on every page but the last, which it does not when that is full, and leads on", async () => {
    const made = [
      await make({ name: "1" }),
      await make({ name: "2" }),
      await make({ name: "3" }),
      await make({ name: "4" }),
    ];
    const first = await api.call("GET", "/v1/baymodels/detail?limit=2");
    expect(first.body["baymodels"]).toEqual(made.slice(0, 2));
    expect(first.body["next"]).toBe(
      `http://magnum.test:9511/v1/baymodels/detail?sort_key=id&sort_dir=asc&limit=2&marker=${made[1]!.uuid}`,
    );
    const next = textIn(first.body, "next").replace("http://magnum.test:9511", "");
    expect((await api.call("GET", next)).body).toEqual({ baymodels: made.slice(2) });
  });

  test.each([
    ["sort_key=name&sort_dir=desc", ["c", "b", "a"]],
    ["sort_key=name", ["a", "b", "c"]],
    ["sort_dir=desc", ["b", "a", "c"]],
    ["sort_key=created_at", ["c", "a", "b"]],
    ["sort_key=docker_volume_size", ["b", "a", "c"]],
    ["limit=5000", ["c", "a", "b"]],
  ])("?%s", async (query, names) => {
    await make({ name: "c", docker_volume_size: 9 });
    await make({ name: "a", docker_volume_size: 5 });
    await make({ name: "b", docker_volume_size: null });
    const { body } = await api.call("GET", `/v1/baymodels?${query}`);
    expect((body["baymodels"] as JsonObject[]).map((model) => model["name"])).toEqual(names);
  });

  test.each([
    ["limit=0", 400, "limit"],
    ["limit=-1", 400, "limit"],
    ["limit=many", 400, "limit"],
    ["marker=k8s-small", 400, "marker"],
    [`marker=${UNKNOWN_UUID}`, 404, UNKNOWN_UUID],
    ["sort_key=colour", 400, "colour"],
    ["sort_key=links", 400, "links"],
    ["sort_key=__proto__", 400, "sort_key"],
    ["sort_dir=up", 400, "sort_dir"],
    ["colour=blue", 400, "colour"],
    ["all_tenants=1", 400, "all_tenants"],
  ])("?%s is %d", async (query, status, says) => {
    for (const path of ["/v1/baymodels", "/v1/baymodels/detail"])
      await expectRefusal(api, status, says, "GET", `${path}?${query}`);
  });
});

describe("PATCH", () => {
  test.each<[string, Json, JsonObject]>([
    ["replaces", [{ op: "replace", path: "/name", value: "new" }], { name: "new" }],
    ["adds what was null", [{ op: "add", path: "/master_flavor_id", value: "m1.big" }], { master_flavor_id: "m1.big" }],
    ["removes to null", [{ op: "remove", path: "/flavor_id" }], { flavor_id: null }],
    ["removes the name", [{ op: "remove", path: "/name" }], { name: null }],
    ["takes false", [{ op: "replace", path: "/tls_disabled", value: false }], { tls_disabled: false }],
    ["takes words for booleans", [{ op: "replace", path: "/tls_disabled", value: "True" }], { tls_disabled: true }],
    [
      "takes digits for integers",
      [{ op: "replace", path: "/docker_volume_size", value: "9" }],
      { docker_volume_size: 9 },
    ],
    ["adds a label", [{ op: "add", path: "/labels/k", value: "v" }], { labels: { team: "a", k: "v" } }],
    ["replaces a label", [{ op: "replace", path: "/labels/team", value: "b" }], { labels: { team: "b" } }],
    ["removes a label", [{ op: "remove", path: "/labels/team" }], { labels: {} }],
    [
      "takes labels with dots and slashes",
      [{ op: "add", path: "/labels/a.b~1c", value: "v" }],
      { labels: { team: "a", "a.b/c": "v" } },
    ],
    ["takes labels whole", [{ op: "replace", path: "/labels", value: { x: 1 } }], { labels: { x: "1" } }],
    [
      "takes labels as a Python dict",
      [{ op: "replace", path: "/labels", value: "{'x': 'y', u'n': True}" }],
      { labels: { x: "y", n: "True" } },
    ],
    ["removes all labels", [{ op: "remove", path: "/labels" }], { labels: {} }],
    [
      "lets the last operation win",
      [
        { op: "replace", path: "/name", value: "b" },
        { op: "replace", path: "/name", value: "c" },
      ],
      { name: "c" },
    ],
    [
      "follows a new image",
      [{ op: "replace", path: "/image_id", value: "atomic-25" }],
      { image_id: "atomic-25", cluster_distro: "fedora-atomic" },
    ],
    ["does nothing by no operations", [], { name: "k8s-small", updated_at: null }],
  ])("%s", async (_what, operations, expected) => {
    const { uuid } = await make();
    const answer = await patch(`/v1/baymodels/${uuid}`, operations);
    expect(answer).toMatchObject({ status: 200, body: expected });
    expect((await api.call("GET", "/v1/baymodels/detail")).body).toEqual({ baymodels: [answer.body] });
  });

  test.each<[string, Json, number, string]>([
    ["no list", { op: "remove", path: "/name" }, 400, "list"],
    ["an operation that is none", [5], 400, "object"],
    ["another op", [{ op: "move", from: "/a", path: "/b" }], 400, "from"],
    ["an unknown op", [{ op: "test", path: "/name", value: "x" }], 400, "add, replace, remove"],
    ["no path", [{ op: "remove" }], 400, "path"],
    ["a path without a slash", [{ op: "remove", path: "name" }], 400, "path"],
    ["a path too deep", [{ op: "remove", path: "/labels/a/b" }], 400, "path"],
    ["an attribute that is not there", [{ op: "replace", path: "/colour", value: "x" }], 400, "colour"],
    ["a trap", [{ op: "replace", path: "/__proto__/x", value: "x" }], 400, "__proto__"],
    ["another trap", [{ op: "add", path: "/constructor", value: "x" }], 400, "constructor"],
    ["an internal attribute", [{ op: "replace", path: "/uuid", value: UNKNOWN_UUID }], 400, "internal"],
    ["the project", [{ op: "replace", path: "/project_id", value: "b" }], 400, "internal"],
    ["the removal of what must be", [{ op: "remove", path: "/image_id" }], 400, "mandatory"],
    ["an add to what has a value", [{ op: "add", path: "/name", value: "x" }], 400, "replace"],
    ["no value", [{ op: "replace", path: "/name" }], 400, "need a value"],
    ["a value of null", [{ op: "replace", path: "/name", value: null }], 400, "need a value"],
    ["a value that is a list", [{ op: "replace", path: "/name", value: [] }], 400, "name"],
    [
      "a value that is a fraction",
      [{ op: "replace", path: "/docker_volume_size", value: 1.5 }],
      400,
      "docker_volume_size",
    ],
    ["a number for text", [{ op: "replace", path: "/name", value: 123 }], 400, "name"],
    ["an empty name", [{ op: "replace", path: "/name", value: "" }], 400, "name"],
    ["labels that are no dict", [{ op: "replace", path: "/labels", value: "{'a': {'b': 'c'}}" }], 400, "labels"],
    ["a label that is not there", [{ op: "remove", path: "/labels/none" }], 400, "none"],
    ["an entry of what has none", [{ op: "add", path: "/name/x", value: "y" }], 400, "no entries"],
    ["a network driver of another COE", [{ op: "replace", path: "/network_driver", value: "docker" }], 400, "flannel"],
    ["an image that is not there", [{ op: "replace", path: "/image_id", value: "gone" }], 400, "gone"],
    ["an unknown COE", [{ op: "replace", path: "/coe", value: "nomad" }], 400, "coe"],
    [
      "a COE that nothing builds",
      [
        { op: "replace", path: "/coe", value: "mesos" },
        { op: "replace", path: "/network_driver", value: "docker" },
      ],
      400,
      "mesos",
    ],
    ["public, by a member", [{ op: "replace", path: "/public", value: true }], 403, "baymodel:publish"],
    [
      "one that is right and one that is not",
      [
        { op: "replace", path: "/name", value: "x" },
        { op: "remove", path: "/none" },
      ],
      400,
      "none",
    ],
    ["too many operations", Array.from({ length: 129 }, () => ({ op: "remove", path: "/name" })), 400, "128"],
  ])("refuses %s, and changes nothing", async (_what, operations, status, says) => {
    const { uuid } = await make();
    await expectRefusal(api, status, says, "PATCH", `/v1/baymodels/${uuid}`, { body: operations });
  });

  test("a body that is no patch is refused before the model is looked for", async () => {
    await expectRefusal(api, 400, "list", "PATCH", `/v1/baymodels/${UNKNOWN_UUID}`, { body: { a: 1 } });
    await expectRefusal(api, 404, "could not be found", "PATCH", `/v1/baymodels/${UNKNOWN_UUID}`, { body: [] });
  });
});

describe("DELETE", () => {
  test("answers 204 without a body, to an empty octet stream as the old client sends it", async () => {
    const { uuid } = await make();
    const headers = { "content-type": "application/octet-stream", accept: "*/*" };
    expect(await api.call("DELETE", `/v1/baymodels/${uuid}`, { headers })).toMatchObject({
      status: 204,
      body: {},
    });
    await expectRefusal(api, 404, "could not be found", "DELETE", `/v1/baymodels/${uuid}`);
  });

  test("another project's public model may be seen, not changed", async () => {
    const { uuid } = await make({ public: true }, "admin");
    const path = `/v1/baymodels/${uuid}`;
    await expectRefusal(api, 403, "baymodel:delete", "DELETE", path);
    await expectRefusal(api, 403, "baymodel:update", "PATCH", path, {
      body: [{ op: "replace", path: "/name", value: "x" }],
    });
  });
});
