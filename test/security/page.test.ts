/** The page on security names tests that exist: a promise whose test is gone is one that nobody holds. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/security.md", "utf8");
const named = Array.from(page.matchAll(/`((?:packages|functions|test|scripts)\/[\w./-]+)`/g), ([, path = ""]) => path);

test("every file that the page names is there", () => {
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test("every row of OWASP's ten is there, and names a test", () => {
  const rows = page.split("\n").filter((line) => /^\| API\d+ /.test(line));
  expect(rows.map((row) => /API\d+/.exec(row)?.[0])).toEqual(Array.from({ length: 10 }, (_, at) => `API${at + 1}`));
  expect(rows.filter((row) => !/`[\w./-]+\.test\.ts`/.test(row))).toEqual([]);
});

test("every promise names a test", () => {
  // Tables whose last column is "held by": their rows, heads and lines beneath them aside.
  const tables = page.split("\n\n").flatMap((part) => {
    const rows = part.split("\n").filter((line) => line.startsWith("|"));
    return rows[0]?.endsWith("| held by |") ? [rows.slice(2)] : [];
  });
  expect(tables.map((rows) => rows.length > 2)).toEqual([true, true, true, true, true]);
  expect(tables.flat().filter((row) => !/`[\w./-]+\.test\.ts`[^|]*\|$/.test(row))).toEqual([]);
});

test("it and SECURITY.md link to what is there", () => {
  for (const file of ["docs/security.md", "SECURITY.md"]) {
    const links = Array.from(readFileSync(file, "utf8").matchAll(/\]\(([\w./-]+)\)/g), ([, path = ""]) => path);
    expect([file, links.filter((path) => !existsSync(path))]).toEqual([file, []]);
  }
});
