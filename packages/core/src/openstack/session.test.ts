import { describe, expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { createKeystone } from "./keystone.ts";
import { scriptHttp } from "./scripted-http.ts";
import { catalogOf, issued, keystoneError, tokenBody } from "./scripted-keystone.ts";
import { createSessions } from "./session.ts";
import { factsOf, tokenBodySchema } from "./token.ts";

const TOKENS = "POST /v3/auth/tokens";
const startMs = Date.UTC(2026, 0, 1);

function setUp(script: Parameters<typeof scriptHttp>[0] = {}) {
  const time = { nowMs: startMs };
  const clock = { nowMs: () => time.nowMs };
  let count = 0;
  const http = scriptHttp({
    [TOKENS]: () => issued(`token-${++count}`, { expiresAtMs: time.nowMs + 3_600_000 }),
    "GET http://orchestration.test/stacks": { json: { stacks: [] } },
    ...script,
  });
  const ports = { http: http.fetch, clock };
  const keystone = createKeystone(ports, "http://keystone.test/v3");
  const sessions = createSessions(
    { ...ports, keystone },
    {
      credentials: { kind: "password", user: { name: "jeroboam", domain: { id: "default" } }, password: "pw" },
      project: { id: "service-project" },
    },
    { region: "RegionOne", interface: "public" },
  );
  const bodies = (): unknown[] =>
    http.requests.filter((one) => one.url.endsWith("/auth/tokens")).map((one) => one.json);
  return { time, http, sessions, bodies };
}

const listStacks = { method: "GET", path: "/stacks" } as const;

describe("a session", () => {
  test("asks for its token in its own scope and sends it to the service's endpoint", async () => {
    const { http, sessions, bodies } = setUp();
    const user = { name: "jeroboam", domain: { id: "default" }, password: "pw" };
    const identity = { methods: ["password"], password: { user } };
    for (const session of [sessions.service(), sessions.serviceIn("p-9"), sessions.trust("t-1")]) {
      expect(await session.request("orchestration", listStacks)).toMatchObject({ kind: "reply", status: 200 });
    }
    expect(bodies()).toEqual([
      { auth: { identity, scope: { project: { id: "service-project" } } } },
      { auth: { identity, scope: { project: { id: "p-9" } } } },
      { auth: { identity, scope: { "OS-TRUST:trust": { id: "t-1" } } } },
    ]);
    const sent = http.requests.filter((one) => one.url.includes("orchestration"));
    expect(sent.map((one) => one.headers?.["x-auth-token"])).toEqual(["token-1", "token-2", "token-3"]);
  });

  test("uses a trust's token for a minute, so that a trust which has ended is noticed", async () => {
    const { time, sessions, bodies } = setUp();
    const session = sessions.trust("t-1");
    await session.open();
    time.nowMs += 59_000;
    await session.open();
    expect(bodies()).toHaveLength(1);
    time.nowMs += 1_000;
    expect(await session.open()).toMatchObject({ token: "token-2" });
    await sessions.service().open();
    time.nowMs += 60_000;
    await sessions.service().open();
    expect(bodies()).toHaveLength(3);
  });

  test("encodes the query and leaves out what is undefined", async () => {
    const { http, sessions } = setUp({ "GET /stacks": { json: {} } });
    const query = { name: "a b&c", limit: 5, marker: undefined, deep: true };
    await sessions.service().request("orchestration", { ...listStacks, query });
    expect(http.lines().at(-1)).toBe("GET /stacks?name=a+b%26c&limit=5&deep=true");
  });

  test("keeps its token until shortly before it expires, for all sessions of the process", async () => {
    const { time, sessions, bodies } = setUp();
    await Promise.all([1, 2, 3].map(() => sessions.service().request("orchestration", listStacks)));
    time.nowMs += 3_600_000 - 120_001;
    await sessions.service().request("orchestration", listStacks);
    expect(bodies()).toHaveLength(1);
    time.nowMs += 1;
    await sessions.service().request("orchestration", listStacks);
    expect(bodies()).toHaveLength(2);
  });

  test("gets a fresh token once when a service no longer accepts the one it has", async () => {
    const seen: (string | undefined)[] = [];
    const { sessions } = setUp({
      "GET http://orchestration.test/stacks": ({ headers }) => {
        seen.push(headers?.["x-auth-token"]);
        return headers?.["x-auth-token"] === "token-1" ? { status: 401 } : { json: {} };
      },
    });
    expect(await sessions.service().request("orchestration", listStacks)).toMatchObject({ status: 200 });
    await sessions.service().request("orchestration", listStacks);
    expect(seen).toEqual(["token-1", "token-2", "token-2"]);
  });

  test("hands over a second 401 instead of trying for ever", async () => {
    const { http, sessions } = setUp({ "GET http://orchestration.test/stacks": { status: 401 } });
    expect(await sessions.service().request("orchestration", listStacks)).toMatchObject({ kind: "reply", status: 401 });
    expect(http.requests).toHaveLength(4);
  });

  test("that is refused a token says so, and asks again the next time", async () => {
    const { http, sessions } = setUp({ [TOKENS]: keystoneError(404, "Could not find trust: t-1.") });
    const refused = { kind: "refused", cause: "unauthorized", reason: "identity refused: Could not find trust: t-1." };
    expect(await sessions.trust("t-1").request("orchestration", listStacks)).toEqual(refused);
    http.answer({ [TOKENS]: issued("late") });
    expect(await sessions.trust("t-1").open()).toMatchObject({ kind: "issued", token: "late" });
  });

  test("throws what may pass, with the time the service asks for", async () => {
    const { sessions, http } = setUp({
      "GET http://orchestration.test/stacks": { status: 503, headers: { "retry-after": "3" }, text: "down" },
    });
    const asked = sessions.service().request("orchestration", listStacks);
    await expect(asked).rejects.toThrow(Transient);
    await expect(asked).rejects.toMatchObject({ retryAfterMs: 3_000, message: "orchestration answered 503: down" });
    http.answer({ [TOKENS]: { status: 500, text: "oops" } });
    await expect(sessions.serviceIn("x").open()).rejects.toThrow("identity answered 500: oops");
  });

  test("tells which service the catalog does not have where", async () => {
    const { sessions } = setUp({ [TOKENS]: issued("t", { catalog: catalogOf("compute") }) });
    expect(await sessions.service().request("orchestration", listStacks)).toMatchObject({
      kind: "refused",
      cause: "unavailable",
      reason: "the cloud's catalog has no orchestration service",
    });
    expect(await sessions.service().endpoint("compute")).toEqual({ kind: "found", url: "http://compute.test" });
    expect(await sessions.service().endpoint("identity")).toEqual({ kind: "found", url: "http://keystone.test/v3" });
  });

  test("by a caller's token uses that token alone", async () => {
    const { http, sessions } = setUp({ "GET http://orchestration.test/stacks": { status: 401 } });
    const caller = sessions.caller("theirs", factsOf(tokenBodySchema.parse(tokenBody())));
    expect(await caller.request("orchestration", listStacks)).toMatchObject({ status: 401 });
    expect(http.requests).toHaveLength(1);
    expect(http.requests[0]?.headers?.["x-auth-token"]).toBe("theirs");
  });

  test("of another user logs in by that user's password and keeps its token to itself", async () => {
    const { sessions, bodies } = setUp();
    const credentials = { kind: "password", user: { id: "bay-user" }, password: "theirs" } as const;
    const session = sessions.user(credentials, { kind: "own" });
    await session.request("orchestration", listStacks);
    await session.request("orchestration", listStacks);
    const identity = { methods: ["password"], password: { user: { id: "bay-user", password: "theirs" } } };
    expect(bodies()).toEqual([{ auth: { identity } }]);
  });
});
