import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encrypt } from "./aes-gcm.ts";
import { addKey, readKeyIds, removeKey, rotateKey, useKey } from "./file-keys.ts";
import { openFileMasterKey } from "./file-master-key.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-master-key-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NAME = { projectId: "a", purpose: "records" } as const;
const pathIn = (): string => join(folder, "keys.json");

/** As an operator does with an editor. */
function editIn(path: string, id: string): void {
  const file = JSON.parse(readFileSync(path, "utf8")) as { keys: Record<string, string> };
  file.keys[id] = Buffer.alloc(32, id.length).toString("base64");
  writeFileSync(path, JSON.stringify({ ...file, current: id }));
}

test("a data key unwraps for its project and purpose alone, also by another process with the same file", async () => {
  const path = join(folder, "deep", "keys.json");
  const { key, wrapped } = await (await openFileMasterKey(path)).generate(NAME);
  const later = await openFileMasterKey(path);
  expect(await later.unwrap(wrapped, NAME)).toEqual(key);
  for (const other of [{ projectId: "b" }, { purpose: "webhooks" }] as const)
    await expect(later.unwrap(wrapped, { ...NAME, ...other })).rejects.toThrow(/does not open/);
  await expect(later.unwrap({ ...wrapped, keyId: "other" }, NAME)).rejects.toThrow(/sealed by the key "other"/);
  await expect(later.unwrap({ ...wrapped, text: "AAAA" }, NAME)).rejects.toThrow(/not in the form/);
  expect(Buffer.from(wrapped.text, "base64url").includes(Buffer.from(key))).toBe(false);
});

test("what was sealed before projects had data keys opens for its context alone, and altered texts do not", async () => {
  const key = Buffer.alloc(32, 7);
  writeFileSync(pathIn(), JSON.stringify({ current: "k", keys: { k: key.toString("base64") } }));
  const masterKey = await openFileMasterKey(pathIn());
  const text = encrypt(key, "trust-größe", "v1.k.delegation/1").toString("base64url");
  expect(await masterKey.openDirect(`v1.k.${text}`, "delegation/1")).toBe("trust-größe");
  await expect(masterKey.openDirect(`v1.k.${text}`, "delegation/2")).rejects.toThrow(
    /does not open for "delegation\/2"/,
  );
  const flipped = `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`;
  await expect(masterKey.openDirect(`v1.k.${flipped}`, "delegation/1")).rejects.toThrow(/does not open/);
  for (const bad of ["", "v1.k", `v2.k.${text}`, `v1.k.${text}.more`, "v1.k.AAAA"])
    await expect(masterKey.openDirect(bad, "delegation/1")).rejects.toThrow(/not in the form/);
});

test("the key file is for its owner alone, and nothing else is left beside it", async () => {
  await openFileMasterKey(join(folder, "keys.json"));
  expect(statSync(join(folder, "keys.json")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["keys.json"]);
});

test("processes that start at once agree on one key", async () => {
  const masterKeys = await Promise.all(Array.from({ length: 20 }, () => openFileMasterKey(pathIn())));
  const made = await Promise.all(masterKeys.map((masterKey) => masterKey.generate(NAME)));
  for (const { key, wrapped } of made) expect(await masterKeys[0]?.unwrap(wrapped, NAME)).toEqual(key);
});

test("a running process wraps by a key that its file names later, and unwraps what others wrapped by it", async () => {
  const [one, other] = [await openFileMasterKey(pathIn()), await openFileMasterKey(pathIn())];
  const old = await one.generate(NAME);
  editIn(pathIn(), "new-key");
  expect(await one.currentId()).toBe("new-key");
  const fresh = await one.generate(NAME);
  expect(fresh.wrapped.keyId).toBe("new-key");
  expect(await other.unwrap(fresh.wrapped, NAME)).toEqual(fresh.key);
  const rewrapped = await other.rewrap(old.wrapped, NAME);
  expect(rewrapped.keyId).toBe("new-key");
  expect(await one.unwrap(rewrapped, NAME)).toEqual(old.key);
  expect(await one.unwrap(old.wrapped, NAME)).toEqual(old.key);
});

test("a rotation adds a key and makes it the current one; an old one can be removed, the current one cannot", async () => {
  const masterKey = await openFileMasterKey(pathIn());
  const first = await masterKey.currentId();
  const { key, wrapped } = await masterKey.generate(NAME);
  const second = await rotateKey(pathIn());
  expect(await masterKey.currentId()).toBe(second);
  const rewrapped = await masterKey.rewrap(wrapped, NAME);
  await expect(removeKey(pathIn(), second)).rejects.toThrow("is the current one");
  await removeKey(pathIn(), first);
  const later = await openFileMasterKey(pathIn());
  expect(await later.unwrap(rewrapped, NAME)).toEqual(key);
  await expect(later.unwrap(wrapped, NAME)).rejects.toThrow(`sealed by the key "${first}"`);
  expect(statSync(pathIn()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["keys.json"]);
});

test("a key that was added wraps nothing before it is used, and unknown ones are refused", async () => {
  const masterKey = await openFileMasterKey(pathIn());
  const first = await masterKey.currentId();
  const added = await addKey(pathIn());
  expect(await readKeyIds(pathIn())).toEqual({ current: first, ids: [first, added] });
  await useKey(pathIn(), added);
  expect(await masterKey.currentId()).toBe(added);
  for (const change of [useKey, removeKey]) await expect(change(pathIn(), "none")).rejects.toThrow('has no key "none"');
});

test("of changes at once none is lost: those that come second are refused, with what to do", async () => {
  await openFileMasterKey(pathIn());
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => addKey(pathIn())));
  const added = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(added).not.toEqual([]);
  expect((await readKeyIds(pathIn())).ids).toEqual(expect.arrayContaining(added));
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  for (const { reason } of refused) expect(String(reason)).toMatch(/is being changed; .* remove .*\.new first/);
});

test("a key file that cannot serve is refused at the start, its content kept out of the message", async () => {
  const path = join(folder, "keys.json");
  const short = Buffer.alloc(16).toString("base64");
  const cases: [string, RegExp][] = [
    ["canary, no JSON", /is not JSON$/],
    ['{"keys":{}}', /has another form/],
    [JSON.stringify({ current: "a", keys: { a: short } }), /not of 32 bytes/],
    [JSON.stringify({ current: "b", keys: { a: Buffer.alloc(32).toString("base64") } }), /has no such key/],
  ];
  for (const [content, message] of cases) {
    writeFileSync(path, content);
    await expect(openFileMasterKey(path)).rejects.toThrow(message);
    await expect(openFileMasterKey(path)).rejects.not.toThrow(/canary/);
  }
});
