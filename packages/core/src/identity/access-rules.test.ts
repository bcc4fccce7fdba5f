import { describe, expect, test } from "vitest";
import { isRequestAllowed } from "./access-rules.ts";

const bound = (...rules: [method: string, path: string, service?: string][]) => ({
  applicationCredential: {
    id: "ac",
    isRestricted: true,
    accessRules: rules.map(([method, path, service = "container-infra"]) => ({ method, path, service })),
  },
});

test("a token without rules may ask anything; one with an empty list nothing", () => {
  expect(isRequestAllowed({ applicationCredential: undefined }, "DELETE", "/v1/clusters/1")).toBe(true);
  const unbound = { applicationCredential: { id: "ac", isRestricted: true, accessRules: undefined } };
  expect(isRequestAllowed(unbound, "GET", "/v1")).toBe(true);
  expect(isRequestAllowed(bound(), "GET", "/v1")).toBe(false);
});

test("a rule allows its method at its path in our service, under any of the service's names", () => {
  const facts = bound(["GET", "/v1/clusters"], ["POST", "/v1/bays", "container-infrastructure-management"]);
  expect(isRequestAllowed(facts, "GET", "/v1/clusters")).toBe(true);
  expect(isRequestAllowed(facts, "POST", "/v1/bays")).toBe(true);
  expect(isRequestAllowed(facts, "POST", "/v1/clusters")).toBe(false);
  expect(isRequestAllowed(facts, "GET", "/v1/clusters/1")).toBe(false);
  expect(isRequestAllowed(bound(["GET", "/v1/clusters", "compute"]), "GET", "/v1/clusters")).toBe(false);
});

describe("wildcards", () => {
  const cases: [string, string, boolean][] = [
    ["/v1/clusters/*", "/v1/clusters/1", true],
    ["/v1/clusters/*", "/v1/clusters/", false],
    ["/v1/clusters/*", "/v1/clusters/1/nodegroups", false],
    ["/v1/clusters/{id}/nodegroups/*", "/v1/clusters/1/nodegroups/2", true],
    ["/v1/clusters/{cluster_id}", "/v1/clusters/a/b", false],
    ["/v1/*s", "/v1/clusters", true],
    ["/v1/**", "/v1/clusters/1/nodegroups", true],
    ["/v1/**/nodegroups", "/v1/clusters/1/nodegroups", true],
    ["/v1/**/nodegroups", "/v1/clusters/1/actions", false],
    ["**", "/anything/at/all", true],
    ["/v1/clusters.", "/v1/clustersX", false],
  ];
  test.each(cases)("%s for %s: %s", (pattern, path, allowed) => {
    expect(isRequestAllowed(bound(["GET", pattern]), "GET", path)).toBe(allowed);
  });

  test("without number end, in steps that grow with pattern times path", () => {
    const hostile = `${"*a".repeat(100)}${"**b".repeat(100)}`;
    expect(isRequestAllowed(bound(["GET", hostile]), "GET", "a".repeat(5_000))).toBe(false);
  });
});
