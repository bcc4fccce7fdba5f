/** What the stand-ins for programs share: how they were called is noted, with what they learn. Run in a node's own root. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { Server as HttpServer } from "node:http";
import { createServer } from "node:https";
import type { RequestListener } from "node:http";
import type { TLSSocket } from "node:tls";
import type { IncomingMessage } from "node:http";

export const note = (text: string): void => appendFileSync("/run/calls", `${text}\n`);

/** Tells the stand-in for systemd, which waits for it. */
export function ready(): void {
  if (process.env["READY_FILE"]) writeFileSync(process.env["READY_FILE"], "");
}

export function give(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** `--name=value` and `--name`, which is true; a name given twice has its last value. */
export function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const word of words) {
    const [, name, value] = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? give(`${word} is no option`);
    options.set(name ?? "", value ?? "true");
  }
  return options;
}

export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** From files by their paths, which the program must be able to read by the user it runs as. */
export const identityOf = (ca: string, cert: string, key: string): Identity => ({
  ca: readFileSync(ca, "utf8"),
  cert: readFileSync(cert, "utf8"),
  key: readFileSync(key, "utf8"),
});

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks over TLS that both sides check. */
export function ask(
  url: string,
  identity: Identity,
  method = "GET",
  body = "",
  type = "application/json",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === "" ? {} : { "content-type": type };
    const asking = request(url, { ...identity, method, headers, timeout: 5000 }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

/** A server that answers whoever has a certificate of the same authority. */
export const serveMutually = (identity: Identity, listener: RequestListener): HttpServer =>
  createServer({ ...identity, requestCert: true, rejectUnauthorized: true }, listener);

/** The common name by which the caller is known. */
export const callerOf = (request: IncomingMessage): string =>
  String((request.socket as TLSSocket).getPeerCertificate().subject.CN);

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** Until it does not throw. */
export async function persist<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
