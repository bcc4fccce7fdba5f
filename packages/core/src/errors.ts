/**
 * What may be thrown, and what it tells the one who catches it. Expected outcomes are returned, not thrown.
 * Two places translate: the API's error handler (Rejected -> envelope) and the operation engine (Transient -> retry).
 * Anything else that is thrown is a bug.
 */

/** The caller of the API asked for something that cannot be; the text is for them. `status` is the HTTP status. */
export class Rejected extends Error {
  override readonly name = "Rejected";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Something outside did not answer as it should; trying the same again later may succeed. */
export class Transient extends Error {
  override readonly name = "Transient";
  /** The least time to wait, when the other side named one. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The text of whatever was thrown, for logs and reasons. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
