/**
 * /v1/bays/{id}/events and /v1/clusters/{id}/events (ours, additive): what happened to a bay, newest first, a page at a
 * time: each operation's start, its steps with how long and how many tries they took, why they were tried again, and the
 * end; and what is being done right now. Whoever may see the bay may see it.
 */
import { limits } from "@jeroboam/core/limits";
import { Rejected } from "@jeroboam/core/errors";
import type { HistoryPlace, HistoryQuery } from "@jeroboam/core/event/event-history";
import { readHistory } from "@jeroboam/core/event/event-history";
import type { Scope } from "@jeroboam/core/identity/scope";
import type { JsonObject } from "@jeroboam/core/json";
import type { Operation } from "@jeroboam/core/operation/record";
import type { ApiRequest, Route, RouteDefinition } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import { viewEvent } from "../views/events.ts";
import { readLimit, LIMIT, SORT_DIRECTION } from "../wire/list.ts";
import { wireTime } from "../wire/time.ts";
import type { BayTarget } from "./bay-routes.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";

export function bayEventsRoute(
  path: string,
  rules: Pick<RouteDefinition<HistoryQuery, undefined, BayTarget>, "rule" | "allProjectsRule">,
  find: (request: ApiRequest, scope: Scope) => Promise<BayTarget>,
): Route {
  return defineRoute({
    method: "GET",
    path: `${path}/:ident/events`,
    ...rules,
    query: HISTORY_QUERY,
    find,
    answers: { 200: "bayEvents" },
    async run({ ports, base }, { query, target: { bay } }) {
      const { key, state, operation, dueAtMs } = bay.record;
      const events = await readHistory(ports.table, key, query);
      const last = events.at(-1);
      const next =
        last && events.length === query.limit
          ? `${base}${path}/${state.uuid}/events?sort_dir=${query.descending ? "desc" : "asc"}&limit=${query.limit}&marker=${markerOf(last)}`
          : undefined;
      const body = {
        events: events.map((event) => viewEvent(event)),
        operation: operation ? viewOperation(operation, dueAtMs) : null,
        ...(next !== undefined && { next }),
      };
      return { status: 200, body };
    },
  });
}

const MARKER = /^(\d{1,15})\.([\w.-]{1,100})$/;

const HISTORY_QUERY = describeQuery(
  [LIMIT, { name: "marker", schema: { type: "string", pattern: MARKER.source } }, SORT_DIRECTION],
  readQuery,
);

function readQuery({ limit, marker, sort_dir: direction = "desc", ...rest }: QueryArguments): HistoryQuery {
  refuseArguments(rest);
  if (direction !== "asc" && direction !== "desc") throw new Rejected(400, "sort_dir must be asc or desc");
  const after = marker === undefined ? undefined : readMarker(marker);
  return { limit: Math.min(readLimit(limit), limits.event.pageItems), descending: direction === "desc", after };
}

function markerOf({ atMs, id }: HistoryPlace): string {
  return `${atMs}.${id}`;
}

function readMarker(marker: string): HistoryPlace {
  const [, atMs, id] = MARKER.exec(marker) ?? [];
  if (atMs === undefined || id === undefined) throw new Rejected(400, "marker must be the one of an answer before");
  return { atMs: Number(atMs), id };
}

/** What is being done: which step, since when, how often it was tried, what went wrong last, and when it goes on. */
function viewOperation(operation: Operation, dueAtMs: number | undefined): JsonObject {
  const { id, kind, step, attempt, startedAtMs, stepStartedAtMs, deadlineAtMs, trouble, failure } = operation;
  return {
    id,
    kind,
    step: step === "" ? null : step,
    attempts: attempt,
    started_at: wireTime(startedAtMs),
    step_started_at: wireTime(stepStartedAtMs ?? startedAtMs),
    deadline_at: wireTime(deadlineAtMs),
    next_at: dueAtMs === undefined ? null : wireTime(dueAtMs),
    trouble: trouble ?? null,
    failure: failure ?? null,
  };
}
