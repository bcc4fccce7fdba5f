/** Sections 3.5 to 3.7 of the bay-era sheet: pods, services and replication controllers, attribute by attribute. */
import type { Json } from "@jeroboam/core/json";
import { UNKNOWN_UUID } from "../api-harness.ts";
import type { Case } from "./cases.ts";
import { describeCases } from "./cases.ts";
import { named, POD_MANIFEST, RC_MANIFEST, SERVICE_MANIFEST } from "./world.ts";

interface Manifested {
  readonly collection: string;
  readonly manifest: string;
  readonly brief: readonly string[];
  /** What the full form has besides. */
  readonly besides: readonly string[];
  /** What no patch may touch. */
  readonly internal: readonly string[];
  readonly listNeedsBay: boolean;
}

const TIMES = ["created_at", "updated_at"];

const MANIFESTED: readonly Manifested[] = [
  {
    collection: "pods",
    manifest: POD_MANIFEST,
    brief: ["uuid", "name", "desc", "bay_uuid", "images", "labels", "status", "host", "links"],
    besides: ["status_reason", ...TIMES],
    internal: ["name", "labels", "images", "status", "host"],
    listNeedsBay: false,
  },
  {
    collection: "services",
    manifest: SERVICE_MANIFEST,
    brief: ["uuid", "name", "bay_uuid", "labels", "selector", "ip", "ports", "links"],
    besides: ["status_reason", ...TIMES],
    internal: ["name", "labels", "selector", "ports", "ip"],
    listNeedsBay: false,
  },
  {
    collection: "rcs",
    manifest: RC_MANIFEST,
    brief: ["uuid", "name", "images", "bay_uuid", "labels", "replicas", "links"],
    besides: ["status_reason"],
    internal: ["name", "labels", "replicas", "images"],
    listNeedsBay: true,
  },
];

function wrongManifests(kind: string): readonly (readonly [name: string, manifest: string, says: string])[] {
  const other = kind === "Pod" ? SERVICE_MANIFEST : POD_MANIFEST;
  return [
    ["of another kind", other, "kind must be"],
    ["of another version", `{"apiVersion": "v2", "kind": "${kind}"}`, "apiVersion must be v1"],
    ["empty", " ", "empty"],
    ["no map", "[]", "must be a map"],
    ["a word", "nginx", "must be a map"],
    ["broken JSON", "{,", "not valid"],
    ["broken YAML", "a: [", "not valid YAML"],
    ["of two documents", "a: 1\n---\nb: 2\n", "2 documents"],
    ["without metadata", `{"kind": "${kind}", "spec": {}}`, "metadata is missing"],
    ["without a name", `{"metadata": {}, "spec": {}}`, "metadata.name is missing"],
    ["with a name that Kubernetes refuses", `{"metadata": {"name": "Web_1"}}`, "metadata.name"],
    ["of another namespace", `{"metadata": {"name": "web", "namespace": "kube-system"}}`, "metadata.namespace"],
    ["without a spec", `{"metadata": {"name": "web"}}`, "spec is missing"],
    ["that unfolds without end", "a: &a [*a, *a]\nb: *a\n", ""],
  ];
}

const KINDS: Readonly<Record<string, string>> = { pods: "Pod", services: "Service", rcs: "ReplicationController" };

for (const { collection, manifest, brief, besides, internal, listNeedsBay } of MANIFESTED) {
  const bay_uuid = "{blue}";
  const post = `POST /v1/${collection}`;
  const id = collection.slice(0, -1);
  const name = collection === "pods" ? "web" : "fe";
  const other = named(manifest, "other");
  const patch = (op: string, path: string, value?: Json): Json => [{ op, path, ...(value !== undefined && { value }) }];
  describeCases(`${collection}: making one`, [
    {
      name: "from JSON",
      request: post,
      body: { bay_uuid, manifest: other },
      status: 201,
      has: { name: "other", bay_uuid },
      keys: [...brief, ...besides, "manifest"],
    },
    {
      name: "as both clients send it",
      request: post,
      body: { bay_uuid, manifest: other, manifest_url: null },
      status: 201,
      has: { manifest_url: null },
      keys: [...brief, ...besides, "manifest", "manifest_url"],
    },
    {
      name: "with its place",
      request: post,
      body: { bay_uuid, manifest: other },
      status: 201,
      header: ["location", new RegExp(`^http://magnum.test:9511/v1/${collection}/[0-9a-f-]{36}$`)],
    },
    {
      name: "with a uuid of the caller's",
      request: post,
      body: { uuid: UNKNOWN_UUID, bay_uuid, manifest: other },
      status: 201,
      has: { uuid: UNKNOWN_UUID },
    },
    {
      name: "with a uuid that is there",
      request: post,
      body: { uuid: `{${id}}`, bay_uuid, manifest: other },
      status: 409,
      says: "already exists",
    },
    {
      name: "with a name that is there",
      request: post,
      body: { bay_uuid, manifest },
      status: 409,
      says: "already exists",
    },
    {
      name: "the same name in another bay",
      request: post,
      body: { bay_uuid: "{grey}", manifest },
      status: 201,
      has: { name },
    },
    {
      name: "in a bay by its name",
      request: post,
      body: { bay_uuid: "blue", manifest: other },
      status: 400,
      says: "bay_uuid",
    },
    {
      name: "in a bay that is not there",
      request: post,
      body: { bay_uuid: UNKNOWN_UUID, manifest: other },
      status: 400,
      says: UNKNOWN_UUID,
    },
    {
      name: "in another's bay",
      request: post,
      body: { bay_uuid: "{foreign}", manifest: other },
      status: 400,
      says: "could not be found",
    },
    {
      name: "in a Swarm bay",
      request: post,
      body: { bay_uuid: "{green}", manifest: other },
      status: 400,
      says: "bays that can are of kubernetes",
    },
    {
      name: "in a Mesos bay",
      request: post,
      body: { bay_uuid: "{red}", manifest: other },
      status: 400,
      says: "a mesos bay cannot run",
    },
    {
      name: "in a bay that is not ready",
      request: post,
      body: { bay_uuid: "{growing}", manifest: other },
      status: 409,
      says: "no address yet",
    },
    { name: "from nothing", request: post, body: { bay_uuid }, status: 400, says: "Either manifest or manifest_url" },
    {
      name: "from null",
      request: post,
      body: { bay_uuid, manifest: null, manifest_url: null },
      status: 400,
      says: "manifest",
    },
    { name: "from a number", request: post, body: { bay_uuid, manifest: 5 }, status: 400, says: "manifest" },
    {
      name: "from an address inside",
      request: post,
      body: { bay_uuid, manifest_url: "http://inside.test/" },
      status: 400,
      says: "not on the public internet",
    },
    {
      name: "from an address where nobody is",
      request: post,
      body: { bay_uuid, manifest_url: "http://down.test/" },
      status: 400,
      says: "could not be fetched",
    },
    {
      name: "from an address that has nothing",
      request: post,
      body: { bay_uuid, manifest_url: "http://web.test/none" },
      status: 400,
      says: "404",
    },
    {
      name: "by a reader",
      request: post,
      as: "readerA",
      body: { bay_uuid, manifest: other },
      status: 403,
      says: "create",
    },
    {
      name: "labels by hand",
      request: post,
      body: { bay_uuid, manifest: other, labels: {} },
      status: 400,
      says: "read only",
    },
    {
      name: "a name by hand",
      request: post,
      body: { bay_uuid, manifest: other, name: "x" },
      status: 400,
      says: "read only",
    },
    ...wrongManifests(KINDS[collection] ?? "").map(([what, text, says]): Case => ({
      name: `a manifest ${what}`,
      request: post,
      body: { bay_uuid, manifest: text },
      status: 400,
      says,
    })),
  ]);
  describeCases(`${collection}: looking, changing, deleting`, [
    ...["/{blue}", "/blue", "/?bay_ident={blue}", "?bay_ident=blue"].flatMap((bay): Case[] => [
      {
        name: "by uuid, in its bay",
        request: `GET /v1/${collection}/{${id}}${bay}`,
        status: 200,
        has: { uuid: `{${id}}` },
        keys: [...brief, ...besides],
      },
      {
        name: "by name, in its bay",
        request: `GET /v1/${collection}/${name}${bay}`,
        status: 200,
        has: { uuid: `{${id}}` },
      },
      { name: "deleting it", request: `DELETE /v1/${collection}/${name}${bay}`, status: 204 },
      {
        name: "an empty patch",
        request: `PATCH /v1/${collection}/${name}${bay}`,
        body: [],
        status: 200,
        has: { uuid: `{${id}}` },
      },
    ]),
    ...["GET", "DELETE", "PATCH"].flatMap((method): Case[] => {
      const body = method === "PATCH" ? { body: [] } : {};
      return [
        {
          name: "without its bay",
          request: `${method} /v1/${collection}/${name}`,
          ...body,
          status: 400,
          says: "bay_ident",
        },
        {
          name: "in another bay",
          request: `${method} /v1/${collection}/${name}/grey`,
          ...body,
          status: 404,
          says: name,
        },
        { name: "in no bay", request: `${method} /v1/${collection}/${name}/none`, ...body, status: 404, says: "none" },
        {
          name: "what is not there",
          request: `${method} /v1/${collection}/none/blue`,
          ...body,
          status: 404,
          says: "none",
        },
        {
          name: "another's",
          request: `${method} /v1/${collection}/${name}/blue`,
          ...body,
          as: "memberB",
          status: 404,
          says: "blue",
        },
      ];
    }),
    {
      name: "a reader deletes nothing",
      request: `DELETE /v1/${collection}/${name}/blue`,
      as: "readerA",
      status: 403,
      says: "delete",
    },
    { name: "a reader looks", request: `GET /v1/${collection}/${name}/blue`, as: "readerA", status: 200 },
    {
      name: "the brief list",
      request: `GET /v1/${collection}?bay_ident=blue`,
      status: 200,
      keys: brief,
      of: collection,
    },
    {
      name: "the full list",
      request: `GET /v1/${collection}/detail?bay_ident=blue`,
      status: 200,
      keys: [...brief, ...besides],
      of: collection,
    },
    {
      name: "the list of an empty bay",
      request: `GET /v1/${collection}?bay_ident=grey`,
      status: 200,
      has: { [collection]: [] },
    },
    { name: "the list of no bay", request: `GET /v1/${collection}?bay_ident=none`, status: 404, says: "none" },
    listNeedsBay
      ? { name: "the list without a bay", request: `GET /v1/${collection}`, status: 400, says: "bay_ident" }
      : {
          name: "the list without a bay",
          request: `GET /v1/${collection}`,
          status: 200,
          has: { [collection]: [{ uuid: `{${id}}` }] },
        },
    {
      name: "a new manifest",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("replace", "/manifest", manifest),
      status: 200,
      has: { manifest },
    },
    {
      name: "a manifest of another name",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("replace", "/manifest", other),
      status: 400,
      says: `metadata.name must stay ${name}`,
    },
    {
      name: "a manifest that is wrong",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("add", "/manifest", "["),
      status: 400,
      says: "manifest",
    },
    {
      name: "another bay",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("replace", "/bay_uuid", UNKNOWN_UUID),
      status: 400,
      says: "bay_uuid",
    },
    {
      name: "no bay",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("remove", "/bay_uuid"),
      status: 400,
      says: "mandatory",
    },
    {
      name: "what is not there",
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("add", "/colour", "blue"),
      status: 400,
      says: "colour",
    },
    ...[...internal, "uuid", "links", "created_at", "project_id"].map((field): Case => ({
      name: `${field} is the service's`,
      request: `PATCH /v1/${collection}/${name}/blue`,
      body: patch("replace", `/${field}`, "x"),
      status: 400,
      says: "internal",
    })),
  ]);
}

describeCases("pods: their description", [
  {
    name: "is the caller's",
    request: "PATCH /v1/pods/web/blue",
    body: [{ op: "add", path: "/desc", value: "mine" }],
    status: 200,
    has: { desc: "mine", name: "web" },
  },
  {
    name: "with a new one",
    request: "POST /v1/pods",
    body: {
      bay_uuid: "{blue}",
      manifest: named(POD_MANIFEST, "b"),
      desc: "d",
      images: ["x"],
      status: "Running",
      host: "h",
    },
    status: 201,
    has: { desc: "d", images: ["nginx"], status: "Pending", host: null },
  },
]);
