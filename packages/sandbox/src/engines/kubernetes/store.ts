/**
 * Kubernetes' objects as they are kept: each write has the next resourceVersion, and whoever watches is told of it.
 * The last changes are remembered in memory, so that a watch can begin at a version a little while ago.
 */
import type { Cloud } from "../../cloud.ts";
import { isEqual, isMap } from "../../json.ts";
import type { Json, JsonMap } from "../../json.ts";
import { uuid } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { toIso } from "../../times.ts";
import { wakeEngine } from "../bays.ts";
import { groupOf } from "../records.ts";
import type { Engine, EngineObject } from "../records.ts";
import { mapAt, wordOf } from "./selectors.ts";

export interface Place {
  readonly cloud: Cloud;
  readonly engine: Engine;
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: string;
  readonly object: JsonMap;
  readonly before: JsonMap | null;
  readonly version: number;
}

interface Feed {
  readonly events: WatchEvent[];
  readonly watchers: Set<(event: WatchEvent) => void>;
}

const feeds = new WeakMap<Cloud, Map<string, Feed>>();

/** The changes of an engine's objects since the process began, the last of them. */
export function feedOf({ cloud, engine }: Place): Feed {
  const all = feeds.get(cloud) ?? new Map<string, Feed>();
  feeds.set(cloud, all);
  const feed = all.get(engine.id) ?? { events: [], watchers: new Set() };
  all.set(engine.id, feed);
  return feed;
}

const idOf = ({ engine }: Place, resource: string, key: string): string => `${engine.id}/${resource}/${key}`;
export const keyOf = (namespace: string | null, name: string): string => `${namespace ?? ""}/${name}`;

export const metadataOf = (object: JsonMap): JsonMap => mapAt(object, "metadata");
export const nameOf = (object: JsonMap): string => wordOf(metadataOf(object)["name"] ?? "");
export const namespaceOf = (object: JsonMap): string | null => {
  const { namespace } = metadataOf(object);
  return typeof namespace === "string" ? namespace : null;
};
export const specOf = (object: JsonMap): JsonMap => mapAt(object, "spec");
export const stateOf = (object: JsonMap): JsonMap => mapAt(object, "status");
export const isGoing = (object: JsonMap): boolean => typeof metadataOf(object)["deletionTimestamp"] === "string";

export function getObject(place: Place, resource: string, namespace: string | null, name: string): JsonMap | undefined {
  return place.cloud.engines.objects.get(idOf(place, resource, keyOf(namespace, name)))?.object;
}

/** By key: namespace, then name. */
export function listObjects({ cloud, engine }: Place, resource: string, namespace?: string | null): JsonMap[] {
  const rows = cloud.engines.objects.group(groupOf(engine.id, resource));
  const own = rows.filter(({ object }) => namespace === undefined || namespaceOf(object) === namespace);
  return own.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ object }) => object);
}

export const countObjects = ({ cloud, engine }: Place, resource: string): number =>
  cloud.engines.objects.group(groupOf(engine.id, resource)).length;

function nextVersion({ cloud, engine }: Place): number {
  engine.revision += 1;
  cloud.engines.engines.put(engine);
  return engine.revision;
}

function tell(place: Place, event: WatchEvent, at: number): void {
  const feed = feedOf(place);
  feed.events.push(event);
  if (feed.events.length > limits.watchEvents) feed.events.shift();
  for (const watcher of feed.watchers) watcher(event);
  wakeEngine(place.cloud, place.engine.id, at);
}

/** A new object: what the server gives it, it has now. */
export function addObject(place: Place, resource: string, object: JsonMap, at: number): JsonMap {
  const version = nextVersion(place);
  const metadata: JsonMap = {
    ...metadataOf(object),
    uid: uuid(place.cloud.random),
    resourceVersion: wordOf(version),
    creationTimestamp: toIso(at),
  };
  const made: JsonMap = { ...object, metadata };
  put(place, resource, made);
  tell(place, { type: "ADDED", resource, object: made, before: null, version }, at);
  return made;
}

/** The object as it is now; unchanged when nothing of it is another. */
export function updateObject(place: Place, resource: string, object: JsonMap, at: number): JsonMap {
  const before = getObject(place, resource, namespaceOf(object), nameOf(object));
  if (!before) throw new Error(`${resource} ${nameOf(object)} is not there`);
  if (isEqual(before, object)) return before;
  const version = nextVersion(place);
  const next: JsonMap = { ...object, metadata: { ...metadataOf(object), resourceVersion: wordOf(version) } };
  put(place, resource, next);
  tell(place, { type: "MODIFIED", resource, object: next, before, version }, at);
  return next;
}

/** Changes parts of an object's status. */
export const updateState = (place: Place, resource: string, object: JsonMap, change: JsonMap, at: number): JsonMap =>
  updateObject(place, resource, { ...object, status: { ...stateOf(object), ...change } }, at);

export function dropObject(place: Place, resource: string, object: JsonMap, at: number): void {
  const version = nextVersion(place);
  place.cloud.engines.objects.delete(idOf(place, resource, keyOf(namespaceOf(object), nameOf(object))));
  const last: JsonMap = { ...object, metadata: { ...metadataOf(object), resourceVersion: wordOf(version) } };
  tell(place, { type: "DELETED", resource, object: last, before: object, version }, at);
}

function put(place: Place, resource: string, object: JsonMap): void {
  const key = keyOf(namespaceOf(object), nameOf(object));
  const row: EngineObject = {
    id: idOf(place, resource, key),
    engineId: place.engine.id,
    collection: resource,
    key,
    object,
    dueAtMs: place.cloud.engines.objects.get(idOf(place, resource, key))?.dueAtMs ?? null,
  };
  place.cloud.engines.objects.put(row);
}

/** When something is to happen to the object by itself; null for nothing. */
export function setDue(place: Place, resource: string, object: JsonMap, dueAtMs: number | null): void {
  const row = rowOf(place, resource, object);
  if (row && row.dueAtMs !== dueAtMs) place.cloud.engines.objects.put({ ...row, dueAtMs });
}

export const dueOf = (place: Place, resource: string, object: JsonMap): number | null =>
  rowOf(place, resource, object)?.dueAtMs ?? null;

const rowOf = (place: Place, resource: string, object: JsonMap): EngineObject | undefined =>
  place.cloud.engines.objects.get(idOf(place, resource, keyOf(namespaceOf(object), nameOf(object))));

export const itemsOf = (value: Json | undefined): JsonMap[] => (Array.isArray(value) ? value.filter(isMap) : []);
