/** Upgrades of clusters whose masters come along, and what those ask and say (cluster sheet 8.8, 17.3; ours, additive). */
import type { BaySpecification } from "@jeroboam/core/bay/bay";
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness, Shown } from "../api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal, shown, textIn } from "../api-harness.ts";

const LATEST = at("latest");
const MASTERS = ["blue-master-0", "blue-master-1"];
const NODE_CREDENTIAL = {
  user: { id: "user-node", domainId: "jeroboam" },
  userName: "jeroboam-bay-blue",
  passwordSealed: "sealed",
};
const OF_TODAY = { image_id: "noble", keypair_id: "ops" };

let api: Harness;
let cluster: Shown;

const call = (method: string, path: string, more: Call = {}) => api.call(method, path, { ...LATEST, ...more });
const path = (): string => `/v1/clusters/${cluster.uuid}/actions/upgrade`;
const nodePath = (node: string): string => `/v1/certificates/${cluster.uuid}/nodes/${node}`;
const upgrade = (body: JsonObject) => call("POST", path(), { body });

async function makeTemplate(name: string, kubeTag: string, changes: JsonObject = {}): Promise<Shown> {
  const body = { ...CLUSTER_TEMPLATE, ...OF_TODAY, name, labels: { kube_tag: kubeTag }, ...changes };
  const answer = await api.call("POST", "/v1/clustertemplates", { body });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

beforeEach(async () => {
  api = createHarness();
  const template = await makeTemplate("first", "v1.33.8");
  const wish = { cluster_template_id: template.uuid, name: "blue" };
  const made = await api.call("POST", "/v1/clusters", { body: wish });
  expect([made.status, made.body]).toEqual([202, expect.anything()]);
  cluster = shown(made.body);
  const apiAddress = "https://198.51.100.7:6443";
  await specify({ apiAddress, masterNames: MASTERS, workers: [], nodeCredential: NODE_CREDENTIAL });
  await api.settle(cluster.uuid, { status: "CREATE_COMPLETE", stackId: "stack-1" });
});

const specify = (changes: Partial<BaySpecification>): Promise<void> => api.specify(cluster.uuid, changes);
const operation = async () => (await api.record(cluster.uuid))?.operation;

describe("which upgrades are taken", () => {
  test.each([
    ["v1.33.9", 202, ""],
    ["v1.34.4", 202, ""],
    ["v1.33.7", 409, "older"],
    ["v1.32.9", 409, "older"],
    ["v1.35.1", 409, "to v1.34"],
  ])("of the whole cluster, from v1.33.8 to %s: %d", async (to, status, says) => {
    await makeTemplate("newer", to);
    const answer = await upgrade({ cluster_template: "newer" });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(says);
    const { status: shownStatus } = (await call("GET", `/v1/clusters/${cluster.uuid}`)).body;
    expect(shownStatus).toBe(status === 202 ? "UPDATE_IN_PROGRESS" : "CREATE_COMPLETE");
  });

  test.each([
    [{}, "bay"],
    [{ nodegroup: null }, "bay"],
    [{ nodegroup: "default-master" }, "masters"],
  ])("%o upgrades what it names", async (named, scope) => {
    const { uuid } = await makeTemplate("newer", "v1.34.4");
    expect(await upgrade({ cluster_template: "newer", ...named })).toMatchObject({ status: 202 });
    expect(await operation()).toMatchObject({ kind: "upgrade", input: { bayModelId: uuid, scope } });
  });

  test("workers alone are taken to another image, and not beyond their masters", async () => {
    await makeTemplate("image", "v1.33.8", { name: "image" });
    await makeTemplate("patch", "v1.33.9");
    const workers = { nodegroup: "default-worker" };
    await expectRefusal(api, 409, "masters are of version v1.33.8", "POST", path(), {
      ...LATEST,
      body: { cluster_template: "patch", ...workers },
    });
    expect(await upgrade({ cluster_template: "image", ...workers })).toMatchObject({ status: 202 });
    expect(await operation()).toMatchObject({ input: { scope: "workers" } });
  });

  test("while a master is behind, nothing but the same versions is taken, and not for workers alone", async () => {
    await makeTemplate("same", "v1.34.4");
    await makeTemplate("other", "v1.35.1");
    await specify({ labels: { kube_tag: "v1.34.4" }, mastersBehind: ["blue-master-0"] });
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    for (const body of [{ cluster_template: "other" }, { cluster_template: "same", nodegroup: "default-worker" }])
      await expectRefusal(api, 409, "(blue-master-0)", "POST", path(), { ...LATEST, body });
    const groups = `/v1/clusters/${cluster.uuid}/nodegroups`;
    await expectRefusal(api, 409, "(blue-master-0)", "POST", groups, { ...LATEST, body: { name: "gpu" } });
    expect(await upgrade({ cluster_template: "same" })).toMatchObject({ status: 202 });
  });

  test("a cluster of which masters cannot ask is refused by name, but for its workers' image", async () => {
    await makeTemplate("newer", "v1.34.4");
    await makeTemplate("image", "v1.33.8");
    await specify({ nodeCredential: { ...NODE_CREDENTIAL, renewedBy: "an operation" } });
    const newer = { ...LATEST, body: { cluster_template: "newer" } };
    await expectRefusal(api, 409, "credential", "POST", path(), newer);
    expect(await upgrade({ cluster_template: "image" })).toMatchObject({ status: 202 });
    await api.settle(cluster.uuid, { status: "UPDATE_COMPLETE" });
    await specify({ nodeCredential: NODE_CREDENTIAL, masterNames: [] });
    await expectRefusal(api, 409, "what its masters are called", "POST", path(), newer);
  });
});

describe("what masters ask and say", () => {
  let mark: string;
  const ask = (node: string, more: Call = {}) => api.call("GET", nodePath(node), { as: "nodeA", ...more });
  const tell = (node: string, body: JsonObject, more: Call = {}) =>
    api.call("PUT", nodePath(node), { as: "nodeA", body, ...more });
  const said = () =>
    api.ports.table
      .items()
      .filter(({ pk }) => pk.startsWith("upgrade#"))
      .map(({ sk, body }) => [sk, body]);

  beforeEach(async () => {
    await makeTemplate("newer", "v1.34.4");
    await upgrade({ cluster_template: "newer" });
    // As a conductor does.
    await specify({ labels: { kube_tag: "v1.34.4" }, mastersBehind: MASTERS });
    const { id = "" } = (await operation()) ?? {};
    mark = `${id}.1`;
  });

  test("the one whose turn it is is told what one is told that is made now; nobody else is", async () => {
    const answer = await ask("blue-master-1");
    expect(answer.status).toBe(200);
    expect(textIn(answer.body, "kube_tag")).toBe("v1.34.4");
    expect(textIn(answer.body, "downloads")).toContain("/v1.34.4/bin/linux/amd64/kubelet|sha256:");
    await expectRefusal(api, 404, "nothing to come to", "GET", nodePath("blue-master-0"), { as: "nodeA" });
    expect(await ask("blue-master-1", { as: "memberB" })).toMatchObject({ status: 404 });
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    expect(await ask("blue-master-1")).toMatchObject({ status: 404 });
  });

  test("its word is taken, once, with why it could not, and has a conductor look at once", async () => {
    const failure = "programs: a checksum differs";
    for (const more of [{ failure }, { failure: "another" }])
      expect(await tell("blue-master-1", { master_upgrade: mark, ...more })).toMatchObject({ status: 204 });
    expect(said()).toEqual([["master#blue-master-1", { failure }]]);
    expect(await api.record(cluster.uuid)).toMatchObject({ nudge: { operation: (await operation())?.id } });
  });

  test("what nobody waits for is forgotten: another master's, another upgrade's, that of none", async () => {
    const { id = "" } = (await operation()) ?? {};
    const others = [
      ["blue-master-0", `${id}.0`],
      ["blue-master-0", mark],
      ["blue-master-1", "11111111-1111-4111-8111-111111111111.1"],
    ] as const;
    for (const [node, other] of others)
      expect(await tell(node, { master_upgrade: other })).toMatchObject({ status: 204 });
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    expect(await tell("blue-master-1", { master_upgrade: mark })).toMatchObject({ status: 204 });
    expect(said()).toEqual([]);
  });

  test.each([
    ["two marks", { master_upgrade: "x", certificate_rotation: "x" }],
    ["a failure of no upgrade", { certificate_rotation: "x", failure: "y" }],
    ["a failure alone", { failure: "y" }],
    ["a long mark", { master_upgrade: "x".repeat(101) }],
    ["a long failure", { master_upgrade: "x", failure: "y".repeat(1_001) }],
  ])("nothing else is read: %s", async (_name, body) => {
    await expectRefusal(api, 400, "", "PUT", nodePath("blue-master-1"), { as: "nodeA", body });
  });
});
