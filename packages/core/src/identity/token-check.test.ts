import { describe, expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createKeystone } from "../openstack/keystone.ts";
import { scriptHttp } from "../openstack/scripted-http.ts";
import { issued, keystoneError, tokenBody } from "../openstack/scripted-keystone.ts";
import { createSessions } from "../openstack/session.ts";
import { createTokenCheck } from "./token-check.ts";

const ISSUE = "POST /v3/auth/tokens";
const CHECK = "GET /v3/auth/tokens";
const startMs = Date.UTC(2026, 0, 1);

function setUp(script: Parameters<typeof scriptHttp>[0] = {}) {
  const time = { nowMs: startMs };
  const clock = { nowMs: () => time.nowMs };
  const lines: { event: string; facts: unknown }[] = [];
  const log = { write: (_level: string, event: string, facts?: unknown) => void lines.push({ event, facts }) };
  const http = scriptHttp({
    [ISSUE]: () => issued("own", { expiresAtMs: time.nowMs + 3_600_000 }),
    [CHECK]: { json: tokenBody({ expiresAtMs: startMs + 3_600_000 }) },
    ...script,
  });
  const ports = { http: http.fetch, clock };
  const keystone = createKeystone(ports, "http://k/v3");
  const credentials = { kind: "password", user: { id: "service" }, password: "pw" } as const;
  const sessions = createSessions({ ...ports, keystone }, { credentials }, { interface: "public" });
  const check = createTokenCheck({ clock, log, session: sessions.service() });
  const questions = () => http.lines().filter((line) => line === CHECK).length;
  return { time, http, check, questions, lines };
}

describe("a token that Keystone knows", () => {
  test("tells who calls, by names and ids", async () => {
    const { check } = setUp();
    expect(await check("theirs")).toMatchObject({
      kind: "valid",
      caller: {
        userId: "user-1",
        userDomainId: "default",
        projectId: "project-1",
        roles: ["member", "reader"],
        isSystemScoped: false,
        token: "theirs",
      },
    });
  });

  test("is asked about once a minute, however many requests come with it", async () => {
    const { time, check, questions } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => check("theirs")));
    time.nowMs += 59_999;
    await check("theirs");
    expect(questions()).toBe(1);
    time.nowMs += 1;
    await check("theirs");
    expect(questions()).toBe(2);
  });

  test("is never believed past its expiry", async () => {
    const { time, http, check } = setUp({ [CHECK]: { json: tokenBody({ expiresAtMs: startMs + 10_000 }) } });
    await check("theirs");
    http.answer({ [CHECK]: keystoneError(404, "no") });
    time.nowMs += 9_999;
    expect(await check("theirs")).toMatchObject({ kind: "valid" });
    time.nowMs += 1;
    expect(await check("theirs")).toEqual({ kind: "refused" });
  });

  test("is never taken for another, however alike they are", async () => {
    const { check } = setUp({
      [CHECK]: ({ headers }) =>
        headers?.["x-subject-token"] === "token-a" ? { json: tokenBody() } : keystoneError(404, "no"),
    });
    expect(await check("token-a")).toMatchObject({ kind: "valid" });
    for (const token of ["token-", "token-aa", "TOKEN-A", "token-b"]) {
      expect(await check(token)).toEqual({ kind: "refused" });
    }
  });
});

test("no more tokens are remembered than the limit: the one used longest ago is asked about again", async () => {
  const { check, questions } = setUp();
  const { tokenCacheEntries } = limits.identity;
  await check("first");
  for (let index = 1; index < tokenCacheEntries; index += 1) await check(`token-${index}`);
  await check("first");
  expect(questions()).toBe(tokenCacheEntries);
  await check("one-more");
  await check("first");
  expect(questions()).toBe(tokenCacheEntries + 1);
  await check("token-1");
  expect(questions()).toBe(tokenCacheEntries + 2);
});

describe("a token that Keystone does not know", () => {
  test("is refused, and not asked about again for a few seconds", async () => {
    const { time, check, questions } = setUp({ [CHECK]: keystoneError(404, "no") });
    expect(await check("bad")).toEqual({ kind: "refused" });
    time.nowMs += 4_999;
    await check("bad");
    expect(questions()).toBe(1);
    time.nowMs += 1;
    await check("bad");
    expect(questions()).toBe(2);
  });

  test("is refused unasked when it cannot be one", async () => {
    const { http, check } = setUp();
    for (const token of ["", "a b", "a\nb", "größe", "x".repeat(16_385)]) {
      expect(await check(token)).toEqual({ kind: "refused" });
    }
    expect(http.requests).toHaveLength(0);
  });
});

describe("while Keystone does not answer", () => {
  const down = { [CHECK]: { status: 503, headers: { "retry-after": "7" }, text: "down" } };

  test("callers checked just before go on, others are told when to come back", async () => {
    const { http, check, lines } = setUp();
    await check("known");
    http.answer(down);
    expect(await check("known")).toMatchObject({ kind: "valid" });
    expect(await check("new")).toEqual({ kind: "unavailable", retryAfterMs: 7_000 });
    expect(lines).toEqual([{ event: "identity.unavailable", facts: { reason: "identity answered 503: down" } }]);
  });

  test("nothing is kept of it: the next request asks again", async () => {
    const { http, check } = setUp({
      [CHECK]: () => {
        throw new Transient("no reply");
      },
    });
    expect(await check("new")).toEqual({ kind: "unavailable", retryAfterMs: 5_000 });
    http.answer({ [CHECK]: { json: tokenBody() } });
    expect(await check("new")).toMatchObject({ kind: "valid" });
  });
});

describe("when our own token is not accepted", () => {
  test("a fresh one is used", async () => {
    let count = 0;
    const { check } = setUp({
      [ISSUE]: () => issued(`own-${++count}`),
      [CHECK]: ({ headers }) =>
        headers?.["x-auth-token"] === "own-1" ? keystoneError(401, "stale") : { json: tokenBody() },
    });
    expect(await check("theirs")).toMatchObject({ kind: "valid" });
  });

  test("and we get none, nobody is let in and the log says why", async () => {
    const { check, lines } = setUp({ [ISSUE]: keystoneError(401, "wrong password") });
    expect(await check("theirs")).toEqual({ kind: "unavailable", retryAfterMs: 5_000 });
    const facts = { cause: "unauthorized", reason: "identity refused: wrong password" };
    expect(lines).toEqual([{ event: "identity.token-check-refused", facts }]);
  });
});

test("no token is ever in a log line", async () => {
  const { check, lines } = setUp({ [CHECK]: keystoneError(403, "not allowed") });
  await check("canary-token");
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain("canary");
});
