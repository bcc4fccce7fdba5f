/**
 * What Keystone says of a token: who holds it, on what, as what, until when. The same form when a token is issued and
 * when one is checked.
 */
import { z } from "zod";
import { catalogSchema } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";

const refSchema = z.object({ id: z.string(), name: z.string() });
const inDomainSchema = refSchema.extend({ domain: z.object({ id: z.string().nullish(), name: z.string().nullish() }) });

const accessRuleSchema = z.object({ service: z.string(), method: z.string(), path: z.string() });

export type AccessRule = z.output<typeof accessRuleSchema>;

/** The body of `POST` and `GET /v3/auth/tokens`. */
export const tokenBodySchema = z.object({
  token: z.object({
    user: inDomainSchema,
    project: inDomainSchema.nullish(),
    domain: refSchema.nullish(),
    system: z.object({ all: z.boolean().nullish() }).nullish(),
    roles: z.array(refSchema).nullish(),
    catalog: catalogSchema.nullish(),
    expires_at: z.string().refine((text) => !Number.isNaN(Date.parse(text)), "not a time"),
    "OS-TRUST:trust": z.object({ id: z.string(), trustor_user: z.object({ id: z.string() }).nullish() }).nullish(),
    application_credential: z
      .object({ id: z.string(), restricted: z.boolean().nullish(), access_rules: z.array(accessRuleSchema).nullish() })
      .nullish(),
  }),
});

export interface Role {
  readonly id: string;
  readonly name: string;
}

export interface TokenFacts {
  readonly userId: string;
  readonly userName: string;
  readonly userDomainId: string | undefined;
  readonly userDomainName: string | undefined;
  /** The project acted in; none for tokens of a domain, of the system or without scope. */
  readonly projectId: string | undefined;
  readonly projectName: string | undefined;
  readonly projectDomainId: string | undefined;
  readonly projectDomainName: string | undefined;
  readonly domainId: string | undefined;
  readonly isSystemScoped: boolean;
  /** As Keystone lists them: implied roles included, but not those that an application credential's roles imply. */
  readonly roles: readonly Role[];
  readonly catalog: Catalog;
  readonly expiresAtMs: number;
  readonly trustId: string | undefined;
  readonly applicationCredential:
    | {
        readonly id: string;
        /** May not make further credentials or trusts. */
        readonly isRestricted: boolean;
        /** The only requests it may make; undefined means any. */
        readonly accessRules: readonly AccessRule[] | undefined;
      }
    | undefined;
}

export function factsOf({ token }: z.output<typeof tokenBodySchema>): TokenFacts {
  const { user, project, application_credential: credential } = token;
  return {
    userId: user.id,
    userName: user.name,
    userDomainId: user.domain.id ?? undefined,
    userDomainName: user.domain.name ?? undefined,
    projectId: project?.id,
    projectName: project?.name,
    projectDomainId: project?.domain.id ?? undefined,
    projectDomainName: project?.domain.name ?? undefined,
    domainId: token.domain?.id,
    isSystemScoped: token.system?.all === true,
    roles: token.roles ?? [],
    catalog: token.catalog ?? [],
    expiresAtMs: Date.parse(token.expires_at),
    trustId: token["OS-TRUST:trust"]?.id,
    applicationCredential: credential
      ? {
          id: credential.id,
          isRestricted: credential.restricted ?? true,
          accessRules: credential.access_rules ?? undefined,
        }
      : undefined,
  };
}
