/** /v1/credentials, and the rotation of authorities, as today's clients use them (cluster sheet 3.4, 11, 12, 17.2, 33). */
import { bayStatusSchema } from "@jeroboam/core/bay/bay";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness, Shown } from "../api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal, shown, UNKNOWN_UUID } from "../api-harness.ts";

const LATEST = at("latest");
/** magnumclient sends no body, and this type. */
const RAW = { headers: { ...LATEST.headers, "content-type": "application/octet-stream" } };

let api: Harness;
let cluster: Shown;

beforeEach(async () => {
  api = createHarness();
  cluster = await makeCluster();
});

async function makeCluster(template: JsonObject = {}): Promise<Shown> {
  const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops", ...template };
  const made = shown((await api.call("POST", "/v1/clustertemplates", { body })).body);
  const wish = { cluster_template_id: made.uuid, name: `blue-${made.uuid.slice(-3)}` };
  const answer = shown((await api.call("POST", "/v1/clusters", { body: wish })).body);
  await api.specify(answer.uuid, { apiAddress: "https://198.51.100.7:6443" });
  await api.settle(answer.uuid, { status: "CREATE_COMPLETE" });
  return answer;
}

const isQuiet = (status: string): boolean =>
  status.endsWith("COMPLETE") || status === "UPDATE_FAILED" || status === "ROLLBACK_FAILED";

describe("PATCH /v1/credentials", () => {
  const path = (): string => `/v1/credentials/${cluster.uuid}`;

  test.each<[string, Call]>([
    ["magnumclient, without a body", RAW],
    ["gophercloud, with an empty object", { ...LATEST, body: {} }],
  ])("answers 202 with the uuid alone, and there is work: %s", async (_name, call) => {
    const answer = await api.call("PATCH", path(), call);
    expect([answer.status, answer.body]).toEqual([202, { uuid: cluster.uuid }]);
    expect(await api.record(cluster.uuid)).toMatchObject({
      state: { status: "UPDATE_IN_PROGRESS" },
      operation: { kind: "rotate-credential" },
    });
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "PATCH", path(), call);
  });

  test("is there from 1.12 on, and by no other method", async () => {
    for (const version of ["1.1", "1.11"])
      expect(await api.call("PATCH", path(), at(version))).toMatchObject({ status: 406 });
    expect(await api.call("PATCH", path(), at("1.12"))).toMatchObject({ status: 202 });
    for (const method of ["GET", "POST", "DELETE"])
      expect(await api.call(method, path(), LATEST)).toMatchObject({ status: 405 });
  });

  test("is for members of the project alone: an administrator's role does not do", async () => {
    expect(await api.call("PATCH", path(), { ...LATEST, as: "admin" })).toMatchObject({ status: 404 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "memberB" })).toMatchObject({ status: 404 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "readerA" })).toMatchObject({ status: 403 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "nodeA" })).toMatchObject({ status: 403 });
    expect(await api.call("PATCH", `/v1/credentials/${UNKNOWN_UUID}`, LATEST)).toMatchObject({ status: 404 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "otherMemberA" })).toMatchObject({ status: 202 });
  });

  test.each([
    ["volume_driver", { volume_driver: "cinder" }],
    ["registry_enabled", { registry_enabled: true }],
  ])("of nodes that use theirs all their life is refused: %s", async (says, template) => {
    cluster = await makeCluster(template);
    await expectRefusal(api, 400, says, "PATCH", path(), LATEST);
  });

  test("while masters are still to come to an upgrade's versions is refused: they ask for them by it", async () => {
    await api.specify(cluster.uuid, { mastersBehind: ["blue-master-0"] });
    await expectRefusal(api, 409, "blue-master-0", "PATCH", path(), LATEST);
  });

  test("while a node group is being made is refused: nobody could tell what its nodes were told", async () => {
    const groups = `/v1/clusters/${cluster.uuid}/nodegroups`;
    expect(await api.call("POST", groups, { ...LATEST, body: { name: "gpu" } })).toMatchObject({ status: 202 });
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "PATCH", path(), LATEST);
  });

  test.each(bayStatusSchema.options)("in %s is taken and done, or refused", async (status) => {
    await api.settle(cluster.uuid, { status });
    if (!isQuiet(status)) return expectRefusal(api, 400, status, "PATCH", path(), LATEST);
    expect(await api.call("PATCH", path(), LATEST)).toMatchObject({ status: 202 });
  });
});

describe("PATCH /v1/certificates", () => {
  const path = (): string => `/v1/certificates/${cluster.uuid}`;

  test("is refused, naming the type whose nodes cannot follow, at every version; nothing changes", async () => {
    for (const call of [{}, at("1.5"), RAW, { ...LATEST, body: {} }])
      await expectRefusal(api, 400, "magnum_vm_atomic_k8s", "PATCH", path(), call);
    expect(await api.record(cluster.uuid)).toMatchObject({ state: { status: "CREATE_COMPLETE" } });
  });

  test("of a cluster without certificates says so", async () => {
    cluster = await makeCluster({ tls_disabled: true });
    await expectRefusal(api, 400, "tls_disabled", "PATCH", path(), LATEST);
  });

  test.each<[string, Json]>([
    ["a key", { a: 1 }],
    ["a list", []],
  ])("takes no body: %s", async (_name, body) => {
    await expectRefusal(api, 400, "", "PATCH", path(), { ...LATEST, body });
  });

  test("is for members: others find nothing, readers may not", async () => {
    expect(await api.call("PATCH", path(), { ...LATEST, as: "admin" })).toMatchObject({ status: 404 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "memberB" })).toMatchObject({ status: 404 });
    expect(await api.call("PATCH", path(), { ...LATEST, as: "readerA" })).toMatchObject({ status: 403 });
    expect(await api.call("PATCH", `/v1/certificates/${UNKNOWN_UUID}`, LATEST)).toMatchObject({ status: 404 });
  });

  test.each(bayStatusSchema.options.filter((status) => !isQuiet(status)))("in %s says that", async (status) => {
    await api.settle(cluster.uuid, { status });
    await expectRefusal(api, 400, status, "PATCH", path(), LATEST);
  });
});
