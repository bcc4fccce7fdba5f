import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { isSandboxShell, openrcOf, quoted } from "./openrc.ts";

const facts = { authUrl: "http://127.0.0.1:5000/v3", region: "RegionOne", password: "it's $HOME `x`" };

function source(environment: Record<string, string>): Record<string, string> {
  const text = execFileSync("sh", ["-c", `${openrcOf(facts)}\nenv`], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    encoding: "utf8",
  });
  return Object.fromEntries(text.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

test("a shell that sources it has the sandbox's variables, whatever was in them before", () => {
  const sourced = source({ OS_CLOUD: "production", OS_TOKEN: "t", OS_USERNAME: "somebody", OTHER: "kept" });
  expect(sourced).toMatchObject({
    OS_AUTH_URL: facts.authUrl,
    OS_USERNAME: "demo",
    OS_PASSWORD: facts.password,
    OTHER: "kept",
  });
  expect(sourced).not.toHaveProperty("OS_CLOUD");
  expect(sourced).not.toHaveProperty("OS_TOKEN");
});

test("a shell that sourced it has the sandbox configured and no cloud; one that then sourced another's has a cloud", () => {
  const sourced = source({});
  expect(isSandboxShell(sourced)).toBe(true);
  expect(isSandboxShell({ ...sourced, OS_AUTH_URL: "https://cloud.example/v3" })).toBe(false);
  expect(isSandboxShell({ ...sourced, OS_CLOUD: "production" })).toBe(false);
  expect(isSandboxShell({})).toBe(false);
});

test("a quoted text is one word that a shell reads as it is", () => {
  for (const text of ["plain", "two words", "it's", "$HOME", "a;b", ""]) {
    expect(execFileSync("sh", ["-c", `printf %s ${quoted(text)}`], { encoding: "utf8" })).toBe(text);
  }
});
