/** /v1/certificates as nodes and clients of both generations use it (bay-era sheet 3.9, 10, 17.23; cluster sheet 11). */
import { X509Certificate } from "node:crypto";
import { secretContext } from "@jeroboam/core/bay/bay";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, createHarness, expectRefusal, shown, textIn, UNKNOWN_UUID } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";
import { CSR } from "../certificate-request.ts";

let api: Harness;
let bay: Shown;

beforeEach(async () => {
  api = createHarness();
  const model = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body);
  bay = await makeBay("blue", model.uuid);
});

async function makeBay(name: string, model: string): Promise<Shown> {
  return shown((await api.call("POST", "/v1/bays", { body: { name, baymodel_id: model } })).body);
}

/** As a conductor does, early in the creation. */
async function certify(): Promise<string> {
  const authority = await createAuthority({ clock: api.ports.clock, random: systemRandom }, "blue");
  const caKeySealed = await api.ports.sealer.seal(authority.privateKey, secretContext(bay, "ca-key"), "a");
  await api.specify(bay.uuid, {
    certificates: {
      caCertificate: authority.certificate,
      caKeySealed,
      clientCertificate: "client",
      clientKeySealed: "sealed",
    },
    nodeCredential: {
      user: { id: "user-node", domainId: "jeroboam" },
      userName: `jeroboam-bay-${bay.uuid}`,
      passwordSealed: "sealed",
    },
  });
  return authority.certificate;
}

const links = () => [
  { href: `http://magnum.test:9511/v1/certificates/${bay.uuid}`, rel: "self" },
  { href: `http://magnum.test:9511/certificates/${bay.uuid}`, rel: "bookmark" },
];

const wish = (changes: JsonObject = {}): JsonObject => ({ bay_uuid: bay.uuid, csr: CSR, ...changes });

/** Ours: nothing outlives the authority, which was made with the clock at the start. */
const END = "2031-01-01T03:04:07+00:00";

describe("GET", () => {
  test.each([
    ["/v1/certificates/UUID", "memberA"],
    ["/v1/certificates/blue", "memberA"],
    ["/v1/certificates/blue/", "memberA"],
    ["/certificates/blue", "memberA"],
    ["/v1/certificates/UUID?ca_cert_type=kubernetes", "memberA"],
    ["/v1/certificates/UUID?ca_cert_type=whatever", "memberA"],
    ["/v1/certificates/UUID", "nodeA"],
  ] as const)("%s by %s shows the authority while the bay is being created", async (path, as) => {
    const pem = await certify();
    const answer = await api.call("GET", path.replace("UUID", bay.uuid), { as });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({ not_after: END, bay_uuid: bay.uuid, cluster_uuid: bay.uuid, pem, links: links() });
    expect((await api.call("GET", "/v1/bays/blue")).body["status"]).toBe("CREATE_IN_PROGRESS");
  });

  test("no certificate, key or password of a bay is ever in its own representation", async () => {
    await certify();
    for (const path of [`/v1/bays/${bay.uuid}`, `/v1/clusters/${bay.uuid}`, "/v1/bays/detail", "/v1/clusters/detail"])
      expect(JSON.stringify((await api.call("GET", path)).body)).not.toMatch(/sealed|BEGIN|jeroboam-bay/);
  });

  test("before the authority is made the answer says so, and when to ask again", async () => {
    await expectRefusal(api, 409, "no certificates yet", "GET", "/v1/certificates/blue");
    const { headers } = await api.call("GET", "/v1/certificates/blue");
    expect(headers.get("retry-after")).toBe("5");
  });

  test.each([
    ["/v1/certificates/nothing", 404, "nothing could not be found"],
    ["/v1/certificates/detail", 404, "detail could not be found"],
    [`/v1/certificates/${UNKNOWN_UUID}`, 404, "could not be found"],
    ["/v1/certificates/blue?ca_cert_type=etcd", 400, "one authority"],
    ["/v1/certificates/blue?ca_cert_type=front-proxy", 400, "one authority"],
    ["/v1/certificates/blue?limit=1", 400, "Unknown argument"],
    ["/v1/certificates", 405, "Method Not Allowed"],
  ] as const)("%s is refused with %d", async (path, status, says) => {
    await expectRefusal(api, status, says, "GET", path);
  });

  test.each([
    ["memberB", 404],
    ["admin", 404],
    ["readerA", 403],
    ["otherMemberA", 403],
  ] as const)("%s is refused with %d", async (as, status) => {
    await certify();
    await expectRefusal(api, status, "", "GET", `/v1/certificates/${bay.uuid}`, { as });
  });

  test("two bays of the name must be told apart by their uuids", async () => {
    await makeBay("blue", "k8s-small");
    await expectRefusal(api, 409, "use the uuid", "GET", "/v1/certificates/blue");
  });
});

describe("POST", () => {
  test.each<[string, JsonObject, "memberA" | "nodeA"]>([
    ["by uuid", {}, "memberA"],
    ["by name", { bay_uuid: "blue" }, "memberA"],
    ["by today's attribute", { bay_uuid: null, cluster_uuid: "blue" }, "memberA"],
    ["by the bay's own nodes", {}, "nodeA"],
  ])("%s: 201 without Location, with what was signed", async (_name, changes, as) => {
    const authority = new X509Certificate(await certify());
    const answer = await api.call("POST", "/v1/certificates", { as, body: wish(changes) });
    expect(answer).toMatchObject({ status: 201 });
    expect(answer.headers.has("location")).toBe(false);
    const { pem: _pem, ...rest } = answer.body;
    expect(rest).toEqual({ not_after: END, bay_uuid: bay.uuid, cluster_uuid: bay.uuid, csr: CSR, links: links() });
    const certificate = new X509Certificate(textIn(answer.body, "pem"));
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.subject).toBe("CN=kubernetes.invalid");
    expect(certificate.ca).toBe(false);
  });

  test("the type of the authority is shown when it was sent", async () => {
    await certify();
    const answer = await api.call("POST", "/v1/certificates", { body: wish({ ca_cert_type: "kubernetes" }) });
    expect(textIn(answer.body, "ca_cert_type")).toBe("kubernetes");
  });

  test("a bay without a name signs too: its authority bears its uuid", async () => {
    const unnamed = shown(
      (await api.call("POST", "/v1/bays", { body: { name: null, baymodel_id: "k8s-small" } })).body,
    );
    bay = unnamed;
    await certify();
    expect(await api.call("POST", "/v1/certificates", { body: wish() })).toMatchObject({ status: 201 });
  });

  test.each<[string, JsonObject, number, string]>([
    ["an unknown bay", { bay_uuid: "nothing" }, 400, "nothing could not be found"],
    ["an unknown uuid", { bay_uuid: UNKNOWN_UUID }, 400, "could not be found"],
    ["no bay", { bay_uuid: null }, 400, "bay_uuid"],
    ["two bays", { cluster_uuid: "green" }, 400, "two different bays"],
    ["no request", { csr: null }, 400, "csr. Mandatory field missing"],
    ["an empty request", { csr: "" }, 400, "csr"],
    ["a number", { csr: 1 }, 400, "Value should be a string"],
    ["no PEM", { csr: "hello" }, 400, "no PEM certificate request"],
    ["a spoilt request", { csr: CSR.replace(/[A-Z]/, "!") }, 400, "certificate request"],
    ["a very long one", { csr: "x".repeat(limits.certificate.requestChars + 1) }, 400, "at most"],
    ["another authority", { ca_cert_type: "etcd" }, 400, "one authority"],
    ["a certificate to be signed", { pem: "x" }, 400, "read only"],
    ["an unknown attribute", { key: "x" }, 400, "Unknown attribute for argument certificate: key"],
  ])("%s is refused", async (_name, changes, status, says) => {
    await certify();
    await expectRefusal(api, status, says, "POST", "/v1/certificates", { body: wish(changes) });
  });

  test.each([
    ["memberB", 400],
    ["admin", 400],
    ["readerA", 403],
    ["otherMemberA", 403],
  ] as const)("%s is refused with %d", async (as, status) => {
    await certify();
    await expectRefusal(api, status, "", "POST", "/v1/certificates", { as, body: wish() });
  });

  test("before the authority is made the answer says so", async () => {
    await expectRefusal(api, 409, "no certificates yet", "POST", "/v1/certificates", { body: wish() });
  });

  test("nothing is written, and the key stays sealed", async () => {
    await certify();
    const before = api.writes();
    await api.call("POST", "/v1/certificates", { body: wish() });
    expect(api.writes()).toBe(before);
    expect(JSON.stringify(api.ports.log.lines)).not.toContain("BEGIN");
  });
});

test.each<[string, string, Json]>([
  ["PUT", "/v1/certificates", {}],
  ["DELETE", "/v1/certificates/blue", null],
])("%s %s is no method of certificates", async (method, path) => {
  await expectRefusal(api, 405, "", method, path);
});

test("a rotation of nothing names what is missing", async () => {
  await expectRefusal(api, 400, "Missing argument", "PATCH", "/v1/certificates", { body: [] });
});

test("the user of a bay's nodes does nothing else", async () => {
  await certify();
  for (const [method, path, body] of [
    ["GET", `/v1/bays/${bay.uuid}`],
    ["GET", "/v1/bays"],
    ["DELETE", `/v1/bays/${bay.uuid}`],
    ["POST", "/v1/baymodels", BAY_MODEL],
  ] as const)
    await expectRefusal(api, 403, "", method, path, { as: "nodeA", ...(body && { body }) });
});

test("the nodes of one bay have nothing signed by another's authority", async () => {
  await certify();
  bay = await makeBay("green", "k8s-small");
  await certify();
  await api.specify(bay.uuid, { nodeCredential: null });
  await expectRefusal(api, 403, "", "GET", `/v1/certificates/${bay.uuid}`, { as: "nodeA" });
  await expectRefusal(api, 403, "", "POST", "/v1/certificates", { as: "nodeA", body: wish() });
});
