import { createServer as createPlainServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createSocketServer } from "node:net";
import type { Server } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EngineEndpoint, EngineRequest } from "./engine-http.ts";
import { createHttpsEngineHttp } from "./https-engine-http.ts";
import { createTestAuthority } from "./test-certificates.ts";
import type { TestAuthority, TestCertificate } from "./test-certificates.ts";

let bay: TestAuthority;
let other: TestAuthority;
let conductor: TestCertificate;
beforeAll(async () => {
  bay = await createTestAuthority();
  other = await createTestAuthority("another bay");
  conductor = await bay.issueClient("Magnum-Conductor");
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    if ("closeAllConnections" in server) (server as ReturnType<typeof createPlainServer>).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An engine that asks for a certificate of the bay's authority. */
async function serve(certificate: TestCertificate, listener: RequestListener): Promise<string> {
  const options = {
    cert: certificate.certificate,
    key: certificate.privateKey,
    ca: bay.certificate,
    requestCert: true,
  };
  return `https://127.0.0.1:${await portOf(createServer(options, listener))}`;
}

const endpointAt = (url: string, more: Partial<EngineEndpoint> = {}): EngineEndpoint => ({
  url,
  authority: bay.certificate,
  client: conductor,
  ...more,
});

const get = (path: string, more: Partial<EngineRequest> = {}): EngineRequest => ({
  method: "GET",
  path,
  timeoutMs: 5_000,
  maxBytes: 10_000,
  ...more,
});

const hello: RequestListener = (request, response) => void response.end(`hello ${request.url}`);

const textOf = (body: Uint8Array): string => Buffer.from(body).toString();

describe("an engine of the bay", () => {
  it("answers, and sees who asks", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), (request, response) => {
      const { subject } = (
        request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate();
      response.writeHead(201, { "X-Path": request.url ?? "" }).end(subject.CN);
    });
    const reply = await createHttpsEngineHttp()(endpointAt(url), get("/api/v1/pods?limit=1"));
    expect(reply).toMatchObject({
      kind: "reply",
      status: 201,
      headers: { "x-path": "/api/v1/pods?limit=1" },
      isCut: false,
    });
    expect(reply.kind === "reply" && textOf(reply.body)).toBe("Magnum-Conductor");
  });

  it("without TLS is spoken to in plain HTTP", async () => {
    const url = `http://127.0.0.1:${await portOf(createPlainServer(hello))}`;
    const reply = await createHttpsEngineHttp()({ url, authority: null, client: null }, get("/ping"));
    expect(reply).toMatchObject({ kind: "reply", status: 200 });
  });

  it("keeps its connection for the next request", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve(await bay.issueServer(["127.0.0.1"]), (request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    const http = createHttpsEngineHttp();
    for (let round = 0; round < 5; round += 1) await http(endpointAt(url), get("/"));
    expect(ports.size).toBe(1);
  });

  it("that has closed the kept connection is read again by a new one", async () => {
    let asked = 0;
    const url = await serve(await bay.issueServer(["127.0.0.1"]), (request, response) => {
      asked += 1;
      // The second request comes on the kept connection, which breaks.
      if (asked === 2) request.socket.destroy();
      else response.end("hello");
    });
    const http = createHttpsEngineHttp();
    expect(await http(endpointAt(url), get("/"))).toMatchObject({ kind: "reply" });
    expect(await http(endpointAt(url), get("/"))).toMatchObject({ kind: "reply" });
    expect(asked).toBe(3);
  });

  it("redirects nobody: its redirect is an answer like others", async () => {
    const url = await serve(
      await bay.issueServer(["127.0.0.1"]),
      (_, response) => void response.writeHead(307, { Location: "http://169.254.169.254/" }).end(),
    );
    expect(await createHttpsEngineHttp()(endpointAt(url), get("/"))).toMatchObject({ kind: "reply", status: 307 });
  });

  it("that answers at length is cut off, or not read at all", async () => {
    const url = await serve(
      await bay.issueServer(["127.0.0.1"]),
      (_, response) => void response.end("x".repeat(50_000)),
    );
    const http = createHttpsEngineHttp();
    const cut = await http(endpointAt(url), get("/", { whenLonger: "cut" }));
    expect(cut).toMatchObject({ kind: "reply", isCut: true });
    expect(cut.kind === "reply" && cut.body.length).toBe(10_000);
    expect(await http(endpointAt(url), get("/"))).toMatchObject({ kind: "unreachable", cause: "broken" });
  });
});

describe("is unreachable, and says why", () => {
  const ask = (endpoint: EngineEndpoint, more: Partial<EngineRequest> = {}) =>
    createHttpsEngineHttp()(endpoint, get("/", more));

  it("an engine with a certificate of another authority", async () => {
    const url = await serve(await other.issueServer(["127.0.0.1"]), hello);
    expect(await ask(endpointAt(url))).toMatchObject({
      kind: "unreachable",
      cause: "certificate",
      reason: expect.stringContaining("its certificate is not of the bay's authority"),
    });
  });

  it("an engine with a certificate for another address", async () => {
    const url = await serve(await bay.issueServer(["10.0.0.9"]), hello);
    expect(await ask(endpointAt(url))).toMatchObject({
      cause: "certificate",
      reason: expect.stringContaining("its certificate is for another address"),
    });
  });

  it("an engine whose certificate has expired", async () => {
    const past = { notAfter: new Date("2020-06-01") };
    const url = await serve(await bay.issueServer(["127.0.0.1"], past), hello);
    expect(await ask(endpointAt(url))).toMatchObject({
      cause: "certificate",
      reason: expect.stringContaining("its certificate has expired"),
    });
  });

  it("somebody with a client's certificate of the bay who plays the engine", async () => {
    const url = await serve(await bay.issueClient("a user"), hello);
    expect(await ask(endpointAt(url))).toMatchObject({ cause: "certificate" });
  });

  it("an engine that wants a certificate of ours and is shown none", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), hello);
    expect(await ask(endpointAt(url, { client: null }))).toMatchObject({
      cause: "certificate",
      reason: expect.stringContaining("it does not accept the certificate of this service"),
    });
  });

  it("an engine without an authority to check it by", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), hello);
    expect(await ask(endpointAt(url, { authority: null }))).toMatchObject({ cause: "certificate" });
  });

  it("an engine that is not there", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), hello);
    for (const close of closers.splice(0)) close();
    expect(await ask(endpointAt(url))).toMatchObject({
      cause: "down",
      reason: `${new URL(url).host} cannot be reached (ECONNREFUSED)`,
    });
  });

  it("an engine that hangs up", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), (request) => void request.socket.destroy());
    expect(await ask(endpointAt(url))).toMatchObject({ cause: "down" });
  });

  it("an engine that does not answer, or not to its end", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), (request, response) => {
      if (request.method === "DELETE") response.write("begin");
    });
    for (const method of ["GET", "DELETE"] as const) {
      expect(await ask(endpointAt(url), { method, timeoutMs: 150 })).toMatchObject({
        cause: "slow",
        reason: `${new URL(url).host} did not answer within 150 ms`,
      });
    }
  });

  it("an engine that is not waited for", async () => {
    const url = await serve(await bay.issueServer(["127.0.0.1"]), () => undefined);
    const giveUp = AbortSignal.abort();
    expect(await ask(endpointAt(url), { signal: giveUp })).toMatchObject({ cause: "slow" });
  });

  it("something that speaks no TLS, or no HTTP", async () => {
    const plain = `https://127.0.0.1:${await portOf(createPlainServer(hello))}`;
    expect(await ask(endpointAt(plain))).toMatchObject({ kind: "unreachable", cause: "broken" });
    const babble = createSocketServer((socket) => void socket.end("SSH-2.0-OpenSSH\r\n"));
    const url = `http://127.0.0.1:${await portOf(babble)}`;
    expect(await ask(endpointAt(url))).toMatchObject({ kind: "unreachable", cause: "broken" });
  });
});
