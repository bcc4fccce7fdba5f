/** Kubernetes' refusals: a Status object (engine sheet 1.3), thrown by whoever finds the reason. */
import type { JsonMap } from "../../json.ts";

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export class KubernetesFault extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonMap | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonMap) {
    super(message);
    this.name = "KubernetesFault";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export const statusOf = (fault: KubernetesFault): JsonMap => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: fault.message,
  reason: fault.reason,
  ...(fault.details && { details: fault.details }),
  code: fault.code,
});

export const success = (resource: string, name: string, uid: string): JsonMap => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: { name, kind: resource, uid },
});

export const badRequest = (message: string): KubernetesFault => new KubernetesFault(400, "BadRequest", message);

export const notFound = (resource: string, name: string): KubernetesFault =>
  new KubernetesFault(404, "NotFound", `${resource} "${name}" not found`, { name, kind: resource });

/** A path that no resource has. */
export const noSuchPath = (): KubernetesFault =>
  new KubernetesFault(404, "NotFound", "the server could not find the requested resource", {});

export const alreadyExists = (resource: string, name: string): KubernetesFault =>
  new KubernetesFault(409, "AlreadyExists", `${resource} "${name}" already exists`, { name, kind: resource });

export const conflict = (resource: string, name: string, why?: string): KubernetesFault =>
  new KubernetesFault(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${resource} "${name}": ${why ?? "the object has been modified; please apply your changes to the latest version and try again"}`,
    { name, kind: resource },
  );

export const methodNotAllowed = (): KubernetesFault =>
  new KubernetesFault(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export function invalid(kind: string, name: string, causes: readonly Cause[]): KubernetesFault {
  const words = causes.map(({ field, message }) => `${field}: ${message}`);
  const message = words.length === 1 ? words[0] : `[${words.join(", ")}]`;
  return new KubernetesFault(422, "Invalid", `${kind} "${name}" is invalid: ${message}`, {
    name,
    kind,
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export const required = (field: string, detail = ""): Cause => ({
  reason: "FieldValueRequired",
  message: detail === "" ? "Required value" : `Required value: ${detail}`,
  field,
});

export const wrong = (field: string, value: unknown, detail: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
  field,
});

export const unsupported = (field: string, value: unknown, allowed: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${allowed.map((one) => `"${one}"`).join(", ")}`,
  field,
});

export const duplicate = (field: string, value: unknown): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${JSON.stringify(value)}`,
  field,
});

export const forbidden = (field: string, detail: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${detail}`,
  field,
});
