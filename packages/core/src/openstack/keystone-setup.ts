/**
 * What an installation needs to find in Keystone once: a domain for the users of nodes, and the role that makes them
 * known on a project and entitles them to nothing else. Made when missing, by the service's own administrator.
 */
import { z } from "zod";
import { isSuccess, readJson } from "./http.ts";
import { findRole } from "./keystone-directory.ts";
import { listAll } from "./lookup.ts";
import type { Found } from "./lookup.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";

const domainSchema = z.object({ id: z.string(), name: z.string() });
const roleSchema = z.object({ id: z.string(), name: z.string() });

/** The domain's id. */
export async function ensureDomain(session: CloudSession, name: string): Promise<Found<string> | Refusal> {
  const schema = z.object({ domains: z.array(domainSchema) });
  const items = (page: z.output<typeof schema>): readonly z.output<typeof domainSchema>[] => page.domains;
  const found = await listAll(session, { service: "identity", path: "/domains", query: { name }, schema, items });
  if (found.kind === "refused") return found;
  const [domain] = found.value;
  if (domain) return { kind: "found", value: domain.id };
  const description = "Users of bays' nodes";
  const json = { domain: { name, description, enabled: true } };
  const reply = await session.request("identity", { method: "POST", path: "/domains", json });
  if (reply.kind === "refused") return reply;
  // Another conductor made it just now.
  if (reply.status === 409) return ensureDomain(session, name);
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  return { kind: "found", value: readJson(reply, z.object({ domain: domainSchema }), "identity").domain.id };
}

/** The role's id. */
export async function ensureRole(session: CloudSession, name: string): Promise<Found<string> | Refusal> {
  const found = await findRole(session, name);
  if (found.kind === "found") return { kind: "found", value: found.value.id };
  if (found.kind === "refused") return found;
  if (found.kind === "ambiguous")
    return { kind: "refused", cause: "conflict", reason: `several roles are named ${name}` };
  const reply = await session.request("identity", { method: "POST", path: "/roles", json: { role: { name } } });
  if (reply.kind === "refused") return reply;
  if (reply.status === 409) return ensureRole(session, name);
  if (!isSuccess(reply)) return refusalOf(reply, "identity");
  return { kind: "found", value: readJson(reply, z.object({ role: roleSchema }), "identity").role.id };
}
