/** Reading Kubernetes' collections: selected, in pages, as tables, and watched. */
import type { JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import type { Call } from "./call.ts";
import { fieldSelector, labelSelector, wordOf } from "./selectors.ts";
import { KubernetesFault, badRequest, statusOf } from "./status.ts";
import { feedOf, listObjects, nameOf, namespaceOf } from "./store.ts";
import type { WatchEvent } from "./store.ts";
import { tableOf } from "./tables.ts";

type Test = (object: JsonMap) => boolean;

/** Whether an object is one that the call asks for. */
export function testOf(call: Call): Test {
  const labels = labelSelector(call.query.get("labelSelector") ?? "");
  const fields = fieldSelector(call.resource.name, call.query.get("fieldSelector") ?? "");
  const { namespace, name } = call;
  return (object) =>
    (namespace === null || namespaceOf(object) === namespace) &&
    (name === null || nameOf(object) === name) &&
    labels(object) &&
    fields(object);
}

export const selected = (call: Call): JsonMap[] =>
  call.resource.name === "events" ? [] : listObjects(call, call.resource.name).filter(testOf(call));

interface Token {
  readonly version: number;
  /** How many were given already. */
  readonly start: number;
}

function readToken(text: string): Token {
  try {
    const { version, start } = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Token;
    if (Number.isInteger(version) && Number.isInteger(start) && start >= 0) return { version, start };
  } catch {
    // Not one of ours: refused below.
  }
  throw badRequest("continue key is not valid: the token is not one of this server's");
}

/**
 * A page of the list. A token goes on where its page ended as long as nothing was written since; then it has expired,
 * as with a server whose store was compacted.
 */
export function list(call: Call, isTable: boolean): JsonMap {
  const all = selected(call);
  const size = Math.max(0, Number(call.query.get("limit") ?? 0)) || all.length;
  const given = call.query.get("continue") ?? "";
  const token = given === "" ? { version: call.engine.revision, start: 0 } : readToken(given);
  if (token.version + limits.watchEvents < call.engine.revision) {
    throw new KubernetesFault(
      410,
      "Expired",
      "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
    );
  }
  const items = all.slice(token.start, token.start + size);
  const left = all.length - token.start - items.length;
  const next: Token = { version: token.version, start: token.start + items.length };
  const metadata: JsonMap = {
    resourceVersion: wordOf(call.engine.revision),
    ...(left > 0 && {
      continue: Buffer.from(JSON.stringify(next)).toString("base64url"),
      remainingItemCount: left,
    }),
  };
  if (isTable) return tableOf(call.resource.name, items, metadata, call.at);
  // Objects in a list have no kind of their own.
  const bare = items.map((item) =>
    Object.fromEntries(Object.entries(item).filter(([key]) => key !== "kind" && key !== "apiVersion")),
  );
  return { kind: `${call.resource.kind}List`, apiVersion: "v1", metadata, items: bare };
}

/** A stream of changes, one JSON object a line, from the version that is asked for. */
export function watch(call: Call, isTable: boolean): Response {
  const feed = feedOf(call);
  const from = Number(call.query.get("resourceVersion") ?? 0) || 0;
  const [oldest] = feed.events;
  const isKnown = from === 0 || from >= (oldest ? oldest.version - 1 : call.engine.revision);
  const test = testOf(call);
  const shape = (object: JsonMap): JsonMap =>
    isTable ? tableOf(call.resource.name, [object], {}, call.cloud.clock.now()) : object;
  const lineOf = (type: string, object: JsonMap): Uint8Array => Buffer.from(`${JSON.stringify({ type, object })}\n`);
  let stop: (() => void) | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (!isKnown) {
        const gone = new KubernetesFault(
          410,
          "Expired",
          `too old resource version: ${from} (${oldest?.version ?? call.engine.revision})`,
        );
        controller.enqueue(lineOf("ERROR", statusOf(gone)));
        controller.close();
        return;
      }
      const send = (event: WatchEvent): void => {
        const line = lineFor(event);
        if (line) controller.enqueue(lineOf(line.type, shape(line.object)));
      };
      if (from === 0) for (const object of selected(call)) controller.enqueue(lineOf("ADDED", shape(object)));
      else for (const event of feed.events) if (event.version > from) send(event);
      if (feed.watchers.size >= limits.watchersPerEngine) return controller.close();
      feed.watchers.add(send);
      stop = () => {
        feed.watchers.delete(send);
        stop = undefined;
      };
      void call.cloud.sleep?.(timeoutMs(call)).then(() => {
        if (!stop) return;
        stop();
        controller.close();
      });
    },
    cancel: () => stop?.(),
  });
  return new Response(body, { headers: { "Content-Type": "application/json" } });

  /** One that begins to fit is added, one that ceases to is deleted. */
  function lineFor(event: WatchEvent): { type: string; object: JsonMap } | undefined {
    if (event.resource !== call.resource.name) return undefined;
    const was = event.before !== null && test(event.before);
    const is = event.type !== "DELETED" && test(event.object);
    if (is) return { type: was ? "MODIFIED" : "ADDED", object: event.object };
    return was ? { type: "DELETED", object: event.object } : undefined;
  }
}

const timeoutMs = (call: Call): number => {
  const asked = Number(call.query.get("timeoutSeconds") ?? 0) * 1000;
  return asked > 0 ? Math.min(asked, limits.watchMs) : limits.watchMs;
};
