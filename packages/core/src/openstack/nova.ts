/** Nova's flavors, key pairs and servers, as far as bays need them looked up. */
import { z } from "zod";
import { listAll, lookUp, single } from "./lookup.ts";
import type { Ambiguous, Found, Missing } from "./lookup.ts";
import { isSuccess } from "./http.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";

const flavorSchema = z.object({
  id: z.string(),
  name: z.string(),
  vcpus: z.number(),
  /** MiB. */
  ram: z.number(),
  /** GiB of the root disk; 0 takes the image's size. */
  disk: z.number(),
});

const keypairSchema = z.object({
  name: z.string(),
  fingerprint: z.string().nullish(),
  public_key: z.string().nullish(),
});

const serverSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  fault: z.object({ message: z.string() }).nullish(),
});

export type Flavor = z.output<typeof flavorSchema>;
export type Keypair = z.output<typeof keypairSchema>;
export type Server = z.output<typeof serverSchema>;

const part = encodeURIComponent;

/** A flavor by id, else by name. Flavors' ids may be any text, so both are tried in this order, as Nova's client does. */
export async function findFlavor(
  session: CloudSession,
  nameOrId: string,
): Promise<Found<Flavor> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ flavor: flavorSchema });
  const byId = await lookUp(session, "compute", `/flavors/${part(nameOrId)}`, schema);
  if (byId.kind === "found") return { kind: "found", value: byId.value.flavor };
  if (byId.kind === "refused" && byId.cause !== "other") return byId;
  const found = await listAll(session, {
    service: "compute",
    path: "/flavors/detail",
    schema: z.object({ flavors: z.array(flavorSchema) }),
    items: (page) => page.flavors,
    markerOf: (flavor) => flavor.id,
  });
  return found.kind === "found" ? single(found.value.filter((flavor) => flavor.name === nameOrId)) : found;
}

/** A key pair of the session's user; Nova knows no others. */
export async function findKeypair(session: CloudSession, name: string): Promise<Found<Keypair> | Missing | Refusal> {
  const schema = z.object({ keypair: keypairSchema });
  const found = await lookUp(session, "compute", `/os-keypairs/${part(name)}`, schema);
  return found.kind === "found" ? { kind: "found", value: found.value.keypair } : found;
}

/** Gives the session's user a key pair of that name; one that is there already is theirs, so it is taken for this one. */
export async function importKeypair(
  session: CloudSession,
  { name, publicKey }: { readonly name: string; readonly publicKey: string },
): Promise<{ readonly kind: "done" } | Refusal> {
  const json = { keypair: { name, public_key: publicKey } };
  const reply = await session.request("compute", { method: "POST", path: "/os-keypairs", json });
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) || reply.status === 409 ? { kind: "done" } : refusalOf(reply, "compute");
}

/** One that is gone already counts as deleted. */
export async function deleteKeypair(session: CloudSession, name: string): Promise<{ readonly kind: "done" } | Refusal> {
  const reply = await session.request("compute", { method: "DELETE", path: `/os-keypairs/${part(name)}` });
  if (reply.kind === "refused") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "done" } : refusalOf(reply, "compute");
}

export async function getServer(session: CloudSession, id: string): Promise<Found<Server> | Missing | Refusal> {
  const found = await lookUp(session, "compute", `/servers/${part(id)}`, z.object({ server: serverSchema }));
  return found.kind === "found" ? { kind: "found", value: found.value.server } : found;
}
