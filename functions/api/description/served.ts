/** The description as it is served: made when it is asked for first, the same for every process of a release, known by its tag. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { makeOnce } from "../make-once.ts";
import type { Collections } from "../routes/routes.ts";
import { describeApi } from "./document.ts";

interface Description {
  readonly text: string;
  readonly etag: string;
}

const descriptions = new WeakMap<Collections, Promise<Description>>();

export async function serveDescription(context: Context, collections: Collections): Promise<Response> {
  const { text, etag } = await makeOnce(descriptions, collections, () => describe(collections));
  const headers = { ETag: etag, "Cache-Control": "no-cache" };
  const known = context.req
    .header("if-none-match")
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.includes(etag)) return context.body(null, 304, headers);
  return context.body(text, 200, { ...headers, "Content-Type": "application/json" });
}

async function describe(collections: Collections): Promise<Description> {
  const routes = await Promise.all(Object.values(collections).map((load) => load()));
  const text = JSON.stringify(describeApi(routes.flat()));
  return { text, etag: `"${createHash("sha256").update(text).digest("base64url")}"` };
}
