/** POST /v3/auth/tokens: from credentials and a wanted scope to a token, or a refusal. */
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { domainByName, effectiveRoles, isEnabled, isSecret, projectByName, userByName } from "./directory.ts";
import { forbidden, invalid, keystoneFault, missing, notFound, unauthorized } from "./faults.ts";
import type { ApplicationCredential, Project, Scope, Token, Trust, User } from "./records.ts";
import { issueToken, liveTrust, resolveToken, trustRoles } from "./tokens.ts";

const DomainRef = z.object({ id: z.string().optional(), name: z.string().optional() });
const UserRef = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  password: z.string().optional(),
  domain: DomainRef.optional(),
});
const ProjectRef = z.object({ id: z.string().optional(), name: z.string().optional(), domain: DomainRef.optional() });

const AuthRequest = z.object({
  identity: z.object({
    methods: z.array(z.string()).min(1),
    password: z.object({ user: UserRef.extend({ password: z.string() }) }).optional(),
    token: z.object({ id: z.string() }).optional(),
    application_credential: z
      .object({ id: z.string().optional(), name: z.string().optional(), secret: z.string(), user: UserRef.optional() })
      .optional(),
  }),
  scope: z
    .union([
      z.literal("unscoped"),
      z.object({
        project: ProjectRef.optional(),
        domain: DomainRef.optional(),
        system: z.object({ all: z.literal(true) }).optional(),
        unscoped: z.unknown().optional(),
        "OS-TRUST:trust": z.object({ id: z.string() }).optional(),
      }),
    ])
    .optional(),
});
type AuthRequest = z.infer<typeof AuthRequest>;

/** Who proved to be who, by the methods together. */
interface Proof {
  user: User;
  methods: string[];
  applicationCredential: ApplicationCredential | null;
  expiresAtMs?: number;
  parentAuditId?: string;
}

export function authenticate(cloud: Cloud, body: unknown): Token {
  const parsed = z.object({ auth: AuthRequest }).safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`Invalid input for field '${issue?.path.join("/") ?? "auth"}': ${issue?.message ?? "malformed"}`);
  }
  const { auth } = parsed.data;
  const proof = proveAll(cloud, auth);
  const scope = chooseScope(cloud, auth, proof);
  return issueToken(cloud, {
    userId: proof.user.id,
    methods: proof.methods,
    scope,
    applicationCredentialId: proof.applicationCredential?.id ?? null,
    ...(proof.expiresAtMs !== undefined && { expiresAtMs: proof.expiresAtMs }),
    ...(proof.parentAuditId !== undefined && { parentAuditId: proof.parentAuditId }),
  });
}

function proveAll(cloud: Cloud, auth: AuthRequest): Proof {
  let proof: Proof | undefined;
  for (const method of new Set(auth.identity.methods)) {
    const next = prove(cloud, auth, method);
    if (proof && proof.user.id !== next.user.id) throw unauthorized(cloud.options.publicUrl);
    proof = proof ? { ...next, methods: [...new Set([...proof.methods, ...next.methods])] } : next;
  }
  if (!proof) throw missing("methods", "identity");
  return proof;
}

function prove(cloud: Cloud, auth: AuthRequest, method: string): Proof {
  const { identity } = auth;
  switch (method) {
    case "password":
      if (!identity.password) throw missing("password", "identity");
      return { user: byPassword(cloud, identity.password.user), methods: ["password"], applicationCredential: null };
    case "token":
      if (!identity.token) throw missing("token", "identity");
      return byToken(cloud, identity.token.id);
    case "application_credential":
      if (!identity.application_credential) throw missing("application_credential", "identity");
      if (auth.scope !== undefined) {
        throw unauthorized(
          cloud.options.publicUrl,
          "Error authenticating with application credential: Application credentials cannot request a scope.",
        );
      }
      return byApplicationCredential(cloud, identity.application_credential);
    default:
      throw unauthorized(cloud.options.publicUrl, "Attempted to authenticate with an unsupported method.");
  }
}

function findUser(cloud: Cloud, ref: z.infer<typeof UserRef>): User | undefined {
  if (ref.id !== undefined) return cloud.keystone.users.get(ref.id);
  if (ref.name === undefined) throw missing("id or name", "user");
  if (!ref.domain) throw missing("domain", "user");
  const domain = findDomain(cloud, ref.domain);
  return domain && userByName(cloud, ref.name, domain.id);
}

const findDomain = (cloud: Cloud, ref: z.infer<typeof DomainRef>) =>
  ref.id === undefined ? domainByName(cloud, ref.name ?? "") : cloud.keystone.domains.get(ref.id);

function byPassword(cloud: Cloud, ref: z.infer<typeof UserRef> & { password: string }): User {
  const user = findUser(cloud, ref);
  if (!user || !isEnabled(cloud, user) || !isSecret(ref.password, user.passwordHash)) {
    throw unauthorized(cloud.options.publicUrl);
  }
  return user;
}

function byToken(cloud: Cloud, id: string): Proof {
  const resolved = resolveToken(cloud, id);
  if (resolved.kind === "invalid") throw notFound("token", "it is unknown, expired or revoked");
  const { token } = resolved.identity;
  if (token.scope.kind === "trust") {
    throw forbidden("Using trust-scoped token to create another token. Create a new trust-scoped token instead");
  }
  if (token.applicationCredentialId !== null) {
    throw forbidden("Using a delegated token to create another token is not allowed.");
  }
  const user = cloud.keystone.users.get(token.userId);
  if (!user) throw unauthorized(cloud.options.publicUrl);
  return {
    user,
    methods: [...new Set(["token", ...token.methods])],
    applicationCredential: null,
    expiresAtMs: token.expiresAtMs,
    parentAuditId: token.auditIds.at(-1) ?? "",
  };
}

function byApplicationCredential(
  cloud: Cloud,
  ref: NonNullable<AuthRequest["identity"]["application_credential"]>,
): Proof {
  const owner = ref.user ? findUser(cloud, ref.user) : undefined;
  const credential =
    ref.id === undefined
      ? [...cloud.keystone.applicationCredentials.values()].find(
          (one) => one.name === ref.name && one.userId === owner?.id,
        )
      : cloud.keystone.applicationCredentials.get(ref.id);
  if (!credential && ref.id !== undefined) throw notFound("Application Credential", ref.id);
  const user = credential && cloud.keystone.users.get(credential.userId);
  if (!credential || !user || !isEnabled(cloud, user) || !isSecret(ref.secret, credential.secretHash)) {
    throw unauthorized(cloud.options.publicUrl);
  }
  if (credential.expiresAtMs !== null && credential.expiresAtMs <= cloud.clock.now()) {
    throw unauthorized(cloud.options.publicUrl);
  }
  const expiry =
    credential.expiresAtMs === null ? {} : { expiresAtMs: Math.min(credential.expiresAtMs, tokenEnd(cloud)) };
  return { user, methods: ["application_credential"], applicationCredential: credential, ...expiry };
}

const tokenEnd = (cloud: Cloud): number => cloud.clock.now() + cloud.knobs.settings.tokenLifetimeMs;

function chooseScope(cloud: Cloud, auth: AuthRequest, proof: Proof): Scope {
  if (proof.applicationCredential) {
    return projectScope(cloud, proof.user, cloud.keystone.projects.get(proof.applicationCredential.projectId));
  }
  const { scope } = auth;
  if (scope === undefined) return defaultScope(cloud, proof.user);
  if (scope === "unscoped") return { kind: "unscoped" };
  if (Object.keys(scope).length !== 1) throw missing("system, project, domain, OS-TRUST:trust or unscoped", "scope");
  if (scope["OS-TRUST:trust"]) return trustScope(cloud, proof, scope["OS-TRUST:trust"].id);
  if (scope.project) return projectScope(cloud, proof.user, findProject(cloud, scope.project));
  if (scope.domain) {
    const domain = findDomain(cloud, scope.domain);
    if (!domain?.enabled || effectiveRoles(cloud, proof.user.id, { domainId: domain.id }).length === 0) {
      throw unauthorized(cloud.options.publicUrl);
    }
    return { kind: "domain", domainId: domain.id };
  }
  if (scope.system) {
    if (effectiveRoles(cloud, proof.user.id, { system: true }).length === 0) {
      throw unauthorized(cloud.options.publicUrl);
    }
    return { kind: "system" };
  }
  return { kind: "unscoped" };
}

function findProject(cloud: Cloud, ref: z.infer<typeof ProjectRef>): Project | undefined {
  if (ref.id !== undefined) return cloud.keystone.projects.get(ref.id);
  if (!ref.domain) throw missing("domain", "project");
  const domain = findDomain(cloud, ref.domain);
  return domain && projectByName(cloud, ref.name ?? "", domain.id);
}

function projectScope(cloud: Cloud, user: User, project: Project | undefined): Scope {
  if (
    !project ||
    !isEnabled(cloud, project) ||
    effectiveRoles(cloud, user.id, { projectId: project.id }).length === 0
  ) {
    throw unauthorized(cloud.options.publicUrl);
  }
  return { kind: "project", projectId: project.id };
}

/** Without a wanted scope: the user's default project where it has a role; unscoped otherwise. */
function defaultScope(cloud: Cloud, user: User): Scope {
  const project = user.defaultProjectId === null ? undefined : cloud.keystone.projects.get(user.defaultProjectId);
  if (!project || !isEnabled(cloud, project)) return { kind: "unscoped" };
  if (effectiveRoles(cloud, user.id, { projectId: project.id }).length === 0) return { kind: "unscoped" };
  return { kind: "project", projectId: project.id };
}

function trustScope(cloud: Cloud, proof: Proof, id: string): Scope {
  const trust = liveTrust(cloud, id);
  if (!trust) throw notFound("trust", id);
  if (trust.remainingUses !== null && trust.remainingUses <= 0) {
    throw keystoneFault(403, `Unable to consume trust ${id}, unable to acquire lock.`);
  }
  if (trust.trusteeUserId !== proof.user.id) throw forbidden();
  const trustor = cloud.keystone.users.get(trust.trustorUserId);
  if (!trustor || !isEnabled(cloud, trustor)) throw forbidden();
  if (!trustRoles(cloud, trust)) throw forbidden();
  useOnce(cloud, trust);
  return { kind: "trust", trustId: trust.id };
}

function useOnce(cloud: Cloud, trust: Trust): void {
  if (trust.remainingUses === null) return;
  cloud.keystone.trusts.put({ ...trust, remainingUses: trust.remainingUses - 1 });
}
