/**
 * The public documents: what this is, which versions it has, which resources they have, how each is asked (OpenAPI), and
 * whether it is up.
 */
import type { Context, Hono } from "hono";
import { linkBase } from "../links.ts";
import { VERSION_RANGE } from "../microversion.ts";
import { openVersioned } from "../negotiation.ts";
import type { ApiSettings } from "../ports.ts";
import type { ApiEnv } from "../route.ts";
import type { Collections } from "./routes.ts";

/** Both generations' resources, in the order of today's document with the older ones before (bay-era 2, cluster 2.2). */
const RESOURCES = [
  "baymodels",
  "bays",
  "clustertemplates",
  "clusters",
  "quotas",
  "certificates",
  "mservices",
  "stats",
  "federations",
  "nodegroups",
  "credentials",
  "pods",
  "rcs",
  "containers",
  "services",
  "x509keypairs",
] as const;

/** Where a resource lives, when that is not under its name. */
const PLACES: Readonly<Record<string, string>> = { nodegroups: "clusters/{cluster_id}/nodegroups" };

export function addDiscovery(app: Hono<ApiEnv>, settings: ApiSettings, collections: Collections): void {
  const baseOf = (context: Context<ApiEnv>): string => linkBase(settings.links, context.req.raw);
  const served = RESOURCES.filter((name) => Object.hasOwn(collections, collectionOf(name)));
  app.get("/healthcheck", (context) => context.text("OK"));
  // Large: loaded when it is asked for.
  app.get("/v1/openapi", async (context) =>
    (await import("../description/served.ts")).serveDescription(context, collections),
  );
  app.get("/", (context) => context.json(rootDocument(baseOf(context))));
  app.get("/v1", (context) => {
    const opened = openVersioned(context);
    return opened.kind === "refused" ? opened.response : context.json(versionDocument(baseOf(context), served));
  });
}

/** Today's keys, and `default_version` for clients of 2015. */
function rootDocument(base: string): Readonly<Record<string, unknown>> {
  const version = { id: "v1", links: [{ href: `${base}/v1/`, rel: "self" }] };
  return {
    name: "OpenStack Magnum API",
    description: "Magnum is an OpenStack project which aims to provide container cluster management.",
    versions: [{ ...version, status: "CURRENT", max_version: VERSION_RANGE.max, min_version: VERSION_RANGE.min }],
    default_version: version,
  };
}

/** Names only what is served. */
function versionDocument(base: string, served: readonly string[]): Readonly<Record<string, unknown>> {
  const documentation = "http://docs.openstack.org/developer/magnum/dev/api-spec-v1.html";
  return {
    id: "v1",
    media_types: [{ base: "application/json", type: "application/vnd.openstack.magnum.v1+json" }],
    links: [
      { href: `${base}/v1/`, rel: "self" },
      { href: documentation, rel: "describedby", type: "text/html" },
    ],
    ...Object.fromEntries(served.map((name) => [name, collectionLinks(base, name)])),
  };
}

function collectionLinks(base: string, name: string): readonly { href: string; rel: string }[] {
  const place = PLACES[name] ?? `${name}/`;
  return [
    { href: `${base}/v1/${place}`, rel: "self" },
    { href: `${base}/${place}`, rel: "bookmark" },
  ];
}

/** The collection that a resource lives in: its own, or that of what it belongs to. */
function collectionOf(name: string): string {
  return (PLACES[name] ?? name).split("/", 1)[0] ?? name;
}
