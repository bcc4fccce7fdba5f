/**
 * Barbican v1 over HTTP, as release 15 answers by its own policy: opaque secrets, stored, read, listed and deleted by
 * those of their project who are `admin`, `creator` or (reading only) `observer`. `test/openstack/barbican.test.ts` holds the real one
 * to the same.
 */
import { isUtf8 } from "node:buffer";
import { Hono } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault, titleOf } from "../http/fault.ts";
import { readJson, textAt } from "../http/requests.ts";
import { uuid } from "../ids.ts";
import { authenticated } from "../keystone/callers.ts";
import type { Caller } from "../keystone/callers.ts";
import { limits } from "../limits.ts";
import { toIso } from "../times.ts";
import type { Secret } from "./records.ts";

const READERS = ["admin", "creator", "observer"];
const WRITERS = ["admin", "creator"];
const TEXT_TYPES = ["text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"];
const CONTENT_TYPES = [...TEXT_TYPES, "application/octet-stream", "application/pkcs8"];

const fault = (status: number, description: string): Fault =>
  new Fault(status, description, { code: status, title: titleOf(status), description });

const missing = (): Fault => fault(404, "Secret not found.");

const notMatching = (why: string, property: string): Fault =>
  fault(400, `Provided object does not match schema 'Secret': ${why}. Invalid property: '${property}'`);

/** Who may not is told so, and that there is such a secret is not hidden. */
function require(roles: readonly string[], caller: Caller, what: string, projectId = caller.projectId): void {
  const isOfProject = caller.projectId === projectId;
  if (isOfProject && roles.some((role) => caller.roles.has(role))) return;
  throw fault(403, `${what} attempt not allowed - please review your user/project privileges`);
}

export function createBarbican(cloud: Cloud): Hono {
  const app = new Hono();
  const { secrets } = cloud.barbican;
  const base = `${cloud.options.publicUrl}/key-manager/v1/secrets`;
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { ...error.headers });
  });
  app.notFound((c) => c.json({ code: 404, title: titleOf(404), description: "The resource could not be found." }, 404));

  const find = (id: string): Secret => {
    const found = secrets.get(id);
    if (!found) throw missing();
    return found;
  };
  app.get("/", (c) => c.json({ versions: { values: [{ id: "v1", status: "stable" }] } }, 300));
  app.post("/v1/secrets", async (c) => {
    const caller = authenticated(cloud, c);
    require(WRITERS, caller, "Secret creation");
    const body = await readJson(c, limits.barbicanBodyBytes);
    if (body.kind !== "json") throw fault(400, "Malformed JSON");
    const secret: Secret = {
      id: uuid(cloud.random),
      name: textAt(body.value, "name") ?? null,
      projectId: caller.projectId ?? "",
      creatorId: caller.userId,
      ...payloadOf(body.value),
      createdAtMs: cloud.clock.now(),
    };
    secrets.put(secret);
    const secret_ref = `${base}/${secret.id}`;
    return c.json({ secret_ref }, 201, { location: secret_ref });
  });
  app.get("/v1/secrets", (c) => {
    const caller = authenticated(cloud, c);
    require(READERS, caller, "Secret(s) retrieval");
    const { name } = c.req.query();
    const own = [...secrets.values()].filter((one) => one.projectId === caller.projectId);
    return c.json(pageOf(base, name === undefined ? own : own.filter((one) => one.name === name), c.req.query()));
  });
  app.get("/v1/secrets/:id", (c) => {
    const caller = authenticated(cloud, c);
    const secret = find(c.req.param("id"));
    require(READERS, caller, "Secret retrieval", secret.projectId);
    return c.json(viewOf(base, secret));
  });
  app.get("/v1/secrets/:id/payload", (c) => {
    const caller = authenticated(cloud, c);
    const { projectId, payload } = find(c.req.param("id"));
    require(READERS, caller, "Secret payload retrieval", projectId);
    if (payload === null) throw fault(404, "Not Found. Sorry but your secret has no payload.");
    const bytes = Buffer.from(payload, "base64");
    if (c.req.header("accept")?.startsWith("text/plain") !== true)
      return c.body(bytes, 200, { "content-type": "application/octet-stream" });
    if (!isUtf8(bytes)) throw fault(406, "Secret payload retrieval issue seen - Wrong payload content-type.");
    return c.body(bytes, 200, { "content-type": "text/plain; charset=UTF-8" });
  });
  app.delete("/v1/secrets/:id", (c) => {
    const caller = authenticated(cloud, c);
    const { id, projectId } = find(c.req.param("id"));
    require(WRITERS, caller, "Secret deletion", projectId);
    secrets.delete(id);
    return c.body(null, 204);
  });
  return app;
}

function viewOf(base: string, { id, name, creatorId, payload, payloadContentType, createdAtMs }: Secret) {
  return {
    secret_ref: `${base}/${id}`,
    name,
    status: "ACTIVE",
    secret_type: "opaque",
    algorithm: null,
    bit_length: null,
    mode: null,
    creator_id: creatorId,
    ...(payload !== null && { content_types: { default: payloadContentType } }),
    expiration: null,
    created: toIso(createdAtMs),
    updated: toIso(createdAtMs),
  };
}

function pageOf(base: string, found: readonly Secret[], query: Readonly<Record<string, string>>) {
  const [limit, offset] = [Math.min(Number(query["limit"] ?? 10), 100), Number(query["offset"] ?? 0)];
  const link = (from: number): string => `${base}?limit=${limit}&offset=${from}`;
  return {
    secrets: found.slice(offset, offset + limit).map((one) => viewOf(base, one)),
    total: found.length,
    ...(offset > 0 && { previous: link(Math.max(0, offset - limit)) }),
    ...(offset + limit < found.length && { next: link(offset + limit) }),
  };
}

function payloadOf(given: unknown): Pick<Secret, "payload" | "payloadContentType"> {
  const [payload, type] = [textAt(given, "payload"), textAt(given, "payload_content_type")?.toLowerCase()];
  if (payload === undefined) return { payload: null, payloadContentType: "" };
  if (payload === "") throw notMatching("If 'payload' specified, must be non empty", "payload");
  if (type === undefined)
    throw notMatching(
      "If 'payload' is supplied, 'payload_content_type' must also be supplied.",
      "payload_content_type",
    );
  if (!CONTENT_TYPES.includes(type)) {
    const types = CONTENT_TYPES.map((one) => `'${one}'`).join(", ");
    throw notMatching(`payload_content_type is not one of [${types}]`, "payload_content_type");
  }
  if (TEXT_TYPES.includes(type))
    return { payload: Buffer.from(payload).toString("base64"), payloadContentType: "text/plain" };
  const property = "payload_content_encoding";
  if (textAt(given, property) !== "base64")
    throw notMatching(`${property} is not one of ['base64', 'binary']`, property);
  return { payload, payloadContentType: type };
}
