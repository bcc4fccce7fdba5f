/** Neutron's networks and subnets, by name or by id. */
import { z } from "zod";
import { listAll, single } from "./lookup.ts";
import type { Ambiguous, Found, Missing } from "./lookup.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";

const networkSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string().nullish(),
  "router:external": z.boolean().nullish(),
  subnets: z.array(z.string()).nullish(),
});

const subnetSchema = z.object({
  id: z.string(),
  name: z.string(),
  network_id: z.string(),
  cidr: z.string().nullish(),
});

export type Network = z.output<typeof networkSchema>;
export type Subnet = z.output<typeof subnetSchema>;

/** A network that the session may see: by id, else by name. */
export async function findNetwork(
  session: CloudSession,
  nameOrId: string,
): Promise<Found<Network> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ networks: z.array(networkSchema) });
  return await findByIdOrName(session, "networks", nameOrId, schema, (page) => page.networks);
}

/** A subnet that the session may see: by id, else by name. */
export async function findSubnet(
  session: CloudSession,
  nameOrId: string,
): Promise<Found<Subnet> | Missing | Ambiguous | Refusal> {
  const schema = z.object({ subnets: z.array(subnetSchema) });
  return await findByIdOrName(session, "subnets", nameOrId, schema, (page) => page.subnets);
}

/** Filters of lists take any text as an id, so a name that looks like an id is no trap. */
async function findByIdOrName<Schema extends z.ZodType, Item extends { readonly id: string }>(
  session: CloudSession,
  collection: string,
  nameOrId: string,
  schema: Schema,
  items: (page: z.output<Schema>) => readonly Item[],
): Promise<Found<Item> | Missing | Ambiguous | Refusal> {
  const endpoint = await session.endpoint("network");
  if (endpoint.kind === "refused") return endpoint;
  const path = `${endpoint.url.endsWith("/v2.0") ? "" : "/v2.0"}/${collection}`;
  for (const key of ["id", "name"]) {
    const found = await listAll(session, { service: "network", path, query: { [key]: nameOrId }, schema, items });
    if (found.kind === "refused") return found;
    if (found.value.length > 0) return single(found.value);
  }
  return { kind: "missing" };
}
