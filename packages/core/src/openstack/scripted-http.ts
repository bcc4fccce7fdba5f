/**
 * The HTTP port's fake for tests: answers by method and path, keeps what it was asked. A request that nothing in the
 * script fits is a fault of the test and says so.
 */
import type { HttpFetch, HttpReply, HttpRequest } from "./http.ts";

export interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly text?: string;
}

type Answer = ScriptedReply | ((request: HttpRequest, url: URL) => ScriptedReply | Promise<ScriptedReply>);

export interface ScriptedHttp {
  readonly fetch: HttpFetch;
  readonly requests: HttpRequest[];
  /** "GET /v3/auth/tokens" for each request so far, queries included. */
  lines(): string[];
  /** Puts answers before those given so far. */
  answer(script: Readonly<Record<string, Answer>>): void;
}

/**
 * Keys are "GET /path" (any query), "GET /path?query" (that query) or "GET http://host/path"; the value is one reply, or
 * a function of the request.
 */
export function scriptHttp(script: Readonly<Record<string, Answer>>): ScriptedHttp {
  const requests: HttpRequest[] = [];
  let answers = { ...script };
  const find = (request: HttpRequest, url: URL): Answer | undefined =>
    answers[`${request.method} ${request.url}`] ??
    answers[`${request.method} ${url.pathname}${url.search}`] ??
    answers[`${request.method} ${url.pathname}`];
  return {
    requests,
    lines: () =>
      requests.map((request) => {
        const url = new URL(request.url);
        return `${request.method} ${url.pathname}${url.search}`;
      }),
    answer: (more) => {
      answers = { ...answers, ...more };
    },
    fetch: async (request) => {
      requests.push(request);
      const url = new URL(request.url);
      const found = find(request, url);
      if (!found) throw new Error(`nothing in the script answers ${request.method} ${url.pathname}${url.search}`);
      return replyOf(typeof found === "function" ? await found(request, url) : found);
    },
  };
}

function replyOf(reply: ScriptedReply): HttpReply {
  const body = reply.json === undefined ? (reply.text ?? "") : JSON.stringify(reply.json);
  return { status: reply.status ?? 200, headers: reply.headers ?? {}, body };
}
