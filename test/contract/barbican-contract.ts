/**
 * What our master keys ask of a Barbican, and what it answers: the same for the sandbox's and for the real one (15, with its
 * own policy), so that the one stands for the other. The service's user keeps keys in its project; the person is a member of another.
 */
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import type { CloudRequest, CloudSession, ServiceAccount } from "@jeroboam/core/openstack/session";
import { createSessions } from "@jeroboam/core/openstack/session";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createBarbicanKeys } from "@jeroboam/core/secret/barbican-keys";
import { createFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import { afterAll, describe, expect, test } from "vitest";
import { createSimulatedClock } from "../simulated/clock.ts";
import type { TestedCloud } from "./cloud-contract.ts";
import type { Keyring } from "./master-key-contract.ts";
import { NAME, testMasterKey } from "./master-key-contract.ts";

export interface BarbicanCloud extends TestedCloud {
  /** Its Barbican is out of reach, until what is returned is called. */
  leave(): () => void;
}

const GONE = "7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1";
const TEXT = { payload_content_type: "text/plain" };
const BYTES = { payload_content_type: "application/octet-stream", payload_content_encoding: "base64" };
/** 32 bytes, as a key that Barbican made itself would be. */
const NO_TEXT = Buffer.alloc(32, 0xff).toString("base64");

const newKey = (): string => Buffer.from(systemRandom.bytes(32)).toString("base64");

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function send(session: CloudSession, request: CloudRequest): Promise<Answer> {
  const reply = await session.request("key-manager", request);
  if (reply.kind === "refused") throw new Error(reply.reason);
  return reply;
}

function enter(cloud: BarbicanCloud, stored: (() => Promise<void>)[]) {
  const { authUrl, choice, account, person, project } = cloud;
  let reads = 0;
  const http: HttpFetch = async (request, call) => {
    if (request.url.endsWith("/payload")) reads += 1;
    return await cloud.http(request, call);
  };
  const keystone = createKeystone({ http, clock: cloud.clock }, authUrl);
  const sessionOf = (who: ServiceAccount): CloudSession =>
    createSessions({ http, clock: cloud.clock, keystone }, who, choice).service();
  const [session, stranger] = [sessionOf(account), sessionOf({ credentials: person, project })];
  const clock = createSimulatedClock();
  return {
    clock,
    session,
    stranger,
    reads: () => reads,
    leave: () => cloud.leave(),
    store: async (payload: string, attributes: object = TEXT): Promise<string> => {
      const json = { name: "jeroboam-test", payload, ...attributes };
      const { status, body } = await send(session, { method: "POST", path: "/v1/secrets", json });
      if (status !== 201) throw new Error(body);
      const id = (JSON.parse(body) as { secret_ref: string }).secret_ref.split("/").at(-1) ?? "";
      stored.push(async () => void (await send(session, { method: "DELETE", path: `/v1/secrets/${id}` })));
      return id;
    },
    keys: (by: CloudSession, ...[current = "", ...old]: readonly string[]): MasterKey =>
      createFileMasterKey(createBarbicanKeys({ session: by, clock }, [current, ...old])),
  };
}

export function testBarbican(open: () => Promise<BarbicanCloud>): void {
  const stored: (() => Promise<void>)[] = [];
  const enterCloud = async () => enter(await open(), stored);
  afterAll(async () => {
    for (const remove of stored) await remove();
  });

  describe("a master key", () => {
    testMasterKey(async (): Promise<Keyring> => {
      const cloud = await enterCloud();
      return {
        add: () => cloud.store(newKey()),
        open: (ids) => Promise.resolve(cloud.keys(cloud.session, ...ids)),
      };
    });

    // `openstack secret store` stores text so, unless it is told a content type.
    test("may be stored as bytes that are its text", async () => {
      const cloud = await enterCloud();
      const payload = Buffer.from(newKey()).toString("base64");
      const masterKey = cloud.keys(cloud.session, await cloud.store(payload, BYTES));
      const { key, wrapped } = await masterKey.generate(NAME);
      expect(await masterKey.unwrap(wrapped, NAME)).toEqual(key);
    });

    test("is read once an hour, and what is at work goes on without it", async () => {
      const cloud = await enterCloud();
      const masterKey = cloud.keys(cloud.session, await cloud.store(newKey()));
      const { key, wrapped } = await masterKey.generate(NAME);
      const comeBack = cloud.leave();
      for (let times = 0; times < 5; times += 1) expect(await masterKey.unwrap(wrapped, NAME)).toEqual(key);
      expect(cloud.reads()).toBe(1);
      cloud.clock.advanceTo(cloud.clock.nowMs() + limits.secret.dataKeyMs);
      await expect(masterKey.unwrap(wrapped, NAME)).rejects.toThrow(Transient);
      comeBack();
      expect(await masterKey.unwrap(wrapped, NAME)).toEqual(key);
    });

    test("that is gone, is another project's, or is no key says so, and never what it is", async () => {
      const cloud = await enterCloud();
      const id = await cloud.store(newKey());
      await expect(cloud.keys(cloud.session, GONE).currentId()).rejects.toThrow(`Barbican has no secret ${GONE}`);
      await expect(cloud.keys(cloud.stranger, id).currentId()).rejects.toThrow(
        `the key ${id} cannot be read: key-manager refused: Secret payload retrieval attempt not allowed`,
      );
      await expect(cloud.keys(cloud.session, await cloud.store(NO_TEXT, BYTES)).currentId()).rejects.toThrow(
        "cannot be read: key-manager refused: Secret payload retrieval issue seen - Wrong payload content-type.",
      );
      for (const payload of ["CANARY-not-a-key", Buffer.alloc(31, 7).toString("base64")]) {
        const refused = cloud.keys(cloud.session, await cloud.store(payload)).generate(NAME);
        await expect(refused).rejects.toThrow("is not 32 bytes in base64");
        await expect(refused).rejects.not.toThrow(payload);
      }
    });

    test("is one that is configured: no other secret is asked for, whatever a data key says", async () => {
      const cloud = await enterCloud();
      const [id, other] = [await cloud.store(newKey()), await cloud.store(newKey())];
      const { wrapped } = await cloud.keys(cloud.session, other).generate(NAME);
      await expect(cloud.keys(cloud.session, id).unwrap(wrapped, NAME)).rejects.toThrow(`sealed by the key "${other}"`);
      expect((await cloud.keys(cloud.session, id, other).unwrap(wrapped, NAME)).length).toBe(32);
    });
  });

  test("keeps, shows, lists by name and deletes a secret", async () => {
    const { session, store } = await enterCloud();
    const name = `jeroboam-test-${systemRandom.uuid()}`;
    const id = await store("a text", { ...TEXT, name });
    const path = `/v1/secrets/${id}`;
    const shown = await send(session, { method: "GET", path });
    expect(JSON.parse(shown.body)).toMatchObject({
      name,
      status: "ACTIVE",
      secret_type: "opaque",
      expiration: null,
      content_types: { default: "text/plain" },
      secret_ref: expect.stringMatching(new RegExp(`${path}$`)) as string,
    });
    const accept = { accept: "text/plain" };
    const read = await send(session, { method: "GET", path: `${path}/payload`, headers: accept });
    expect([read.status, read.headers["content-type"], read.body]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; charset=utf-8$/i),
      "a text",
    ]);
    const list = async (query: NonNullable<CloudRequest["query"]>): Promise<unknown> =>
      JSON.parse((await send(session, { method: "GET", path: "/v1/secrets", query })).body);
    expect(await list({ name })).toMatchObject({ secrets: [{ name }], total: 1 });
    expect(await list({ name: "no-such" })).toEqual({ secrets: [], total: 0 });
    await store("another", { ...TEXT, name });
    expect(await list({ name, limit: 1 })).toMatchObject({
      secrets: [{ name }],
      total: 2,
      next: expect.stringMatching(/\/v1\/secrets\?.*offset=1/) as string,
    });
    expect(await list({ name, limit: 1, offset: 1 })).toMatchObject({ secrets: [{ name }], total: 2 });
    expect((await send(session, { method: "DELETE", path })).status).toBe(204);
    expect(await list({ name })).toMatchObject({ total: 1 });
  });

  test("refuses in the same words", async () => {
    const { session, stranger, store } = await enterCloud();
    const id = await store("a text");
    const make = (json: object): CloudRequest => ({ method: "POST", path: "/v1/secrets", json });
    const cases: readonly [by: CloudSession, request: CloudRequest, status: number, words: string][] = [
      [stranger, { method: "GET", path: `/v1/secrets/${id}` }, 403, "Secret retrieval attempt not allowed"],
      [stranger, { method: "GET", path: `/v1/secrets/${id}/payload` }, 403, "Secret payload retrieval attempt"],
      [stranger, { method: "DELETE", path: `/v1/secrets/${id}` }, 403, "Secret deletion attempt not allowed"],
      [stranger, { method: "GET", path: "/v1/secrets" }, 403, "Secret(s) retrieval attempt not allowed"],
      [stranger, make({ payload: "x", ...TEXT }), 403, "Secret creation attempt not allowed"],
      [session, { method: "GET", path: `/v1/secrets/${GONE}/payload` }, 404, "Secret not found."],
      [session, { method: "DELETE", path: `/v1/secrets/${GONE}` }, 404, "Secret not found."],
      [session, make({ payload: "x" }), 400, "'payload_content_type' must also be supplied"],
      [
        session,
        make({ ...BYTES, payload: "eA==", payload_content_encoding: undefined }),
        400,
        "payload_content_encoding is not one of",
      ],
      [session, make({ payload: "", ...TEXT }), 400, "If 'payload' specified, must be non empty."],
      [session, make({ payload: "x", payload_content_type: "image/png" }), 400, "payload_content_type is not one of"],
      [session, make({ payload: "x".repeat(30_000), ...TEXT }), 400, "Malformed JSON"],
    ];
    for (const [by, request, status, words] of cases) {
      const { description = "", ...answer } = JSON.parse((await send(by, request)).body) as { description?: string };
      expect([answer, description]).toEqual([
        { code: status, title: expect.any(String) as string },
        expect.stringContaining(words),
      ]);
    }
  });

  test("gives bytes that are no text as bytes alone", async () => {
    const { session, store } = await enterCloud();
    const path = `/v1/secrets/${await store(NO_TEXT, BYTES)}/payload`;
    const read = async (accept: string): Promise<Answer> =>
      await send(session, { method: "GET", path, headers: { accept } });
    const refused = await read("text/plain");
    expect([refused.status, refused.body]).toEqual([406, expect.stringContaining("Wrong payload content-type.")]);
    expect((await read("application/octet-stream")).status).toBe(200);
  });

  test("keeps a secret without a payload, of which there is then none to read", async () => {
    const { session } = await enterCloud();
    const { status, body } = await send(session, { method: "POST", path: "/v1/secrets", json: { name: "none" } });
    expect(status).toBe(201);
    const path = `/v1/secrets/${(JSON.parse(body) as { secret_ref: string }).secret_ref.split("/").at(-1)}`;
    stored.push(async () => void (await send(session, { method: "DELETE", path })));
    const shown = JSON.parse((await send(session, { method: "GET", path })).body) as object;
    expect(shown).not.toHaveProperty("content_types");
    const read = await send(session, { method: "GET", path: `${path}/payload`, headers: { accept: "text/plain" } });
    expect([read.status, read.body]).toEqual([404, expect.stringContaining("your secret has no payload")]);
  });
}
