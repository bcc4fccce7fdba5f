import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { limits } from "../limits.ts";
import { watchPolicy } from "./file-policy-watch.ts";
import type { Policy } from "./policy.ts";

const MEMBER = { userId: "u", projectId: "p", roles: ["member"] };
const TARGET = { projectId: "p", userId: "u" };

let folder = "";
let nowMs = 0;
let logged: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policy-watch-"));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (text: string): string => {
  const path = join(folder, "policy.yaml");
  writeFileSync(path, text);
  return path;
};

async function watch(path: string): Promise<Policy> {
  const outcome = await watchPolicy(
    path,
    {},
    {
      clock: { nowMs: () => nowMs },
      log: { write: (_level, event) => void logged.push(event) },
    },
  );
  if (outcome.kind === "invalid") throw new Error(outcome.problems.join());
  return outcome.policy;
}

const mayCreate = (policy: Policy): boolean => policy.allows("bay:create", MEMBER, TARGET);

test("a changed file is in force a moment after somebody asks, and not looked at more often than that", async () => {
  const policy = await watch(write("{}"));
  expect(mayCreate(policy)).toBe(true);
  write('"bay:create": "!"');
  expect(mayCreate(policy)).toBe(true);
  nowMs += limits.identity.policyLookMs;
  mayCreate(policy);
  await vi.waitFor(() => expect(mayCreate(policy)).toBe(false));
  expect(logged).toEqual(["policy-reread"]);
});

test("a wrong version is told and changes nothing, and so does a file that went", async () => {
  const policy = await watch(write('"bay:create": "!"'));
  write('"bay:create": "role:');
  nowMs += limits.identity.policyLookMs;
  mayCreate(policy);
  await vi.waitFor(() => expect(logged).toEqual(["policy-refused"]));
  expect(mayCreate(policy)).toBe(false);
  rmSync(join(folder, "policy.yaml"));
  nowMs += limits.identity.policyLookMs;
  mayCreate(policy);
  await vi.waitFor(() => expect(logged).toEqual(["policy-refused", "policy-refused"]));
  expect(mayCreate(policy)).toBe(false);
});

test("a file that is wrong from the start is refused", async () => {
  const ports = { clock: { nowMs: () => nowMs }, log: { write: () => undefined } };
  expect(await watchPolicy(write("- no map"), {}, ports)).toMatchObject({ kind: "invalid" });
  expect(await watchPolicy(join(folder, "none.yaml"), {}, ports)).toMatchObject({ kind: "invalid" });
});
