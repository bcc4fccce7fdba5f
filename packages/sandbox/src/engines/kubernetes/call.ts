/** A request to Kubernetes' API, taken apart: what it is about, and what came with it. */
import { parse, YAMLParseError } from "yaml";
import { isMap } from "../../json.ts";
import type { JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { RESOURCES } from "./resources.ts";
import type { ResourceType } from "./resources.ts";
import { KubernetesFault, badRequest } from "./status.ts";
import type { Place } from "./store.ts";

export interface Call extends Place {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly at: number;
  readonly resource: ResourceType;
  /** Null: all namespaces, or a resource that is in none. */
  readonly namespace: string | null;
  /** Null: the collection. */
  readonly name: string | null;
  readonly subresource: string | null;
}

export interface Target {
  readonly resource: ResourceType;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
}

/** `/api/v1/namespaces/NS/R/NAME/SUB`, `/api/v1/R/NAME`; undefined for a path that is none. */
export function targetOf(path: string): Target | undefined {
  const parts = path.split("/").slice(3).map(decodeURIComponent);
  const [first, second, third] = parts;
  const isNamespaced = first === "namespaces" && third !== undefined && third !== "finalize" && third !== "status";
  const rest = isNamespaced ? parts.slice(2) : parts;
  const [plural = "", name = null, subresource = null] = rest;
  const resource = RESOURCES[plural];
  if (!resource || rest.length > 3 || (isNamespaced && !resource.isNamespaced)) return undefined;
  return { resource, namespace: isNamespaced ? (second ?? "") : null, name, subresource };
}

const JSON_OR_YAML: Readonly<Record<string, "json" | "yaml">> = {
  "application/json": "json",
  "application/yaml": "yaml",
};

/** The media type alone. */
export const mediaType = (request: Request): string =>
  (request.headers.get("content-type") ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";

/** The body of a request that writes, as JSON or YAML. */
export async function readObject(request: Request): Promise<JsonMap> {
  const type = mediaType(request);
  const format = JSON_OR_YAML[type];
  if (!format) {
    throw new KubernetesFault(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
    );
  }
  const value = parseBody(await request.text(), format);
  if (!isMap(value)) throw badRequest("couldn't get version/kind; json parse error: the body is no object");
  return value;
}

export function parseBody(body: string, format: "json" | "yaml"): unknown {
  if (Buffer.byteLength(body) > limits.kubernetesBodyBytes) {
    throw new KubernetesFault(413, "RequestEntityTooLarge", "limit is 3145728");
  }
  try {
    return format === "json" ? (JSON.parse(body) as unknown) : (parse(body, { maxAliasCount: 100 }) as unknown);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof YAMLParseError) && !(error instanceof ReferenceError)) {
      throw error;
    }
    throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
  }
}
