/** Keystone's JSON. */
import type { Cloud } from "../cloud.ts";
import { toIsoMicros } from "../times.ts";
import { catalogOf } from "./catalog.ts";
import type { ApplicationCredential, Domain, Project, Role, Trust, User } from "./records.ts";
import type { Identity } from "./tokens.ts";

const self = (cloud: Cloud, path: string) => ({ self: `${cloud.options.publicUrl}/v3${path}` });

export const listView = (cloud: Cloud, path: string, name: string, items: readonly unknown[]) => ({
  [name]: items,
  links: { next: null, self: `${cloud.options.publicUrl}/v3${path}`, previous: null },
});

export const domainView = (cloud: Cloud, one: Domain) => ({
  id: one.id,
  name: one.name,
  description: one.description,
  enabled: one.enabled,
  tags: [],
  options: {},
  links: self(cloud, `/domains/${one.id}`),
});

export const projectView = (cloud: Cloud, one: Project) => ({
  id: one.id,
  name: one.name,
  domain_id: one.domainId,
  description: one.description,
  enabled: one.enabled,
  parent_id: one.domainId,
  is_domain: false,
  tags: one.tags,
  options: {},
  links: self(cloud, `/projects/${one.id}`),
});

export const userView = (cloud: Cloud, one: User) => ({
  id: one.id,
  name: one.name,
  domain_id: one.domainId,
  enabled: one.enabled,
  default_project_id: one.defaultProjectId,
  password_expires_at: null,
  options: {},
  ...(one.description !== "" && { description: one.description }),
  ...(one.email !== null && { email: one.email }),
  links: self(cloud, `/users/${one.id}`),
});

export const roleView = (cloud: Cloud, one: Role) => ({
  id: one.id,
  name: one.name,
  domain_id: one.domainId,
  description: one.description === "" ? null : one.description,
  options: {},
  links: self(cloud, `/roles/${one.id}`),
});

/** A trust. Lists leave the roles out, as Keystone's do. */
export const trustView = (cloud: Cloud, one: Trust, withRoles: boolean) => ({
  id: one.id,
  trustor_user_id: one.trustorUserId,
  trustee_user_id: one.trusteeUserId,
  project_id: one.projectId,
  impersonation: one.impersonation,
  deleted_at: null,
  expires_at: one.expiresAtMs === null ? null : toIsoMicros(one.expiresAtMs),
  remaining_uses: one.remainingUses,
  redelegation_count: one.redelegationCount,
  redelegated_trust_id: one.redelegatedTrustId,
  ...(withRoles && {
    roles: one.roleIds.flatMap((id) => {
      const role = cloud.keystone.roles.get(id);
      return role ? [roleView(cloud, role)] : [];
    }),
    roles_links: { ...self(cloud, `/OS-TRUST/trusts/${one.id}/roles`), next: null, previous: null },
  }),
  links: self(cloud, `/OS-TRUST/trusts/${one.id}`),
});

export const applicationCredentialView = (cloud: Cloud, one: ApplicationCredential, shownSecret?: string) => ({
  id: one.id,
  name: one.name,
  description: one.description,
  project_id: one.projectId,
  roles: one.roleIds.flatMap((id) => {
    const role = cloud.keystone.roles.get(id);
    return role ? [{ id: role.id, name: role.name, domain_id: role.domainId }] : [];
  }),
  expires_at: one.expiresAtMs === null ? null : toIsoMicros(one.expiresAtMs),
  unrestricted: one.unrestricted,
  ...(one.accessRules.length > 0 && { access_rules: one.accessRules }),
  ...(shownSecret !== undefined && { secret: shownSecret }),
  links: self(cloud, `/users/${one.userId}/application_credentials/${one.id}`),
});

export function tokenView(cloud: Cloud, identity: Identity, withCatalog: boolean) {
  const { token, user, userDomain, project, projectDomain, domain, trust, applicationCredential } = identity;
  const isScoped = token.scope.kind !== "unscoped";
  const roles = identity.roles.map(({ id, name }) => ({ id, name }));
  return {
    token: {
      methods: token.methods,
      user: {
        domain: { id: userDomain.id, name: userDomain.name },
        id: user.id,
        name: user.name,
        password_expires_at: null,
      },
      audit_ids: token.auditIds,
      expires_at: toIsoMicros(token.expiresAtMs),
      issued_at: toIsoMicros(token.issuedAtMs),
      ...(identity.system && { system: { all: true } }),
      ...(domain && { domain: { id: domain.id, name: domain.name } }),
      ...(project &&
        projectDomain && {
          project: { domain: { id: projectDomain.id, name: projectDomain.name }, id: project.id, name: project.name },
          is_domain: false,
        }),
      ...(trust && {
        "OS-TRUST:trust": {
          id: trust.id,
          trustor_user: { id: trust.trustorUserId },
          trustee_user: { id: trust.trusteeUserId },
          impersonation: trust.impersonation,
        },
      }),
      ...(isScoped && { roles }),
      ...(isScoped && withCatalog && { catalog: catalogOf(cloud, project?.id ?? null) }),
      ...(applicationCredential && {
        application_credential: {
          id: applicationCredential.id,
          name: applicationCredential.name,
          restricted: !applicationCredential.unrestricted,
          ...(applicationCredential.accessRules.length > 0 && { access_rules: applicationCredential.accessRules }),
        },
      }),
    },
  };
}
