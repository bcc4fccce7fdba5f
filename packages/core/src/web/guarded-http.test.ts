import { describe, expect, it } from "vitest";
import { limits } from "../limits.ts";
import { createGuardedHttp } from "./guarded-http.ts";
import type { GuardedRequest } from "./guarded-http.ts";
import { HOSTILE_NAMES, HOSTILE_URLS } from "./hostile-urls.ts";
import { createAddressRule } from "./public-address.ts";
import type { WebAnswer, WebExchange, WebTransport } from "./web-transport.ts";

const PUBLIC = "93.184.216.34";

type Site = (exchange: WebExchange) => Partial<WebAnswer>;

interface World {
  readonly exchanges: WebExchange[];
  readonly resolved: string[];
  ask(request: string | GuardedRequest, signal?: AbortSignal): ReturnType<ReturnType<typeof createGuardedHttp>>;
}

/** A web where every name is public unless `names` says otherwise, and `site` answers whatever is asked. */
function createWorld({
  names = {},
  allow = [],
  site = () => ({}),
  resolve,
}: {
  names?: Readonly<Record<string, readonly string[]>>;
  allow?: readonly string[];
  site?: Site;
  resolve?: WebTransport["resolve"];
} = {}): World {
  const exchanges: WebExchange[] = [];
  const resolved: string[] = [];
  const transport: WebTransport = {
    deadline: () => new AbortController().signal,
    async resolve(host, signal) {
      resolved.push(host);
      return resolve ? await resolve(host, signal) : (names[host] ?? [PUBLIC]);
    },
    async exchange(exchange) {
      exchanges.push(exchange);
      return { status: 200, headers: {}, body: "hello", ...site(exchange) };
    },
  };
  const http = createGuardedHttp(transport, createAddressRule(allow));
  return {
    exchanges,
    resolved,
    ask: (request, signal) => http(typeof request === "string" ? { url: request } : request, signal),
  };
}

it("the table of hostile addresses is as long as it claims", () => {
  expect(new Set(HOSTILE_URLS).size).toBe(HOSTILE_URLS.length);
  expect(HOSTILE_URLS.length).toBeGreaterThanOrEqual(400);
});

describe("no request leaves for", () => {
  it.each(HOSTILE_URLS.map((url) => [url]))("%s", async (url) => {
    const world = createWorld({ names: HOSTILE_NAMES });
    expect(await world.ask(url)).toMatchObject({ kind: "forbidden" });
    expect(world.exchanges).toEqual([]);
  });

  it.each(HOSTILE_URLS.map((url) => [url]))("%s when a public host redirects there", async (location) => {
    const world = createWorld({
      names: HOSTILE_NAMES,
      site: ({ url }) => (url.pathname === "/start" ? { status: 302, headers: { location } } : {}),
    });
    await world.ask("http://start.example.com/start");
    // What is no address by itself is one relative to the host that redirects: that may be asked.
    expect(new Set(world.exchanges.map(({ url }) => url.host))).toEqual(new Set(["start.example.com"]));
  });
});

describe("a resolver that changes its answer", () => {
  it("is asked once: the connection goes to the addresses that were checked", async () => {
    let asked = 0;
    const world = createWorld({ resolve: async () => [(asked += 1) === 1 ? PUBLIC : "127.0.0.1"] });
    expect(await world.ask("http://rebind.example.com/")).toMatchObject({ kind: "reply" });
    expect(world.exchanges.map(({ addresses }) => addresses)).toEqual([[PUBLIC]]);
    expect(world.resolved).toEqual(["rebind.example.com"]);
  });

  it("is checked anew on a redirect to the same host", async () => {
    let asked = 0;
    const world = createWorld({
      resolve: async () => [(asked += 1) === 1 ? PUBLIC : "127.0.0.1"],
      site: () => ({ status: 307, headers: { location: "/again" } }),
    });
    expect(await world.ask("http://rebind.example.com/")).toMatchObject({ kind: "forbidden" });
    expect(world.exchanges).toHaveLength(1);
  });
});

describe("redirects", () => {
  it("are followed, relative ones too, and the last answer is given", async () => {
    const world = createWorld({
      site: ({ url }) =>
        url.pathname === "/a" ? { status: 301, headers: { location: "/b" } } : { status: 404, body: "gone" },
    });
    expect(await world.ask("https://example.com/a")).toMatchObject({ kind: "reply", status: 404, body: "gone" });
    expect(world.exchanges.map(({ url }) => url.href)).toEqual(["https://example.com/a", "https://example.com/b"]);
  });

  it("end: a host that redirects for ever is given up", async () => {
    const world = createWorld({ site: () => ({ status: 302, headers: { location: "/again" } }) });
    expect(await world.ask("http://example.com/")).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/redirects more than 3/),
    });
    expect(world.exchanges).toHaveLength(limits.web.redirects + 1);
  });

  it("to another host do not carry the headers along", async () => {
    const world = createWorld({
      site: ({ url }) =>
        url.host === "example.com" ? { status: 302, headers: { location: "https://other.example/" } } : {},
    });
    await world.ask({ url: "https://example.com/", headers: { authorization: "secret" } });
    expect(world.exchanges.map(({ headers }) => headers)).toEqual([{ authorization: "secret" }, {}]);
  });

  it("of a POST are not followed", async () => {
    const world = createWorld({ site: () => ({ status: 307, headers: { location: "https://other.example/" } }) });
    expect(await world.ask({ url: "https://example.com/", method: "POST", body: "{}" })).toMatchObject({ status: 307 });
    expect(world.exchanges).toHaveLength(1);
  });
});

describe("what the operator allows", () => {
  it("may be asked, whichever way it is written", async () => {
    const world = createWorld({ allow: ["10.0.0.0/8", "fd00::/8"], names: { inner: ["10.1.2.3"] } });
    const urls = ["10.0.0.1", "0xa000001", "[::ffff:10.0.0.1]", "[fd00::1]", "inner"].map((host) => `http://${host}/`);
    const replies = await Promise.all(urls.map((url) => world.ask(url)));
    expect(replies.map(({ kind }) => kind)).toEqual(urls.map(() => "reply"));
  });

  it("allows nothing else", async () => {
    const world = createWorld({ allow: ["10.0.0.0/8"] });
    expect(await world.ask("http://127.0.0.1/")).toMatchObject({ kind: "forbidden" });
  });

  it("is refused at the start when it is misspelled", () => {
    expect(() => createAddressRule(["10.0.0.0"])).toThrow('"10.0.0.0" is no network in CIDR form');
  });
});

it("only the schemes that the caller wants may be used", async () => {
  const world = createWorld();
  expect(await world.ask({ url: "http://example.com/", schemes: ["https"] })).toMatchObject({
    kind: "forbidden",
    reason: "its scheme is http; only https may be used",
  });
});

it.each(["https://example.com/", "http://8.8.8.8/", "http://[2606:4700::1111]:8080/a?b#c", "https://bücher.example/"])(
  "the public address %s is asked at what it resolves to",
  async (url) => {
    const world = createWorld();
    expect(await world.ask(url)).toMatchObject({ kind: "reply", status: 200, body: "hello" });
    expect(world.exchanges).toHaveLength(1);
  },
);

it("a host that has no address, or gives no answer, is told as failed", async () => {
  expect(await createWorld({ names: { "none.example": [] } }).ask("http://none.example/")).toMatchObject({
    kind: "failed",
    reason: "none.example did not answer: the host has no address",
  });
});
