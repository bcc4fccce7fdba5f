/** An answer other than success, thrown by a handler, in the words of the service that gives it. */
export class Fault extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "Fault";
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  300: "Multiple Choices",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  413: "Request Entity Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export const titleOf = (status: number): string => TITLES[status] ?? "Error";
