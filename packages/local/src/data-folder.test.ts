import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataFolder } from "./data-folder.ts";

let parent = "";
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "data-folder-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

const plain = { isReset: false };

test("a folder is made for its owner alone", () => {
  const folder = openDataFolder(join(parent, "deep", "data"), plain);
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  folder.release();
});

test("a folder serves one process at a time, and the refusal names that process", () => {
  const path = join(parent, "data");
  const folder = openDataFolder(path, plain);
  expect(() => openDataFolder(path, plain)).toThrow(`${path} is in use by process ${process.pid}`);
  folder.release();
  openDataFolder(path, plain).release();
});

test("a process keeps the folder until it ends, be it by a kill", async () => {
  const path = join(parent, "data");
  const program = `
    const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dirname, "data-folder.ts"))});
    openDataFolder(${JSON.stringify(path)}, { isReset: false });
    globalThis.gc();
    console.log("held");
    setInterval(() => {}, 60_000);`;
  const holder = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    await once(holder.stdout, "data");
    expect(() => openDataFolder(path, plain)).toThrow(`in use by process ${holder.pid}`);
  } finally {
    holder.kill("SIGKILL");
  }
  await once(holder, "exit");
  openDataFolder(path, plain).release();
});

test("a reset removes what we keep there and nothing else, and only where it is ours", () => {
  const path = join(parent, "data");
  mkdirSync(join(path, "sandbox"), { recursive: true });
  for (const name of ["table.sqlite", "table.sqlite-wal", "keys.json", "openrc", "mine.txt"])
    writeFileSync(join(path, name), "");
  // The folder has never been ours: nothing goes.
  openDataFolder(path, { isReset: true }).release();
  expect(existsSync(join(path, "table.sqlite"))).toBe(true);

  openDataFolder(path, { isReset: true }).release();
  expect(readdirSync(path).toSorted()).toEqual(["jeroboam.lock", "mine.txt"]);
});

test("a path that cannot be a folder is refused in one line", () => {
  const path = join(parent, "file");
  writeFileSync(path, "");
  expect(() => openDataFolder(path, plain)).toThrow(/^the data folder .* cannot be used: [^\n]+$/);
});
