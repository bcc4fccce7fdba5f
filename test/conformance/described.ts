/**
 * Replies held against the API's own description of itself: that a status is one of the operation's, and that the body
 * looks as it says. Every conformance case, the matrix and the hostile requests go through here, so that a view that shows
 * something else than the description says fails wherever it is asked for.
 */
import { describeApi, templateOf } from "@jeroboam/api/description/document";
import { normalisePath } from "@jeroboam/api/paths";
import type { RouteDescription } from "@jeroboam/api/route";
import { ROUTES } from "@jeroboam/api/testing/all-routes";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

export const DESCRIPTION = describeApi(ROUTES);

const ajv = new Ajv2020({ strict: false, validateSchema: false });
formats.default(ajv);
ajv.addSchema(DESCRIPTION, "api");

const compiled = new Map<string, ValidateFunction>();

/** By a pointer into the description. */
function validatorOf(...places: readonly string[]): ValidateFunction {
  const pointer = places
    .map((place) => encodeURIComponent(place.replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const validator = compiled.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` });
  compiled.set(pointer, validator);
  return validator;
}

const patterns = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`),
}));

/** The route that takes a request: the first of those that could, as the app has it. */
function routeOf(method: string, path: string): RouteDescription | undefined {
  // As the request has it: dots are gone.
  const asked = normalisePath(new URL(path, "http://magnum.test").pathname);
  return patterns.find(({ route, pattern }) => route.method === method && pattern.test(asked))?.route;
}

export interface Replied {
  readonly status: number;
  /** Null: something else than JSON was asked for. */
  readonly text: string;
  readonly type: string | null;
}

/** How many replies were held against it, by this process. */
export const held = { successes: 0, refusals: 0 };

/** What is not as the description says of it; nothing about paths that no route serves. */
export function faultsOfReply(method: string, path: string, { status, text, type }: Replied): readonly string[] {
  const route = routeOf(method, path);
  if (!route || status === 401 || type?.startsWith("text/")) return [];
  if (status >= 400) {
    held.refusals += 1;
    return faultsIn(validatorOf("components", "schemas", "Error"), text);
  }
  if (!Object.hasOwn(route.answers, status)) return [`${method} ${route.path} is not said to answer by ${status}`];
  held.successes += 1;
  if (route.answers[status as keyof typeof route.answers] === null)
    return text === "" ? [] : [`${method} ${route.path} is said to answer by ${status} without a body`];
  const operation = ["paths", templateOf(route.path), method.toLowerCase()];
  return faultsIn(
    validatorOf(...operation, "responses", String(status), "content", "application/json", "schema"),
    text,
  );
}

function faultsIn(validate: ValidateFunction, text: string): readonly string[] {
  if (validate(JSON.parse(text))) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `the reply's ${instancePath || "body"} ${message ?? ""} ${JSON.stringify(params)}`.trim(),
  );
}
