/** Application credentials: a secret of a user's for one project, with no more than the roles it was given. */
import { z } from "zod";
import { hexId, secret as newSecret } from "../ids.ts";
import { parseIso } from "../times.ts";
import type { Cloud } from "../cloud.ts";
import type { Caller } from "./callers.ts";
import { hashSecret } from "./directory.ts";
import { conflict, forbidden, invalid } from "./faults.ts";
import type { ApplicationCredential } from "./records.ts";

const CredentialRequest = z.object({
  name: z.string().min(1).max(255),
  description: z.string().nullish(),
  secret: z.string().nullish(),
  expires_at: z.string().nullish(),
  unrestricted: z.boolean().nullish(),
  roles: z.array(z.object({ id: z.string().optional(), name: z.string().optional() })).optional(),
  access_rules: z
    .array(z.object({ id: z.string().optional(), path: z.string(), method: z.string(), service: z.string() }))
    .optional(),
});

/** A restricted credential's token may not make or remove credentials. */
export function refuseRestricted(caller: Caller): void {
  const credential = caller.identity.applicationCredential;
  if (credential && !credential.unrestricted) {
    throw forbidden(
      "Using method 'application_credential' is not allowed for managing additional application credentials.",
    );
  }
}

/** Makes one for the caller's own user and project. The secret is told once, here. */
export function createCredential(
  cloud: Cloud,
  caller: Caller,
  userId: string,
  body: unknown,
): { credential: ApplicationCredential; secret: string } {
  const parsed = z.object({ application_credential: CredentialRequest }).safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`Invalid input for field '${issue?.path.slice(1).join("/") ?? ""}': ${issue?.message ?? ""}`);
  }
  const wanted = parsed.data.application_credential;
  if (caller.userId !== userId) throw forbidden("identity:create_application_credential");
  refuseRestricted(caller);
  if (caller.projectId === null) throw forbidden("identity:create_application_credential");
  for (const other of cloud.keystone.applicationCredentials.values()) {
    if (other.userId === userId && other.name === wanted.name) {
      throw conflict("application_credential", `Duplicate entry found with name ${wanted.name}`);
    }
  }
  const held = caller.identity.roles;
  const roles = wanted.roles
    ? wanted.roles.map((ref) => {
        const role = held.find((one) => one.id === ref.id || (ref.id === undefined && one.name === ref.name));
        if (!role) {
          throw invalid(
            `Invalid application credential: Could not find role assignment with role: ${ref.id ?? ref.name}.`,
          );
        }
        return role;
      })
    : held;
  const expiresAtMs = typeof wanted.expires_at === "string" ? parseIso(wanted.expires_at) : null;
  if (expiresAtMs === undefined || (expiresAtMs !== null && expiresAtMs <= cloud.clock.now())) {
    throw invalid("Invalid input for field 'expires_at'.");
  }
  const secret = wanted.secret ?? newSecret(cloud.random, 86);
  const credential: ApplicationCredential = {
    id: hexId(cloud.random),
    name: wanted.name,
    description: wanted.description ?? null,
    userId,
    projectId: caller.projectId,
    secretHash: hashSecret(secret),
    roleIds: roles.map((role) => role.id),
    expiresAtMs,
    unrestricted: wanted.unrestricted ?? false,
    accessRules: (wanted.access_rules ?? []).map((rule) => ({ ...rule, id: rule.id ?? hexId(cloud.random) })),
  };
  cloud.keystone.applicationCredentials.put(credential);
  return { credential, secret };
}

export function dropCredential(cloud: Cloud, credential: ApplicationCredential): void {
  for (const token of cloud.keystone.tokens.group(credential.userId)) {
    if (token.applicationCredentialId === credential.id) cloud.keystone.tokens.delete(token.id);
  }
  cloud.keystone.applicationCredentials.delete(credential.id);
}
