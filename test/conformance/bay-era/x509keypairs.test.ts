/** /v1/x509keypairs (bay-era sheet 3.8, 16 numbers 40 and 42, 17.15). */
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, createHarness, expectRefusal, shown, UNKNOWN_UUID } from "../api-harness.ts";
import type { Harness, Shown } from "../api-harness.ts";

let api: Harness;
let bay: Shown;

beforeEach(async () => {
  api = createHarness();
  await api.call("POST", "/v1/baymodels", { body: BAY_MODEL });
  bay = shown((await api.call("POST", "/v1/bays", { body: { name: "blue", baymodel_id: "k8s-small" } })).body);
});

const wish = (changes: JsonObject = {}): JsonObject => ({
  name: "k1",
  bay_uuid: bay.uuid,
  ca_cert: "AA",
  certificate: "BB",
  private_key: "CC-secret",
  ...changes,
});

async function make(changes: JsonObject = {}): Promise<Shown> {
  const answer = await api.call("POST", "/v1/x509keypairs", { body: wish(changes) });
  expect(answer).toMatchObject({ status: 201 });
  return shown(answer.body);
}

describe("POST", () => {
  test("answers 201 with the pair as it was sent, and its place", async () => {
    const { status, headers, body } = await api.call("POST", "/v1/x509keypairs", { body: wish() });
    const { uuid } = shown(body);
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`http://magnum.test:9511/v1/x509keypairs/${uuid}`);
    expect(body).toEqual({
      uuid,
      name: "k1",
      bay_uuid: bay.uuid,
      ca_cert: "AA",
      certificate: "BB",
      private_key: "CC-secret",
      links: [
        { href: `http://magnum.test:9511/v1/x509keypairs/${uuid}`, rel: "self" },
        { href: `http://magnum.test:9511/x509keypairs/${uuid}`, rel: "bookmark" },
      ],
      created_at: "2026-01-02T03:04:08+00:00",
      updated_at: null,
    });
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["the bay by name", { bay_uuid: "blue" }, {}],
    ["nothing but the bay", { name: null, ca_cert: null, certificate: null, private_key: null }, { private_key: null }],
    ["a uuid of its own", { uuid: UNKNOWN_UUID }, { uuid: UNKNOWN_UUID }],
    ["what is no PEM", { certificate: "hello" }, { certificate: "hello" }],
  ])("takes %s", async (_name, changes, expected) => {
    expect(await make(changes)).toMatchObject({ bay_uuid: bay.uuid, ...expected });
  });

  test.each<[string, JsonObject, number, string]>([
    ["no bay", { bay_uuid: null }, 400, "bay_uuid. Mandatory field missing"],
    ["an unknown bay", { bay_uuid: "green" }, 400, "Bay green could not be found"],
    ["an unknown uuid", { bay_uuid: UNKNOWN_UUID }, 400, "could not be found"],
    ["an empty name", { name: "" }, 400, "name"],
    ["a long name", { name: "x".repeat(256) }, 400, "at most 255"],
    ["a number for a key", { private_key: 1 }, 400, "private_key"],
    ["an unknown attribute", { csr: "x" }, 400, "Unknown attribute for argument x509keypair: csr"],
  ])("refuses %s", async (_name, changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/x509keypairs", { body: wish(changes) });
  });

  test("refuses another project's bay, and a uuid that is taken", async () => {
    await expectRefusal(api, 400, "could not be found", "POST", "/v1/x509keypairs", { as: "memberB", body: wish() });
    await make({ uuid: UNKNOWN_UUID });
    await expectRefusal(api, 409, "exists", "POST", "/v1/x509keypairs", { body: wish({ uuid: UNKNOWN_UUID }) });
  });
});

describe("the private key", () => {
  test("is shown to who asks for that one pair, never in a list, and never lies in the table in the clear", async () => {
    const made = await make();
    expect((await api.call("GET", `/v1/x509keypairs/${made.uuid}`)).body).toEqual(made);
    expect((await api.call("GET", "/v1/x509keypairs/k1")).body).toEqual(made);
    for (const path of ["/v1/x509keypairs", "/v1/x509keypairs/detail"]) {
      const { body } = await api.call("GET", path);
      expect(body).toMatchObject({ x509keypairs: [{ uuid: made.uuid, private_key: null }] });
      expect(JSON.stringify(body)).not.toContain("secret");
    }
    const [stored] = api.ports.table.items().filter(({ pk }) => pk === `x509keypair#${made.uuid}`);
    expect(stored?.body["state"]).toMatchObject({ privateKeySealed: expect.stringContaining("x509keypair/") });
    expect(Object.keys((stored?.body["state"] ?? {}) as object)).not.toContain("privateKey");
  });

  test("is not shown to another project", async () => {
    const { uuid } = await make();
    for (const as of ["memberB", "admin"] as const)
      await expectRefusal(api, 404, `X509KeyPair ${uuid} could not be found`, "GET", `/v1/x509keypairs/${uuid}`, {
        as,
      });
  });
});

test("lists leave the times out when they are brief", async () => {
  await make();
  const keys = async (path: string) =>
    Object.keys(((await api.call("GET", path)).body["x509keypairs"] as JsonObject[])[0] ?? {});
  const brief = ["uuid", "name", "bay_uuid", "ca_cert", "certificate", "private_key", "links"];
  expect(await keys("/v1/x509keypairs")).toEqual(brief);
  expect(await keys("/v1/x509keypairs/detail")).toEqual([...brief, "created_at", "updated_at"]);
});

test("there is no patching them", async () => {
  const { uuid } = await make();
  await expectRefusal(api, 405, "", "PATCH", `/v1/x509keypairs/${uuid}`, { body: [] });
});

test("two of a name must be told apart by their uuids", async () => {
  await make();
  await make();
  await expectRefusal(api, 409, "use the uuid", "GET", "/v1/x509keypairs/k1");
});

test("one is deleted once, by name too", async () => {
  await make();
  expect((await api.call("DELETE", "/v1/x509keypairs/k1")).status).toBe(204);
  await expectRefusal(api, 404, "X509KeyPair k1 could not be found", "DELETE", "/v1/x509keypairs/k1");
});
