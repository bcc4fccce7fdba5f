/**
 * Keystone's trusts: one user lets another act for them on a project. Made and listed as the trustor; deleted as the
 * trustor, which a token by the trust itself is too when it impersonates. Keystone's rules, read in its source and tried
 * against version 22: roles are those of the trustor at that time; a trust made from a token by a trust expires with it
 * and dies with it, may carry its roles only, and needs `redelegations` of at least one.
 */
import { z } from "zod";
import { isSuccess, readJson } from "./http.ts";
import { listAll, lookUp } from "./lookup.ts";
import type { Found, Missing } from "./lookup.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";
import type { Role } from "./token.ts";

const trustSchema = z.object({
  id: z.string(),
  trustor_user_id: z.string(),
  trustee_user_id: z.string(),
  project_id: z.string().nullish(),
  impersonation: z.boolean(),
  expires_at: z.string().nullish(),
});

const oneSchema = z.object({ trust: trustSchema });
const manySchema = z.object({ trusts: z.array(trustSchema) });

export type Trust = z.output<typeof trustSchema>;

export interface NewTrust {
  readonly trustorUserId: string;
  readonly trusteeUserId: string;
  readonly projectId: string;
  readonly roles: readonly Role[];
  /** The trustee appears as the trustor. */
  readonly impersonation: boolean;
  readonly expiresAtMs?: number;
  /** How many times over the trust may be handed on. */
  readonly redelegations: number;
}

const PATH = "/OS-TRUST/trusts";
const pathOf = (trustId: string): string => `${PATH}/${encodeURIComponent(trustId)}`;

export async function createTrust(session: CloudSession, trust: NewTrust): Promise<Found<Trust> | Refusal> {
  const body = {
    trustor_user_id: trust.trustorUserId,
    trustee_user_id: trust.trusteeUserId,
    project_id: trust.projectId,
    roles: trust.roles.map(({ id }) => ({ id })),
    impersonation: trust.impersonation,
    ...(trust.expiresAtMs === undefined ? {} : { expires_at: new Date(trust.expiresAtMs).toISOString() }),
    ...(trust.redelegations > 0 ? { allow_redelegation: true, redelegation_count: trust.redelegations } : {}),
  };
  const reply = await session.request("identity", { method: "POST", path: PATH, json: { trust: body } });
  if (reply.kind === "refused") return reply;
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  return { kind: "found", value: readJson(reply, oneSchema, "identity").trust };
}

export async function getTrust(session: CloudSession, trustId: string): Promise<Found<Trust> | Missing | Refusal> {
  const found = await lookUp(session, "identity", pathOf(trustId), oneSchema);
  return found.kind === "found" ? { kind: "found", value: found.value.trust } : found;
}

/** The trusts somebody gave or was given. */
export async function listTrusts(
  session: CloudSession,
  by: { readonly trustorUserId: string } | { readonly trusteeUserId: string },
): Promise<Found<readonly Trust[]> | Refusal> {
  const query = "trustorUserId" in by ? { trustor_user_id: by.trustorUserId } : { trustee_user_id: by.trusteeUserId };
  const items = ({ trusts }: z.output<typeof manySchema>): readonly Trust[] => trusts;
  return await listAll(session, { service: "identity", path: PATH, query, schema: manySchema, items });
}

/** One that is gone already counts as deleted. */
export async function deleteTrust(
  session: CloudSession,
  trustId: string,
): Promise<{ readonly kind: "deleted" } | Refusal> {
  const reply = await session.request("identity", { method: "DELETE", path: pathOf(trustId) });
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "deleted" } : refusalOf(reply, "identity");
}
