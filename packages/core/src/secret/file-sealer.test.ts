import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFileSealer } from "./file-sealer.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-sealer-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SECRET = "trust-canary-größe";

test("what was sealed opens for its context alone, also by another process with the same file", async () => {
  const path = join(folder, "deep", "keys.json");
  const sealed = await (await openFileSealer(path)).seal(SECRET, "delegation/1");
  const later = await openFileSealer(path);
  expect(await later.open(sealed, "delegation/1")).toBe(SECRET);
  await expect(later.open(sealed, "delegation/2")).rejects.toThrow(/does not open for "delegation\/2"/);
});

test("the sealed text shows nothing of the secret and differs each time", async () => {
  const sealer = await openFileSealer(join(folder, "keys.json"));
  const [one, two] = [await sealer.seal(SECRET, "c"), await sealer.seal(SECRET, "c")];
  expect(one).toMatch(/^v1\.[0-9a-f]{12}\.[A-Za-z0-9_-]+$/);
  expect(one).not.toBe(two);
  expect(Buffer.from(one.split(".")[2]!, "base64url").includes(SECRET)).toBe(false);
});

test("altered, cut and foreign texts are refused", async () => {
  const sealer = await openFileSealer(join(folder, "keys.json"));
  const sealed = await sealer.seal(SECRET, "c");
  const last = sealed.endsWith("A") ? "B" : "A";
  const [version, id, text = ""] = sealed.split(".");
  const flipped = `${version}.${id}.${text[0] === "A" ? "B" : "A"}${text.slice(1)}`;
  for (const bad of [flipped, `${sealed.slice(0, -4)}${last.repeat(4)}`]) {
    await expect(sealer.open(bad, "c")).rejects.toThrow(/does not open/);
  }
  for (const bad of ["", "v1.x", `v2.${id}.${text}`, `${sealed}.more`, `v1.${id}.AAAA`]) {
    await expect(sealer.open(bad, "c")).rejects.toThrow(/not in the form/);
  }
  await expect(sealer.open(`v1.other.${text}`, "c")).rejects.toThrow(/sealed by the key "other"/);
});

test("the key file is for its owner alone, and nothing else is left beside it", async () => {
  await openFileSealer(join(folder, "keys.json"));
  expect(statSync(join(folder, "keys.json")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["keys.json"]);
});

test("processes that start at once agree on one key", async () => {
  const path = join(folder, "keys.json");
  const sealers = await Promise.all(Array.from({ length: 20 }, () => openFileSealer(path)));
  const sealed = await Promise.all(sealers.map((sealer) => sealer.seal(SECRET, "c")));
  for (const text of sealed) expect(await sealers[0]!.open(text, "c")).toBe(SECRET);
});

test("after a rotation new secrets are sealed by the new key and old ones still open", async () => {
  const path = join(folder, "keys.json");
  const old = await (await openFileSealer(path)).seal(SECRET, "c");
  const file = JSON.parse(readFileSync(path, "utf8")) as { current: string; keys: Record<string, string> };
  file.keys["new-key"] = Buffer.alloc(32, 7).toString("base64");
  writeFileSync(path, JSON.stringify({ ...file, current: "new-key" }));
  const sealer = await openFileSealer(path);
  expect(await sealer.seal(SECRET, "c")).toMatch(/^v1\.new-key\./);
  expect(await sealer.open(old, "c")).toBe(SECRET);
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
    await expect(openFileSealer(path)).rejects.toThrow(message);
    await expect(openFileSealer(path)).rejects.not.toThrow(/canary/);
  }
});
