/**
 * /v1/events (ours): what happens in a project, for those who cannot receive webhooks. As JSON, one page and the cursor to
 * go on by; as server-sent events, live where the platform can keep a reply open, else one page, after which the browser's
 * EventSource comes again with the last cursor by itself. Without `since` it begins with the oldest event kept.
 */
import { Rejected } from "@jeroboam/core/errors";
import { isEventPattern } from "@jeroboam/core/event/event-filter";
import type { StreamCursor, StreamQuery } from "@jeroboam/core/event/event-stream";
import { cursorAt, decodeCursor, encodeCursor, readStream } from "@jeroboam/core/event/event-stream";
import { isUuid } from "@jeroboam/core/identity/ident";
import { limits } from "@jeroboam/core/limits";
import { acceptsType } from "../accept.ts";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import { viewEvent } from "../views/events.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryParameter, QueryArguments } from "../wire/reader.ts";
import { LIMIT } from "../wire/list.ts";

type EventQuery = Omit<StreamQuery, "projectId">;

const EVENT_PARAMETERS: readonly QueryParameter[] = [
  { name: "since", schema: { type: "string" } },
  LIMIT,
  { name: "type", schema: { type: "string" } },
  { name: "bay", schema: { type: "string", format: "uuid" } },
];

export const events: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/v1/events",
    rule: "event:get_all",
    streams: true,
    query: describeQuery(EVENT_PARAMETERS, readEventQuery),
    answers: { 200: "eventPage" },
    async run(request, { query, scope }) {
      const wanted = { ...query, projectId: scope.projectId };
      if (acceptsType(request.header("accept"), "text/event-stream"))
        return { status: 200, eventStream: streamEvents(request, resumed(request, wanted)) };
      const page = await readStream(request.ports.table, wanted, request.ports.clock.nowMs());
      const shown = page.events.map(({ event }) => viewEvent(event));
      return { status: 200, body: { events: shown, cursor: encodeCursor(page.cursor), has_more: page.hasMore } };
    },
  }),
];

function readEventQuery({ since, limit, type, bay, ...rest }: QueryArguments): EventQuery {
  refuseArguments(rest);
  const types = type?.split(",");
  if (types && (types.length > limits.webhook.patterns || !types.every(isEventPattern)))
    throw new Rejected(400, "type must be types of events, such as bay.create.end or bay.*, with commas between");
  if (bay !== undefined && !isUuid(bay)) throw new Rejected(400, "bay must be the uuid of a bay");
  if (limit !== undefined && !/^[1-9]\d{0,5}$/.test(limit)) throw new Rejected(400, "limit must be a positive number");
  return {
    after: since === undefined ? cursorAt(0) : readSince(since),
    limit: Math.min(Number(limit ?? limits.event.pageItems), limits.event.pageItems),
    ...(types && { types }),
    ...(bay !== undefined && { bayUuid: bay.toLowerCase() }),
  };
}

/** A cursor of an answer before, or a time. */
function readSince(since: string): StreamCursor {
  const atMs = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since.replace(" ", "+")) : Number.NaN;
  const cursor = Number.isNaN(atMs) ? decodeCursor(since) : cursorAt(atMs);
  if (!cursor) throw new Rejected(400, "since must be the cursor of an answer before, or a time as ISO 8601 has it");
  return cursor;
}

/** A browser that lost the stream says which event it saw last. */
function resumed(request: ApiRequest, query: StreamQuery): StreamQuery {
  const last = request.header("last-event-id");
  const after = last === undefined ? undefined : decodeCursor(last);
  return after ? { ...query, after } : query;
}

/** Streams that this process keeps open. */
let live = 0;

/** A place among them, if there is one, and the way to leave it, which may be gone more than once. */
function takePlace(): (() => void) | undefined {
  if (live >= limits.event.streams) return undefined;
  live += 1;
  let isTaken = true;
  return () => {
    if (isTaken) live -= 1;
    isTaken = false;
  };
}

/** Beyond the most that one process keeps open it is as where none can be kept open: one page, and come again. */
function streamEvents({ ports, signal }: ApiRequest, query: StreamQuery): ReadableStream<Uint8Array> {
  const { table, clock } = ports;
  const leave = ports.pause && takePlace();
  const pause = leave && ports.pause;
  const encoder = new TextEncoder();
  const endsAtMs = clock.nowMs() + limits.event.streamMs;
  let after = query.after;
  let hasMore = false;
  const stopped = new AbortController();
  const gone = AbortSignal.any([signal, stopped.signal]);
  gone.addEventListener("abort", () => leave?.());
  const next = async (): Promise<string> => {
    const page = await readStream(table, { ...query, after }, clock.nowMs());
    after = page.cursor;
    const lines = page.events.map(
      ({ event, cursor }) =>
        `id: ${encodeCursor(cursor)}\nevent: ${event.type}\ndata: ${JSON.stringify(viewEvent(event))}\n\n`,
    );
    hasMore = page.hasMore;
    return lines.join("");
  };
  return new ReadableStream({
    start(controller) {
      // How soon a reader comes again whose stream has ended.
      controller.enqueue(encoder.encode(`retry: ${limits.event.lookMs * 2}\n\n`));
    },
    async pull(controller) {
      try {
        for (;;) {
          const lines = await next();
          if (lines !== "") controller.enqueue(encoder.encode(lines));
          if (!pause || gone.aborted || clock.nowMs() >= endsAtMs) break;
          if (lines !== "") return;
          if (!hasMore) await pause(limits.event.lookMs, gone);
        }
        controller.close();
        leave?.();
      } catch (thrown) {
        // The stream ends with it.
        leave?.();
        throw thrown;
      }
    },
    cancel: () => stopped.abort(),
  });
}
