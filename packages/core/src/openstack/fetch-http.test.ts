import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { createFetchHttp } from "./fetch-http.ts";

/** A CA of our own with a certificate for localhost and one for a client, made by openssl. */
function makeCertificates(folder: string): void {
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test ca", "-days", "2");
  openssl("req", "-x509", ...curve, "-keyout", "other.key", "-out", "other.pem", "-subj", "/CN=other", "-days", "2");
  writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  for (const name of ["server", "client"]) {
    openssl("req", "-new", ...curve, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const sign = ["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(...sign, "-out", `${name}.pem`, "-days", "2", "-extfile", "names");
  }
}

const folder = mkdtempSync(join(tmpdir(), "fetch-http-"));
const pem = (name: string): string => readFileSync(join(folder, name), "utf8");
const servers: http.Server[] = [];

async function listen(server: http.Server, scheme: "http" | "https"): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `${scheme}://localhost:${(server.address() as AddressInfo).port}`;
}

beforeAll(() => makeCertificates(folder));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const timeoutMs = 5_000;

describe("over TLS with a private authority", () => {
  const serve = (options: https.ServerOptions = {}): Promise<string> =>
    listen(
      https.createServer({ cert: pem("server.pem"), key: pem("server.key"), ...options }, (request, response) => {
        const socket = request.socket as TLSSocket;
        const name: unknown = socket.getPeerCertificate().subject?.CN;
        response.end(`hello ${typeof name === "string" ? name : "nobody"}`);
      }),
      "https",
    );

  test("answers when the authority is among those given, whichever text holds it", async () => {
    const url = await serve();
    const bundle = `${pem("other.pem")}\n${pem("ca.pem")}`;
    for (const authorities of [[pem("ca.pem")], [pem("other.pem"), pem("ca.pem")], [bundle]]) {
      const reply = await createFetchHttp({ authorities })({ method: "GET", url }, { timeoutMs });
      expect(reply).toMatchObject({ status: 200, body: "hello nobody" });
    }
  });

  test("refuses a server whose authority is not given", async () => {
    const url = await serve();
    for (const options of [{}, { authorities: [pem("other.pem")] }]) {
      const asked = createFetchHttp(options)({ method: "GET", url }, { timeoutMs });
      await expect(asked).rejects.toThrow(Transient);
      await expect(asked).rejects.toThrow(/certificate/);
    }
  });

  test("accepts any certificate only when told not to verify", async () => {
    const url = await serve();
    const reply = await createFetchHttp({ verify: false })({ method: "GET", url }, { timeoutMs });
    expect(reply.status).toBe(200);
  });

  test("shows a client certificate to a server that asks for one", async () => {
    const url = await serve({ requestCert: true, rejectUnauthorized: true, ca: pem("ca.pem") });
    const authorities = [pem("ca.pem")];
    const clientCertificate = { certificate: pem("client.pem"), key: pem("client.key") };
    const reply = await createFetchHttp({ authorities, clientCertificate })({ method: "GET", url }, { timeoutMs });
    expect(reply.body).toBe("hello client");
    await expect(createFetchHttp({ authorities })({ method: "GET", url }, { timeoutMs })).rejects.toThrow(Transient);
  });
});

describe("over plain HTTP", () => {
  const serve = (handler: http.RequestListener): Promise<string> => listen(http.createServer(handler), "http");

  test("sends JSON with its length and returns status, headers in lower case and body, redirects included", async () => {
    const seen: { headers: http.IncomingHttpHeaders; body: string }[] = [];
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(302, { Location: "http://elsewhere.invalid/", "X-Mixed-Case": "kept" }).end("moved");
      });
    });
    const json = { name: "größe" };
    const reply = await createFetchHttp()({ method: "POST", url, json, headers: { "x-own": "1" } }, { timeoutMs });
    expect(reply).toMatchObject({
      status: 302,
      headers: { location: "http://elsewhere.invalid/", "x-mixed-case": "kept" },
      body: "moved",
    });
    expect(seen).toHaveLength(1);
    expect(JSON.parse(seen[0]!.body)).toEqual(json);
    expect(seen[0]!.headers).toMatchObject({
      "content-type": "application/json",
      "x-own": "1",
      "content-length": "18",
    });
  });

  test("keeps one connection for calls that follow each other", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    const fetch = createFetchHttp();
    for (let call = 0; call < 5; call++) await fetch({ method: "GET", url }, { timeoutMs });
    expect(ports.size).toBe(1);
  });

  test("ends at its timeout, whether the head or the body is missing", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/half") response.write("half of it");
    });
    for (const path of ["/never", "/half"]) {
      const asked = createFetchHttp()({ method: "GET", url: `${url}${path}?secret=1` }, { timeoutMs: 50 });
      await expect(asked).rejects.toThrow(Transient);
      await expect(asked).rejects.toThrow(new RegExp(`^GET localhost:\\d+${path}: no reply within 50 ms$`));
    }
  });

  test("ends when its caller gives up", async () => {
    const url = await serve(() => undefined);
    const abort = new AbortController();
    const asked = createFetchHttp()({ method: "GET", url }, { timeoutMs, signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toThrow(/given up by the caller/);
  });

  test("reads no more of a body than its limit", async () => {
    let sent = 0;
    const url = await serve((_request, response) => {
      const flood = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1_024))) sent += 1_024;
        if (!response.destroyed) response.once("drain", flood);
      };
      flood();
    });
    const asked = createFetchHttp({ maxResponseBytes: 10_000 })({ method: "GET", url }, { timeoutMs });
    await expect(asked).rejects.toThrow(/larger than 10000 bytes/);
    expect(sent).toBeLessThan(10_000_000);
  });

  test("repeats a read whose connection broke, never a call that may have been done", async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(request.method ?? "");
      if (seen.length === 1) request.socket.destroy();
      else response.end("second");
    });
    const fetch = createFetchHttp();
    expect((await fetch({ method: "GET", url }, { timeoutMs })).body).toBe("second");
    seen.length = 0;
    await expect(fetch({ method: "POST", url, json: {} }, { timeoutMs })).rejects.toThrow(Transient);
    expect(seen).toEqual(["POST"]);
  });

  test("gives up repeating after two more tries", async () => {
    let count = 0;
    const url = await serve((request) => {
      count++;
      request.socket.destroy();
    });
    await expect(createFetchHttp()({ method: "GET", url }, { timeoutMs })).rejects.toThrow(/ECONNRESET/);
    expect(count).toBe(3);
  });

  test("tells a refused connection and a bad address as transient", async () => {
    const server = http.createServer();
    const url = await listen(server, "http");
    await new Promise((resolve) => server.close(resolve));
    const fetch = createFetchHttp();
    await expect(fetch({ method: "GET", url }, { timeoutMs })).rejects.toThrow(/ECONNREFUSED/);
    await expect(fetch({ method: "GET", url: "ftp://x/" }, { timeoutMs })).rejects.toThrow(Transient);
    await expect(fetch({ method: "GET", url: "http://user:pw@x/" }, { timeoutMs })).rejects.not.toThrow(/pw/);
  });
});
