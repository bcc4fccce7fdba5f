/**
 * One good request for every route, about project a's record of its kind. A route whose collection or body stands in no
 * table here fails the suites that walk the routes: a new one is tried, or nobody lands it.
 */
import type { Route } from "@jeroboam/api/route";
import type { Json } from "@jeroboam/core/json";
import { CSR } from "../conformance/certificate-request.ts";
import { POD_MANIFEST, RC_MANIFEST, SERVICE_MANIFEST, filled, named } from "../conformance/bay-era/world.ts";
import { BAY_MODEL, CLUSTER_TEMPLATE } from "../conformance/api-harness.ts";

export interface PlannedRequest {
  /** With `{name}` for uuids. */
  readonly path: string;
  readonly body: Json | undefined;
}

/** Which record a collection's paths are about. */
const RECORDS: Readonly<Record<string, string>> = {
  baymodels: "{model}",
  clustertemplates: "{model}",
  bays: "{blue}",
  clusters: "{blue}",
  certificates: "{blue}",
  credentials: "{blue}",
  nodes: "{node}",
  pods: "{pod}",
  services: "{service}",
  rcs: "{rc}",
  containers: "{box}",
  x509keypairs: "{keypair}",
  webhooks: "{webhook}",
  hooks: "{hook}",
  quotas: "a",
  // There are none.
  federations: "11111111-1111-4111-8111-111111111111",
};

const OTHER_PARAMETERS: Readonly<Record<string, string>> = {
  ":group": "{group}",
  ":bay": "{blue}",
  ":node": "blue-master-0",
  ":resource": "Cluster",
  ":delivery": "{delivery}",
};

const replace = (path: string, value: Json): Json => [{ op: "replace", path, value }];
const resource = (manifest: string, name: string): Json => ({
  bay_uuid: "{blue}",
  manifest: named(manifest, name),
});

const PODS = resource(POD_MANIFEST, "next");
const SERVICES = resource(SERVICE_MANIFEST, "next");
const RCS = resource(RC_MANIFEST, "next");

/** What each POST, PATCH and PUT sends; null: nothing. */
const BODIES: Readonly<Record<string, Json>> = {
  "POST /v1/baymodels": { ...BAY_MODEL, name: "next" },
  "PATCH /v1/baymodels/:ident": replace("/name", "renamed"),
  "POST /v1/bays": { name: "next", baymodel_id: "{model}" },
  "PATCH /v1/bays/:ident": replace("/node_count", 3),
  "POST /v1/bays/:ident/actions/retry": null,
  "POST /v1/bays/:ident/actions/abandon": null,
  "POST /v1/clustertemplates": { ...CLUSTER_TEMPLATE, name: "next" },
  "PATCH /v1/clustertemplates/:ident": replace("/name", "renamed"),
  "POST /v1/clusters": { name: "next", cluster_template_id: "{model}" },
  "PATCH /v1/clusters/:ident": replace("/node_count", 3),
  "POST /v1/clusters/:ident/actions/retry": null,
  "POST /v1/clusters/:ident/actions/abandon": null,
  "POST /v1/clusters/:ident/actions/resize": { node_count: 3 },
  "POST /v1/clusters/:ident/actions/upgrade": { cluster_template: "{model}" },
  "POST /v1/clusters/:ident/nodegroups": { name: "next" },
  "PATCH /v1/clusters/:ident/nodegroups/:group": replace("/max_node_count", 7),
  "POST /v1/certificates": { bay_uuid: "{blue}", csr: CSR },
  "PATCH /v1/certificates/:ident": {},
  "PUT /v1/certificates/:ident/nodes/:node": { certificate_rotation: "11111111-1111-4111-8111-111111111111.trust" },
  "PATCH /v1/credentials/:ident": null,
  "POST /v1/nodes": { type: "virt" },
  "PATCH /v1/nodes/:ident": replace("/type", "bare"),
  "POST /v1/pods": PODS,
  "PATCH /v1/pods/:ident": replace("/manifest", named(POD_MANIFEST, "web")),
  "PATCH /v1/pods/:ident/:bay": replace("/manifest", named(POD_MANIFEST, "web")),
  "POST /v1/services": SERVICES,
  "PATCH /v1/services/:ident": replace("/manifest", named(SERVICE_MANIFEST, "fe")),
  "PATCH /v1/services/:ident/:bay": replace("/manifest", named(SERVICE_MANIFEST, "fe")),
  "POST /v1/rcs": RCS,
  "PATCH /v1/rcs/:ident": replace("/manifest", named(RC_MANIFEST, "fe")),
  "PATCH /v1/rcs/:ident/:bay": replace("/manifest", named(RC_MANIFEST, "fe")),
  "POST /v1/containers": { name: "next", image: "nginx:1.9", bay_uuid: "{green}" },
  "PATCH /v1/containers/:ident": replace("/name", "renamed"),
  "PUT /v1/containers/:ident/execute": { command: "true" },
  "PUT /v1/containers/execute/:ident": { command: "true" },
  ...Object.fromEntries(
    ["start", "stop", "reboot", "pause", "unpause"].flatMap((action) => [
      [`PUT /v1/containers/:ident/${action}`, null],
      [`PUT /v1/containers/${action}/:ident`, null],
    ]),
  ),
  "POST /v1/x509keypairs": { name: "next", bay_uuid: "{blue}", private_key: "KEY" },
  "POST /v1/quotas": { project_id: "c", hard_limit: 3 },
  "PATCH /v1/quotas/:ident": { hard_limit: 3 },
  "PATCH /v1/quotas/:ident/:resource": { hard_limit: 3 },
  "POST /v1/federations": { hostcluster_id: "{blue}", properties: { "dns-zone": "example.com" } },
  "PATCH /v1/federations/:ident": replace("/name", "renamed"),
  "POST /v1/actions/reconcile": { dry_run: true },
  "POST /v1/webhooks": { url: "https://receiver.example.com/next" },
  "PATCH /v1/webhooks/:ident": { name: "renamed" },
  "POST /v1/webhooks/:ident/rotate": null,
  "POST /v1/webhooks/:ident/test": null,
  "POST /v1/webhooks/:ident/deliveries/:delivery/redeliver": null,
  "POST /v1/hooks": { name: "next", bay: "{blue}", max_node_count: 5 },
  "PATCH /v1/hooks/:ident": { name: "renamed" },
};

/** Lists that are of one bay. */
const NEEDS_BAY = /^\/v1\/(?:pods|services|rcs)(?:\/detail)?$/;
const ITEM_NEEDS_BAY = /^\/v1\/(?:pods|services|rcs)\/:ident$/;

export function nameOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path}`;
}

/** Throws for a route that nobody has planned a request for. */
export function planRequest(route: Pick<Route, "method" | "path">): PlannedRequest {
  const name = nameOf(route);
  const body = BODIES[name];
  const sends = ["POST", "PATCH", "PUT"].includes(route.method);
  if (sends && body === undefined) throw new Error(`test/security/requests.ts has no body for ${name}`);
  // What is stuck is one that is still being made.
  const record = route.path.includes("/actions/") && !/(?:resize|upgrade)$/.test(route.path) ? "{growing}" : undefined;
  const path = route.path.replaceAll(/:[a-z]+/g, (parameter) => {
    const collection = route.path.split("/", 3)[2] ?? "";
    const value = parameter === ":ident" ? (record ?? RECORDS[collection]) : OTHER_PARAMETERS[parameter];
    if (value === undefined) throw new Error(`test/security/requests.ts has no record for ${name}'s ${parameter}`);
    return value;
  });
  const isOfBay = (NEEDS_BAY.test(route.path) && route.method === "GET") || ITEM_NEEDS_BAY.test(route.path);
  return { path: isOfBay ? `${path}?bay_ident={blue}` : path, body: body ?? undefined };
}

/** The request with uuids in it; `ids` may name other records than there are. */
export function fillRequest({ path, body }: PlannedRequest, ids: Readonly<Record<string, string>>): PlannedRequest {
  return {
    path: filled(ids, path),
    body: body === undefined ? undefined : (JSON.parse(filled(ids, JSON.stringify(body))) as Json),
  };
}

/** The records it is about, by their names. */
export function recordsIn({ path, body }: PlannedRequest): readonly string[] {
  const text = `${path} ${JSON.stringify(body ?? null)}`;
  return [...new Set(Array.from(text.matchAll(/\{([a-z][a-z0-9]*)\}/g), ([, name]) => name ?? ""))];
}
