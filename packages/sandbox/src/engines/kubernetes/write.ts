/** Making, changing and deleting Kubernetes' objects: what is refused, what is filled in, what follows (engine sheet 1.4 to 1.6). */
import { wordOf } from "./selectors.ts";
import { pick } from "../../ids.ts";
import { isMap } from "../../json.ts";
import type { JsonMap } from "../../json.ts";
import { limits } from "../../limits.ts";
import { toIso } from "../../times.ts";
import type { Call } from "./call.ts";
import { mediaType, parseBody, readObject } from "./call.ts";
import { SUFFIX_LETTERS, controllerOf, endPod } from "./control.ts";
import {
  KubernetesFault,
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  methodNotAllowed,
  notFound,
  required,
  success,
  unsupported,
  wrong,
} from "./status.ts";
import {
  addObject,
  countObjects,
  dropObject,
  getObject,
  isGoing,
  itemsOf,
  listObjects,
  metadataOf,
  nameOf,
  namespaceOf,
  specOf,
  stateOf,
  updateObject,
} from "./store.ts";
import { changeProblems, problemsOf, withDefaults } from "./validate.ts";

/** The object that the call names; throws when it is not there. */
export function find(call: Call): JsonMap {
  const name = call.name ?? "";
  const object = getObject(call, call.resource.name, call.namespace, name);
  if (!object) throw notFound(call.resource.name, name);
  return object;
}

/** The body as an object of the path's kind, in the path's namespace. */
async function readOfKind(call: Call): Promise<JsonMap> {
  const { resource, namespace } = call;
  const object = await readObject(call.request);
  const { kind = resource.kind, apiVersion = "v1" } = object;
  if (kind !== resource.kind || apiVersion !== "v1") {
    throw badRequest(
      `${wordOf(kind)} in version "${wordOf(apiVersion)}" cannot be handled as a ${resource.kind}: no kind "${wordOf(kind)}" is registered for version "${wordOf(apiVersion)}"`,
    );
  }
  const metadata = metadataOf(object);
  if (resource.isNamespaced) {
    const own = metadata["namespace"] ?? namespace;
    if (own !== namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
    return { ...object, kind, apiVersion, metadata: { ...metadata, namespace } };
  }
  return { ...object, kind, apiVersion };
}

const isDryRun = (call: Call): boolean => call.query.get("dryRun") === "All";

export async function create(call: Call): Promise<{ status: number; object: JsonMap }> {
  const { resource, namespace, at } = call;
  if (!resource.verbs.includes("create")) throw methodNotAllowed();
  let object = await readOfKind(call);
  if (resource.isNamespaced) checkNamespace(call, namespace ?? "");
  const { name, generateName } = metadataOf(object);
  if (name === undefined && typeof generateName === "string" && generateName !== "") {
    const made = `${generateName.slice(0, 58)}${pick(call.cloud.random, SUFFIX_LETTERS, 5)}`;
    object = { ...object, metadata: { ...metadataOf(object), name: made } };
  }
  object = withDefaults(resource.name, withoutServerFields(object));
  const problems = problemsOf(resource.name, object);
  if (problems.length > 0) throw invalid(resource.kind, nameOf(object), problems);
  if (getObject(call, resource.name, namespaceOf(object), nameOf(object))) {
    throw alreadyExists(resource.name, nameOf(object));
  }
  if (countObjects(call, resource.name) >= limits.objectsPerCollection) {
    throw new KubernetesFault(
      403,
      "Forbidden",
      `no more than ${limits.objectsPerCollection} ${resource.name} in this sandbox`,
      {
        kind: resource.name,
      },
    );
  }
  if (resource.name === "services") object = withAddresses(call, object);
  if (resource.name === "pods") object = { ...object, spec: { ...ACCOUNT, ...specOf(object) } };
  if (isDryRun(call)) return { status: 201, object };
  return { status: 201, object: addObject(call, resource.name, object, at) };
}

/** What the admission of pods puts into them. */
export const ACCOUNT: JsonMap = { serviceAccountName: "default", serviceAccount: "default" };

function checkNamespace(call: Call, namespace: string): void {
  const found = getObject(call, "namespaces", null, namespace);
  if (!found) throw notFound("namespaces", namespace);
  if (!isGoing(found)) return;
  throw new KubernetesFault(
    403,
    "Forbidden",
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      causes: [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    },
  );
}

/** What only the server writes. */
function withoutServerFields(object: JsonMap): JsonMap {
  const metadata = { ...metadataOf(object) };
  for (const name of ["uid", "resourceVersion", "creationTimestamp", "selfLink", "deletionTimestamp", "generation"]) {
    delete metadata[name];
  }
  return { ...object, metadata };
}

/** The addresses that a service is given: one of its own, and ports of the nodes where it wants them. */
function withAddresses(call: Call, service: JsonMap): JsonMap {
  const spec = specOf(service);
  if (spec["type"] === "ExternalName") return service;
  const taken = new Set(listObjects(call, "services").map((one) => specOf(one)["clusterIP"]));
  const asked = typeof spec["clusterIP"] === "string" && spec["clusterIP"] !== "" ? spec["clusterIP"] : undefined;
  if (asked !== undefined && asked !== "None" && taken.has(asked)) {
    throw invalid("Service", nameOf(service), [
      wrong("spec.clusterIPs", [asked], `failed to allocated ip:${asked} with error:provided IP is already allocated`),
    ]);
  }
  const address = asked ?? nextAddress(call, taken);
  const usesNodePorts = spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
  const ports = itemsOf(spec["ports"]).map((port) => ({
    ...port,
    ...(usesNodePorts && { nodePort: port["nodePort"] ?? nextNodePort(call) }),
  }));
  return { ...service, spec: { ...spec, clusterIP: address, clusterIPs: [address], ports } };
}

function nextAddress({ engine }: Call, taken: ReadonlySet<unknown>): string {
  for (let tried = 0; tried < 65_536; tried += 1) {
    engine.serial += 1;
    const address = `10.254.${(engine.serial >> 8) & 255}.${engine.serial & 255}`;
    if (!taken.has(address) && !/\.(0|255)$/.test(address)) return address;
  }
  throw new KubernetesFault(500, "InternalError", "range is full");
}

function nextNodePort({ engine }: Call): number {
  engine.serial += 1;
  return 30_000 + (engine.serial % 2_768);
}

export async function replace(call: Call): Promise<{ status: number; object: JsonMap }> {
  if (!call.resource.verbs.includes("update")) throw methodNotAllowed();
  const object = await readOfKind(call);
  const { name } = metadataOf(object);
  if (name !== undefined && name !== call.name) {
    throw badRequest(
      `the name of the object (${wordOf(name)}) does not match the name on the URL (${call.name ?? ""})`,
    );
  }
  return { status: 200, object: change(call, { ...object, metadata: { ...metadataOf(object), name: call.name } }) };
}

/** Puts the object in the place of what is there, if it may be. */
export function change(call: Call, wanted: JsonMap): JsonMap {
  const { resource, at } = call;
  const before = find(call);
  const name = nameOf(before);
  const { resourceVersion, uid } = metadataOf(wanted);
  const isVersioned = typeof resourceVersion === "string" && resourceVersion !== "";
  if (uid !== undefined && uid !== metadataOf(before)["uid"]) {
    throw conflict(
      resource.name,
      name,
      `Precondition failed: UID in precondition: ${wordOf(uid)}, UID in object meta: ${wordOf(metadataOf(before)["uid"])}`,
    );
  }
  if (isVersioned && resourceVersion !== metadataOf(before)["resourceVersion"]) throw conflict(resource.name, name);
  const kept = metadataOf(before);
  const next: JsonMap = {
    ...withDefaults(resource.name, wanted),
    status: stateOf(before),
    metadata: {
      ...(withDefaults(resource.name, wanted)["metadata"] as JsonMap),
      uid: kept["uid"] ?? "",
      creationTimestamp: kept["creationTimestamp"] ?? "",
      resourceVersion: kept["resourceVersion"] ?? "",
      ...(kept["generation"] !== undefined && { generation: kept["generation"] }),
      ...(kept["ownerReferences"] !== undefined && { ownerReferences: kept["ownerReferences"] }),
      ...(kept["deletionTimestamp"] !== undefined && {
        deletionTimestamp: kept["deletionTimestamp"],
        deletionGracePeriodSeconds: kept["deletionGracePeriodSeconds"] ?? 0,
      }),
    },
  };
  if (resource.name === "services") fillService(next, before);
  const unversioned =
    resource.name === "services" && !isVersioned
      ? [wrong("metadata.resourceVersion", "", "must be specified for an update")]
      : [];
  const problems = [...unversioned, ...changeProblems(resource.name, before, next), ...problemsOf(resource.name, next)];
  if (problems.length > 0) throw invalid(resource.kind, name, problems);
  if (JSON.stringify(specOf(before)) !== JSON.stringify(specOf(next)) && typeof kept["generation"] === "number") {
    next["metadata"] = { ...metadataOf(next), generation: kept["generation"] + 1 };
  }
  return isDryRun(call) ? next : updateObject(call, resource.name, next, at);
}

/** Ports of nodes stay with a service that does not name them. */
function fillService(next: JsonMap, before: JsonMap): void {
  const spec = specOf(next);
  const address = spec["clusterIP"];
  const old = itemsOf(specOf(before)["ports"]);
  const ports = itemsOf(spec["ports"]).map((port) => {
    const same = old.find((one) => one["port"] === port["port"] && one["protocol"] === port["protocol"]);
    const usesNodePorts = spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
    return usesNodePorts && same?.["nodePort"] !== undefined ? { nodePort: same["nodePort"], ...port } : port;
  });
  next["spec"] = { ...spec, ports, ...(typeof address === "string" && address !== "" && { clusterIPs: [address] }) };
}

interface DeleteOptions {
  readonly graceSec: number | null;
  readonly policy: "Foreground" | "Background" | "Orphan" | null;
  readonly preconditions: JsonMap;
}

async function readDeleteOptions(call: Call): Promise<DeleteOptions> {
  const text = await call.request.text();
  const value = text.trim() === "" ? {} : parseBody(text, "json");
  const body = isMap(value) ? value : {};
  const grace = call.query.get("gracePeriodSeconds") ?? body["gracePeriodSeconds"];
  const orphans = call.query.get("orphanDependents") ?? body["orphanDependents"];
  const old = orphans === undefined || orphans === null ? null : wordOf(orphans) === "true" ? "Orphan" : "Background";
  const policy = call.query.get("propagationPolicy") ?? body["propagationPolicy"] ?? old;
  const allowed = ["Foreground", "Background", "Orphan"] as const;
  const known = allowed.find((one) => one === policy) ?? null;
  if (policy !== null && known === null) {
    throw invalid("DeleteOptions", "", [unsupported("propagationPolicy", policy, [...allowed])]);
  }
  const { preconditions } = body;
  return {
    graceSec: grace === undefined || grace === null ? null : Math.max(0, Number(grace)),
    policy: known,
    preconditions: isMap(preconditions) ? preconditions : {},
  };
}

export async function remove(call: Call): Promise<{ status: number; object: JsonMap }> {
  if (!call.resource.verbs.includes("delete")) throw methodNotAllowed();
  const object = find(call);
  const options = await readDeleteOptions(call);
  const { uid } = options.preconditions;
  if (uid !== undefined && uid !== metadataOf(object)["uid"]) {
    throw conflict(
      call.resource.name,
      nameOf(object),
      `Precondition failed: UID in precondition: ${wordOf(uid)}, UID in object meta: ${wordOf(metadataOf(object)["uid"])}`,
    );
  }
  return { status: 200, object: removeOne(call, object, options) };
}

/** What the deletion answers. */
function removeOne(call: Call, object: JsonMap, { graceSec, policy }: DeleteOptions): JsonMap {
  const { resource, at } = call;
  const done = success(resource.name, nameOf(object), wordOf(metadataOf(object)["uid"]));
  switch (resource.name) {
    case "pods":
      return endPod(call, object, graceSec, at);
    case "namespaces": {
      const metadata = {
        ...metadataOf(object),
        deletionTimestamp: metadataOf(object)["deletionTimestamp"] ?? toIso(at),
      };
      return updateObject(call, "namespaces", { ...object, metadata, status: { phase: "Terminating" } }, at);
    }
    case "replicationcontrollers": {
      const pods = listObjects(call, "pods", namespaceOf(object)).filter(
        (pod) => controllerOf(pod)?.["uid"] === metadataOf(object)["uid"],
      );
      dropObject(call, resource.name, object, at);
      if (policy === "Background" || policy === "Foreground") {
        for (const pod of pods) endPod(call, pod, null, at);
        return policy === "Background" ? done : withFinalizer(object, "foregroundDeletion", at);
      }
      for (const pod of pods) disown(call, pod);
      return withFinalizer(object, "orphan", at);
    }
    default:
      dropObject(call, resource.name, object, at);
      return done;
  }
}

const withFinalizer = (object: JsonMap, finalizer: string, at: number): JsonMap => ({
  ...object,
  metadata: {
    ...metadataOf(object),
    finalizers: [finalizer],
    deletionTimestamp: toIso(at),
    deletionGracePeriodSeconds: 0,
  },
});

function disown(call: Call, pod: JsonMap): void {
  const { ownerReferences: _, ...metadata } = metadataOf(pod);
  updateObject(call, "pods", { ...pod, metadata }, call.at);
}

/** Deletes all of a collection that the selectors take. */
export async function removeAll(call: Call, objects: readonly JsonMap[]): Promise<void> {
  if (!call.resource.verbs.includes("deletecollection")) throw methodNotAllowed();
  const options = await readDeleteOptions(call);
  for (const object of objects) removeOne(call, object, options);
}

export async function scale(call: Call): Promise<{ status: number; object: JsonMap }> {
  if (call.resource.name !== "replicationcontrollers") throw notFound(call.resource.name, call.name ?? "");
  const before = find(call);
  if (call.request.method === "GET") return { status: 200, object: scaleOf(before) };
  const wanted = await readScale(call);
  const { resourceVersion } = metadataOf(wanted);
  if (typeof resourceVersion === "string" && resourceVersion !== metadataOf(before)["resourceVersion"]) {
    throw conflict(call.resource.name, nameOf(before));
  }
  const replicas = specOf(wanted)["replicas"] ?? 0;
  if (typeof replicas !== "number" || replicas < 0) {
    throw invalid("Scale", nameOf(before), [
      typeof replicas === "number"
        ? wrong("spec.replicas", replicas, "must be greater than or equal to 0")
        : required("spec.replicas"),
    ]);
  }
  return { status: 200, object: scaleOf(change(call, { ...before, spec: { ...specOf(before), replicas } })) };
}

/** A scale, or a patch of one: what counts in either is the number. */
async function readScale({ request }: Call): Promise<JsonMap> {
  if (request.method !== "PATCH") return await readObject(request);
  if (!/^application\/(strategic-)?merge-patch\+json$/.test(mediaType(request))) {
    throw new KubernetesFault(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
  }
  const value = parseBody(await request.text(), "json");
  if (!isMap(value)) throw badRequest("the patch is no object");
  return value;
}

function scaleOf(controller: JsonMap): JsonMap {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadataOf(controller);
  const selector = specOf(controller)["selector"];
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name: name ?? "",
      namespace: namespace ?? "",
      uid: uid ?? "",
      resourceVersion: resourceVersion ?? "",
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: Number(specOf(controller)["replicas"] ?? 0) === 0 ? {} : { replicas: specOf(controller)["replicas"] ?? 0 },
    status: {
      replicas: stateOf(controller)["replicas"] ?? 0,
      selector: Object.entries(isMap(selector) ? selector : {})
        .map(([key, value]) => `${key}=${wordOf(value)}`)
        .join(","),
    },
  };
}
