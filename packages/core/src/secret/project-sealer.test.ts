import { beforeEach, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { rewrapDataKey } from "./data-key.ts";
import { createMemoryMasterKey } from "./memory-master-key.ts";
import type { MemoryMasterKey } from "./memory-master-key.ts";
import { createProjectSealer } from "./project-sealer.ts";
import type { Sealer } from "./sealer.ts";

const SECRET = "trust-canary-größe";
let nowMs = 0;
const clock = { nowMs: () => nowMs };
let reads = 0;
let table: MemoryTable;
let masterKey: MemoryMasterKey;

beforeEach(() => {
  nowMs = 1_900_000_000_000;
  reads = 0;
  table = createMemoryTable({ clock, intercept: (_call, moment) => void (moment === "before" && (reads += 1)) });
  masterKey = createMemoryMasterKey();
});

/** One process's. */
const sealer = (purpose: "records" | "webhooks" = "records"): Sealer =>
  createProjectSealer({ table, masterKey, clock }, purpose);

test("what was sealed opens in another process, for its context alone", async () => {
  const sealed = await sealer().seal(SECRET, "delegation/1", "a");
  expect(await sealer().open(sealed, "delegation/1")).toBe(SECRET);
  await expect(sealer().open(sealed, "delegation/2")).rejects.toThrow('does not open for "delegation/2"');
});

test("no text opens as another project's, nor for another purpose", async () => {
  const one = sealer();
  const [version, , text] = (await one.seal(SECRET, "c", "a")).split(".");
  await one.seal(SECRET, "c", "b");
  const moved = `${version}.${Buffer.from("b").toString("base64url")}.${text}`;
  await expect(one.open(moved, "c")).rejects.toThrow("does not open");
  await expect(sealer("webhooks").open(await one.seal(SECRET, "c", "a"), "c")).rejects.toThrow("has no data key");
  await sealer("webhooks").seal(SECRET, "c", "a");
  await expect(sealer("webhooks").open(await one.seal(SECRET, "c", "a"), "c")).rejects.toThrow("does not open");
});

test("the sealed text and the table show nothing of the secret, and texts differ each time", async () => {
  const [one, two] = [await sealer().seal(SECRET, "c", "a"), await sealer().seal(SECRET, "c", "a")];
  expect(one).toMatch(/^p1\.YQ\.[A-Za-z0-9_-]+$/);
  expect(one).not.toBe(two);
  expect(Buffer.from(one.split(".")[2] ?? "", "base64url").includes(SECRET)).toBe(false);
});

test("altered, cut and foreign texts are refused", async () => {
  const one = sealer();
  const sealed = await one.seal(SECRET, "c", "a");
  const [version, project, text = ""] = sealed.split(".");
  const flipped = `${version}.${project}.${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`;
  await expect(one.open(flipped, "c")).rejects.toThrow("does not open");
  for (const bad of ["", "p1.x", `p2.${project}.${text}`, `${sealed}.more`, `p1.${project}.AAAA`, `p1..${text}`])
    await expect(one.open(bad, "c")).rejects.toThrow("not in the form");
  await expect(one.open(`p1.Yg.${text}`, "c")).rejects.toThrow("the project b has no data key");
});

test("processes that seal first at once agree on one data key", async () => {
  const sealed = await Promise.all(Array.from({ length: 20 }, () => sealer().seal(SECRET, "c", "a")));
  for (const text of sealed) expect(await sealer().open(text, "c")).toBe(SECRET);
  expect(table.items()).toHaveLength(1);
});

test("an hour of sealing and opening costs one read of the data key", async () => {
  const one = sealer();
  await sealer().seal(SECRET, "c", "a");
  reads = 0;
  for (let nth = 0; nth < 10; nth += 1) await one.open(await one.seal(SECRET, "c", "a"), "c");
  expect(reads).toBe(1);
  nowMs += limits.secret.dataKeyMs;
  await one.seal(SECRET, "c", "a");
  expect(reads).toBe(2);
});

test("once data keys are wrapped by another master key, the old one can go and everything opens, in old processes too", async () => {
  const running = sealer();
  const sealed = await running.seal(SECRET, "c", "a");
  masterKey.use("second");
  const name = { projectId: "a", purpose: "records" } as const;
  expect(await rewrapDataKey({ table, masterKey }, name)).toEqual({ kind: "rewrapped", keyId: "second" });
  expect(await rewrapDataKey({ table, masterKey }, name)).toEqual({ kind: "current", keyId: "second" });
  masterKey.remove("first");
  for (const one of [running, sealer()]) {
    expect(await one.open(sealed, "c")).toBe(SECRET);
    expect(await one.open(await one.seal(SECRET, "d", "a"), "d")).toBe(SECRET);
  }
});

test("a data key whose master key is missing is told by that key's id", async () => {
  const sealed = await sealer().seal(SECRET, "c", "a");
  masterKey.use("second");
  masterKey.remove("first");
  await expect(sealer().open(sealed, "c")).rejects.toThrow('sealed by the key "first"');
});
