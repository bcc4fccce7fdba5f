import { POLICY_RULES } from "@jeroboam/core/identity/policy-rules";
import { expect, test } from "vitest";
import { createApp } from "../app.ts";
import { createFakePorts, TOKENS } from "../testing/fake-ports.ts";
import { ROUTES } from "./routes.ts";

test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s asks rules that policy defines",
  (_name, route) => {
    const defined = POLICY_RULES.map((rule) => rule.name);
    expect(route.rules.length).toBeGreaterThan(0);
    for (const rule of route.rules) expect(defined).toContain(rule);
  },
);

test("no path and method is served twice", () => {
  const names = ROUTES.map((route) => `${route.method} ${route.path}`);
  expect(new Set(names).size).toBe(names.length);
});

test.each(ROUTES.map((route) => [route.method, route.path.replace(":ident", "x")]))(
  "%s %s is not served without a token, and not to who may do nothing",
  async (method, path) => {
    const ports = createFakePorts();
    const app = createApp({ ...ports, policy: { ...ports.policy, enforce: refuse, allows: () => false } });
    expect((await app.request(path, { method })).status).toBe(401);
    const answer = await app.request(path, { method, headers: { "x-auth-token": TOKENS.admin } });
    expect([400, 403, 404]).toContain(answer.status);
    expect(ports.table.counts.put).toBe(0);
  },
);

const refuse = (rule: string) => ({ kind: "refused" as const, rule, reason: "no" });

test("an application credential does what its access rules name, and nothing else", async () => {
  const app = createApp(createFakePorts());
  const headers = { "x-auth-token": TOKENS.listOnlyA };
  expect((await app.request("/v1/bays", { headers })).status).toBe(200);
  for (const [method, path] of [
    ["GET", "/v1/baymodels"],
    ["GET", "/v1/bays/x"],
    ["POST", "/v1/bays"],
  ])
    expect((await app.request(path!, { method: method!, headers })).status).toBe(401);
});
