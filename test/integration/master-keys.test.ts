/**
 * What every master key promises, whichever holds it: the key file, and Barbican (the sandbox's, over the sessions that are
 * used with a real one). KMS's is held to the same in packages/core/src/secret/kms-master-key.test.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import { createSessions } from "@jeroboam/core/openstack/session";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createBarbicanKeys, readBarbicanKeyIds } from "@jeroboam/core/secret/barbican-keys";
import { addKey, readKeyIds, useKey } from "@jeroboam/core/secret/file-keys";
import { createFileMasterKey, openFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { createSandbox } from "@jeroboam/sandbox/sandbox";
import { afterAll, describe, expect, test } from "vitest";
import { createSimulatedClock } from "../simulated/clock.ts";

const NAME = { projectId: "a", purpose: "records" } as const;
const CLOUD = "http://cloud.test";
const DOMAIN = { id: "default" };

/** A place where keys are kept, and processes that use them. */
interface Keyring {
  /** A key beside the others. Its id. */
  add(): Promise<string>;
  /** A process that wraps by the first and knows the others. */
  open(ids: readonly [string, ...string[]]): Promise<MasterKey>;
}

const folder = mkdtempSync(join(tmpdir(), "master-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function fileKeyring(): Promise<Keyring> {
  const path = join(folder, `${Math.trunc(systemRandom.fraction() * 1e12)}.json`);
  await openFileMasterKey(path);
  const [first = ""] = (await readKeyIds(path)).ids;
  const unused = [first];
  return {
    add: async () => unused.shift() ?? (await addKey(path)),
    async open([current]) {
      await useKey(path, current);
      return openFileMasterKey(path);
    },
  };
}

function createCloud() {
  const clock = createSimulatedClock();
  const sandbox = createSandbox({
    clock: { now: () => clock.nowMs() },
    random: () => systemRandom.fraction(),
    options: { publicUrl: CLOUD, password: "password" },
  });
  const http: HttpFetch = async ({ method, url, headers = {}, json }) => {
    const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await sandbox.fetch(new Request(url, { method, headers: typed, ...body }));
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };
  const keystone = createKeystone({ http, clock }, `${CLOUD}/v3`);
  const sessionOf = (name: string, project: string) =>
    createSessions(
      { http, clock, keystone },
      {
        credentials: { kind: "password", user: { name, domain: DOMAIN }, password: "password" },
        project: { name: project, domain: DOMAIN },
      },
      { interface: "public" },
    ).service();
  const session = sessionOf("jeroboam", "service");
  return {
    clock,
    sandbox,
    session,
    stranger: sessionOf("demo", "demo"),
    async store(payload: string): Promise<string> {
      const stored = await session.request("key-manager", { method: "POST", path: "/v1/secrets", json: { payload } });
      if (stored.kind === "refused" || stored.status !== 201) throw new Error(JSON.stringify(stored));
      return (JSON.parse(stored.body) as { secret_ref: string }).secret_ref.split("/").at(-1) ?? "";
    },
  };
}

const newKey = (): string => Buffer.from(systemRandom.bytes(32)).toString("base64");

function barbicanKeyring(): Promise<Keyring> {
  const cloud = createCloud();
  const { clock, session } = cloud;
  return Promise.resolve({
    add: () => cloud.store(newKey()),
    open: (ids) => Promise.resolve(createFileMasterKey(createBarbicanKeys({ session, clock }, ids))),
  });
}

describe.each([
  ["a key file", fileKeyring],
  ["Barbican", barbicanKeyring],
])("a master key in %s", (_name, createKeyring) => {
  test("wraps data keys for their project and purpose alone, also for another process", async () => {
    const keyring = await createKeyring();
    const id = await keyring.add();
    const { key, wrapped } = await (await keyring.open([id])).generate(NAME);
    expect([key.length, wrapped.keyId]).toEqual([32, id]);
    const later = await keyring.open([id]);
    expect(await later.unwrap(wrapped, NAME)).toEqual(key);
    for (const other of [{ projectId: "b" }, { purpose: "webhooks" }] as const)
      await expect(later.unwrap(wrapped, { ...NAME, ...other })).rejects.toThrow(/does not open/);
    await expect(later.unwrap({ ...wrapped, keyId: "other" }, NAME)).rejects.toThrow('sealed by the key "other"');
    expect(Buffer.from(wrapped.text, "base64url").includes(Buffer.from(key))).toBe(false);
  });

  test("is replaced by another without losing anything: the data key stays, and is wrapped anew", async () => {
    const keyring = await createKeyring();
    const [first, second] = [await keyring.add(), await keyring.add()];
    const { key, wrapped } = await (await keyring.open([first])).generate(NAME);
    const next = await keyring.open([second, first]);
    expect(await next.currentId()).toBe(second);
    expect(await next.unwrap(wrapped, NAME)).toEqual(key);
    const rewrapped = await next.rewrap(wrapped, NAME);
    expect(rewrapped.keyId).toBe(second);
    expect(await (await keyring.open([second])).unwrap(rewrapped, NAME)).toEqual(key);
  });

  test("seals and opens what is stored", async () => {
    const keyring = await createKeyring();
    const clock = createSimulatedClock();
    const table = createMemoryTable({ clock });
    const id = await keyring.add();
    const masterKey = await keyring.open([id]);
    const sealed = await createSecrets({ table, masterKey, clock }).sealer.seal("a bay's key", "bay/1/ca-key", "a");
    const other = createSecrets({ table, masterKey: await keyring.open([id]), clock });
    expect(await other.sealer.open(sealed, "bay/1/ca-key")).toBe("a bay's key");
    await expect(other.sealer.open(sealed, "bay/2/ca-key")).rejects.toThrow("does not open");
  });
});

describe("a master key in Barbican", () => {
  const of = ({ session, clock }: Pick<ReturnType<typeof createCloud>, "session" | "clock">, ...ids: string[]) => {
    const [current = "", ...old] = ids;
    return createFileMasterKey(createBarbicanKeys({ session, clock }, [current, ...old]));
  };

  test("is read once an hour, and what is at work goes on without it", async () => {
    const cloud = createCloud();
    const id = await cloud.store(newKey());
    const masterKey = of(cloud, id);
    const { key, wrapped } = await masterKey.generate(NAME);
    const reads = (): number => cloud.sandbox.counts()["barbican GET /v1/secrets/:id/payload"] ?? 0;
    cloud.sandbox.knobs.add({ kind: "request", service: "barbican", effect: "status", status: 503 });
    for (let times = 0; times < 5; times += 1) expect(await masterKey.unwrap(wrapped, NAME)).toEqual(key);
    expect(reads()).toBe(1);
    cloud.clock.advanceTo(cloud.clock.nowMs() + limits.secret.dataKeyMs);
    await expect(masterKey.unwrap(wrapped, NAME)).rejects.toThrow(Transient);
  });

  test("that is gone, is another project's, or is no key says so, and never what it is", async () => {
    const cloud = createCloud();
    const id = await cloud.store(newKey());
    const gone = "7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1";
    await expect(of(cloud, gone).generate(NAME)).rejects.toThrow(`Barbican has no secret ${gone}`);
    await expect(of({ ...cloud, session: cloud.stranger }, id).generate(NAME)).rejects.toThrow("cannot be read");
    for (const payload of ["CANARY-not-a-key", Buffer.alloc(31, 7).toString("base64")]) {
      const refused = of(cloud, await cloud.store(payload)).generate(NAME);
      await expect(refused).rejects.toThrow("is not 32 bytes in base64");
      await expect(refused).rejects.not.toThrow(payload);
    }
  });

  test("is one that is configured: no other secret is asked for, whatever a data key says", async () => {
    const cloud = createCloud();
    const [id, other] = [await cloud.store(newKey()), await cloud.store(newKey())];
    const { wrapped } = await of(cloud, other).generate(NAME);
    await expect(of(cloud, id).unwrap(wrapped, NAME)).rejects.toThrow(`sealed by the key "${other}"`);
    expect((await of(cloud, id, other).unwrap(wrapped, NAME)).length).toBe(32);
  });

  test("is named by uuids, the current one first", () => {
    const [one, other] = ["7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1", "0b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1"];
    expect(readBarbicanKeyIds(` ${one.toUpperCase()}, ${other}`)).toEqual([one, other]);
    for (const wrong of ["", "key", `${one},`, `https://cloud/v1/secrets/${one}`])
      expect(() => readBarbicanKeyIds(wrong)).toThrow("by its secret's uuid");
  });
});
