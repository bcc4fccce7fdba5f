/**
 * The port through which engines are spoken to: one request to one bay's endpoint, one reply, whatever its status.
 * An implementation trusts the bay's own authority alone, shows the client certificate, checks the server's name, ends
 * within `timeoutMs`, follows no redirect and never reads more than `maxBytes` of a body. It throws nothing: what kept a
 * reply from coming is `unreachable`.
 */
import type { Unreachable } from "./container-engine.ts";

export interface EngineEndpoint {
  /** `https://172.24.4.10:6443`; with `http:` where the bay has no TLS. No path. */
  readonly url: string;
  /** PEM of the bay's authority; null where there is no TLS. */
  readonly authority: string | null;
  /** PEM. */
  readonly client: { readonly certificate: string; readonly privateKey: string } | null;
}

export interface EngineRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** What to do with a longer reply: give the beginning, or nothing. */
  readonly whenLonger?: "cut" | "fail";
  readonly signal?: AbortSignal | undefined;
}

export interface EngineReply {
  readonly kind: "reply";
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly isCut: boolean;
}

export type EngineHttp = (endpoint: EngineEndpoint, request: EngineRequest) => Promise<EngineReply | Unreachable>;
