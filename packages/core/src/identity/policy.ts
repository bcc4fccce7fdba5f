/**
 * Who may do what: rules under Magnum's names, their defaults in `policy-rules.ts`, an operator's own put over them. Built
 * once, whole or not at all: every rule is read, every rule it leans on is there, and none leans on itself.
 */
import { limits } from "../limits.ts";
import { evaluate, parseRule, PolicySyntaxError, rulesIn } from "./policy-language.ts";
import type { Check, TargetValues } from "./policy-language.ts";
import { POLICY_RULES } from "./policy-rules.ts";
import type { PolicyRule } from "./policy-rules.ts";

/** As policy.yaml holds them: a text, or the old form of lists of lists. */
export type RuleText = string | readonly (string | readonly string[])[];

/** What rules can ask of the caller. */
export interface PolicyCaller {
  readonly userId: string;
  readonly projectId: string | undefined;
  readonly roles: readonly string[];
  readonly userDomainId?: string | null;
  readonly userDomainName?: string | null;
  readonly isSystemScoped?: boolean;
}

/** Whose record is asked for; for lists and creation, the caller's own project. */
export interface PolicyTarget {
  readonly projectId: string;
  readonly userId: string;
  /** The user of the bay's nodes, where the record is a bay or hangs on one. */
  readonly trusteeUserId?: string | null;
}

export type Enforcement =
  | { readonly kind: "allowed" }
  /** The sentence is Magnum's. */
  | { readonly kind: "refused"; readonly rule: string; readonly reason: string };

export interface Policy {
  enforce(rule: string, caller: PolicyCaller, target: PolicyTarget): Enforcement;
  /** `enforce` for those who need no reason. */
  allows(rule: string, caller: PolicyCaller, target: PolicyTarget): boolean;
  isAdmin(caller: PolicyCaller): boolean;
}

export interface PolicySettings {
  /** An operator's rules by name: they replace ours, or are new ones that others lean on. */
  readonly overrides?: Readonly<Record<string, RuleText>>;
  /** `older`: what Magnum allowed before its secure roles: any role on the project may do what members may. */
  readonly defaults?: PolicyDefaults;
  /** The name of the domain that holds the nodes' users, which `deny_cluster_user` keeps out. */
  readonly nodeDomain?: string;
}

export const POLICY_DEFAULTS = ["secure", "older"] as const;
export type PolicyDefaults = (typeof POLICY_DEFAULTS)[number];

/** As configuration says it; nothing means the secure ones. */
export function readPolicyDefaults(text: string | undefined): PolicyDefaults {
  const found = POLICY_DEFAULTS.find((one) => one === (text ?? "secure"));
  if (!found) throw new Error(`the policy's defaults may be ${POLICY_DEFAULTS.join(" or ")}, not "${text}"`);
  return found;
}

/** Where nothing else is configured. */
export const DEFAULT_NODE_DOMAIN = "jeroboam";

export type PolicyOutcome =
  | { readonly kind: "built"; readonly policy: Policy }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

const ADMIN_RULE = "context_is_admin";
const DEFAULT_RULE = "default";

export function buildPolicy(settings: PolicySettings = {}): PolicyOutcome {
  const problems: string[] = [];
  const checks = new Map<string, Check>();
  const defaults = POLICY_RULES.map((rule): [string, RuleText] => [rule.name, checkOf(rule, settings.defaults)]);
  for (const [name, text] of [...defaults, ...Object.entries(settings.overrides ?? {})]) {
    const check = readRule(name, text);
    if (typeof check === "string") problems.push(check);
    else checks.set(name, check);
  }
  problems.push(...missingRules(checks), ...circles(checks));
  if (problems.length > 0) return { kind: "invalid", problems };
  return { kind: "built", policy: createPolicy(checks, settings.nodeDomain ?? DEFAULT_NODE_DOMAIN) };
}

/** What a rule of ours is by default. */
export function checkOf({ check, older }: PolicyRule, defaults: PolicyDefaults = "secure"): string {
  return defaults === "older" ? (older ?? check) : check;
}

function createPolicy(checks: ReadonlyMap<string, Check>, nodeDomain: string): Policy {
  const ruleOf = (name: string): Check | undefined => checks.get(name);
  const passes = (rule: string, credentials: object, target: TargetValues): boolean => {
    const check = checks.get(rule) ?? checks.get(DEFAULT_RULE);
    return check !== undefined && evaluate(check, { credentials: { ...credentials }, target, ruleOf });
  };
  const isAdmin = (caller: PolicyCaller): boolean => passes(ADMIN_RULE, credentialsOf(caller), {});
  const enforce: Policy["enforce"] = (rule, caller, target) => {
    const credentials = { ...credentialsOf(caller), is_admin: isAdmin(caller) };
    // All rules are about projects: a token for a domain or the system passes none (cluster sheet 4).
    const isPassed = caller.projectId !== undefined && passes(rule, credentials, targetOf(target, caller, nodeDomain));
    if (isPassed) return { kind: "allowed" };
    return { kind: "refused", rule, reason: `Policy doesn't allow ${rule} to be performed.` };
  };
  return { enforce, allows: (rule, caller, target) => enforce(rule, caller, target).kind === "allowed", isAdmin };
}

/** Under the names that oslo.context gives them; `domain_id` is the user's domain, as in Magnum. */
function credentialsOf(caller: PolicyCaller): object {
  return {
    user_id: caller.userId,
    project_id: caller.projectId,
    tenant: caller.projectId,
    roles: caller.roles,
    domain_id: caller.userDomainId,
    user_domain_id: caller.userDomainId,
    system_scope: caller.isSystemScoped ? "all" : undefined,
  };
}

function targetOf(target: PolicyTarget, caller: PolicyCaller, nodeDomain: string): TargetValues {
  // Magnum's rules compare ids. Keystone says both of whoever asks, so that nobody need look the domain up.
  const trusteeDomainId = caller.userDomainName === nodeDomain ? (caller.userDomainId ?? undefined) : undefined;
  return {
    project_id: target.projectId,
    user_id: target.userId,
    trustee_user_id: target.trusteeUserId ?? undefined,
    trustee_domain_id: trusteeDomainId,
  };
}

function readRule(name: string, text: RuleText): Check | string {
  if (JSON.stringify(text).length > limits.identity.ruleChars) return `rule "${name}" is too long`;
  try {
    return parseRule(text);
  } catch (error) {
    // A rule that cannot be read is told with all the others. Anything else is a bug.
    if (error instanceof PolicySyntaxError) return `rule "${name}": ${error.message}`;
    throw error;
  }
}

function missingRules(checks: ReadonlyMap<string, Check>): string[] {
  return [...checks].flatMap(([name, check]) =>
    rulesIn(check)
      .filter((other) => !checks.has(other))
      .map((other) => `rule "${name}" leans on "${other}", which does not exist`),
  );
}

/** Rules that lean on themselves, each circle told once. */
function circles(checks: ReadonlyMap<string, Check>): string[] {
  const problems: string[] = [];
  const walked = new Set<string>();
  const walk = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) {
      problems.push(
        `rules lean on each other in a circle: ${[...trail.slice(trail.indexOf(name)), name].join(" -> ")}`,
      );
      return;
    }
    if (walked.has(name)) return;
    walked.add(name);
    const check = checks.get(name);
    for (const other of check ? rulesIn(check) : []) walk(other, [...trail, name]);
  };
  for (const name of checks.keys()) walk(name, []);
  return problems;
}
