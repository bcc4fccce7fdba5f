/**
 * What every master key promises, whichever holds it: the key file, and Barbican (the sandbox's, over the sessions that are
 * used with a real one, which test/openstack/barbican.test.ts holds to the same). KMS's is held to it in
 * packages/core/src/secret/kms-master-key.test.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { readBarbicanKeyIds } from "@jeroboam/core/secret/barbican-keys";
import { addKey, readKeyIds, useKey } from "@jeroboam/core/secret/file-keys";
import { openFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import { createSandbox } from "@jeroboam/sandbox/sandbox";
import { afterAll, describe, expect, test } from "vitest";
import type { BarbicanCloud } from "../contract/barbican-contract.ts";
import { testBarbican } from "../contract/barbican-contract.ts";
import type { Keyring } from "../contract/master-key-contract.ts";
import { testMasterKey } from "../contract/master-key-contract.ts";
import { createSimulatedClock } from "../simulated/clock.ts";

const CLOUD = "http://cloud.test";
const DOMAIN = { id: "default" };

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

function openSandbox(): Promise<BarbicanCloud> {
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
  return Promise.resolve({
    http,
    clock,
    authUrl: `${CLOUD}/v3`,
    account: {
      credentials: { kind: "password", user: { name: "jeroboam", domain: DOMAIN }, password: "password" },
      project: { name: "service", domain: DOMAIN },
    },
    choice: { interface: "public" },
    person: { kind: "password", user: { name: "demo", domain: DOMAIN }, password: "password" },
    project: { name: "demo", domain: DOMAIN },
    wait: () => Promise.resolve(),
    leave: () => {
      const { id } = sandbox.knobs.add({ kind: "request", service: "barbican", effect: "status", status: 503 });
      return () => void sandbox.knobs.remove(id);
    },
  });
}

describe("a master key in a key file", () => {
  testMasterKey(fileKeyring);
});

describe("the sandbox's Barbican", () => {
  testBarbican(openSandbox);
});

test("keys in Barbican are named by uuids, the current one first", () => {
  const [one, other] = ["7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1", "0b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1"];
  expect(readBarbicanKeyIds(` ${one.toUpperCase()}, ${other}`)).toEqual([one, other]);
  for (const wrong of ["", "key", `${one},`, `https://cloud/v1/secrets/${one}`])
    expect(() => readBarbicanKeyIds(wrong)).toThrow("by its secret's uuid");
});
