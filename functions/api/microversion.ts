/**
 * Which version of the API is in force: the one file that decides it. Every version from 1.1 to 1.14 serves both
 * generations (bays beyond 1.10 too: a superset, bay-era sheet 1.6 knew 1.1 alone), so both families of headers
 * negotiate over the same range. Cluster sheet section 3; what a version changes is said where it matters (`GATES`).
 */

/** All versions are 1.N: only N is kept. */
export type Minor = number;

const MIN: Minor = 1;
export const MAX_MINOR: Minor = 14;

/** From which version on something is so. */
export const GATES = {
  rollback: 3,
  resize: 7,
  /** Its path is there from `resize` on: 406 before that, 400 from there to here. */
  upgrade: 8,
  nodeGroups: 9,
  /** No workers at all; an unknown template in a body is 404 from here on, 400 before. */
  zeroNodes: 10,
  credentials: 12,
  /** `cluster_id` takes the place of `stack_id`. */
  clusterId: 13,
} as const;

const SERVICE = "container-infrastructure-management";
const SERVICE_WORDS: readonly string[] = ["container-infra", "container-infrastructure", SERVICE];

export const VERSION_RANGE = { min: `1.${MIN}`, max: `1.${MAX_MINOR}` } as const;

export type Negotiation =
  | { readonly kind: "accepted"; readonly minor: Minor }
  /** Well formed, and not ours: `asked` is echoed. */
  | { readonly kind: "out-of-range"; readonly asked: string }
  | { readonly kind: "malformed"; readonly detail: string };

/** The version asked for by either family; today's header wins when both are there. None: the least, not the latest. */
export function negotiate(headers: Headers): Negotiation {
  const today = headers.get("openstack-api-version");
  if (today !== null) return negotiateToday(today);
  const old = headers.get("x-openstack-magnum-api-version");
  if (old === null) return { kind: "accepted", minor: MIN };
  return old.trim().toLowerCase() === "latest" ? { kind: "accepted", minor: MAX_MINOR } : readVersion(old.trim());
}

function negotiateToday(header: string): Negotiation {
  const [service = "", version = "", ...more] = header.trim().split(/\s+/);
  if (version === "" || more.length > 0)
    return { kind: "malformed", detail: "OpenStack-API-Version must hold a service type and a version" };
  if (version.toLowerCase() === "latest") return { kind: "accepted", minor: MAX_MINOR };
  if (!SERVICE_WORDS.includes(service))
    return { kind: "malformed", detail: `OpenStack-API-Version names another service than ${SERVICE_WORDS[0]}` };
  return readVersion(version);
}

function readVersion(version: string): Negotiation {
  const found = /^(\d{1,4})\.(\d{1,4})$/.exec(version);
  if (!found) return { kind: "malformed", detail: "the API version must be two numbers with a dot between them" };
  const minor = Number(found[2]);
  return Number(found[1]) === 1 && minor >= MIN && minor <= MAX_MINOR
    ? { kind: "accepted", minor }
    : { kind: "out-of-range", asked: version };
}

/** Both families' answers, for everything that is served by version. */
export function versionHeaders(inForce: string): Readonly<Record<string, string>> {
  return {
    "OpenStack-API-Minimum-Version": `${SERVICE} ${VERSION_RANGE.min}`,
    "OpenStack-API-Maximum-Version": `${SERVICE} ${VERSION_RANGE.max}`,
    "OpenStack-API-Version": `${SERVICE} ${inForce}`,
    "X-OpenStack-Magnum-API-Minimum-Version": VERSION_RANGE.min,
    "X-OpenStack-Magnum-API-Maximum-Version": VERSION_RANGE.max,
    "X-OpenStack-Magnum-API-Version": inForce,
    Vary: "OpenStack-API-Version, X-OpenStack-Magnum-API-Version",
  };
}

/** The one error object of its own kind (cluster sheet 3.3). */
export function outOfRangeError(asked: string): Readonly<Record<string, unknown>> {
  return {
    code: "magnum.microversion-unsupported",
    title: "Requested microversion is unsupported",
    description: outOfRangeText(asked),
    max_version: VERSION_RANGE.max,
    min_version: VERSION_RANGE.min,
    links: [{ rel: "help", href: "http://docs.openstack.org/api-guide/compute/microversions.html" }],
  };
}

export function outOfRangeText(asked: string): string {
  return `Version ${asked} is not supported by the API. Minimum is ${VERSION_RANGE.min} and maximum is ${VERSION_RANGE.max}.`;
}
