/** PATCH /v1/certificates of a cluster whose nodes can follow, and what they say to it (cluster sheet 11, 17.2, 17.3). */
import { X509Certificate } from "node:crypto";
import { bayStatusSchema, secretContext } from "@jeroboam/core/bay/bay";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import type { BayCertificates, Issuer } from "@jeroboam/core/certificate/rotation";
import { inPhase } from "@jeroboam/core/certificate/rotation";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness, Shown } from "../api-harness.ts";
import { at, CLUSTER_TEMPLATE, createHarness, expectRefusal, shown, textIn } from "../api-harness.ts";
import { CSR } from "../certificate-request.ts";

const LATEST = at("latest");
/** magnumclient sends no body, and this type. */
const RAW = { headers: { ...LATEST.headers, "content-type": "application/octet-stream" } };

let api: Harness;
let cluster: Shown;
let old: Issuer;
let next: Issuer;

const path = (): string => `/v1/certificates/${cluster.uuid}`;

async function issuer(): Promise<Issuer> {
  const { certificate, privateKey } = await createAuthority({ clock: api.ports.clock, random: systemRandom }, "blue");
  const caKeySealed = await api.ports.sealer.seal(privateKey, secretContext(cluster, "ca-key"), "a");
  return { caCertificate: certificate, caKeySealed, clientCertificate: "client", clientKeySealed: "sealed" };
}

const NODE_CREDENTIAL = {
  user: { id: "user-node", domainId: "jeroboam" },
  userName: "jeroboam-bay-blue",
  passwordSealed: "sealed",
};

beforeEach(async () => {
  api = createHarness();
  const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops" };
  const template = shown((await api.call("POST", "/v1/clustertemplates", { body })).body);
  const wish = { cluster_template_id: template.uuid, name: "blue" };
  cluster = shown((await api.call("POST", "/v1/clusters", { body: wish })).body);
  [old, next] = [await issuer(), await issuer()];
  await api.specify(cluster.uuid, {
    bayType: "k8s_ubuntu_v1",
    masterNames: ["blue-master-0"],
    workers: [{ index: "0", serverId: null, name: "blue-minion-0" }],
    certificates: old,
    nodeCredential: NODE_CREDENTIAL,
  });
  await api.settle(cluster.uuid, { status: "CREATE_COMPLETE" });
});

/** As a conductor does. */
const enter = (certificates: BayCertificates): Promise<void> => api.specify(cluster.uuid, { certificates });
const trusting = (): BayCertificates => ({ ...old, rotation: { phase: "trust", next } });

async function operationId(): Promise<string> {
  const { operation } = (await api.record(cluster.uuid)) ?? {};
  if (!operation) throw new Error("no operation");
  return operation.id;
}

describe("PATCH", () => {
  test.each<[string, Call]>([
    ["without a body, at 1.1", {}],
    ["magnumclient's", RAW],
    ["with an empty object", { ...LATEST, body: {} }],
    ["another member's", { ...LATEST, as: "otherMemberA" }],
  ])("answers 202 with the uuid alone, and there is work: %s", async (_name, call) => {
    const answer = await api.call("PATCH", path(), call);
    expect([answer.status, answer.body]).toEqual([202, { uuid: cluster.uuid }]);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await api.record(cluster.uuid)).toMatchObject({
      state: { status: "UPDATE_IN_PROGRESS", statusReason: null },
      operation: { kind: "rotate-authority" },
    });
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "PATCH", path(), call);
  });

  test("asked for again under its key, it is not begun again", async () => {
    const keyed = { headers: { ...LATEST.headers, "idempotency-key": "rotate-once" } };
    const first = await api.call("PATCH", path(), keyed);
    const id = await operationId();
    const again = await api.call("PATCH", path(), keyed);
    expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([202, 202, "true"]);
    expect(await operationId()).toBe(id);
  });

  test("knows the one authority by any of its names, and no other", async () => {
    for (const type of ["etcd", "front_proxy"])
      await expectRefusal(api, 400, type, "PATCH", `${path()}?ca_cert_type=${type}`, LATEST);
    expect(await api.call("PATCH", `${path()}?ca_cert_type=kubernetes`, LATEST)).toMatchObject({ status: 202 });
  });

  test("goes on where one before had failed", async () => {
    await enter(inPhase(trusting(), "renew"));
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    expect(await api.call("PATCH", path(), LATEST)).toMatchObject({ status: 202 });
  });

  test.each(bayStatusSchema.options)("in %s is taken and done, or refused", async (status) => {
    await api.settle(cluster.uuid, { status });
    const isQuiet = /COMPLETE$|^UPDATE_FAILED$|^ROLLBACK_FAILED$/.test(status);
    if (!isQuiet) return expectRefusal(api, 400, status, "PATCH", path(), LATEST);
    expect(await api.call("PATCH", path(), LATEST)).toMatchObject({ status: 202 });
  });

  test("of a cluster whose stack names no masters is refused: its nodes do not look", async () => {
    await api.specify(cluster.uuid, { masterNames: [] });
    await expectRefusal(api, 400, "made before", "PATCH", path(), LATEST);
  });

  test("of a cluster whose nodes cannot ask any more is refused", async () => {
    await api.specify(cluster.uuid, { nodeCredential: { ...NODE_CREDENTIAL, renewedBy: "an-operation" } });
    await expectRefusal(api, 400, "credential", "PATCH", path(), LATEST);
  });

  test("while a node group is being made is refused", async () => {
    await api.specify(cluster.uuid, { apiAddress: "https://198.51.100.7:6443", bayType: "magnum_vm_atomic_k8s" });
    const groups = `/v1/clusters/${cluster.uuid}/nodegroups`;
    expect(await api.call("POST", groups, { ...LATEST, body: { name: "gpu" } })).toMatchObject({ status: 202 });
    await expectRefusal(api, 400, "UPDATE_IN_PROGRESS", "PATCH", path(), LATEST);
  });

  test("keeps nodes' credentials from being renewed until it is finished", async () => {
    await enter(trusting());
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    await expectRefusal(api, 400, "authority", "PATCH", `/v1/credentials/${cluster.uuid}`, LATEST);
  });
});

describe("in the midst of it", () => {
  test.each([
    ["trust", () => trusting(), () => [old, next]],
    ["renew", () => inPhase(trusting(), "renew"), () => [next, old]],
    ["serve", () => inPhase(inPhase(trusting(), "renew"), "serve"), () => [next, old]],
    ["drop", () => inPhase(inPhase(inPhase(trusting(), "renew"), "serve"), "drop"), () => [next]],
  ] as const)("%s: GET shows all that is trusted, and the first of them signs", async (_phase, certificates, shows) => {
    await enter(certificates());
    const pem = textIn((await api.call("GET", path(), LATEST)).body, "pem");
    const blocks = pem.split(/(?<=-----END CERTIFICATE-----)\s*/).filter((block) => block !== "");
    expect(blocks.map((block) => block.trim())).toEqual(shows().map(({ caCertificate }) => caCertificate.trim()));
    const wish = { cluster_uuid: cluster.uuid, csr: CSR };
    const signed = await api.call("POST", "/v1/certificates", { ...LATEST, body: wish });
    const [signer = ""] = blocks;
    const signature = new X509Certificate(textIn(signed.body, "pem")).verify(new X509Certificate(signer).publicKey);
    expect(signature).toBe(true);
  });
});

describe("PUT /v1/certificates/CLUSTER/nodes/NODE", () => {
  const tell = (node: string, mark: string, call: Call = {}) =>
    api.call("PUT", `${path()}/nodes/${node}`, { as: "nodeA", body: { certificate_rotation: mark }, ...call });
  /** What nodes have said, as the table has it. */
  const said = () => api.ports.table.items().filter(({ pk }) => pk.startsWith("rotation#"));

  beforeEach(async () => {
    await api.call("PATCH", path(), LATEST);
    await enter(trusting());
  });

  test("takes a node's word, once, and has a conductor look at once", async () => {
    const id = await operationId();
    for (const answer of [await tell("blue-minion-0", `${id}.trust`), await tell("blue-minion-0", `${id}.trust`)])
      expect([answer.status, answer.body]).toEqual([204, {}]);
    expect(said().map(({ sk }) => sk)).toEqual(["trust#blue-minion-0"]);
    expect(await api.record(cluster.uuid)).toMatchObject({ nudge: { operation: id } });
  });

  test("forgets what nobody waits for: another phase, another rotation, or none at all", async () => {
    const id = await operationId();
    for (const mark of [`${id}.renew`, `${id}.anything`, "11111111-1111-4111-8111-111111111111.trust", "x"])
      expect(await tell("blue-minion-0", mark)).toMatchObject({ status: 204 });
    await api.settle(cluster.uuid, { status: "UPDATE_FAILED" });
    expect(await tell("blue-minion-0", `${id}.trust`)).toMatchObject({ status: 204 });
    expect(said()).toEqual([]);
  });

  test("tells a node that is not known yet to say so again", async () => {
    const body = { certificate_rotation: `${await operationId()}.trust` };
    await expectRefusal(api, 409, "blue-minion-7", "PUT", `${path()}/nodes/blue-minion-7`, { as: "nodeA", body });
  });

  test("is for the cluster's nodes, and who may have certificates signed", async () => {
    const mark = `${await operationId()}.trust`;
    expect(await tell("blue-minion-0", mark, { as: "memberB" })).toMatchObject({ status: 404 });
    expect(await tell("blue-minion-0", mark, { as: "otherMemberA" })).toMatchObject({ status: 403 });
    expect(await tell("blue-minion-0", mark, { as: "readerA" })).toMatchObject({ status: 403 });
    expect(said()).toEqual([]);
    expect(await tell("blue-minion-0", mark, { as: "memberA" })).toMatchObject({ status: 204 });
  });

  test.each([
    ["no mark", {}],
    ["another attribute", { certificate_rotation: "x", more: 1 }],
    ["a long one", { certificate_rotation: "x".repeat(101) }],
    ["no text", { certificate_rotation: 1 }],
  ])("reads nothing else: %s", async (_name, body) => {
    await expectRefusal(api, 400, "", "PUT", `${path()}/nodes/blue-minion-0`, { as: "nodeA", body });
  });
});
