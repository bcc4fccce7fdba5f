/** Glance's images: what a bay's nodes boot from. */
import { z } from "zod";
import { listAll, lookUp, single } from "./lookup.ts";
import type { Ambiguous, Found, Missing } from "./lookup.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudSession } from "./session.ts";

const imageSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  /** `active` once it can boot. */
  status: z.string(),
  visibility: z.string().nullish(),
  /** Which distribution it holds: `fedora-atomic`, `fedora-coreos`, `ubuntu` and so on. Bays need it. */
  os_distro: z.string().nullish(),
  os_version: z.string().nullish(),
  /** GiB and MiB that a flavor must have. */
  min_disk: z.number().nullish(),
  min_ram: z.number().nullish(),
});

export type Image = z.output<typeof imageSchema>;

const isUuid = (text: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);

/** An image by id when it looks like one, else by its exact name. */
export async function findImage(
  session: CloudSession,
  nameOrId: string,
): Promise<Found<Image> | Missing | Ambiguous | Refusal> {
  const base = await imagePath(session);
  if (typeof base !== "string") return base;
  if (isUuid(nameOrId)) {
    const byId = await lookUp(session, "image", `${base}/${encodeURIComponent(nameOrId)}`, imageSchema);
    if (byId.kind !== "missing") return byId;
  }
  const found = await listAll(session, {
    service: "image",
    path: base,
    query: { name: nameOrId },
    schema: z.object({ images: z.array(imageSchema) }),
    items: (page) => page.images,
    markerOf: (image) => image.id,
  });
  // Glance reads operators (`in:…`) out of a filter's text: what it lists need not bear the name.
  return found.kind === "found" ? single(found.value.filter((image) => image.name === nameOrId)) : found;
}

/** Catalogs name Glance with its version or without. */
async function imagePath(session: CloudSession): Promise<string | Refusal> {
  const endpoint = await session.endpoint("image");
  if (endpoint.kind === "refused") return endpoint;
  return /\/v2(\.\d+)?$/.test(endpoint.url) ? "/images" : "/v2/images";
}
