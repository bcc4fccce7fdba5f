import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const stacks = join(import.meta.dirname, "../../stacks");
const read = (path: string) => JSON.parse(readFileSync(join(stacks, path), "utf8"));

test("what the stacks are evaluated with is what SST deploys with", () => {
  const { devDependencies: ours } = read("package.json");
  const platform = read(".sst/platform/package.json");
  const theirs: Readonly<Record<string, string>> = { ...platform.devDependencies, ...platform.dependencies };
  // TypeScript only checks the types here; all else runs.
  const { typescript: _, ...running } = ours;
  const wanted = Object.keys(running).map((name) => [name, theirs[name]?.replace(/^v/, "")]);
  expect(running).toEqual(Object.fromEntries(wanted));
});
