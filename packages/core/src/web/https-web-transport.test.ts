import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createGuardedHttp } from "./guarded-http.ts";
import { createHttpsWebTransport } from "./https-web-transport.ts";
import { createAddressRule } from "./public-address.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const never = (): AbortSignal => new AbortController().signal;
const transport = createHttpsWebTransport();
const local = createGuardedHttp(transport, createAddressRule(["127.0.0.0/8", "::1/128"]));

describe("the guarded client on real sockets", () => {
  it("connects to the address that was checked, not to what the name resolves to", async () => {
    const port = await serve((request, response) => void response.end(`for ${request.headers.host}`));
    // A name that no resolver knows: only the given address can lead to the server.
    const url = new URL(`http://name.invalid:${port}/`);
    const answer = await transport.exchange(
      { url, addresses: ["127.0.0.1"], method: "GET", headers: {}, body: undefined, maxBytes: 1_000 },
      never(),
    );
    expect(answer).toMatchObject({ status: 200, body: `for name.invalid:${port}` });
  });

  it("does not reach a server on this machine unless it is allowed", async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const open = createGuardedHttp(transport, createAddressRule());
    const hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"];
    const replies = await Promise.all(hosts.map((host) => open({ url: `http://${host}:${port}/` })));
    expect(replies.map(({ kind }) => kind)).toEqual(hosts.map(() => "forbidden"));
    expect(asked).toBe(0);
    expect(await local({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ kind: "reply", status: 200 });
  });

  it("sends what it is given and gives back what comes", async () => {
    const port = await serve((request, response) => {
      void (async () => {
        const parts: Buffer[] = [];
        for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
        response.setHeader("X-Seen", `${request.method} ${request.headers["x-sent"]?.toString()}`);
        response.writeHead(202).end(Buffer.concat(parts));
      })();
    });
    const url = `http://127.0.0.1:${port}/hook`;
    expect(await local({ url, method: "POST", headers: { "x-sent": "yes" }, body: "süß" })).toMatchObject({
      kind: "reply",
      status: 202,
      headers: { "x-seen": "POST yes" },
      body: "süß",
    });
  });

  it("stops reading at the limit, whether or not the length is told", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/told") response.setHeader("Content-Length", 3_000);
      response.write("x".repeat(1_500));
      response.end("x".repeat(1_500));
    });
    for (const path of ["told", "untold"]) {
      expect(await local({ url: `http://127.0.0.1:${port}/${path}`, maxBytes: 2_000 })).toMatchObject({
        kind: "failed",
        reason: `127.0.0.1:${port} did not answer: the reply is longer than 2000 bytes`,
      });
    }
  });

  it("stops waiting at the limit, before and in the middle of a reply", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/middle") response.write("begin");
    });
    for (const path of ["silent", "middle"]) {
      expect(await local({ url: `http://127.0.0.1:${port}/${path}`, timeoutMs: 100 })).toMatchObject({
        kind: "failed",
        reason: `127.0.0.1:${port} did not answer within 100 ms`,
      });
    }
  });

  it("says so when nobody listens", async () => {
    const port = await serve(() => undefined);
    for (const close of closers.splice(0)) close();
    expect(await local({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});
