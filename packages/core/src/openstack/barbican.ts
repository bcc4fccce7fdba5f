/** Barbican's secrets, as far as a key is kept there: the payload of one, as text. */
import { isSuccess } from "./http.ts";
import type { Found, Missing } from "./lookup.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";

export async function readSecret(session: CloudSession, id: string): Promise<Found<string> | Missing | Refusal> {
  const endpoint = await session.endpoint("key-manager");
  if (endpoint.kind === "refused") return endpoint;
  // Catalogs name it with its version or without.
  const base = endpoint.url.endsWith("/v1") ? "/secrets" : "/v1/secrets";
  const path = `${base}/${encodeURIComponent(id)}/payload`;
  const reply = await session.request("key-manager", { method: "GET", path, headers: { accept: "text/plain" } });
  if (reply.kind === "refused") return reply;
  if (reply.status === 404) return { kind: "missing" };
  return isSuccess(reply) ? { kind: "found", value: reply.body } : refusalOf(reply, "key-manager");
}
