/** Sections 1 and 2 of the bay-era sheet: how requests are sent and replies come back, whatever they are about. */
import type { Json } from "@jeroboam/core/json";
import { BAY_MODEL, UNKNOWN_UUID } from "../api-harness.ts";
import type { Case } from "./cases.ts";
import { describeCases } from "./cases.ts";

const VERSION = "x-openstack-magnum-api-version";

describeCases("routing (1.2)", [
  ...["/v1/bays", "/v1/bays/", "/bays", "/bays/", "/v1/bays.json", "/v1/bays/detail", "/v1/bays/detail/"].map(
    (path): Case => ({
      name: "one path, however it is written",
      request: `GET ${path}`,
      status: 200,
      has: { bays: [{}, {}, {}, {}, {}] },
    }),
  ),
  ...[
    "/v1/bays/blue",
    "/bays/blue",
    "/v1/bays/blue/",
    "/v1/bays/blue.json",
    "/v1/bays/{blue}",
    "/bays/{blue}.json",
  ].map((path): Case => ({ name: "an item", request: `GET ${path}`, status: 200, has: { uuid: "{blue}" } })),
  { name: "an unknown path", request: "GET /v1/barrels", status: 404, says: "Not Found" },
  { name: "below an item", request: "GET /v1/bays/blue/detail", status: 404, says: "Not Found" },
  { name: "another version", request: "GET /v2/bays", status: 404, says: "Not Found" },
  { name: "PUT on a bay", request: "PUT /v1/bays/blue", status: 405, header: ["allow", /^DELETE, GET, PATCH$/] },
  { name: "PUT on the collection", request: "PUT /v1/bays", status: 405, header: ["allow", /GET/] },
  { name: "POST on an item", request: "POST /v1/bays/blue", body: {}, status: 405, says: "Method Not Allowed" },
  { name: "GET of an action", request: "GET /v1/containers/box/start", status: 405, header: ["allow", /^PUT$/] },
  { name: "PUT of the logs", request: "PUT /v1/containers/box/logs", status: 405, header: ["allow", /^GET$/] },
  ...["bays", "baymodels", "pods", "services", "rcs", "containers", "nodes", "x509keypairs"].flatMap((collection) =>
    ["DELETE", ...(collection === "x509keypairs" ? [] : ["PATCH"])].map((method): Case => ({
      name: "an ident is required",
      request: `${method} /v1/${collection}`,
      status: 400,
      says: "Missing argument",
    })),
  ),
  {
    name: "detail is a collection's alone",
    request: "POST /v1/bays/detail",
    body: {},
    status: 405,
    says: "Method Not Allowed",
  },
]);

const model = (changes: Record<string, Json>): Json => ({ ...BAY_MODEL, ...changes });

describeCases("content (1.3)", [
  {
    name: "a charset beside the type",
    request: "POST /v1/baymodels",
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: BAY_MODEL,
    status: 201,
  },
  {
    name: "another type",
    request: "POST /v1/baymodels",
    headers: { "content-type": "text/xml" },
    text: "<a/>",
    status: 400,
    says: "Unknown mimetype",
  },
  {
    name: "a form",
    request: "POST /v1/baymodels",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    text: "a=b",
    status: 400,
    says: "Unknown mimetype",
  },
  {
    name: "the DELETE of the CLI",
    request: "DELETE /v1/bays/blue",
    headers: { "content-type": "application/octet-stream", accept: "*/*" },
    status: 204,
  },
  {
    name: "XML wanted",
    request: "GET /v1/bays",
    headers: { accept: "application/xml" },
    status: 406,
    says: "Not Acceptable",
  },
  {
    name: "HTML wanted",
    request: "GET /v1/certificates/blue",
    headers: { accept: "text/html" },
    status: 406,
    says: "Not Acceptable",
  },
  {
    name: "anything wanted",
    request: "GET /v1/bays",
    headers: { accept: "text/html, */*;q=0.1" },
    status: 200,
    header: ["content-type", /^application\/json/],
  },
  ...["baymodels", "bays", "pods", "services", "rcs", "containers", "nodes", "x509keypairs", "certificates"].flatMap(
    (collection): Case[] => [
      { name: "no body", request: `POST /v1/${collection}`, status: 400, says: "Missing argument" },
      { name: "broken JSON", request: `POST /v1/${collection}`, text: "{", status: 400, says: "not valid JSON" },
      { name: "a list for an object", request: `POST /v1/${collection}`, body: [], status: 400, says: "object" },
      {
        name: "an unknown attribute",
        request: `POST /v1/${collection}`,
        body: { colour: "blue" },
        status: 400,
        says: "colour",
      },
      {
        name: "a read-only attribute",
        request: `POST /v1/${collection}`,
        body: { links: [] },
        status: 400,
        says: "read only",
      },
    ],
  ),
  ...(
    [
      ["baymodels", "coe", { name: "a" }],
      ["baymodels", "image_id", { coe: "kubernetes" }],
      ["bays", "baymodel_id", { name: "a" }],
      ["pods", "bay_uuid", { manifest: "{}" }],
      ["services", "bay_uuid", { manifest: "{}" }],
      ["rcs", "bay_uuid", { manifest: "{}" }],
      ["containers", "bay_uuid", { image: "a" }],
      ["containers", "image", { bay_uuid: "{green}" }],
      ["x509keypairs", "bay_uuid", { name: "a" }],
      ["certificates", "bay_uuid", { csr: "a" }],
      ["certificates", "csr", { bay_uuid: "{blue}" }],
    ] as const
  ).map(([collection, field, body]): Case => ({
    name: `without ${field}`,
    request: `POST /v1/${collection}`,
    body,
    status: 400,
    says: field,
  })),
  ...(["true", "True", "yes", "on", "t", "y", "1", 1, true] as const).map((value): Case => ({
    name: `true as ${JSON.stringify(value)}`,
    request: "POST /v1/baymodels",
    body: model({ tls_disabled: value }),
    status: 201,
    has: { tls_disabled: true },
  })),
  ...(["false", "False", "no", "off", "f", "n", "0", 0, false] as const).map((value): Case => ({
    name: `false as ${JSON.stringify(value)}`,
    request: "POST /v1/baymodels",
    body: model({ tls_disabled: value }),
    status: 201,
    has: { tls_disabled: false },
  })),
  {
    name: "no boolean",
    request: "POST /v1/baymodels",
    body: model({ tls_disabled: "maybe" }),
    status: 400,
    says: "tls_disabled",
  },
]);

describeCases("versions and ids (1.6, 1.8)", [
  { name: "no version", request: "GET /v1/bays", status: 200, header: [VERSION, /^1\.1$/] },
  { name: "1.1", request: "GET /v1/bays", headers: { [VERSION]: "1.1" }, status: 200, header: [VERSION, /^1\.1$/] },
  {
    name: "latest",
    request: "GET /v1/bays",
    headers: { [VERSION]: "LATEST" },
    status: 200,
    header: [VERSION, /^1\.\d+$/],
  },
  {
    name: "the least",
    request: "GET /v1/bays",
    status: 200,
    header: ["x-openstack-magnum-api-minimum-version", /^1\.1$/],
  },
  {
    name: "the most",
    request: "GET /v1/bays",
    status: 200,
    header: ["x-openstack-magnum-api-maximum-version", /^1\.\d+$/],
  },
  {
    name: "2.1",
    request: "GET /v1/bays",
    headers: { [VERSION]: "2.1" },
    status: 406,
    header: ["x-openstack-magnum-api-minimum-version", /^1\.1$/],
  },
  { name: "1.0", request: "GET /v1/bays", headers: { [VERSION]: "1.0" }, status: 406 },
  { name: "no version at all", request: "GET /v1/bays", headers: { [VERSION]: "newest" }, status: 406 },
  { name: "not on /", request: "GET /", headers: { [VERSION]: "9.9" }, status: 200, header: [VERSION, /^absent$/] },
  {
    name: "an id for every reply",
    request: "GET /v1/bays",
    status: 200,
    header: ["x-openstack-request-id", /^req-[0-9a-f-]{36}$/],
  },
  {
    name: "an id for refusals",
    request: "GET /v1/bays/none",
    status: 404,
    header: ["x-openstack-request-id", /^req-[0-9a-f-]{36}$/],
  },
]);

const nobody = { "x-auth-token": "" };

describeCases("authentication (1.7)", [
  ...["bays", "baymodels", "pods", "services", "containers", "nodes", "x509keypairs", "mservices"].map(
    (collection): Case => ({
      name: "no token",
      request: `GET /v1/${collection}`,
      headers: nobody,
      status: 401,
      header: ["www-authenticate", /^Keystone uri=/],
    }),
  ),
  { name: "a token that Keystone refuses", request: "GET /v1/bays", headers: { "x-auth-token": "stale" }, status: 401 },
  { name: "/ is public", request: "GET /", headers: nobody, status: 200 },
  { name: "/v1 is public", request: "GET /v1", headers: nobody, status: 200 },
  { name: "/v1/ is public", request: "GET /v1/", headers: nobody, status: 200 },
  { name: "/v1.json is public", request: "GET /v1.json", headers: nobody, status: 200 },
]);

const RESOURCES = [
  "pods",
  "rcs",
  "baymodels",
  "bays",
  "containers",
  "services",
  "x509keypairs",
  "certificates",
  "mservices",
];

describeCases("discovery (2)", [
  {
    name: "the root",
    request: "GET /",
    status: 200,
    has: {
      name: "OpenStack Magnum API",
      versions: [{ id: "v1" }],
      default_version: { id: "v1", links: [{ href: "http://magnum.test:9511/v1/", rel: "self" }] },
    },
  },
  {
    name: "v1",
    request: "GET /v1",
    status: 200,
    has: {
      id: "v1",
      media_types: [{ base: "application/json", type: "application/vnd.openstack.magnum.v1+json" }],
      links: [
        { href: "http://magnum.test:9511/v1/", rel: "self" },
        { rel: "describedby", type: "text/html" },
      ],
    },
  },
  ...RESOURCES.map((name): Case => ({
    name: `v1 names ${name}`,
    request: "GET /v1",
    status: 200,
    has: {
      [name]: [
        { href: `http://magnum.test:9511/v1/${name}/`, rel: "self" },
        { href: `http://magnum.test:9511/${name}/`, rel: "bookmark" },
      ],
    },
  })),
]);

describeCases("paging (1.11)", [
  ...["baymodels", "bays", "pods", "services", "containers", "nodes", "x509keypairs"].flatMap((collection): Case[] => {
    const list = `GET /v1/${collection}`;
    return [
      { name: "limit 0", request: `${list}?limit=0`, status: 400, says: "limit" },
      { name: "a limit below nothing", request: `${list}?limit=-1`, status: 400, says: "limit" },
      { name: "a limit that is no number", request: `${list}?limit=all`, status: 400, says: "limit" },
      { name: "a limit beyond the most", request: `${list}?limit=100000`, status: 200 },
      { name: "a marker that is a name", request: `${list}?marker=blue`, status: 400, says: "marker" },
      { name: "a marker of nothing", request: `${list}?marker=${UNKNOWN_UUID}`, status: 404, says: "Marker" },
      { name: "an unknown sort key", request: `${list}?sort_key=colour`, status: 400, says: "sort_key" },
      { name: "a hidden column", request: `${list}?sort_key=project_id`, status: 200 },
      { name: "a direction of its own", request: `${list}?sort_dir=up`, status: 400, says: "sort_dir" },
      { name: "downwards", request: `${list}?sort_key=uuid&sort_dir=desc`, status: 200 },
      { name: "an unknown argument", request: `${list}?colour=blue`, status: 400, says: "colour" },
    ];
  }),
  {
    name: "a next on a full page",
    request: "GET /v1/bays?limit=1",
    status: 200,
    has: { next: "http://magnum.test:9511/v1/bays?sort_key=id&sort_dir=asc&limit=1&marker={blue}" },
  },
  {
    name: "the next of the brief list",
    request: "GET /v1/bays/detail?limit=1&sort_key=name&sort_dir=desc",
    status: 200,
    has: { next: "http://magnum.test:9511/v1/bays/detail?sort_key=name&sort_dir=desc&limit=1&marker={red}" },
  },
]);
