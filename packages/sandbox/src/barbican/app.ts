/** Barbican v1 over HTTP: secrets of text, stored, read and deleted by their projects. */
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

const fault = (status: number, description: string): Fault =>
  new Fault(status, description, { code: status, title: titleOf(status), description });

const missing = (): Fault => fault(404, "Not Found. Sorry but your secret is in another castle.");

export function createBarbican(cloud: Cloud): Hono {
  const app = new Hono();
  const { secrets } = cloud.barbican;
  const base = `${cloud.options.publicUrl}/key-manager/v1/secrets`;
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { ...error.headers });
  });
  app.notFound((c) => c.json({ code: 404, title: titleOf(404), description: "The resource could not be found." }, 404));

  const own = (caller: Caller, id: string): Secret => {
    const found = secrets.get(id);
    if (!found) throw missing();
    // Barbican says so, and does not hide that there is one.
    if (found.projectId !== caller.projectId)
      throw fault(403, "Secret retrieval attempt not allowed - please review your user/project privileges");
    return found;
  };
  const view = ({ id, name, creatorId, payloadContentType, createdAtMs }: Secret) => ({
    secret_ref: `${base}/${id}`,
    name,
    status: "ACTIVE",
    secret_type: "opaque",
    algorithm: null,
    bit_length: null,
    mode: null,
    creator_id: creatorId,
    content_types: { default: payloadContentType },
    expiration: null,
    created: toIso(createdAtMs),
    updated: toIso(createdAtMs),
  });

  app.get("/", (c) => c.json({ versions: { values: [{ id: "v1", status: "stable" }] } }, 300));
  app.post("/v1/secrets", async (c) => {
    const caller = authenticated(cloud, c);
    const body = await readJson(c, limits.barbicanBodyBytes);
    const given = body.kind === "json" ? body.value : undefined;
    const payload = textAt(given, "payload");
    const payloadContentType = textAt(given, "payload_content_type") ?? "text/plain";
    if (payload === undefined || payload === "") throw fault(400, "If 'payload' specified, must be non empty.");
    if (!payloadContentType.startsWith("text/plain"))
      throw fault(400, `payload_content_type ${payloadContentType} is not supported here`);
    const secret: Secret = {
      id: uuid(cloud.random),
      name: textAt(given, "name") ?? null,
      projectId: caller.projectId ?? "",
      creatorId: caller.userId,
      payload,
      payloadContentType: "text/plain",
      createdAtMs: cloud.clock.now(),
    };
    secrets.put(secret);
    return c.json({ secret_ref: `${base}/${secret.id}` }, 201);
  });
  app.get("/v1/secrets", (c) => {
    const caller = authenticated(cloud, c);
    const found = [...secrets.values()].filter((one) => one.projectId === caller.projectId);
    return c.json({ secrets: found.map(view), total: found.length });
  });
  app.get("/v1/secrets/:id", (c) => c.json(view(own(authenticated(cloud, c), c.req.param("id")))));
  app.get("/v1/secrets/:id/payload", (c) => c.text(own(authenticated(cloud, c), c.req.param("id")).payload));
  app.delete("/v1/secrets/:id", (c) => {
    secrets.delete(own(authenticated(cloud, c), c.req.param("id")).id);
    return c.body(null, 204);
  });
  return app;
}
