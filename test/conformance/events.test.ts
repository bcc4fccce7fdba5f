/** /v1/events: a project's events as pages by cursor and as server-sent events, and nobody else's. */
import { createApp } from "@jeroboam/api/app";
import { TOKENS } from "@jeroboam/api/testing/fake-ports";
import { bayShape } from "@jeroboam/core/bay/bay";
import { recordHistory } from "@jeroboam/core/event/event-history";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { newRecord } from "@jeroboam/core/operation/record-store";
import { beforeEach, describe, expect, test } from "vitest";
import { newBay } from "../simulated/bays.ts";
import type { Harness } from "./api-harness.ts";
import { createHarness, expectRefusal, textIn } from "./api-harness.ts";

const BAY = "11111111-1111-4111-8111-111111111111";
const OTHER_BAY = "22222222-2222-4222-8222-222222222222";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});

/** Tells an event as a conductor does. */
async function tell(id: string, type: string, { projectId = "a", uuid = BAY } = {}): Promise<void> {
  const { ports } = harness;
  ports.clock.advance(10);
  const atMs = ports.clock.nowMs();
  const record = newRecord({ pk: `bay#${uuid}`, sk: `${projectId}#bay` }, newBay({ uuid, projectId }));
  await recordHistory(ports.table, eventSource(bayShape, record), [{ id, type, atMs, data: {} }], atMs);
}

async function read(query = "", as: keyof typeof TOKENS = "memberA") {
  const { status, body } = await harness.call("GET", `/v1/events${query}`, { as });
  expect(status).toBe(200);
  const events = body["events"] as JsonObject[];
  return { ids: events.map((event) => event["id"]), events, cursor: textIn(body, "cursor"), body };
}

describe("the stream of a project's events", () => {
  test("tells each event once, in the order in which they were told, from cursor to cursor", async () => {
    for (let at = 1; at <= 5; at += 1) await tell(`e${at}`, "bay.create.step");
    harness.ports.clock.advance(10_000);
    const seen: unknown[] = [];
    let cursor = "";
    for (let page = 0; page < 4; page += 1) {
      const { ids, cursor: next } = await read(`?limit=2${cursor && `&since=${cursor}`}`);
      seen.push(ids);
      cursor = next;
    }
    expect(seen).toEqual([["e1", "e2"], ["e3", "e4"], ["e5"], []]);
    await tell("e6", "bay.create.end");
    harness.ports.clock.advance(10_000);
    expect((await read(`?since=${cursor}`)).ids).toEqual(["e6"]);
  });

  test("an event says what it is about, and how the record stood", async () => {
    await tell("e1", "bay.create.end");
    harness.ports.clock.advance(10_000);
    expect((await read()).events).toEqual([
      {
        id: "e1",
        type: "bay.create.end",
        time: "2026-01-02T03:04:05.010000+00:00",
        sequence: null,
        order: null,
        subject: `bay/${BAY}`,
        bay_uuid: BAY,
        data: { bay: expect.objectContaining({ uuid: BAY, status: "CREATE_IN_PROGRESS", node_count: 1 }) as unknown },
      },
    ]);
  });

  test("what was told just now is held back until nothing can come before it", async () => {
    await tell("e1", "bay.create.end");
    const first = await read();
    expect(first.ids).toEqual([]);
    harness.ports.clock.advance(2_000);
    expect((await read(`?since=${first.cursor}`)).ids).toEqual(["e1"]);
  });

  test("another project's events are not in it", async () => {
    await tell("mine", "bay.create.end");
    await tell("theirs", "bay.create.end", { projectId: "b", uuid: OTHER_BAY });
    harness.ports.clock.advance(10_000);
    const own = await read();
    expect(own.ids).toEqual(["mine"]);
    // A cursor names a place, not a project.
    expect((await read(`?since=${own.cursor}`, "memberB")).ids).toEqual(["theirs"]);
  });

  test("is filtered by types and by a bay, and may begin at a time", async () => {
    await tell("e1", "bay.create.end");
    await tell("e2", "bay.delete.end");
    await tell("e3", "bay.create.start", { uuid: OTHER_BAY });
    harness.ports.clock.advance(10_000);
    expect((await read("?type=bay.create.*")).ids).toEqual(["e1", "e3"]);
    expect((await read("?type=bay.delete.end,bay.create.start")).ids).toEqual(["e2", "e3"]);
    expect((await read(`?bay=${OTHER_BAY}`)).ids).toEqual(["e3"]);
    expect((await read("?since=2026-01-02T03:04:05.020Z")).ids).toEqual(["e2", "e3"]);
  });

  test.each([
    ["?since=yesterday", "since"],
    ["?since=W10", "since"],
    ["?type=%27", "type"],
    ["?bay=blue", "bay"],
    ["?limit=0", "limit"],
    ["?marker=x", "marker"],
  ])("%s is refused", async (query, says) => {
    await expectRefusal(harness, 400, says, "GET", `/v1/events${query}`);
  });
});

describe("as server-sent events", () => {
  const headers = { accept: "text/event-stream", "x-auth-token": TOKENS.memberA };

  test("where no reply can be kept open: what there is, and the cursors to come again by", async () => {
    await tell("e1", "bay.create.end");
    await tell("e2", "bay.delete.end");
    harness.ports.clock.advance(10_000);
    const app = createApp(harness.ports);
    const answer = await app.request("/v1/events", { headers });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const text = await answer.text();
    expect(text.match(/^event: .*/gm)).toEqual(["event: bay.create.end", "event: bay.delete.end"]);
    const [first = ""] = [...text.matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id);
    const again = await app.request("/v1/events", { headers: { ...headers, "last-event-id": first } });
    expect((await again.text()).match(/^event: .*/gm)).toEqual(["event: bay.delete.end"]);
  });

  test("where it can: events that come later, until the reader goes", async () => {
    let looks = 0;
    const pause = async (ms: number): Promise<void> => {
      looks += 1;
      harness.ports.clock.advance(ms);
      if (looks === 2) await tell("late", "bay.create.end");
    };
    const app = createApp({ ...harness.ports, pause });
    const answer = await app.request("/v1/events", { headers });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) throw new Error("there is no stream");
    let text = "";
    while (!text.includes("late")) text += (await reader.read()).value ?? "";
    await reader.cancel();
    expect(text).toContain("event: bay.create.end");
  });

  test("a stream ends by itself after a while", async () => {
    const pause = (): Promise<void> => Promise.resolve(harness.ports.clock.advance(60_000));
    const app = createApp({ ...harness.ports, pause });
    expect(await (await app.request("/v1/events", { headers })).text()).toBe("retry: 2000\n\n");
  });

  test("no process keeps more of them open than the limit: who comes beyond it has one page, until others have gone", async () => {
    const { promise: isWaiting, resolve: waits } = Promise.withResolvers<boolean>();
    const pause = (_ms: number, signal: AbortSignal): Promise<void> => {
      waits(true);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    const app = createApp({ ...harness.ports, pause });
    const open = async () => {
      const body = (await app.request("/v1/events", { headers })).body;
      if (!body) throw new Error("there is no stream");
      return body.getReader();
    };
    const readers = [];
    for (let index = 0; index < limits.event.streams; index += 1) readers.push(await open());
    // The whole of it: it has ended by itself.
    const whole = async () => (await app.request("/v1/events", { headers })).text();
    expect(await whole()).toBe("retry: 2000\n\n");
    await readers.pop()?.cancel();
    const next = await open();
    readers.push(next);
    await next.read();
    expect(await isWaiting).toBe(true);
    expect(await whole()).toBe("retry: 2000\n\n");
    await Promise.all(readers.map((reader) => reader.cancel()));
  });

  test("every other route still refuses who takes nothing else", async () => {
    const app = createApp(harness.ports);
    expect((await app.request("/v1/bays", { headers })).status).toBe(406);
  });
});
