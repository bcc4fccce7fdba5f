/** /v1/federations (cluster sheet 15): the shapes of what no Magnum ever did, and an honest refusal of making one. */
import { beforeEach, expect, test } from "vitest";
import type { Call, Harness } from "../api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, UNKNOWN_UUID } from "../api-harness.ts";

let api: Harness;
beforeEach(async () => {
  api = createHarness();
  await api.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
  await api.call("POST", "/v1/clusters", { body: { name: "host", cluster_template_id: "prod" } });
});

test.each(["", "/detail", "?limit=5&sort_key=id&sort_dir=desc"])("the list%s is empty", async (query) => {
  const { status, body } = await api.call("GET", `/v1/federations${query}`);
  expect({ status, body }).toEqual({ status: 200, body: { federations: [] } });
});

const NEW = { name: "two", hostcluster_id: "host", properties: { "dns-zone": "example.com." }, member_ids: [] };

test.each<[says: string, status: number, method: string, path: string, body?: Call["body"]]>([
  ["Federation blue could not be found", 404, "GET", "/v1/federations/blue"],
  [`Federation ${UNKNOWN_UUID} could not be found`, 404, "GET", `/v1/federations/${UNKNOWN_UUID}`],
  ["Federation blue could not be found", 404, "DELETE", "/v1/federations/blue"],
  ["Federation blue could not be found", 404, "PATCH", "/v1/federations/blue", []],
  ["Value should be a list of operations", 400, "PATCH", "/v1/federations/blue", {}],
  ["not supported", 400, "POST", "/v1/federations", NEW],
  ["hostcluster_id. Mandatory field missing", 400, "POST", "/v1/federations", { name: "two" }],
  ["Cluster elsewhere could not be found", 404, "POST", "/v1/federations", { ...NEW, hostcluster_id: "elsewhere" }],
  ["dns-zone", 400, "POST", "/v1/federations", { ...NEW, properties: {} }],
  ["dns-zone", 400, "POST", "/v1/federations", { ...NEW, properties: { "dns-zone": "" } }],
  ["Unknown attribute for argument federation: colour", 400, "POST", "/v1/federations", { ...NEW, colour: "red" }],
  ["member_ids", 400, "POST", "/v1/federations", { ...NEW, member_ids: "host" }],
  ["Marker", 404, "GET", `/v1/federations?marker=${UNKNOWN_UUID}`],
  ["sort_key", 400, "GET", "/v1/federations?sort_key=name"],
])("%s", async (says, status, method, path, body) => {
  await expectRefusal(api, status, says, method, path, body === undefined ? {} : { body });
});
