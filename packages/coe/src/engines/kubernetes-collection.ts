/**
 * The objects of one kind in Kubernetes: listed in pages, found by name and mark, made, replaced and removed. The server
 * decides conflicts by resourceVersion and uid; what it says is taken by status code and told in its own words.
 */
import { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import type { Managed } from "./compose-engine.ts";
import { MARK } from "./container-engine.ts";
import type { Found, Listed, Reference, Refused, Removed, Replaced, Unreachable, Written } from "./container-engine.ts";
import { broken, isSuccess, parseJson, readReply, refused, shorten, textOfReply } from "./engine-client.ts";
import type { Ask, Read } from "./engine-client.ts";
import type { EngineReply } from "./engine-http.ts";
import {
  givenSchema,
  markOf,
  objectSchema,
  pageSchema,
  podContainersSchema,
  statusSchema,
} from "./kubernetes-objects.ts";

/** A manifest as far as it is looked into here. */
interface Wanted {
  readonly uuid: string;
  readonly manifest: {
    readonly metadata: {
      readonly name: string;
      readonly annotations?: Readonly<Record<string, string>> | null | undefined;
    };
    readonly spec: Readonly<Record<string, unknown>>;
  };
}

interface Collection<Value> extends Managed<Value> {
  create(wanted: Wanted, signal?: AbortSignal): Promise<Written<Value>>;
  replace(wanted: Wanted, signal?: AbortSignal): Promise<Replaced<Value>>;
}

/** `path`: the collection's; `reader`: how one of its objects is read. */
export function collectionAt<Reader extends z.ZodType>(
  ask: Ask,
  path: string,
  reader: Reader,
): Collection<z.output<Reader>> {
  return {
    list: (signal) => listAll(ask, path, reader, signal),
    find: (reference, signal) => findOurs(ask, path, reader, reference, signal),
    create: (wanted, signal) => create(ask, path, reader, wanted, signal),
    replace: (wanted, signal) => replace(ask, path, reader, wanted, signal),
    remove: (reference, options, signal) => remove(ask, path, reference, options.isForced, signal),
  };
}

/** Every object of a kind, in as few calls as the limit of a page allows; `selection` is more of the query. */
export async function listAll<Reader extends z.ZodType>(
  ask: Ask,
  path: string,
  reader: Reader,
  signal: AbortSignal | undefined,
  selection = "",
): Promise<Listed<z.output<Reader>>> {
  const objects: z.output<Reader>[] = [];
  let next = "";
  for (let page = 0; page < limits.containerEngine.pages; page += 1) {
    const more = next && `&continue=${encodeURIComponent(next)}`;
    const query = `?limit=${limits.containerEngine.pageItems}${selection && `&${selection}`}${more}`;
    const reply = await ask("GET", `${path}${query}`, { signal });
    if (reply.kind === "unreachable") return reply;
    if (!isSuccess(reply)) return troubleOf(reply);
    const read = readReply(reply, pageSchema(reader));
    if (read.kind === "unreachable") return read;
    objects.push(...(read.value.items ?? []));
    next = read.value.metadata?.continue ?? "";
    if (next === "") return { kind: "listed", objects };
  }
  const most = limits.containerEngine.pages * limits.containerEngine.pageItems;
  return broken(`it holds more than ${most} objects of a kind`);
}

type Looked =
  | {
      readonly kind: "there";
      readonly reply: EngineReply;
      readonly isOurs: boolean;
      readonly object: z.output<typeof objectSchema>;
    }
  | { readonly kind: "missing" }
  | Refused
  | Unreachable;

/** What stands under the name, and whether it bears the mark. */
async function look(ask: Ask, place: string, uuid: string, signal: AbortSignal | undefined): Promise<Looked> {
  const reply = await ask("GET", place, { signal });
  if (reply.kind === "unreachable") return reply;
  if (reply.status === 404) return { kind: "missing" };
  if (!isSuccess(reply)) return troubleOf(reply);
  const read = readReply(reply, objectSchema);
  if (read.kind === "unreachable") return read;
  return { kind: "there", reply, isOurs: markOf(read.value.metadata) === uuid, object: read.value };
}

async function findOurs<Reader extends z.ZodType>(
  ask: Ask,
  path: string,
  reader: Reader,
  { uuid, name }: Reference,
  signal: AbortSignal | undefined,
): Promise<Found<z.output<Reader>>> {
  if (name === null) return { kind: "missing" };
  const there = await look(ask, placeOf(path, name), uuid, signal);
  if (there.kind !== "there") return there;
  if (!there.isOurs) return { kind: "missing" };
  const read = readReply(there.reply, reader);
  return read.kind === "unreachable" ? read : { kind: "found", object: read.value };
}

async function create<Reader extends z.ZodType>(
  ask: Ask,
  path: string,
  reader: Reader,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Written<z.output<Reader>>> {
  const reply = await ask("POST", path, { json: marked(wanted), signal });
  if (reply.kind === "unreachable") return reply;
  if (isSuccess(reply)) return writtenOf(readReply(reply, reader));
  if (reply.status !== 409) return troubleOf(reply);
  // The name is in use: by what an earlier run made, or by somebody else's.
  const { name } = wanted.manifest.metadata;
  const found = await findOurs(ask, path, reader, { uuid: wanted.uuid, name }, signal);
  if (found.kind === "missing") return { kind: "taken", reason: messageOf(reply) };
  return found.kind === "found" ? { kind: "written", object: found.object } : found;
}

async function replace<Reader extends z.ZodType>(
  ask: Ask,
  path: string,
  reader: Reader,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Replaced<z.output<Reader>>> {
  const { name } = wanted.manifest.metadata;
  const place = placeOf(path, name);
  for (let attempt = 0; attempt < limits.containerEngine.conflictRetries; attempt += 1) {
    const there = await look(ask, place, wanted.uuid, signal);
    if (there.kind !== "there") return there;
    if (!there.isOurs) return { kind: "taken", reason: `something else has the name "${name}"` };
    const reply = await ask("PUT", place, { json: replacement(wanted, there), signal });
    if (reply.kind === "unreachable") return reply;
    if (isSuccess(reply)) return writtenOf(readReply(reply, reader));
    if (reply.status === 404) return { kind: "missing" };
    if (reply.status !== 409) return troubleOf(reply);
  }
  return broken(`"${name}" was changed by others each time that it was to be replaced`);
}

async function remove(
  ask: Ask,
  path: string,
  { uuid, name }: Reference,
  isForced: boolean,
  signal: AbortSignal | undefined,
): Promise<Removed> {
  if (name === null) return { kind: "removed" };
  const place = placeOf(path, name);
  const there = await look(ask, place, uuid, signal);
  if (there.kind === "missing" || (there.kind === "there" && !there.isOurs)) return { kind: "removed" };
  if (there.kind !== "there") return there;
  const reply = await ask("DELETE", place, {
    json: {
      kind: "DeleteOptions",
      apiVersion: "v1",
      // By default a replication controller would leave its pods behind (sheet 9.1).
      propagationPolicy: "Background",
      preconditions: { uid: there.object.metadata.uid },
      ...(isForced && { gracePeriodSeconds: 0 }),
    },
    signal,
  });
  if (reply.kind === "unreachable") return reply;
  // 409: another object has the name by now; ours is gone.
  if (reply.status === 404 || reply.status === 409) return { kind: "removed" };
  if (!isSuccess(reply)) return troubleOf(reply);
  const last = objectSchema.safeParse(parseJson(textOfReply(reply)));
  const { metadata } = last.success ? last.data : { metadata: undefined };
  // A pod on a node stays until the node has ended it.
  const isGoing = typeof metadata?.deletionTimestamp === "string" && metadata.deletionGracePeriodSeconds !== 0;
  return { kind: isGoing ? "removing" : "removed" };
}

const placeOf = (path: string, name: string): string => `${path}/${encodeURIComponent(name)}`;

const writtenOf = <Value>(read: Read<Value>): Written<Value> =>
  read.kind === "unreachable" ? read : { kind: "written", object: read.value };

/** The manifest with our mark on it. */
function marked({ uuid, manifest }: Wanted): Wanted["manifest"] {
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, annotations: { ...metadata.annotations, [MARK]: uuid } } };
}

/**
 * The manifest over what is there: its version, of a service the address that it was given (sheet 1.5), and of a pod all
 * that the server filled in, such as its node and its account: those may not change, so that a pod without them is refused.
 */
function replacement(wanted: Wanted, { object, reply }: Extract<Looked, { kind: "there" }>): unknown {
  const { metadata, spec, ...rest } = marked(wanted);
  const { resourceVersion } = object.metadata;
  const there = givenSchema.safeParse(parseJson(textOfReply(reply)));
  return {
    ...rest,
    metadata: { ...metadata, resourceVersion },
    spec: there.success ? withGiven(spec, there.data.spec) : spec,
  };
}

function withGiven(spec: Wanted["manifest"]["spec"], there: z.output<typeof givenSchema>["spec"]): unknown {
  const { clusterIP, containers: before } = there;
  if (!before) return { ...(typeof clusterIP === "string" && { clusterIP }), ...spec };
  const wanted = podContainersSchema.safeParse(spec["containers"]);
  if (!wanted.success) return spec;
  const containers = wanted.data.map((one) => {
    const same = before.find(({ name }) => name === one.name);
    return { ...same, ...one, ...given("volumeMounts", "mountPath", same, one) };
  });
  return { ...there, ...spec, containers, ...given("volumes", "name", there, spec) };
}

/** A list of the manifest's with what it lacks of the one that is there: the server's own volumes are among the user's. */
function given(
  list: "volumes" | "volumeMounts",
  key: string,
  there: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const before = itemsSchema.safeParse(there?.[list]);
  const now = itemsSchema.safeParse(wanted[list]);
  if (!before.success || !now.success) return {};
  const missing = before.data.filter((one) => !now.data.some((other) => other[key] === one[key]));
  return { [list]: [...now.data, ...missing] };
}

const itemsSchema = z.array(z.record(z.string(), z.unknown()));

/** A 4xx is an answer, which asking again does not change; an engine that is overloaded or ailing gives the others. */
export function troubleOf(reply: EngineReply): Refused | Unreachable {
  const message = messageOf(reply);
  if (reply.status === 401) {
    return { kind: "unreachable", cause: "certificate", reason: "it does not accept the certificate of this service" };
  }
  const isAnswer = reply.status >= 400 && reply.status < 500 && ![408, 410, 429].includes(reply.status);
  return isAnswer ? refused(reply.status, message) : broken(`it answered ${reply.status}: ${message}`);
}

/** The message of its Status, or the text as it is. */
function messageOf(reply: EngineReply): string {
  const text = textOfReply(reply);
  const status = statusSchema.safeParse(parseJson(text));
  return shorten((status.success ? status.data.message : text) ?? "") || `status ${reply.status}`;
}
