/** The dialect of patches, and what a patch may change (cluster sheet 7.5, 8.6, 9, 32). */
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { SheetCase } from "./sheet.ts";
import { sheet } from "./sheet.ts";

const op = (name: string, path: string, value?: Json): JsonObject => ({
  op: name,
  path,
  ...(value !== undefined && { value }),
});
const replace = (path: string, value?: Json): JsonObject => op("replace", path, value);

const patch = (
  target: "clusters/blue" | "clustertemplates/free",
  body: Json,
  status: number,
  more: { says?: string; shows?: JsonObject; as?: "admin" } = {},
): SheetCase => ({
  of: JSON.stringify(body).slice(0, 90),
  method: "PATCH",
  path: `/v1/${target}`,
  version: "1.14",
  body,
  status,
  ...(more.says !== undefined && { says: more.says }),
  ...(more.as && { as: more.as }),
  ...(more.shows && { after: { path: `/v1/${target}`, shows: more.shows, version: "1.14" } }),
});

const blue = (body: Json, status: number, more: Parameters<typeof patch>[3] = {}) =>
  patch("clusters/blue", body, status, more);

sheet("9, the dialect", [
  blue([], 202),
  blue({}, 400, { says: "list of operations" }),
  blue("text", 400, { says: "list of operations" }),
  blue(null, 400, { says: "list of operations" }),
  blue([7], 400, { says: "should be an object" }),
  blue([[]], 400, { says: "should be an object" }),
  blue([null], 400, { says: "should be an object" }),
  blue([{ path: "/node_count", value: 2 }], 400, { says: "op" }),
  blue([op("move", "/node_count", 2)], 400, { says: "add, replace, remove" }),
  blue([op("copy", "/node_count", 2)], 400, { says: "add, replace, remove" }),
  blue([op("test", "/node_count", 1)], 400, { says: "add, replace, remove" }),
  blue([{ ...replace("/node_count", 2), from: "/a" }], 400, { says: "from" }),
  blue([replace("node_count", 2)], 400, { says: "path" }),
  blue([replace("/", 2)], 400, { says: "path" }),
  blue([replace("", 2)], 400, { says: "path" }),
  blue([{ op: "replace", value: 2 }], 400, { says: "path" }),
  blue([replace("/a/b/c", 2)], 400, { says: "path" }),
  blue([replace("/node_count")], 400, { says: "need a value" }),
  blue([replace("/node_count", null)], 400, { says: "need a value" }),
  blue([replace("/node_count", 2.5)], 400, { says: "integer" }),
  blue([replace("/node_count", [2])], 400, { says: "integer" }),
  blue([replace("/node_count", {})], 400, { says: "integer" }),
  blue([replace("/node_count", "two")], 400, { says: "node_count" }),
  blue([replace("/node_count", -2)], 400, { says: "node_count" }),
  blue([op("add", "/node_count", 2)], 400, { says: "use replace" }),
  blue([op("add", "/colour", "red")], 400, { says: "colour" }),
  blue([replace("/colour", "red")], 400, { says: "colour" }),
  blue([op("remove", "/colour")], 400, { says: "colour" }),
  blue([replace("/constructor", "x")], 400, { says: "constructor" }),
  blue([replace("/__proto__", "x")], 400, { says: "__proto__" }),
  blue([replace("/__proto__/polluted", "x")], 400, { says: "__proto__" }),
  blue([replace("/labels/__proto__", "x")], 400, { says: "__proto__" }),
  blue(
    Array.from({ length: 129 }, () => replace("/node_count", 2)),
    400,
    { says: "128" },
  ),
]);

sheet("8.6, clusters", [
  blue([replace("/node_count", 3)], 202, { shows: { node_count: 3, status: "UPDATE_IN_PROGRESS" } }),
  blue([replace("/node_count", "3")], 202, { shows: { node_count: 3 } }),
  blue([replace("/node_count", 0)], 202, { shows: { node_count: 0 } }),
  blue([op("remove", "/node_count")], 202, { shows: { node_count: 1, status: "CREATE_COMPLETE" } }),
  blue([replace("/node_count", 5), replace("/node_count", 2)], 202, { shows: { node_count: 2 } }),
  blue([replace("/node_count", 1)], 202, { shows: { status: "CREATE_COMPLETE" } }),
  blue([replace("/name", "blue")], 202, { shows: { status: "CREATE_COMPLETE" } }),
  blue([replace("/name", "green")], 400, { says: "name" }),
  blue([replace("/node_count", 3), replace("/name", "green")], 400, { says: "name" }),
  blue([replace("/master_count", 3)], 400, { says: "master_count" }),
  blue([replace("/keypair", "other")], 400, { says: "keypair" }),
  blue([replace("/flavor_id", "other")], 400, { says: "flavor_id" }),
  blue([replace("/status", "DELETE_COMPLETE")], 400, { says: "status" }),
  blue([replace("/status_reason", "x")], 400, { says: "status_reason" }),
  blue([op("add", "/labels/new", "1")], 400, { says: "labels" }),
  blue([replace("/labels", "{'a': 'b'}")], 400, { says: "labels" }),
  blue([op("remove", "/cluster_template_id")], 400, { says: "mandatory" }),
  ...[
    "created_at",
    "id",
    "links",
    "updated_at",
    "uuid",
    "project_id",
    "user_id",
    "api_address",
    "node_addresses",
    "master_addresses",
    "stack_id",
    "cluster_id",
    "ca_cert_ref",
    "magnum_cert_ref",
    "etcd_ca_cert_ref",
    "front_proxy_ca_cert_ref",
  ].map((name) => blue([replace(`/${name}`, "x")], 400, { says: "internal" })),
  ...["HEALTHY", "UNHEALTHY", "UNKNOWN"].map((word) =>
    blue([replace("/health_status", word)], 202, { shows: { health_status: word, status: "CREATE_COMPLETE" } }),
  ),
  ...["healthy", "SICK", "", 1].map((word) => blue([replace("/health_status", word)], 400, { says: "health_status" })),
  blue([replace("/health_status_reason", "{'api': 'ok', 'n-0.Ready': 'True'}")], 202, {
    shows: { health_status_reason: { api: "ok", "n-0.Ready": "True" } },
  }),
  blue([replace("/health_status_reason", '{"api": "ok"}')], 202, { shows: { health_status_reason: { api: "ok" } } }),
  blue([replace("/health_status_reason", { api: "ok" })], 202, { shows: { health_status_reason: { api: "ok" } } }),
  blue([replace("/health_status_reason", "{'api': true}")], 400, { says: "health_status_reason" }),
  blue([replace("/health_status_reason", "{'api': True}")], 400, { says: "health_status_reason" }),
  blue([replace("/health_status_reason", "ok")], 400, { says: "health_status_reason" }),
  blue([replace("/health_status_reason", ["ok"])], 400, { says: "health_status_reason" }),
  {
    of: "a cluster that is not there",
    method: "PATCH",
    path: "/v1/clusters/fooo",
    body: [replace("/node_count", 2)],
    status: 404,
    says: "fooo",
  },
  {
    of: "no list wins over no cluster",
    method: "PATCH",
    path: "/v1/clusters/fooo",
    body: { node_count: 2 },
    status: 400,
    says: "list of operations",
  },
]);

const prod = (body: Json, status: number, more: Parameters<typeof patch>[3] = {}): SheetCase => ({
  ...patch("clustertemplates/free", body, status, more),
  path: "/v1/clustertemplates/prod",
  ...(more.shows && { after: { path: "/v1/clustertemplates/prod", shows: more.shows } }),
});

sheet("7.5, templates in use", [
  prod([replace("/tags", "a")], 200, { shows: { tags: "a" } }),
  prod([op("add", "/tags", "a")], 200, { shows: { tags: "a" } }),
  prod([replace("/name", "prod")], 200, { shows: { name: "prod" } }),
  prod([op("add", "/tags", "a"), replace("/name", "new")], 400, { says: "referenced" }),
  prod([replace("/flavor_id", "m1.large")], 400, { says: "referenced" }),
  prod([op("add", "/labels/new", "1")], 400, { says: "referenced" }),
  prod([replace("/image_id", "atomic-25")], 400, { says: "referenced" }),
  prod([replace("/public", true)], 403, { says: "publish" }),
  prod([replace("/hidden", true)], 403, { says: "publish" }),
  prod([replace("/public", "True")], 200, { as: "admin", shows: { public: true } }),
  prod([replace("/hidden", "true")], 200, { as: "admin", shows: { hidden: true } }),
  ...["created_at", "id", "links", "updated_at", "uuid", "project_id", "user_id"].map((name) =>
    prod([replace(`/${name}`, "x")], 400, { says: "internal" }),
  ),
  ...["image_id", "network_driver", "external_network_id", "tls_disabled", "public", "server_type", "coe"].map((name) =>
    prod([op("remove", `/${name}`)], 400, { says: "mandatory" }),
  ),
  ...["registry_enabled", "cluster_distro", "hidden"].map((name) =>
    prod([op("remove", `/${name}`)], 400, { says: "mandatory" }),
  ),
]);

/** `shared` is the administrators', public and used by no cluster. */
const shared = (body: Json, status: number, more: { says?: string; shows?: JsonObject } = {}): SheetCase => ({
  of: JSON.stringify(body).slice(0, 90),
  method: "PATCH",
  path: "/v1/clustertemplates/shared",
  as: "admin",
  body,
  status,
  ...(more.says !== undefined && { says: more.says }),
  ...(more.shows && { shows: more.shows }),
});

sheet("7.5, 9, 32, templates nobody uses", [
  shared([replace("/flavor_id", "m1.large")], 200, { shows: { flavor_id: "m1.large" } }),
  shared([replace("/flavor_id", "gone")], 400, { says: "flavor_id" }),
  shared([replace("/flavor_id", "diskless")], 400, { says: "root disk" }),
  shared([op("remove", "/flavor_id")], 200, { shows: { flavor_id: null } }),
  shared([op("remove", "/dns_nameserver")], 200, { shows: { dns_nameserver: null } }),
  shared([op("add", "/docker_volume_size", 7)], 200, { shows: { docker_volume_size: 7 } }),
  shared([op("add", "/docker_volume_size", "7")], 200, { shows: { docker_volume_size: 7 } }),
  shared([op("add", "/docker_volume_size", 0)], 400, { says: "docker_volume_size" }),
  shared([op("add", "/apiserver_port", "8443")], 200, { shows: { apiserver_port: 8443 } }),
  shared([op("add", "/apiserver_port", 80)], 400, { says: "apiserver_port" }),
  shared([replace("/tls_disabled", "true")], 200, { shows: { tls_disabled: true } }),
  shared([replace("/tls_disabled", true)], 200, { shows: { tls_disabled: true } }),
  shared([replace("/tls_disabled", "perhaps")], 400, { says: "tls_disabled" }),
  shared([replace("/master_lb_enabled", "True")], 200, { shows: { master_lb_enabled: true } }),
  shared([op("remove", "/master_lb_enabled")], 200, { shows: { master_lb_enabled: false } }),
  shared([op("remove", "/floating_ip_enabled")], 200, { shows: { floating_ip_enabled: true } }),
  shared([op("add", "/labels/kube_tag", "v2")], 200, { shows: { labels: { kube_tag: "v2" } } }),
  shared([op("add", "/labels/example.com~1x", "v2")], 200, { shows: { labels: { "example.com/x": "v2" } } }),
  shared([op("add", "/labels/a.b", "v2")], 200, { shows: { labels: { "a.b": "v2" } } }),
  shared([op("remove", "/labels/none")], 400, { says: "none" }),
  shared([op("add", "/labels", "{'k': 'v'}")], 200, { shows: { labels: { k: "v" } } }),
  shared([replace("/labels", '{"k": "v"}')], 200, { shows: { labels: { k: "v" } } }),
  shared([replace("/labels", { k: "v" })], 200, { shows: { labels: { k: "v" } } }),
  shared([replace("/labels", "k=v")], 400, { says: "labels" }),
  shared([replace("/labels", ["k"])], 400, { says: "labels" }),
  shared([replace("/labels", { k: null })], 400, { says: "labels" }),
  shared([op("remove", "/labels")], 200, { shows: { labels: {} } }),
  shared([replace("/coe", "nomad")], 400, { says: "coe" }),
  shared([replace("/image_id", "atomic-25")], 200, {
    shows: { image_id: "atomic-25", cluster_distro: "fedora-atomic" },
  }),
  shared([replace("/image_id", "windows")], 400, { says: "windows" }),
  shared([replace("/image_id", "gone")], 400, { says: "image_id" }),
  shared([replace("/network_driver", "docker")], 400, { says: "network_driver" }),
  shared([op("add", "/volume_driver", "cinder")], 200, { shows: { volume_driver: "cinder" } }),
  shared([op("add", "/volume_driver", "rexray")], 400, { says: "volume_driver" }),
  shared([op("add", "/http_proxy", "http://p:1")], 200, { shows: { http_proxy: "http://p:1" } }),
  shared([op("add", "/tags", "x".repeat(256))], 400, { says: "tags" }),
  shared([replace("/name", "")], 400, { says: "name" }),
  shared([op("remove", "/name")], 200, { shows: { name: null } }),
  shared([replace("/public", false)], 200, { shows: { public: false } }),
  shared([replace("/docker_storage_driver", "devicemapper")], 400, { says: "devicemapper" }),
]);
