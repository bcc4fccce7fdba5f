/** Patching Kubernetes' objects: merge patches (RFC 7386), and strategic ones with the lists that have a key. */
import { isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import type { Call } from "./call.ts";
import { mediaType, parseBody } from "./call.ts";
import { KubernetesFault, badRequest, methodNotAllowed } from "./status.ts";
import { itemsOf, metadataOf } from "./store.ts";
import { change, find } from "./write.ts";

const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";

export async function patch(call: Call): Promise<{ status: number; object: JsonMap }> {
  if (!call.resource.verbs.includes("patch")) throw methodNotAllowed();
  const type = mediaType(call.request);
  if (type !== MERGE && type !== STRATEGIC) {
    throw new KubernetesFault(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${MERGE}, ${STRATEGIC}`,
    );
  }
  const wanted = parseBody(await call.request.text(), "json");
  if (!isMap(wanted)) throw badRequest("the patch is no object");
  const before = find(call);
  const merged = type === MERGE ? merge(before, wanted) : mergeStrategic(before, wanted);
  const { resourceVersion } = metadataOf(wanted);
  // Without a version in the patch it goes onto whatever is there.
  const version = resourceVersion ?? metadataOf(before)["resourceVersion"] ?? "";
  return {
    status: 200,
    object: change(call, { ...merged, metadata: { ...metadataOf(merged), resourceVersion: version } }),
  };
}

function merge(before: JsonMap, wanted: JsonMap): JsonMap {
  const merged: JsonMap = { ...before };
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null) delete merged[key];
    else merged[key] = isMap(value) ? merge(asMap(merged[key]), value) : value;
  }
  return merged;
}

const asMap = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});

/** Lists whose items have a key of their own are merged by it. */
const LIST_KEYS: Readonly<Record<string, string>> = { containers: "name", env: "name", volumes: "name", ports: "port" };

function mergeStrategic(before: JsonMap, wanted: JsonMap): JsonMap {
  const merged: JsonMap = { ...before };
  for (const [key, value] of Object.entries(wanted)) {
    if (key.startsWith("$")) continue;
    const listKey = LIST_KEYS[key];
    if (value === null) delete merged[key];
    else if (isMap(value)) {
      merged[key] = value["$patch"] === "replace" ? withoutDirective(value) : mergeStrategic(asMap(merged[key]), value);
    } else if (Array.isArray(value) && listKey !== undefined) merged[key] = mergeList(merged[key], value, listKey);
    else merged[key] = value;
  }
  return merged;
}

const withoutDirective = (value: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key !== "$patch"));

function mergeList(before: Json | undefined, wanted: readonly Json[], key: string): Json[] {
  const merged = itemsOf(before);
  for (const item of wanted.filter(isMap)) {
    const place = merged.findIndex((one) => one[key] === item[key]);
    if (item["$patch"] === "delete") {
      if (place >= 0) merged.splice(place, 1);
    } else if (place >= 0) merged[place] = mergeStrategic(merged[place] ?? {}, item);
    else merged.push(item);
  }
  return merged;
}
