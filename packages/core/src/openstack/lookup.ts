/**
 * The two questions that every client of a service asks: one thing by its address, and all things of a list that fit.
 * Lists are read page by page, up to a limit that is far above what a name can match.
 */
import type { z } from "zod";
import { limits } from "../limits.ts";
import type { ServiceType } from "./catalog.ts";
import { isSuccess, readJson } from "./http.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudRequest, CloudSession } from "./session.ts";

export interface Found<Value> {
  readonly kind: "found";
  readonly value: Value;
}

export interface Missing {
  readonly kind: "missing";
}

/** Several things bear the name: only an id can tell which is meant. */
export interface Ambiguous {
  readonly kind: "ambiguous";
  readonly ids: readonly string[];
}

/** What is at the path, read by the schema. */
export async function lookUp<Schema extends z.ZodType>(
  session: CloudSession,
  service: ServiceType,
  path: string,
  schema: Schema,
  query: NonNullable<CloudRequest["query"]> = {},
): Promise<Found<z.output<Schema>> | Missing | Refusal> {
  const reply = await session.request(service, { method: "GET", path, query });
  if (reply.kind === "refused") return reply;
  if (reply.status === 404) return { kind: "missing" };
  if (!isSuccess(reply)) return refusalOf(reply, service);
  return { kind: "found", value: readJson(reply, schema, service) };
}

export interface Listing<Schema extends z.ZodType, Item> {
  readonly service: ServiceType;
  readonly path: string;
  readonly query?: NonNullable<CloudRequest["query"]>;
  readonly schema: Schema;
  readonly items: (page: z.output<Schema>) => readonly Item[];
  /** The marker of an item, for services that page; without it the first page is all. */
  readonly markerOf?: (item: Item) => string;
}

/** All items of a list, page after page. */
export async function listAll<Schema extends z.ZodType, Item>(
  session: CloudSession,
  listing: Listing<Schema, Item>,
): Promise<Found<readonly Item[]> | Refusal> {
  const { service, path, schema, markerOf } = listing;
  const found: Item[] = [];
  const limit = limits.openstack.pageItems;
  let marker: string | undefined;
  for (let page = 0; page < limits.openstack.pages; page++) {
    const query = markerOf ? { ...listing.query, limit, marker } : { ...listing.query };
    const reply = await session.request(service, { method: "GET", path, query });
    if (reply.kind === "refused") return reply;
    if (!isSuccess(reply)) return refusalOf(reply, service);
    const items = listing.items(readJson(reply, schema, service));
    const last = items.at(-1);
    const next = last === undefined ? undefined : markerOf?.(last);
    // A service may give fewer than we asked for and still have more: only an empty page is surely the last. One that
    // ends where the page before ended comes from a service that does not page.
    if (marker !== undefined && next === marker) return { kind: "found", value: found };
    found.push(...items);
    if (next === undefined) return { kind: "found", value: found };
    marker = next;
  }
  return { kind: "refused", cause: "other", reason: `${service} lists more than ${found.length} items at ${path}` };
}

/** One of what a name matched. */
export function single<Item extends { readonly id: string }>(
  items: readonly Item[],
): Found<Item> | Missing | Ambiguous {
  const [first, ...others] = items;
  if (!first) return { kind: "missing" };
  if (others.length > 0) return { kind: "ambiguous", ids: items.map((item) => item.id) };
  return { kind: "found", value: first };
}
