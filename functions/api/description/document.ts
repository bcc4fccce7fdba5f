/**
 * The API's description of itself (OpenAPI 3.1), made of the routes that are served: their paths and versions, the rules
 * that they ask, what they read (wire/) and what they answer by (shapes.ts). Nothing is said of a route here, so nothing
 * can be said that it does not do. The few documents and signed calls that are no routes stand in public-operations.ts.
 */
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { VERSION_RANGE } from "../microversion.ts";
import type { AnswerShape, RouteDescription } from "../route.ts";
import type { BodyForm, QueryParameter } from "../wire/reader.ts";
import type { PatchRules } from "../wire/patch.ts";
import { schemaOf } from "./json-schema.ts";
import { publicOperations } from "./public-operations.ts";
import type { ShapeName } from "./shapes.ts";
import { SHAPES } from "./shapes.ts";

export function describeApi(routes: readonly RouteDescription[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  const add = (path: string, method: string, operation: JsonObject): void => {
    paths[path] = { ...paths[path], [method]: operation };
  };
  for (const { path, method, operation } of publicOperations()) add(path, method, operation);
  for (const route of routes) add(templateOf(route.path), route.method.toLowerCase(), operationOf(route));
  return {
    openapi: "3.1.1",
    info: {
      title: "Jeroboam: OpenStack's container infrastructure API",
      version: VERSION_RANGE.max,
      description:
        "Magnum's API in both of its generations, bays and bay models (2015), clusters and cluster templates (today). " +
        "x-openstack has the first version that serves an operation, x-policy-rules the rules of policy.yaml that it asks.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // The document stands in /v1 of the service.
    servers: [{ url: ".." }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: { ...shapeSchemas(), Error: ERROR },
      parameters: PARAMETERS,
      responses: RESPONSES,
      securitySchemes: { token: { type: "apiKey", in: "header", name: "X-Auth-Token", description: "Of Keystone." } },
    },
  };
}

/** `/v1/bays/:ident` as OpenAPI writes it. */
export function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

function operationOf(route: RouteDescription): JsonObject {
  const { method, path, since, rules, parameters, form, answers, streams, takesKey } = route;
  const named = Array.from(path.matchAll(/:(\w+)/g), ([, name = ""]) => name);
  const success = Object.entries(answers).map(([status, shape]) => [
    status,
    answerOf(shape ?? null, { streams, status }),
  ]);
  return {
    operationId: operationIdOf(method, path),
    tags: [path.split("/")[2] ?? ""],
    ...(since !== undefined && { "x-openstack": { "min-ver": `1.${since}` } }),
    "x-policy-rules": [...rules],
    parameters: [
      { $ref: "#/components/parameters/Version" },
      { $ref: "#/components/parameters/OldVersion" },
      ...(takesKey ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
      ...named.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
      ...parameters.map(queryParameter),
    ],
    ...(form && { requestBody: requestBodyOf(form) }),
    responses: {
      ...(Object.fromEntries(success) as JsonObject),
      "401": { $ref: "#/components/responses/Unauthorized" },
      default: { $ref: "#/components/responses/Refusal" },
    },
  };
}

export function operationIdOf(method: string, path: string): string {
  const words = path
    .replaceAll(/[{}]/g, "")
    .split("/")
    .filter((word) => word !== "" && word !== "v1")
    .map((word) => word.replace(/^:/, "by-").replaceAll(/[^\w-]/g, "-"));
  return [method.toLowerCase(), ...words].join("-");
}

function queryParameter({ name, schema, required = false }: QueryParameter): JsonObject {
  return { name, in: "query", ...(required && { required }), schema };
}

function requestBodyOf(form: BodyForm): JsonObject {
  const schema = form.kind === "patch" ? patchSchema(form.rules) : schemaOf(form.schema, "input");
  const mayBeAbsent = form.kind === "object" && form.mayBeAbsent === true;
  return { required: !mayBeAbsent, content: { "application/json": { schema } } };
}

function patchSchema({ internal, mandatory }: PatchRules): JsonObject {
  const operation = {
    type: "object",
    required: ["op", "path"],
    additionalProperties: false,
    properties: {
      op: { enum: ["add", "replace", "remove"] },
      path: { type: "string", pattern: "^(?:/[^/]+){1,2}$" },
      value: {},
    },
  };
  return {
    type: "array",
    maxItems: limits.api.patchOperations,
    items: operation,
    description: `Not to be changed: ${internal.join(", ")}. Not to be removed: ${mandatory.join(", ") || "nothing"}.`,
  };
}

function answerOf(shape: AnswerShape, { streams, status }: { streams: boolean; status: string }): JsonObject {
  const description = status === "202" ? "Accepted; what is done stands in the record." : "Done.";
  if (shape === null) return { description };
  return {
    description,
    content: {
      "application/json": { schema: bodySchema(shape) },
      ...(streams && { "text/event-stream": { schema: { type: "string" } } }),
    },
  };
}

const refTo = (name: ShapeName): JsonObject => ({ $ref: `#/components/schemas/${name}` });

function bodySchema(shape: Exclude<AnswerShape, null>): JsonObject {
  if (typeof shape === "string") return refTo(shape);
  return {
    type: "object",
    required: [shape.key],
    additionalProperties: false,
    properties: { [shape.key]: { type: "array", items: refTo(shape.list) }, next: { type: "string", format: "uri" } },
  };
}

function shapeSchemas(): JsonObject {
  return Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, schemaOf(shape, "output")]));
}

const version = (name: string, pattern: string): Json => ({
  name,
  in: "header",
  description: `From ${VERSION_RANGE.min} to ${VERSION_RANGE.max}; ${VERSION_RANGE.min} where none is given.`,
  schema: { type: "string", pattern },
});

const PARAMETERS: JsonObject = {
  Version: version("OpenStack-API-Version", "^container-infra(?:structure(?:-management)?)? (?:1\\.\\d+|latest)$"),
  OldVersion: version("X-OpenStack-Magnum-API-Version", "^(?:1\\.\\d+|latest)$"),
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description: "The same request under the same key has one effect and one answer, for a day.",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]+$", maxLength: limits.idempotency.keyChars },
  },
};

/** Every refusal but a 401 (envelope.ts). */
const ERROR: JsonObject = {
  type: "object",
  required: ["fault", "error_message", "errors"],
  additionalProperties: false,
  properties: {
    fault: { type: "object", required: ["message"], properties: { message: { type: "string" } } },
    error_message: { type: "string", description: "JSON in a string." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["title"],
        properties: {
          request_id: { type: "string" },
          code: { type: "string" },
          status: { type: "integer" },
          title: { type: "string" },
          detail: { type: "string" },
          links: { type: "array" },
        },
      },
    },
  },
};

const RESPONSES: JsonObject = {
  Refusal: {
    description: "Refused: nothing has changed.",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  },
  Unauthorized: {
    description: "Keystone knows no such token.",
    headers: { "WWW-Authenticate": { schema: { type: "string" } } },
    content: { "application/json": { schema: { type: "object", required: ["error"] } } },
  },
};
