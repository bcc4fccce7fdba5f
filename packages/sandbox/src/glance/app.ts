/** Glance v2 over HTTP: images to be found by id, name and property. */
import { Hono } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault, titleOf } from "../http/fault.ts";
import { authenticated } from "../keystone/callers.ts";
import type { Caller } from "../keystone/callers.ts";
import { limits } from "../limits.ts";
import { toIso } from "../times.ts";
import type { Image } from "./records.ts";

const missing = (id: string): Fault =>
  new Fault(404, `No image found with ID ${id}`, {
    message: `No image found with ID ${id}<br /><br />\n\n\n`,
    code: "404 Not Found",
    title: titleOf(404),
  });

const imageView = (one: Image) => ({
  id: one.id,
  name: one.name,
  status: "active",
  visibility: one.visibility,
  owner: one.ownerId,
  container_format: "bare",
  disk_format: one.diskFormat,
  size: one.sizeBytes,
  virtual_size: null,
  min_disk: one.minDiskGb,
  min_ram: one.minRamMb,
  checksum: "00000000000000000000000000000000",
  os_hash_algo: "sha512",
  os_hash_value: "",
  os_hidden: false,
  protected: false,
  tags: [],
  ...one.properties,
  created_at: toIso(one.createdAtMs),
  updated_at: toIso(one.createdAtMs),
  self: `/v2/images/${one.id}`,
  file: `/v2/images/${one.id}/file`,
  schema: "/v2/schemas/image",
});

const isVisible = (caller: Caller, one: Image): boolean =>
  caller.isAdmin || one.visibility === "public" || one.ownerId === caller.projectId;

export function createGlance(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { ...error.headers });
  });
  app.notFound((c) =>
    c.json({ code: "404 Not Found", title: titleOf(404), message: "The resource could not be found." }, 404),
  );
  const href = `${cloud.options.publicUrl}/image/v2/`;
  const versions = ["v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"].map((id, index) => ({
    id,
    status: index === 0 ? "CURRENT" : "SUPPORTED",
    links: [{ rel: "self", href }],
  }));
  app.get("/", (c) => c.json({ versions }, 300));
  app.get("/versions", (c) => c.json({ versions }));
  app.get("/v2/images", (c) => {
    const caller = authenticated(cloud, c);
    const query = c.req.query();
    const filters = Object.entries(query).filter(
      ([name]) => !["limit", "marker", "sort", "sort_key", "sort_dir"].includes(name),
    );
    const found = [...cloud.glance.images.values()].filter((one) => {
      const view: Record<string, unknown> = imageView(one);
      return isVisible(caller, one) && filters.every(([name, value]) => nameMatches(view[name], value, name));
    });
    const ordered = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const start = query["marker"] === undefined ? 0 : ordered.findIndex((one) => one.id === query["marker"]) + 1;
    const limit = Number(query["limit"] ?? limits.stacksPerPage);
    return c.json({
      images: ordered.slice(start, start + limit).map(imageView),
      first: "/v2/images",
      schema: "/v2/schemas/images",
    });
  });
  app.get("/v2/images/:id", (c) => {
    const caller = authenticated(cloud, c);
    const image = cloud.glance.images.get(c.req.param("id"));
    if (!image || !isVisible(caller, image)) throw missing(c.req.param("id"));
    return c.json(imageView(image));
  });
  app.get("/v2/images/:id/members", (c) => {
    authenticated(cloud, c);
    return c.json({ members: [], schema: "/v2/schemas/members" });
  });
  app.get("/v2/schemas/image", (c) =>
    c.json({ name: "image", properties: {}, additionalProperties: { type: "string" } }),
  );
  app.get("/v2/schemas/images", (c) => c.json({ name: "images", properties: {} }));
  return app;
}

/** `in:a,b` asks for one of several names. */
function nameMatches(value: unknown, wanted: string, name: string): boolean {
  if (name === "name" && wanted.startsWith("in:")) {
    return wanted
      .slice(3)
      .split(",")
      .some((one) => one === value);
  }
  if (name === "member_status" || (name === "visibility" && wanted === "all")) return true;
  return value === wanted || (typeof value === "number" && value.toString() === wanted);
}
