/**
 * The query of a list and the reply to it (bay-era sheet 1.11, cluster sheet 6.3). The generations differ in when there
 * is a `next`: today's clients were written against one that stands on every full page, even the last; the older sheet
 * lists just that as a bug. Each collection says which it is.
 */
import { Rejected } from "@jeroboam/core/errors";
import { isUuid } from "@jeroboam/core/identity/ident";
import { limits } from "@jeroboam/core/limits";
import type { ListPage, ListRequest, SortValue } from "@jeroboam/core/listing/page";
import type { ApiRequest, Reply } from "../route.ts";
import { refuseArguments } from "../route.ts";
import { describeQuery } from "./reader.ts";
import type { QueryReader, QueryParameter } from "./reader.ts";

/** What a list can be sorted by besides its creation, which goes by `id` and `created_at`. */
export type SortKeys<Entry> = Readonly<Record<string, (entry: Entry) => SortValue>>;

export interface ListQuery<Entry> {
  readonly request: ListRequest<Entry>;
  readonly sortKey: string;
}

/** `markers`: what one looks like in lists whose items have no uuids. */
export function readListQuery<Entry>(sortKeys: SortKeys<Entry>, markers?: RegExp): QueryReader<ListQuery<Entry>> {
  const parameters: readonly QueryParameter[] = [
    LIMIT,
    {
      name: "marker",
      schema: markers ? { type: "string", pattern: markers.source } : { type: "string", format: "uuid" },
    },
    { name: "sort_key", schema: { type: "string", enum: ["id", "created_at", ...Object.keys(sortKeys)] } },
    SORT_DIRECTION,
  ];
  return describeQuery(
    parameters,
    ({ limit, marker, sort_key: sortKey = "id", sort_dir: direction = "asc", ...rest }) => {
      refuseArguments(rest);
      if (marker !== undefined && !(markers ? markers.test(marker) : isUuid(marker)))
        throw new Rejected(400, `marker must be the ${markers ? "id" : "uuid"} of a list's item`);
      if (direction !== "asc" && direction !== "desc") throw new Rejected(400, "sort_dir must be asc or desc");
      return {
        sortKey,
        request: {
          limit: readLimit(limit),
          descending: direction === "desc",
          ...(marker !== undefined && { marker: marker.toLowerCase() }),
          ...sortBy(sortKeys, sortKey),
        },
      };
    },
  );
}

/** More than there is to be had is lowered. */
export const LIMIT: QueryParameter = { name: "limit", schema: { type: "integer", minimum: 1 } };
export const SORT_DIRECTION: QueryParameter = { name: "sort_dir", schema: { type: "string", enum: ["asc", "desc"] } };

export function readLimit(limit: string | undefined): number {
  if (limit === undefined) return limits.api.pageItems;
  if (!/^\+?\d{1,15}$/.test(limit) || Number(limit) === 0) throw new Rejected(400, "limit must be a positive number");
  return Math.min(Number(limit), limits.api.pageItems);
}

function sortBy<Entry>(sortKeys: SortKeys<Entry>, key: string): { sortBy?: (entry: Entry) => SortValue } {
  if (key === "id" || key === "created_at") return {};
  const found = Object.hasOwn(sortKeys, key) ? sortKeys[key] : undefined;
  if (!found) throw new Rejected(400, `sort_key ${key.slice(0, 100)} is nothing that the list can be sorted by`);
  return { sortBy: found };
}

export interface ListReply<Entry> {
  /** Below `/v1/`. */
  readonly path: string;
  readonly key: string;
  readonly nextOn: "more" | "full";
  /** Further arguments of the query, for the next page to have them too. */
  readonly filters?: Readonly<Record<string, string>>;
  uuidOf(entry: Entry): string;
  view(entry: Entry): unknown;
}

export function listReply<Entry>(
  { base }: Pick<ApiRequest, "base">,
  { request, sortKey }: ListQuery<Entry>,
  page: ListPage<Entry>,
  reply: ListReply<Entry>,
): Reply {
  switch (page.kind) {
    case "unknown-marker":
      throw new Rejected(404, `Marker ${request.marker ?? ""} could not be found.`);
    case "too-many":
      throw new Rejected(400, `More than ${limits.api.sortedRecords} items are sorted by id or created_at only`);
    case "page": {
      const last = page.entries.at(-1);
      const isFull = page.entries.length === request.limit;
      const hasNext = last !== undefined && (reply.nextOn === "more" ? page.hasMore : isFull);
      const direction = request.descending ? "desc" : "asc";
      const filters = Object.entries(reply.filters ?? {}).map(
        ([name, value]) => `&${name}=${encodeURIComponent(value)}`,
      );
      const query = hasNext
        ? `sort_key=${sortKey}&sort_dir=${direction}&limit=${request.limit}&marker=${reply.uuidOf(last)}${filters.join("")}`
        : undefined;
      const items = page.entries.map((entry) => reply.view(entry));
      return { status: 200, body: { [reply.key]: items, ...(query && { next: `${base}/v1/${reply.path}?${query}` }) } };
    }
    default:
      return page satisfies never;
  }
}
