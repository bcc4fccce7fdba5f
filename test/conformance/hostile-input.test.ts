/** Whatever is sent is answered: never a 500, refusals always in the envelope, and nobody's prototype is touched. */
import { ROUTES } from "@jeroboam/api/testing/all-routes";
import type { Json, JsonObject } from "@jeroboam/core/json";
import * as fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import type { Answer, Harness } from "./api-harness.ts";
import { BAY_MODEL, CLUSTER_TEMPLATE, createHarness, shown } from "./api-harness.ts";

let api: Harness;
let modelId: string;

beforeEach(async () => {
  api = createHarness();
  modelId = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body).uuid;
  await api.call("POST", "/v1/bays", { body: { name: "blue", baymodel_id: modelId } });
});

function expectAnswer({ status, body }: Answer): void {
  expect(status).toBeLessThan(500);
  expect(status < 400 || Object.keys(body).join(" ") === "fault error_message errors").toBe(true);
  expect(Object.keys(Object.prototype)).toEqual([]);
}

/** Bodies that are almost right: one attribute is anything at all. */
function spoilt(right: JsonObject): fc.Arbitrary<Json> {
  const names = [
    ...Object.keys(right),
    "__proto__",
    "constructor",
    "toString",
    "uuid",
    "merge_labels",
    "hidden",
    "tags",
  ];
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.bigInt().map(String),
  ) as fc.Arbitrary<Json>;
  return fc.tuple(fc.constantFrom(...names), anything).map(([name, value]) => {
    // As JSON.parse makes it: an own property whatever its name.
    return Object.fromEntries([...Object.entries(right).filter(([one]) => one !== name), [name, value]]);
  });
}

const patches = fc.array(
  fc.record(
    {
      op: fc.constantFrom("add", "replace", "remove"),
      path: fc.oneof(
        fc.constantFrom(
          "/name",
          "/labels",
          "/labels/a",
          "/labels/__proto__",
          "/node_count",
          "/image_id",
          "/coe",
          "/public",
          "/health_status_reason",
          "/__proto__",
          "/constructor/name",
          "/links",
          "/docker_volume_size",
        ),
        fc.string().map((text) => `/${text}`),
      ),
      value: fc.jsonValue() as fc.Arbitrary<Json>,
    },
    { requiredKeys: ["op", "path"] },
  ),
  { maxLength: 4 },
) as fc.Arbitrary<Json>;

const idents = fc.oneof(
  fc.constantFrom("blue", "k8s-small", "%", "..", "%2e%2e", "%00", "a%2Fb", "%ff"),
  fc.string({ minLength: 1 }).map(encodeURIComponent),
);

const bodies: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  "/v1/baymodels": spoilt(BAY_MODEL),
  "/v1/clustertemplates": spoilt(CLUSTER_TEMPLATE),
  "/v1/bays": fc
    .constant(null)
    .chain(() => spoilt({ name: "x", baymodel_id: modelId, node_count: 1, master_count: 1 })),
  "/v1/clusters": fc
    .constant(null)
    .chain(() => spoilt({ name: "x", cluster_template_id: modelId, node_count: 1, labels: {}, create_timeout: 60 })),
};

test.each(ROUTES.map((route) => [route.method, route.path] as const))("%s %s", async (method, path) => {
  const body =
    method === "PATCH" ? fc.oneof(patches, fc.jsonValue() as fc.Arbitrary<Json>) : (bodies[path] ?? fc.constant(null));
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    fc
      .tuple(fc.constantFrom("limit", "marker", "sort_key", "sort_dir", "rollback", "__proto__", "x"), fc.string())
      .map(([name, value]) => `?${name}=${encodeURIComponent(value)}`),
  );
  await fc.assert(
    fc.asyncProperty(idents, body, query, fc.constantFrom("1.1", "latest"), async (ident, sent, asked, version) => {
      const call = method === "GET" || method === "DELETE" ? {} : { body: sent };
      const headers = { "openstack-api-version": `container-infra ${version}` };
      expectAnswer(await api.call(method, `${path.replace(":ident", ident)}${asked}`, { ...call, headers }));
    }),
    { numRuns: 150 },
  );
});
