/**
 * Heat's refusals. The body is that of heat's FaultWrapper: `{code, title, explanation, error: {type, message, traceback}}`.
 * HeatError is what the interpreter and the engine throw; the HTTP layer turns it into a Fault by its type.
 */
import { Fault, titleOf } from "../http/fault.ts";

/** The exception types of heat that the sandbox knows, with the status that the API gives them. */
const STATUS = {
  StackValidationFailed: 400,
  InvalidSchemaError: 400,
  InvalidTemplateVersion: 400,
  InvalidTemplateSection: 400,
  InvalidTemplateReference: 400,
  InvalidTemplateAttribute: 500,
  CircularDependencyException: 500,
  UnknownUserParameter: 400,
  UserParameterMissing: 400,
  ImmutableParameterModified: 400,
  RequestLimitExceeded: 400,
  NotSupported: 400,
  ResourceActionNotSupported: 400,
  ValueError: 400,
  Invalid: 400,
  HTTPBadRequest: 400,
  HTTPForbidden: 403,
  Forbidden: 403,
  InvalidTenant: 403,
  HTTPNotFound: 404,
  EntityNotFound: 404,
  ResourceNotFound: 404,
  ResourceNotAvailable: 404,
  NotFound: 404,
  HTTPMethodNotAllowed: 405,
  StackExists: 409,
  ActionInProgress: 409,
} as const;

export type HeatErrorType = keyof typeof STATUS;

export class HeatError extends Error {
  readonly type: HeatErrorType;
  /** Of a StackValidationFailed: what went wrong, where, and the words, as heat joins them into its message. */
  readonly error: string;
  readonly path: readonly (string | number)[];
  readonly detail: string;

  constructor(type: HeatErrorType, detail: string, path: readonly (string | number)[] = [], error = "") {
    super(`${error === "" ? "" : `${error}: `}${path.length === 0 ? "" : `${joinPath(path)}: `}${detail}`);
    this.name = "HeatError";
    this.type = type;
    this.detail = detail;
    this.path = path;
    this.error = error;
  }
}

/** `resources`, `server`, `networks`, 0 -> `resources.server.networks[0]`. */
export function joinPath(path: readonly (string | number)[]): string {
  let joined = "";
  for (const part of path) {
    if (typeof part === "number" || /^\d+$/.test(part)) joined += `[${part}]`;
    else joined += joined === "" ? part : `.${part}`;
  }
  return joined;
}

export const invalidStack = (detail: string, path: readonly (string | number)[] = [], error = ""): HeatError =>
  new HeatError("StackValidationFailed", detail, path, error);

const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
  403: "Access was denied to this resource.",
  404: "The resource could not be found.",
  405: "The method specified is not allowed for this resource.",
  409: "There was a conflict when trying to complete your request.",
  500: "The server has either erred or is incapable of performing the requested operation.",
};

export function toFault(error: HeatError): Fault {
  const code = STATUS[error.type];
  return new Fault(code, error.message, {
    code,
    title: titleOf(code),
    explanation: error.type.startsWith("HTTP") ? error.message : (EXPLANATIONS[code] ?? ""),
    error: { type: error.type, traceback: null, message: error.message },
  });
}
