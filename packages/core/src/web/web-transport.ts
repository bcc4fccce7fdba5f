/**
 * The port below the guarded client: names to addresses, and one exchange with addresses that were decided upon before.
 * An implementation connects to no other address than those given, whatever the host's name resolves to by then; follows
 * no redirect; goes through no proxy; gives up when the signal is aborted. It throws when there is no answer.
 */
export interface WebTransport {
  /** Every address of the name. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  exchange(request: WebExchange, signal: AbortSignal): Promise<WebAnswer>;
  /** Aborted after this long. */
  deadline(timeoutMs: number): AbortSignal;
}

export interface WebExchange {
  readonly url: URL;
  readonly addresses: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** A longer reply is an error. */
  readonly maxBytes: number;
}

export interface WebAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
