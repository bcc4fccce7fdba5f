/** Trusts: lending one's roles on a project to another user, and lending on what was lent. */
import { z } from "zod";
import { hexId } from "../ids.ts";
import { limits } from "../limits.ts";
import { parseIso } from "../times.ts";
import type { Cloud } from "../cloud.ts";
import type { Caller } from "./callers.ts";
import { requireAdmin } from "./callers.ts";
import { effectiveRoles, roleByName } from "./directory.ts";
import { forbidden, invalid, keystoneFault, notFound } from "./faults.ts";
import type { Trust } from "./records.ts";
import { liveTrust, originOf } from "./tokens.ts";

const TrustRequest = z.object({
  trustor_user_id: z.string(),
  trustee_user_id: z.string(),
  impersonation: z.boolean(),
  project_id: z.string().nullish(),
  remaining_uses: z.number().int().positive().nullish(),
  expires_at: z.string().nullish(),
  allow_redelegation: z.boolean().nullish(),
  redelegation_count: z.number().int().min(0).nullish(),
  roles: z.array(z.object({ id: z.string().optional(), name: z.string().optional() })).default([]),
});
type TrustRequest = z.infer<typeof TrustRequest>;

/** Delegated tokens other than a trust's own have no business with trusts (Keystone `_check_delegated_token`). */
function refuseDelegated(cloud: Cloud, caller: Caller): void {
  const credential = caller.identity.applicationCredential;
  if (!credential) return;
  if (cloud.options.applicationCredentialTrusts === "unrestricted" && credential.unrestricted) return;
  throw forbidden("Delegated tokens cannot manage trusts.");
}

export function createTrust(cloud: Cloud, caller: Caller, body: unknown): Trust {
  const parsed = z.object({ trust: TrustRequest }).safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`Invalid input for field '${issue?.path.slice(1).join("/") ?? "trust"}': ${issue?.message ?? ""}`);
  }
  const { trust: wanted } = parsed.data;
  if (caller.userId !== wanted.trustor_user_id) throw forbidden("identity:create_trust");
  refuseDelegated(cloud, caller);
  const projectId = wanted.project_id ?? null;
  if (projectId !== null && wanted.roles.length === 0) throw forbidden("At least one role should be specified");
  if (!cloud.keystone.users.get(wanted.trustee_user_id)) throw notFound("user", wanted.trustee_user_id);
  if (projectId !== null && !cloud.keystone.projects.get(projectId)) throw notFound("project", projectId);
  const parent = caller.identity.trust;
  const roleIds = rolesToLend(cloud, wanted, parent, projectId);
  const trust: Trust = {
    id: hexId(cloud.random),
    trustorUserId: wanted.trustor_user_id,
    trusteeUserId: wanted.trustee_user_id,
    projectId,
    impersonation: wanted.impersonation,
    roleIds,
    expiresAtMs: expiryOf(cloud, wanted),
    remainingUses: wanted.remaining_uses ?? null,
    ...redelegation(wanted, parent),
  };
  if (parent) checkRedelegation(cloud, parent, trust);
  cloud.keystone.trusts.put(trust);
  return trust;
}

function rolesToLend(cloud: Cloud, wanted: TrustRequest, parent: Trust | null, projectId: string | null): string[] {
  if (projectId === null) return [];
  const lender = parent ? originOf(cloud, parent).trustorUserId : wanted.trustor_user_id;
  const held = effectiveRoles(cloud, lender, { projectId });
  return wanted.roles.map((ref) => {
    const role = ref.id === undefined ? roleByName(cloud, ref.name ?? "") : cloud.keystone.roles.get(ref.id);
    if (!role || !held.some((one) => one.id === role.id)) throw notFound("role", ref.id ?? ref.name ?? "");
    return role.id;
  });
}

function expiryOf(cloud: Cloud, wanted: TrustRequest): number | null {
  if (wanted.expires_at === null || wanted.expires_at === undefined) return null;
  const ms = parseIso(wanted.expires_at);
  if (ms === undefined) {
    throw invalid(
      "Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
    );
  }
  if (ms < cloud.clock.now()) throw invalid("The 'expires_at' must not be before now.");
  return ms;
}

function redelegation(
  wanted: TrustRequest,
  parent: Trust | null,
): Pick<Trust, "redelegationCount" | "redelegatedTrustId"> {
  const asked = wanted.redelegation_count ?? undefined;
  const isAllowed = wanted.allow_redelegation === true && asked !== 0;
  if (!isAllowed) return { redelegationCount: 0, redelegatedTrustId: parent?.id ?? null };
  if (asked !== undefined && asked > limits.redelegationDepth) throw forbidden();
  if (wanted.remaining_uses !== null && wanted.remaining_uses !== undefined) {
    throw invalid("remaining_uses must not be set if redelegation is allowed");
  }
  if (!parent) return { redelegationCount: asked ?? limits.redelegationDepth, redelegatedTrustId: null };
  const left = parent.redelegationCount - 1;
  if (asked !== undefined && asked !== left) throw forbidden();
  return { redelegationCount: left, redelegatedTrustId: parent.id };
}

/** Every trust up the chain must allow this one: depth, expiry, roles, impersonation. */
function checkRedelegation(cloud: Cloud, parent: Trust, trust: Trust): void {
  if (parent.redelegationCount <= 0 || parent.redelegationCount > limits.redelegationDepth) throw forbidden();
  if (trust.remainingUses !== null) throw forbidden();
  if (parent.expiresAtMs !== null) {
    if (trust.expiresAtMs === null) trust.expiresAtMs = parent.expiresAtMs;
    else if (parent.expiresAtMs < trust.expiresAtMs) throw forbidden();
  }
  if (trust.roleIds.some((id) => !parent.roleIds.includes(id))) throw forbidden();
  if (!parent.impersonation && trust.impersonation) throw forbidden();
  const above = parent.redelegatedTrustId === null ? undefined : cloud.keystone.trusts.get(parent.redelegatedTrustId);
  if (above) checkRedelegation(cloud, above, { ...trust });
}

const isParty = (caller: Caller, trust: Trust): boolean =>
  caller.userId === trust.trustorUserId || caller.userId === trust.trusteeUserId;

export function showTrust(cloud: Cloud, caller: Caller, id: string): Trust {
  const trust = liveTrust(cloud, id);
  if (!trust) throw notFound("trust", id);
  if (!isParty(caller, trust)) requireAdmin(caller, "identity:get_trust");
  refuseDelegated(cloud, caller);
  return trust;
}

export function listTrusts(cloud: Cloud, caller: Caller, filter: { trustor?: string; trustee?: string }): Trust[] {
  const { trustor, trustee } = filter;
  const own = (trustor ?? trustee) === caller.userId;
  if (!own) requireAdmin(caller, "identity:list_trusts");
  refuseDelegated(cloud, caller);
  return [...cloud.keystone.trusts.values()].filter(
    (one) =>
      (trustor === undefined || one.trustorUserId === trustor) &&
      (trustee === undefined || one.trusteeUserId === trustee),
  );
}

export function deleteTrust(cloud: Cloud, caller: Caller, id: string): void {
  const trust = liveTrust(cloud, id);
  if (!trust) throw notFound("trust", id);
  if (caller.userId !== trust.trustorUserId) requireAdmin(caller, "identity:delete_trust");
  refuseDelegated(cloud, caller);
  dropTrust(cloud, trust);
}

/** Takes the trust away with all that was lent on from it and every token of theirs. */
export function dropTrust(cloud: Cloud, trust: Trust): void {
  for (const other of cloud.keystone.trusts.values()) {
    if (other.redelegatedTrustId === trust.id) dropTrust(cloud, other);
  }
  for (const token of cloud.keystone.tokens.group(trust.trusteeUserId)) {
    if (token.scope.kind === "trust" && token.scope.trustId === trust.id) cloud.keystone.tokens.delete(token.id);
  }
  cloud.keystone.trusts.delete(trust.id);
}

export function trustRole(cloud: Cloud, trust: Trust, roleId: string) {
  const role = trust.roleIds.includes(roleId) ? cloud.keystone.roles.get(roleId) : undefined;
  if (!role) throw keystoneFault(404, `Could not find role: ${roleId}.`);
  return role;
}
