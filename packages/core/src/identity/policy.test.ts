import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPolicy } from "./file-policy.ts";
import { buildPolicy } from "./policy.ts";
import type { Policy, PolicyCaller, PolicyOutcome, PolicySettings } from "./policy.ts";
import { POLICY_RULES } from "./policy-rules.ts";
import { samplePolicy, strayRules } from "./policy-sample.ts";

function built(outcome: PolicyOutcome): Policy {
  if (outcome.kind === "invalid") throw new Error(outcome.problems.join("\n"));
  return outcome.policy;
}
const policyOf = (settings: PolicySettings = {}): Policy => built(buildPolicy(settings));

const caller = (userId: string, projectId: string | undefined, ...roles: string[]): PolicyCaller => ({
  userId,
  projectId,
  roles,
  userDomainId: "default",
});
const alice = caller("alice", "a", "member", "reader");
const amir = caller("amir", "a", "member", "reader");
const rita = caller("rita", "a", "reader");
const bob = caller("bob", "b", "member", "reader");
const root = caller("root", "admin", "admin", "member", "reader");
const node: PolicyCaller = {
  ...caller("node-1", "a", "member", "reader"),
  userDomainId: "d-1",
  userDomainName: "trustees",
};
const target = { projectId: "a", userId: "alice", trusteeUserId: "node-1" };

const who = { alice, amir, rita, bob, root, node };
/** Who of them may. */
function allowed(rule: string, settings: PolicySettings = { nodeDomain: "trustees" }): string[] {
  const policy = policyOf(settings);
  return Object.entries(who).flatMap(([name, one]) => (policy.allows(rule, one, target) ? [name] : []));
}

describe("the defaults", () => {
  test("let members change, readers look, administrators both, other projects and nodes neither", () => {
    for (const kind of ["bay", "baymodel", "cluster", "clustertemplate", "pod", "service", "rc", "container", "node"]) {
      for (const action of ["create", "delete", "update"]) {
        expect(allowed(`${kind}:${action}`)).toEqual(["alice", "amir", "root"]);
      }
      for (const action of ["get", "get_all", "detail"]) {
        expect(allowed(`${kind}:${action}`)).toEqual(["alice", "amir", "rita", "root"]);
      }
    }
  });

  test("keep certificates to the record's own user, administrators and the bay's nodes", () => {
    expect(allowed("certificate:create")).toEqual(["alice", "root", "node"]);
    expect(allowed("certificate:get")).toEqual(["alice", "root", "node"]);
    expect(allowed("certificate:rotate_ca")).toEqual(["alice", "amir", "root"]);
    expect(allowed("cluster:update_health_status")).toEqual(["alice", "root", "node"]);
  });

  test("leave quotas, publishing, the service's processes and other projects to administrators", () => {
    const names = [
      "quota:create",
      "quota:update",
      "quota:delete",
      "quota:get_all",
      "baymodel:publish",
      "clustertemplate:publish",
      "magnum-service:get_all",
    ];
    const everywhere = POLICY_RULES.map((rule) => rule.name).filter((name) => name.endsWith("_all_projects"));
    expect(everywhere).toHaveLength(13);
    expect([...names, ...everywhere].filter((name) => allowed(name).join() !== "root")).toEqual([]);
  });

  test("do not let administrators rotate a credential that is not theirs", () => {
    expect(allowed("credential:rotate")).toEqual(["alice", "amir"]);
  });

  test("let members look in clouds without implied roles", () => {
    const policy = policyOf();
    expect(policy.allows("cluster:get", caller("u", "a", "member"), target)).toBe(true);
  });

  test("describe every rule once, and every rule passes somebody or is meant to pass nobody", () => {
    const names = POLICY_RULES.map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
    for (const rule of POLICY_RULES) expect(rule.description).not.toBe("");
    const asked = POLICY_RULES.filter((rule) => rule.name.includes(":"));
    expect(asked.filter((rule) => allowed(rule.name).length === 0)).toEqual([]);
  });
});

describe("a token that is for no project", () => {
  test("passes no rule, an administrator's neither", () => {
    const policy = policyOf();
    const system: PolicyCaller = { ...caller("root", undefined, "admin"), isSystemScoped: true };
    expect(policy.allows("quota:get_all", system, target)).toBe(false);
    expect(policy.isAdmin(system)).toBe(true);
  });
});

test("a refusal names the rule in Magnum's words", () => {
  expect(policyOf().enforce("bay:create", bob, target)).toEqual({
    kind: "refused",
    rule: "bay:create",
    reason: "Policy doesn't allow bay:create to be performed.",
  });
  expect(policyOf().enforce("bay:create", alice, target)).toEqual({ kind: "allowed" });
});

test("a rule that nobody wrote lets nobody in, unless the operator's default does", () => {
  expect(allowed("bay:fly")).toEqual([]);
  expect(allowed("bay:fly", { overrides: { default: "rule:context_is_admin" } })).toEqual(["root"]);
});

describe("an operator's rules", () => {
  test("replace ours, reach the rules that lean on them, and may be new", () => {
    const overrides = {
      context_is_admin: "role:cloud_admin",
      "bay:create": "rule:builders",
      builders: [["role:builder", "project_id:%(project_id)s"]],
    };
    const policy = policyOf({ overrides });
    const builder = caller("b", "a", "builder");
    expect(policy.allows("bay:create", builder, target)).toBe(true);
    expect(policy.allows("bay:create", alice, target)).toBe(false);
    expect(policy.allows("quota:get_all", root, target)).toBe(false);
    expect(policy.isAdmin(caller("c", "x", "cloud_admin"))).toBe(true);
  });

  test("may be those of a policy.json of ten years ago", () => {
    const era = {
      default: "rule:admin_or_owner",
      "bay:create": "rule:default",
      "certificate:get": "rule:default",
      "magnum-service:get_all": "rule:admin_api",
    };
    expect(allowed("bay:create", { overrides: era })).toEqual(["alice", "amir", "rita", "root", "node"]);
    expect(allowed("magnum-service:get_all", { overrides: era })).toEqual(["root"]);
  });

  test("are refused as a whole, every problem told, when one is wrong", () => {
    const overrides = { a: "role:x and", b: "rule:none", c: "rule:d", d: "not rule:c", e: `role:${"x".repeat(5_000)}` };
    const outcome = buildPolicy({ overrides });
    expect(outcome).toEqual({
      kind: "invalid",
      problems: [
        'rule "a": "" is no check: expected kind:value, @ or !',
        'rule "e" is too long',
        'rule "b" leans on "none", which does not exist',
        "rules lean on each other in a circle: c -> d -> c",
      ],
    });
  });
});

describe("the older defaults", () => {
  const older = { nodeDomain: "trustees", defaults: "older" } as const;

  test("let anybody of the project do what members may, but not the bay's nodes, nor other projects", () => {
    for (const rule of ["bay:create", "cluster:delete", "pod:get", "nodegroup:update", "certificate:rotate_ca"])
      expect(allowed(rule, older)).toEqual(["alice", "amir", "rita", "root"]);
    expect(allowed("certificate:get", older)).toEqual(["alice", "root", "node"]);
  });

  test("leave to administrators what was theirs", () => {
    for (const rule of ["quota:create", "baymodel:publish", "cluster:get_all_all_projects"])
      expect(allowed(rule, older)).toEqual(["root"]);
  });
});

test("the sample overrides nothing, names every rule, and finds misspelt ones", () => {
  const sample = samplePolicy("secure");
  for (const { name, check } of POLICY_RULES) expect(sample).toContain(`#"${name}": "${check}"`);
  expect(sample.split("\n").every((line) => line === "" || line.startsWith("#"))).toBe(true);
  const overrides = { "bay:creat": "!", ours: "role:x", "bay:delete": "rule:ours" };
  expect(strayRules(overrides)).toEqual(["bay:creat"]);
});

describe("policy.yaml", () => {
  const folder = mkdtempSync(join(tmpdir(), "policy-"));
  const path = join(folder, "policy.yaml");
  const load = async (content: string): Promise<PolicyOutcome> => {
    writeFileSync(path, content);
    return await loadPolicy(path, { nodeDomain: "trustees" });
  };

  test("holds rules as texts or lists, comments, or nothing at all", async () => {
    const policy = built(await load('# ours\n"bay:create": "role:builder"\n"bay:delete": [["role:builder"]]\n'));
    expect(policy.allows("bay:delete", caller("b", "a", "builder"), target)).toBe(true);
    expect(policy.allows("certificate:get", node, target)).toBe(true);
    expect(built(await load('#"bay:create": "!"\n')).allows("bay:create", alice, target)).toBe(true);
    expect(built(await load('{"bay:create": "!"}')).allows("bay:create", alice, target)).toBe(false);
  });

  test("that is missing or wrong is told by its name and loosens nothing", async () => {
    const problem = async (content: string) => {
      const outcome = await load(content);
      return outcome.kind === "invalid" ? outcome.problems[0] : outcome.kind;
    };
    expect(await problem("- a list")).toContain("policy.yaml: expected a map");
    expect(await problem('"bay:create": 5')).toContain("bay:create");
    expect(await problem('"bay:create": "role:x or"')).toContain('policy.yaml: rule "bay:create"');
    expect(await problem("{")).toContain("policy.yaml: ");
    expect(await loadPolicy(join(folder, "none.yaml"))).toMatchObject({ kind: "invalid" });
    rmSync(folder, { recursive: true });
  });
});
