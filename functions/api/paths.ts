/**
 * One path for each thing, whatever form the caller writes it in (bay-era sheet 1.2, cluster sheet 2.3): with or without
 * `/v1`, with slashes at the end, and with the `.json` of old clients. What a path means is left to the routes.
 */

/** Names and ids here may end in `.json`: today's Magnum does not strip it under these. */
const KEEPS_SUFFIX = new Set(["clusters", "clustertemplates", "federations", "quotas"]);

/** Paths that need no token (normalised). */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(["/", "/v1", "/healthcheck"]);

export function normalisePath(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const first = trimmed.split("/", 2)[1]?.replace(/\.json$/, "") ?? "";
  const rooted = first === "" || first === "v1" || first === "healthcheck" ? trimmed : `/v1${trimmed}`;
  const collection = rooted.split("/", 3)[2] ?? "";
  const short = KEEPS_SUFFIX.has(collection.replace(/\.json$/, "")) ? rooted : rooted.replace(/\.json$/, "");
  return short === "" ? "/" : short;
}
