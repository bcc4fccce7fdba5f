/**
 * The `magnum` command of python-magnumclient 1.1.0 and 2.0.0, as far as the service can tell them apart: the requests that
 * each subcommand sends, headers and all, and what it needs of the replies, or it ends in a traceback (bay-era sheet 13).
 */
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { Harness } from "../api-harness.ts";

export type ClientVersion = "1.1.0" | "2.0.0";

/** What a subcommand prints: rows of a table, or a text. */
export type Printed = readonly (readonly string[])[] | string;

type Options = Readonly<Record<string, Json>>;

export interface MagnumClient {
  /** Every subcommand by its word; positional arguments come first, options as one object. */
  readonly commands: Readonly<Record<string, (...words: readonly string[]) => (options?: Options) => Promise<Printed>>>;
}

interface Traits {
  readonly isFirst: boolean;
  readonly as: "memberA" | "admin";
}

export function createMagnumClient(
  api: Pick<Harness, "call">,
  version: ClientVersion,
  as: Traits["as"] = "memberA",
): MagnumClient {
  const traits: Traits = { isFirst: version === "1.1.0", as };
  const http = createHttp(api, traits);
  return {
    commands: {
      ...modelCommands(http, traits),
      ...bayCommands(http, traits),
      ...manifestCommands(http, traits, { word: "pod", collection: "pods", key: "pods", listSendsBay: false }),
      ...manifestCommands(http, traits, {
        word: "coe-service",
        collection: "services",
        key: "services",
        listSendsBay: false,
      }),
      ...manifestCommands(http, traits, { word: "rc", collection: "rcs", key: "rcs", listSendsBay: true }),
      ...containerCommands(http, traits),
      ...(traits.isFirst && nodeCommands(http)),
      "service-list": () => async () =>
        listOf(await http.get("/v1/mservices"), "mservices", ["id", "host", "binary", "state"]),
    },
  };
}

interface Http {
  get(path: string): Promise<JsonObject>;
  post(path: string, body: JsonObject): Promise<JsonObject>;
  patch(path: string, body: Json): Promise<JsonObject>;
  put(path: string): Promise<Json | undefined>;
  delete(path: string): Promise<void>;
}

/** The end of the URL in the catalog, which is where every path is put. */
const CATALOG = "/v1";

function createHttp(api: Pick<Harness, "call">, { isFirst, as }: Traits): Http {
  const json = { accept: "application/json", "content-type": "application/json" };
  const send = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: Json) => {
    const answer = await api.call(method, `${CATALOG}${path.replace(/^\/v1/, "")}`, {
      as,
      headers,
      ...(body !== undefined && { body }),
    });
    if (answer.status < 300) return answer;
    throw new Error(`ERROR: ${readError(answer.body, isFirst)} (HTTP ${answer.status})`);
  };
  const read = async (method: string, path: string, body?: Json): Promise<JsonObject> => {
    const { status, headers, body: answer } = await send(method, path, json, body);
    const isEmpty = status === 204 || !headers.get("content-type")?.startsWith("application/json");
    if (isEmpty) throw new Error(`${method} ${path} answered nothing that can be read`);
    return answer;
  };
  return {
    get: (path) => read("GET", path),
    post: (path, body) => read("POST", path, body),
    patch: (path, body) => read("PATCH", path, body),
    put: async (path) => (await send("PUT", path, { ...json, "content-length": "0" })).body,
    async delete(path) {
      const answer = await send("DELETE", path, { "content-type": "application/octet-stream", accept: "*/*" });
      if (answer.status !== 204) throw new Error(`DELETE ${path} answered ${answer.status}`);
    },
  };
}

/** 1.1.0 reads the first value of the body; 2.0.0 the JSON in `error_message`. Both fall back to nothing useful. */
function readError(body: JsonObject, isFirst: boolean): string {
  if (isFirst) {
    const [first] = Object.values(body);
    const isObject = typeof first === "object" && first !== null && !Array.isArray(first);
    return textOf(isObject ? (first["message"] ?? first["faultstring"]) : undefined);
  }
  const { error_message: text } = body;
  if (typeof text !== "string") throw new TypeError("the JSON object must be str, bytes or bytearray");
  return textOf((JSON.parse(text) as JsonObject)["faultstring"]);
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw new Error("the client shows no reason");
  return value;
}

/** A table of every key; some commands take `links` away without looking whether it is there. */
function tableOf(body: JsonObject, { needsLinks }: { readonly needsLinks: boolean }): Printed {
  if (needsLinks && !("links" in body)) throw new Error("KeyError: 'links'");
  return Object.entries(body)
    .filter(([name]) => !(needsLinks && name === "links"))
    .map(([name, value]) => [
      name,
      value === null ? "None" : typeof value === "string" ? value : JSON.stringify(value),
    ]);
}

/** A row each, by the first column; an attribute that is not there is printed empty. */
function listOf(body: JsonObject, key: string, columns: readonly string[]): Printed {
  const items = body[key];
  if (!Array.isArray(items)) throw new Error(`KeyError: '${key}'`);
  const rows = (items as JsonObject[]).map((item) => columns.map((column) => wordOf(item[column])));
  return rows.toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1));
}

/** As Python prints it, nearly. */
function wordOf(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

const done = "";

/** What stands behind `add`, `replace` or `remove`: values are JSON where they can be read as it. */
function patchOf(op: string, attributes: readonly string[], files: Options = {}): Json {
  return attributes.map((attribute) => {
    const [path = "", ...rest] = attribute.split("=");
    const text = rest.join("=");
    const operation = { op, path: `/${path.replace(/^\//, "")}` };
    if (op === "remove") return operation;
    return { ...operation, value: files[text] ?? parsed(text) };
  });
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A plain word.
    return text;
  }
}

function modelCommands(http: Http, { isFirst }: Traits): MagnumClient["commands"] {
  const path = "/v1/baymodels";
  const none = Object.fromEntries(
    ["name", "flavor_id", "master_flavor_id", "fixed_network", "network_driver", "docker_volume_size"].map((one) => [
      one,
      null,
    ]),
  );
  const proxies = { http_proxy: null, https_proxy: null, no_proxy: null };
  const common = { ...none, ...proxies, labels: {}, tls_disabled: false, public: false, dns_nameserver: "8.8.8.8" };
  const own: JsonObject = isFirst ? { ssh_authorized_key: null } : { volume_driver: null, registry_enabled: false };
  return {
    "baymodel-create":
      () =>
      async (options = {}) =>
        tableOf(await http.post(path, { ...common, flavor_id: "m1.medium", ...own, ...options }), { needsLinks: true }),
    "baymodel-list":
      () =>
      async (options = {}) => {
        const query = isFirst ? "" : `/?${new URLSearchParams(options as Record<string, string>).toString()}`;
        return listOf(await http.get(`${path}${Object.keys(options).length > 0 ? query : ""}`), "baymodels", [
          "uuid",
          "name",
        ]);
      },
    "baymodel-show": (model) => async () => tableOf(await http.get(`${path}/${model}`), { needsLinks: true }),
    "baymodel-update":
      (model, op = "", ...attributes) =>
      async () =>
        tableOf(await http.patch(`${path}/${model}`, patchOf(op, attributes)), { needsLinks: true }),
    "baymodel-delete":
      (...models) =>
      async () => {
        for (const model of models) await http.delete(`${path}/${model}`);
        return done;
      },
  };
}

function bayCommands(http: Http, { isFirst }: Traits): MagnumClient["commands"] {
  const path = "/v1/bays";
  const authority = async (ident: Json | undefined): Promise<string> => {
    const bay = await http.get(`${path}/${wordOf(ident)}`);
    if (isFirst) requireComplete(bay);
    return textOf(bay["uuid"]);
  };
  return {
    "bay-create":
      () =>
      async ({ baymodel = null, ...options } = {}) => {
        const model = await http.get(`/v1/baymodels/${wordOf(baymodel)}`);
        const defaults: JsonObject = isFirst
          ? { name: null, node_count: null, master_count: "1", discovery_url: null, bay_create_timeout: null }
          : { name: null, node_count: 1, master_count: 1, discovery_url: null, bay_create_timeout: 0 };
        const body = { ...defaults, ...options, baymodel_id: textOf(model["uuid"]) };
        return tableOf(await http.post(path, body), { needsLinks: true });
      },
    "bay-list": () => async () =>
      listOf(await http.get(path), "bays", ["uuid", "name", "node_count", "master_count", "status"]),
    "bay-show": (bay) => async () => tableOf(await http.get(`${path}/${bay}`), { needsLinks: true }),
    "bay-update":
      (bay, op = "", ...attributes) =>
      async () =>
        tableOf(await http.patch(`${path}/${bay}`, patchOf(op, attributes)), { needsLinks: true }),
    "bay-delete":
      (...bays) =>
      async () => {
        for (const bay of bays) await http.delete(`${path}/${bay}`);
        return done;
      },
    "ca-show":
      () =>
      async ({ bay } = {}) =>
        textOf((await http.get(`/v1/certificates/${await authority(bay)}`))["pem"]),
    "ca-sign":
      () =>
      async ({ bay, csr = null } = {}) =>
        textOf((await http.post("/v1/certificates", { bay_uuid: await authority(bay), csr }))["pem"]),
  };
}

/** The commands' own look at the bay's status, before they send anything to it. */
function requireComplete({ status }: JsonObject, besides: readonly string[] = []): void {
  if (!["CREATE_COMPLETE", "UPDATE_COMPLETE", ...besides].includes(textOf(status)))
    throw new Error(`Bay status for is: ${textOf(status)}`);
}

interface Manifested {
  readonly word: string;
  readonly collection: string;
  readonly key: string;
  /** Whether 1.1.0 sends the bay that its list is given. */
  readonly listSendsBay: boolean;
}

function manifestCommands(
  http: Http,
  { isFirst }: Traits,
  { word, collection, key, listSendsBay }: Manifested,
): MagnumClient["commands"] {
  const needsLinks = word === "pod";
  const asSegment = isFirst && word !== "rc";
  const place = (ident: string, bay: string): string =>
    asSegment ? `/v1/${collection}/${ident}/${bay}` : `/v1/${collection}/${ident}/?bay_ident=${bay}`;
  const columns =
    word === "coe-service" || (word === "rc" && !isFirst) ? ["uuid", "name", "bay_uuid"] : ["uuid", "name"];
  return {
    [`${word}-create`]:
      () =>
      async ({ bay = "", ...options } = {}) => {
        const found = await http.get(`/v1/bays/${wordOf(bay)}`);
        requireComplete(found);
        const body = { bay_uuid: textOf(found["uuid"]), manifest_url: null, ...options };
        return tableOf(await http.post(`/v1/${collection}`, body), { needsLinks });
      },
    [`${word}-list`]: (bay) => async () => {
      if (!isFirst) requireComplete(await http.get(`/v1/bays/${bay}`));
      const query = !isFirst || listSendsBay ? `/?bay_ident=${bay}` : "";
      return listOf(await http.get(`/v1/${collection}${query}`), key, columns);
    },
    [`${word}-show`]:
      (ident = "", bay = "") =>
      async () =>
        tableOf(await http.get(place(ident, bay)), { needsLinks }),
    [`${word}-update`]:
      (ident = "", bay = "", op = "", ...attributes) =>
      async (files = {}) =>
        tableOf(await http.patch(place(ident, bay), patchOf(op, attributes, files)), { needsLinks }),
    [`${word}-delete`]:
      (ident = "", bay = "") =>
      async () => {
        await http.delete(place(ident, bay));
        return done;
      },
  };
}

function containerCommands(http: Http, { isFirst }: Traits): MagnumClient["commands"] {
  const path = "/v1/containers";
  const act = (action: string) =>
    [
      `container-${action}`,
      (...idents: readonly string[]) =>
        async () => {
          for (const ident of idents) await http.put(`${path}/${ident}/${action}`);
          return done;
        },
    ] as const;
  return {
    "container-create":
      () =>
      async ({ bay = "", ...options } = {}) => {
        const found = await http.get(`/v1/bays/${wordOf(bay)}`);
        requireComplete(found, isFirst ? [] : ["UPDATE_IN_PROGRESS"]);
        const body = { name: null, command: null, memory: null, ...options, bay_uuid: textOf(found["uuid"]) };
        return tableOf(await http.post(path, body), { needsLinks: false });
      },
    "container-list": (bay) => async () => {
      const query = isFirst || bay === undefined ? "" : `/?bay_ident=${bay}`;
      const columns = isFirst ? ["uuid", "name", "status"] : ["uuid", "name", "status", "bay_uuid"];
      return listOf(await http.get(`${path}${query}`), "containers", columns);
    },
    "container-show": (ident) => async () => tableOf(await http.get(`${path}/${ident}`), { needsLinks: false }),
    ...Object.fromEntries(["start", "stop", "reboot", "pause", "unpause"].map(act)),
    "container-logs": (ident) => async () => textOf((await http.get(`${path}/${ident}/logs`))["output"]),
    "container-exec":
      (ident) =>
      async ({ command = "" } = {}) => {
        const query = new URLSearchParams({ command: wordOf(command) }).toString();
        return textOf(((await http.put(`${path}/${ident}/execute?${query}`)) as JsonObject)["output"]);
      },
    "container-delete":
      (...idents) =>
      async () => {
        for (const ident of idents) await http.delete(`${path}/${ident}`);
        return done;
      },
  };
}

function nodeCommands(http: Http): MagnumClient["commands"] {
  return {
    "node-create":
      () =>
      async (options = {}) =>
        tableOf(await http.post("/v1/nodes", options), { needsLinks: false }),
    "node-list": () => async () => listOf(await http.get("/v1/nodes"), "nodes", ["uuid", "type", "image_id"]),
  };
}
