/**
 * Tokens: issued, looked at, revoked. A token holds who authenticated, how, and for what scope; the roles are read afresh at each look,
 * so a disabled user, a lost role or a deleted trust takes effect at once, as with Keystone's Fernet tokens.
 */
import { secret, tokenId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Cloud } from "../cloud.ts";
import { effectiveRoles, isEnabled, withImplied } from "./directory.ts";
import type { ApplicationCredential, Domain, Project, Role, Scope, Token, Trust, User } from "./records.ts";

/** A token with all that it stands for at this moment. */
export interface Identity {
  token: Token;
  /** Whom it acts as: with an impersonating trust, the trustor. */
  user: User;
  userDomain: Domain;
  project: Project | null;
  projectDomain: Domain | null;
  domain: Domain | null;
  system: boolean;
  roles: Role[];
  trust: Trust | null;
  applicationCredential: ApplicationCredential | null;
}

export type Resolved = { kind: "valid"; identity: Identity } | { kind: "invalid"; reason: string };

interface NewToken {
  userId: string;
  methods: string[];
  scope: Scope;
  applicationCredentialId?: string | null;
  expiresAtMs?: number;
  parentAuditId?: string;
}

/** Keeps and returns a token; it is the caller who has checked that it may be had. */
export function issueToken(cloud: Cloud, wanted: NewToken): Token {
  const now = cloud.clock.now();
  const auditId = secret(cloud.random, 22);
  const token: Token = {
    id: tokenId(cloud.random),
    userId: wanted.userId,
    methods: wanted.methods,
    scope: wanted.scope,
    applicationCredentialId: wanted.applicationCredentialId ?? null,
    auditIds: wanted.parentAuditId === undefined ? [auditId] : [auditId, wanted.parentAuditId],
    issuedAtMs: now,
    expiresAtMs: wanted.expiresAtMs ?? now + cloud.knobs.settings.tokenLifetimeMs,
  };
  cloud.keystone.tokens.put(token);
  dropExpired(cloud, now);
  return token;
}

/** Forgets, now and then, tokens that even the window for expired ones has left behind. */
function dropExpired(cloud: Cloud, now: number): void {
  if (cloud.keystone.tokens.size % limits.tokensPerSweep !== 0) return;
  for (const token of cloud.keystone.tokens.values())
    if (token.expiresAtMs + limits.allowExpiredWindowSec * 1000 < now) cloud.keystone.tokens.delete(token.id);
}

/** Lets every token that there is expire now. */
export function expireTokens(cloud: Cloud): void {
  for (const token of cloud.keystone.tokens.values())
    cloud.keystone.tokens.put({ ...token, expiresAtMs: Math.min(token.expiresAtMs, cloud.clock.now()) });
}

/** Ends every token that the user holds or that was lent by a trust of the user's. */
export function revokeTokensOf(cloud: Cloud, userId: string): void {
  for (const token of cloud.keystone.tokens.values()) {
    const trust = token.scope.kind === "trust" ? cloud.keystone.trusts.get(token.scope.trustId) : undefined;
    if (token.userId === userId || trust?.trustorUserId === userId) cloud.keystone.tokens.delete(token.id);
  }
}

const invalid = (reason: string): Resolved => ({ kind: "invalid", reason });

/** The trust as it can be used now: not expired, not used up, and so along the whole chain of its redelegation. */
export function liveTrust(cloud: Cloud, id: string): Trust | undefined {
  const trust = cloud.keystone.trusts.get(id);
  if (!trust) return undefined;
  if (trust.expiresAtMs !== null && trust.expiresAtMs < cloud.clock.now()) return undefined;
  if (trust.redelegatedTrustId !== null && !liveTrust(cloud, trust.redelegatedTrustId)) return undefined;
  return trust;
}

/** The first trustor of a chain of redelegated trusts: the one whose roles are lent. */
export function originOf(cloud: Cloud, trust: Trust): Trust {
  const parent = trust.redelegatedTrustId === null ? undefined : cloud.keystone.trusts.get(trust.redelegatedTrustId);
  return parent ? originOf(cloud, parent) : trust;
}

/** The roles a trust gives now; undefined when the trustor has lost one of them. */
export function trustRoles(cloud: Cloud, trust: Trust): Role[] | undefined {
  if (trust.projectId === null) return [];
  const held = effectiveRoles(cloud, originOf(cloud, trust).trustorUserId, { projectId: trust.projectId });
  if (trust.roleIds.some((id) => !held.some((role) => role.id === id))) return undefined;
  return withImplied(cloud, trust.roleIds);
}

interface Reach {
  project: Project | null;
  domain: Domain | null;
  roles: Role[];
  trust: Trust | null;
}

function reachOf(cloud: Cloud, token: Token, user: User): Reach | string {
  const none = { project: null, domain: null, roles: [], trust: null };
  const { scope } = token;
  switch (scope.kind) {
    case "unscoped":
      return none;
    case "system":
      return { ...none, roles: effectiveRoles(cloud, user.id, { system: true }) };
    case "domain": {
      const domain = cloud.keystone.domains.get(scope.domainId);
      if (!domain?.enabled) return "the domain is gone or disabled";
      return { ...none, domain, roles: effectiveRoles(cloud, user.id, { domainId: domain.id }) };
    }
    case "project": {
      const project = cloud.keystone.projects.get(scope.projectId);
      if (!project || !isEnabled(cloud, project)) return "the project is gone or disabled";
      return { ...none, project, roles: projectRoles(cloud, token, project) };
    }
    case "trust":
      return trustReach(cloud, scope.trustId);
    default:
      return scope satisfies never;
  }
}

function projectRoles(cloud: Cloud, token: Token, project: Project): Role[] {
  const held = effectiveRoles(cloud, token.userId, { projectId: project.id });
  const credential = credentialOf(cloud, token);
  if (!credential) return held;
  const lent = withImplied(cloud, credential.roleIds);
  return held.filter((role) => lent.some((one) => one.id === role.id));
}

function trustReach(cloud: Cloud, trustId: string): Reach | string {
  const trust = liveTrust(cloud, trustId);
  if (!trust) return "the trust is gone";
  const trustor = cloud.keystone.users.get(trust.trustorUserId);
  const trustee = cloud.keystone.users.get(trust.trusteeUserId);
  if (!isEnabled(cloud, trustor) || !isEnabled(cloud, trustee)) return "the trustor or the trustee is gone or disabled";
  const project = trust.projectId === null ? null : cloud.keystone.projects.get(trust.projectId);
  if (project === undefined || (project && !isEnabled(cloud, project))) return "the project is gone or disabled";
  const roles = trustRoles(cloud, trust);
  if (!roles) return "the trustor lost a role of the trust";
  return { project, domain: null, roles, trust };
}

const credentialOf = (cloud: Cloud, token: Token): ApplicationCredential | null =>
  token.applicationCredentialId === null
    ? null
    : (cloud.keystone.applicationCredentials.get(token.applicationCredentialId) ?? null);

/** Whom and what the token stands for now, or why it stands for nothing. */
export function resolveToken(cloud: Cloud, id: string, options: { allowExpired?: boolean } = {}): Resolved {
  const token = cloud.keystone.tokens.get(id);
  if (!token) return invalid("no such token");
  const grace = options.allowExpired === true ? limits.allowExpiredWindowSec * 1000 : 0;
  if (token.expiresAtMs + grace <= cloud.clock.now()) return invalid("it has expired");
  const holder = cloud.keystone.users.get(token.userId);
  if (!holder || !isEnabled(cloud, holder)) return invalid("the user is gone or disabled");
  const applicationCredential = credentialOf(cloud, token);
  if (token.applicationCredentialId !== null && !applicationCredential) return invalid("its credential is gone");
  const reach = reachOf(cloud, token, holder);
  if (typeof reach === "string") return invalid(reach);
  if (token.scope.kind !== "unscoped" && reach.roles.length === 0 && reach.trust?.projectId !== null) {
    return invalid("the user has no role there");
  }
  const user = reach.trust?.impersonation === true ? cloud.keystone.users.get(reach.trust.trustorUserId) : holder;
  const userDomain = user && cloud.keystone.domains.get(user.domainId);
  if (!user || !userDomain) return invalid("the user is gone");
  const projectDomain = reach.project ? (cloud.keystone.domains.get(reach.project.domainId) ?? null) : null;
  return {
    kind: "valid",
    identity: {
      token,
      user,
      userDomain,
      ...reach,
      projectDomain,
      system: token.scope.kind === "system",
      applicationCredential,
    },
  };
}
