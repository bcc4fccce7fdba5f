/**
 * The guarded client, which fetches what users name: every hostile address, asked for straight and by a redirect, and
 * resolvers that answer otherwise from one time to the next, along chains of redirects. The cases one by one stand beside
 * the client (guarded-http.test.ts); here they are counted, and nothing inside is ever connected to.
 */
import { createGuardedHttp } from "@jeroboam/core/web/guarded-http";
import { HOSTILE_NAMES, HOSTILE_URLS } from "@jeroboam/core/web/hostile-urls";
import { createAddressRule } from "@jeroboam/core/web/public-address";
import type { WebExchange, WebTransport } from "@jeroboam/core/web/web-transport";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { tell } from "./report.ts";

const OUTSIDE = ["93.184.216.34", "8.8.8.8", "2606:4700::1111"];
const INSIDE = [
  "127.0.0.1",
  "10.0.0.1",
  "169.254.169.254",
  "fd12::1",
  "::ffff:10.1.2.3",
  "100.64.0.1",
  "0.0.0.0",
  "::1",
];
const counts = { straight: 0, redirected: 0, changing: 0, connections: 0 };

afterAll(() => {
  const { straight, redirected, changing, connections } = counts;
  tell(`addresses: ${straight} hostile URLs, ${redirected} redirects to them, ${changing} resolvers that change`);
  tell(`addresses: of ${connections} connections none went inside`);
});

/** The web of an attacker; tells each connection. */
function ask(url: string, web: Pick<WebTransport, "resolve"> & { location?: (exchange: WebExchange) => string }) {
  const connected: string[] = [];
  const transport: WebTransport = {
    deadline: () => new AbortController().signal,
    resolve: web.resolve,
    exchange(exchange) {
      connected.push(...exchange.addresses);
      counts.connections += 1;
      const location = web.location?.(exchange);
      const redirect = location === undefined ? { status: 200, headers: {} } : { status: 302, headers: { location } };
      return Promise.resolve({ ...redirect, body: "" });
    },
  };
  return createGuardedHttp(transport, createAddressRule())({ url }).then((reply) => ({ reply, connected }));
}

const namesOf = (host: string): Promise<readonly string[]> =>
  Promise.resolve(HOSTILE_NAMES[host] ?? [OUTSIDE[0] ?? ""]);

test("no hostile address is connected to, asked for straight or by a redirect", async () => {
  expect(HOSTILE_URLS.length).toBeGreaterThanOrEqual(200);
  for (const url of HOSTILE_URLS) {
    const straight = await ask(url, { resolve: namesOf });
    expect([url, straight.reply.kind, straight.connected]).toEqual([url, "forbidden", []]);
    counts.straight += 1;
    const location = (exchange: WebExchange): string => (exchange.url.pathname === "/start" ? url : "/start");
    const redirected = await ask("http://start.example.com/start", { resolve: namesOf, location });
    expect([url, redirected.connected.filter((address) => address !== OUTSIDE[0])]).toEqual([url, []]);
    counts.redirected += 1;
  }
});

test("whatever a resolver answers, and whenever, nothing inside is connected to", async () => {
  const answers = fc.array(fc.array(fc.constantFrom(...OUTSIDE, ...INSIDE), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(answers, fc.boolean(), async (script, redirects) => {
      let asked = 0;
      const { connected } = await ask("http://changes.example.com/", {
        resolve: () => Promise.resolve(script[Math.min(asked++, script.length - 1)] ?? []),
        ...(redirects && { location: () => "/again" }),
      });
      expect(connected.filter((address) => INSIDE.includes(address))).toEqual([]);
      counts.changing += 1;
    }),
    { numRuns: 500 },
  );
});
