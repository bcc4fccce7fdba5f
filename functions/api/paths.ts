/**
 * One path for each thing, whatever form the caller writes it in (bay-era sheet 1.2, cluster sheet 2.3): with or without
 * `/v1`, with slashes at the end, and with the `.json` of old clients. What a path means is left to the routes.
 */

/** Names and ids here may end in `.json`: today's Magnum does not strip it under these. */
const KEEPS_SUFFIX = new Set(["clusters", "clustertemplates", "federations", "quotas"]);

/** Paths that need no token (normalised). */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(["/", "/v1", "/v1/openapi", "/healthcheck"]);

/** Whoever asks proves by the path or the body who they are: an operation's callback, a hook of a project's own. */
const SIGNED_PATH = /^\/v1\/(?:callbacks|hooks)\/[^/]+$/;

export function isPublic(method: string, path: string): boolean {
  return PUBLIC_PATHS.has(path) || (method === "POST" && SIGNED_PATH.test(path));
}

/** The path as it may be logged: the end of a callback's is a secret. */
export function loggedPath(path: string): string {
  return path.startsWith("/v1/callbacks/") ? "/v1/callbacks/…" : path;
}

export function normalisePath(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const first = trimmed.split("/", 2)[1]?.replace(/\.json$/, "") ?? "";
  const rooted = first === "" || first === "v1" || first === "healthcheck" ? trimmed : `/v1${trimmed}`;
  const collection = rooted.split("/", 3)[2] ?? "";
  const short = KEEPS_SUFFIX.has(collection.replace(/\.json$/, "")) ? rooted : rooted.replace(/\.json$/, "");
  return short === "" ? "/" : short;
}
