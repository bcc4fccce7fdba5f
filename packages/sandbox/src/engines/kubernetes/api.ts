/**
 * A Kubernetes API of one bay: core v1 as far as pods, services, replication controllers, nodes and namespaces go, with
 * the discovery that kubectl needs. Facts: Kubernetes 1.20.2, whose answers test/engines compares with these.
 */
import type { JsonMap } from "../../json.ts";
import type { Peer } from "../peer.ts";
import type { Call, Target } from "./call.ts";
import { targetOf } from "./call.ts";
import { VERSION, apiGroups, apiResources, apiVersions, openApiJson, openApiProtobuf } from "./discovery.ts";
import { patch } from "./patch.ts";
import { list, selected, watch } from "./read.ts";
import { KubernetesFault, badRequest, methodNotAllowed, noSuchPath, statusOf } from "./status.ts";
import { isGoing } from "./store.ts";
import type { Place } from "./store.ts";
import { tableOf, wantsTable } from "./tables.ts";
import { create, find, remove, removeAll, replace, scale } from "./write.ts";

export async function serveKubernetes(place: Place, request: Request, peer: Peer): Promise<Response> {
  try {
    return await serve(place, request, peer);
  } catch (error) {
    if (!(error instanceof KubernetesFault)) throw error;
    return json(statusOf(error), error.code);
  }
}

const json = (body: JsonMap, status = 200): Response =>
  new Response(`${JSON.stringify(body)}\n`, { status, headers: { "Content-Type": "application/json" } });

const text = (body: string, status = 200): Response =>
  new Response(body, { status, headers: { "Content-Type": "text/plain; charset=utf-8" } });

const PATHS = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/readyz", "/version"];

/** Open to everybody. */
const OPEN = new Set(["/healthz", "/livez", "/readyz", "/version"]);

async function serve(place: Place, request: Request, peer: Peer): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.replace(/(.)\/+$/, "$1");
  if (peer.kind === "foreign") throw new KubernetesFault(401, "Unauthorized", "Unauthorized");
  const target = path.startsWith("/api/v1/") ? targetOf(path) : undefined;
  if (place.engine.isTls && !OPEN.has(path)) authorize(peer, request, url, target);
  if (!isJsonAccepted(request)) {
    throw new KubernetesFault(
      406,
      "NotAcceptable",
      "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
      {},
    );
  }
  const page = discovery(path, request, url);
  if (page) return page;
  if (!target) {
    if (/^\/apis?\//.test(path)) throw noSuchPath();
    // Who is let in is shown what there is.
    return json({ paths: PATHS }, path === "/" ? 200 : 404);
  }
  return await answer({
    ...place,
    ...target,
    request,
    query: url.searchParams,
    at: place.cloud.clock.now(),
  });
}

function isJsonAccepted(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept === "" || /application\/(json|yaml|com\.github|\*)|\*\/\*|text\/plain/.test(accept);
}

function discovery(path: string, request: Request, url: URL): Response | undefined {
  switch (path) {
    case "/healthz":
    case "/livez":
    case "/readyz":
      return text(url.searchParams.has("verbose") ? `[+]ping ok\n[+]etcd ok\n${path.slice(1)} check passed\n` : "ok");
    case "/version":
      return json({ ...VERSION });
    case "/api":
      return json(apiVersions(url.host));
    case "/apis":
      return json(apiGroups());
    case "/api/v1":
      return json(apiResources());
    case "/openapi/v2":
      return (request.headers.get("accept") ?? "").includes("protobuf")
        ? new Response(openApiProtobuf(), {
            headers: { "Content-Type": "application/octet-stream" },
          })
        : json(openApiJson());
    default:
      return undefined;
  }
}

const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** As the bays bind roles: the group `system:masters` and the conductor's user may do everything, others nothing. */
function authorize(peer: Peer, request: Request, url: URL, target: Target | undefined): void {
  const isKnown = peer.kind === "known";
  if (isKnown && (peer.organizations.includes("system:masters") || peer.commonName === "Magnum-Conductor")) return;
  const user = isKnown ? peer.commonName : "system:anonymous";
  const verb = VERBS[request.method] ?? "get";
  if (!target) {
    throw new KubernetesFault(403, "Forbidden", `forbidden: User "${user}" cannot ${verb} path "${url.pathname}"`, {});
  }
  const { resource, namespace, name } = target;
  const isWatch = url.searchParams.has("watch");
  const word =
    name === null
      ? verb === "get"
        ? isWatch
          ? "watch"
          : "list"
        : verb === "delete"
          ? "deletecollection"
          : verb
      : verb;
  const object = name === null ? resource.name : `${resource.name} "${name}"`;
  const where = namespace === null ? "at the cluster scope" : `in the namespace "${namespace}"`;
  throw new KubernetesFault(
    403,
    "Forbidden",
    `${object} is forbidden: User "${user}" cannot ${word} resource "${resource.name}" in API group "" ${where}`,
    { ...(name !== null && { name }), kind: resource.name },
  );
}

async function answer(call: Call): Promise<Response> {
  const { request, query, resource, name, subresource } = call;
  const isTable = wantsTable(request.headers.get("accept") ?? "");
  const shown = ({ status, object }: { status: number; object: JsonMap }): Response =>
    json(isTable && object["kind"] === resource.kind ? tableOf(resource.name, [object], {}, call.at) : object, status);
  if (subresource !== null) return await answerSubresource(call);
  if (resource.isNamespaced && call.namespace === null && (name !== null || request.method === "POST")) {
    throw name === null ? badRequest("an empty namespace may not be set during creation") : noSuchPath();
  }
  switch (request.method) {
    case "GET":
      if (["1", "true"].includes(query.get("watch") ?? "")) return watch(call, isTable);
      return name === null ? json(list(call, isTable)) : shown({ status: 200, object: find(call) });
    case "POST":
      if (name !== null) throw methodNotAllowed();
      return shown(await create(call));
    case "PUT":
      if (name === null) throw methodNotAllowed();
      return shown(await replace(call));
    case "PATCH":
      if (name === null) throw methodNotAllowed();
      return shown(await patch(call));
    case "DELETE": {
      if (name !== null) return json((await remove(call)).object);
      const objects = selected(call);
      await removeAll(call, objects);
      return json({ kind: `${resource.kind}List`, apiVersion: "v1", metadata: {}, items: [...objects] });
    }
    default:
      throw methodNotAllowed();
  }
}

async function answerSubresource(call: Call): Promise<Response> {
  const { subresource, request, resource } = call;
  if (subresource === "scale" && resource.name === "replicationcontrollers") {
    if (!["GET", "PUT", "PATCH"].includes(request.method)) throw methodNotAllowed();
    const { status, object } = await scale(call);
    return json(object, status);
  }
  if (subresource === "status") {
    // Kubelets and controllers write states; here they are part of the sandbox.
    if (request.method !== "GET") throw methodNotAllowed();
    return json(find(call));
  }
  if (subresource === "log" && resource.name === "pods") {
    const pod = find(call);
    const reason = isGoing(pod) ? "the pod is ending" : "its containers are simulated and write no logs";
    throw new KubernetesFault(500, "InternalError", `Get "https://kubelet:10250/containerLogs": ${reason}`);
  }
  throw noSuchPath();
}
