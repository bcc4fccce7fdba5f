/**
 * Kubernetes' answers below the client: each request is sent to a real API and to the sandbox's, and its answer must be
 * the expected one of both: status, reason, message, and what a refusal names. Facts: engine sheet section 1.
 */
import https from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startKubernetes, whyNoKubernetes } from "./lab/kubernetes.ts";
import { startSandboxEngine } from "./lab/sandbox.ts";
import { skipOrFail } from "./lab/skip.ts";
import type { Place } from "./place.ts";

const PODS = "/api/v1/namespaces/default/pods";
const SERVICES = "/api/v1/namespaces/default/services";
const CONTROLLERS = "/api/v1/namespaces/default/replicationcontrollers";
const JSON_TYPE = "application/json";

const containers = [{ name: "main", image: "registry.test/web:1" }];
const pod = (name: string, more: object = {}, spec: object = {}) => ({
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name, ...more },
  spec: { containers, ...spec },
});
const service = (name: string, spec: object) => ({ kind: "Service", apiVersion: "v1", metadata: { name }, spec });
const controller = (name: string, spec: object) => ({
  kind: "ReplicationController",
  apiVersion: "v1",
  metadata: { name },
  spec,
});
const template = { metadata: { labels: { app: "a" } }, spec: { containers } };

interface Case {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object | string;
  readonly type?: string;
  readonly accept?: string;
  readonly as?: "client" | "stranger" | "nobody";
  readonly expected: object | string;
  readonly status: number;
}

const refusal = (code: number, reason: string, more: object = {}) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  reason,
  code,
  ...more,
});
const causes = (kind: string, ...list: readonly (readonly [reason: string, field: string])[]) =>
  refusal(422, "Invalid", {
    details: expect.objectContaining({
      kind,
      causes: list.map(([reason, field]) => expect.objectContaining({ reason, field })),
    }),
  });

/** In this order, each time on a server that has nothing but what a server has. */
const CASES: readonly Case[] = [
  { title: "health is text", method: "GET", path: "/healthz", status: 200, expected: "ok" },
  { title: "nobody may read health", method: "GET", path: "/livez", as: "nobody", status: 200, expected: "ok" },
  {
    title: "nobody may list pods",
    method: "GET",
    path: PODS,
    as: "nobody",
    status: 403,
    expected: refusal(403, "Forbidden", {
      message:
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
      details: { kind: "pods" },
    }),
  },
  {
    title: "a stranger is refused on every path",
    method: "GET",
    path: "/healthz",
    as: "stranger",
    status: 401,
    expected: refusal(401, "Unauthorized", { message: "Unauthorized" }),
  },
  {
    title: "an unknown path is answered with those that there are",
    method: "GET",
    path: "/nope",
    status: 404,
    expected: { paths: expect.arrayContaining(["/apis", "/healthz", "/version"]) },
  },
  {
    title: "an unknown resource",
    method: "GET",
    path: "/api/v1/namespaces/default/nopes",
    status: 404,
    expected: refusal(404, "NotFound", { message: "the server could not find the requested resource" }),
  },
  {
    title: "a page in HTML is not to be had",
    method: "GET",
    path: PODS,
    accept: "text/html",
    status: 406,
    expected: refusal(406, "NotAcceptable"),
  },
  {
    title: "a pod that is not there",
    method: "GET",
    path: `${PODS}/nope`,
    status: 404,
    expected: refusal(404, "NotFound", { message: 'pods "nope" not found', details: { name: "nope", kind: "pods" } }),
  },
  {
    title: "a namespace that is not there",
    method: "POST",
    path: "/api/v1/namespaces/nope/pods",
    body: pod("a"),
    status: 404,
    expected: refusal(404, "NotFound", { message: 'namespaces "nope" not found' }),
  },
  {
    title: "a body that is no JSON",
    method: "POST",
    path: PODS,
    body: "{",
    status: 400,
    expected: refusal(400, "BadRequest"),
  },
  {
    title: "a type of body that is none of its",
    method: "POST",
    path: PODS,
    type: "text/plain",
    body: pod("a"),
    status: 415,
    expected: refusal(415, "UnsupportedMediaType"),
  },
  {
    title: "another kind than the path's",
    method: "POST",
    path: PODS,
    body: service("a", {}),
    status: 400,
    expected: refusal(400, "BadRequest"),
  },
  {
    title: "another namespace than the path's",
    method: "POST",
    path: PODS,
    body: pod("a", { namespace: "other" }),
    status: 400,
    expected: refusal(400, "BadRequest", {
      message: "the namespace of the provided object does not match the namespace sent on the request",
    }),
  },
  {
    title: "a name in upper case",
    method: "POST",
    path: PODS,
    body: pod("Upper"),
    status: 422,
    expected: causes("Pod", ["FieldValueInvalid", "metadata.name"]),
  },
  {
    title: "a pod without containers",
    method: "POST",
    path: PODS,
    body: pod("a", {}, { containers: [] }),
    status: 422,
    expected: causes("Pod", ["FieldValueRequired", "spec.containers"]),
  },
  {
    title: "a container without name and image",
    method: "POST",
    path: PODS,
    body: pod("a", {}, { containers: [{}] }),
    status: 422,
    expected: causes(
      "Pod",
      ["FieldValueRequired", "spec.containers[0].name"],
      ["FieldValueRequired", "spec.containers[0].image"],
    ),
  },
  {
    title: "two containers of a name",
    method: "POST",
    path: PODS,
    body: pod("a", {}, { containers: [...containers, ...containers] }),
    status: 422,
    expected: causes("Pod", ["FieldValueDuplicate", "spec.containers[1].name"]),
  },
  {
    title: "a dry run makes nothing",
    method: "POST",
    path: `${PODS}?dryRun=All`,
    body: pod("dry"),
    status: 201,
    expected: { kind: "Pod", metadata: expect.objectContaining({ name: "dry" }) },
  },
  { title: "as is seen after it", method: "GET", path: `${PODS}/dry`, status: 404, expected: refusal(404, "NotFound") },
  {
    title: "a pod, with its defaults filled in",
    method: "POST",
    path: PODS,
    body: pod("there"),
    status: 201,
    expected: {
      kind: "Pod",
      metadata: expect.objectContaining({ namespace: "default", uid: expect.stringMatching(/^[0-9a-f-]{36}$/) }),
      spec: expect.objectContaining({
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        serviceAccountName: "default",
        containers: [expect.objectContaining({ imagePullPolicy: "IfNotPresent", resources: {} })],
      }),
      status: expect.objectContaining({ phase: "Pending" }),
    },
  },
  {
    title: "a name that is in use",
    method: "POST",
    path: PODS,
    body: pod("there"),
    status: 409,
    expected: refusal(409, "AlreadyExists", {
      message: 'pods "there" already exists',
      details: { name: "there", kind: "pods" },
    }),
  },
  {
    title: "an old version",
    method: "PUT",
    path: `${PODS}/there`,
    body: pod("there", { resourceVersion: "1" }),
    status: 409,
    expected: refusal(409, "Conflict", {
      message:
        'Operation cannot be fulfilled on pods "there": the object has been modified; please apply your changes to the latest version and try again',
    }),
  },
  {
    title: "another name than the path's",
    method: "PUT",
    path: `${PODS}/there`,
    body: pod("other"),
    status: 400,
    expected: refusal(400, "BadRequest"),
  },
  {
    title: "a patch in plain JSON",
    method: "PATCH",
    path: `${PODS}/there`,
    body: {},
    status: 415,
    expected: refusal(415, "UnsupportedMediaType"),
  },
  {
    title: "a patch of the labels",
    method: "PATCH",
    path: `${PODS}/there`,
    type: "application/merge-patch+json",
    body: { metadata: { labels: { a: "b" } } },
    status: 200,
    expected: { kind: "Pod", metadata: expect.objectContaining({ labels: { a: "b" } }) },
  },
  {
    title: "pods by label",
    method: "GET",
    path: `${PODS}?labelSelector=a%20in%20(b,c),!d`,
    status: 200,
    expected: {
      kind: "PodList",
      items: [expect.objectContaining({ metadata: expect.objectContaining({ name: "there" }) })],
    },
  },
  {
    title: "no pods by another label",
    method: "GET",
    path: `${PODS}?labelSelector=a!%3Db`,
    status: 200,
    expected: { kind: "PodList", items: [] },
  },
  {
    title: "a field that pods are not selected by",
    method: "GET",
    path: `${PODS}?fieldSelector=spec.nope%3Da`,
    status: 400,
    expected: refusal(400, "BadRequest"),
  },
  {
    title: "a collection cannot be patched",
    method: "PATCH",
    path: PODS,
    type: "application/merge-patch+json",
    body: {},
    status: 405,
    expected: refusal(405, "MethodNotAllowed"),
  },
  {
    title: "a propagation that is none",
    method: "DELETE",
    path: `${PODS}/there?propagationPolicy=Nope`,
    status: 422,
    expected: refusal(422, "Invalid"),
  },
  {
    title: "another object of the name",
    method: "DELETE",
    path: `${PODS}/there`,
    body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "11111111-2222-4333-8444-555555555555" } },
    status: 409,
    expected: refusal(409, "Conflict"),
  },
  {
    title: "a deletion by force",
    method: "DELETE",
    path: `${PODS}/there?gracePeriodSeconds=0`,
    status: 200,
    expected: { kind: "Pod", metadata: expect.objectContaining({ name: "there" }) },
  },
  {
    title: "a service without ports",
    method: "POST",
    path: SERVICES,
    body: service("a", {}),
    status: 422,
    expected: causes("Service", ["FieldValueRequired", "spec.ports"]),
  },
  {
    title: "a service whose name begins with a digit",
    method: "POST",
    path: SERVICES,
    body: service("1a", { ports: [{ port: 80 }] }),
    status: 422,
    expected: causes("Service", ["FieldValueInvalid", "metadata.name"]),
  },
  {
    title: "ports without names",
    method: "POST",
    path: SERVICES,
    body: service("a", { ports: [{ port: 80 }, { port: 81 }] }),
    status: 422,
    expected: causes(
      "Service",
      ["FieldValueRequired", "spec.ports[0].name"],
      ["FieldValueRequired", "spec.ports[1].name"],
    ),
  },
  {
    title: "a service",
    method: "POST",
    path: SERVICES,
    body: service("a", { ports: [{ port: 80 }] }),
    status: 201,
    expected: {
      spec: expect.objectContaining({
        type: "ClusterIP",
        sessionAffinity: "None",
        clusterIP: expect.stringMatching(/^10\.254\./),
        ports: [{ protocol: "TCP", port: 80, targetPort: 80 }],
      }),
      status: { loadBalancer: {} },
    },
  },
  {
    title: "a service replaced without its version",
    method: "PUT",
    path: `${SERVICES}/a`,
    body: service("a", { ports: [{ port: 81 }] }),
    status: 422,
    expected: refusal(422, "Invalid"),
  },
  {
    title: "a service deleted",
    method: "DELETE",
    path: `${SERVICES}/a`,
    status: 200,
    expected: { kind: "Status", status: "Success", details: expect.objectContaining({ name: "a", kind: "services" }) },
  },
  {
    title: "fewer than no replicas",
    method: "POST",
    path: CONTROLLERS,
    body: controller("a", { replicas: -1, template }),
    status: 422,
    expected: causes("ReplicationController", ["FieldValueInvalid", "spec.replicas"]),
  },
  {
    title: "a selector that its template does not fit",
    method: "POST",
    path: CONTROLLERS,
    body: controller("a", { selector: { app: "other" }, template }),
    status: 422,
    expected: causes("ReplicationController", ["FieldValueInvalid", "spec.template.metadata.labels"]),
  },
  {
    title: "a controller, with selector and labels from its template",
    method: "POST",
    path: CONTROLLERS,
    body: controller("a", { replicas: 0, template }),
    status: 201,
    expected: {
      metadata: expect.objectContaining({ labels: { app: "a" } }),
      spec: expect.objectContaining({ replicas: 0, selector: { app: "a" } }),
      status: { replicas: 0 },
    },
  },
  {
    title: "its scale",
    method: "GET",
    path: `${CONTROLLERS}/a/scale`,
    status: 200,
    expected: { kind: "Scale", apiVersion: "autoscaling/v1", spec: {}, status: { replicas: 0, selector: "app=a" } },
  },
  {
    title: "deleted without options it leaves its pods",
    method: "DELETE",
    path: `${CONTROLLERS}/a`,
    status: 200,
    expected: { metadata: expect.objectContaining({ finalizers: ["orphan"] }) },
  },
  {
    title: "nodes cannot be found by a name they have not",
    method: "GET",
    path: "/api/v1/nodes/nope",
    status: 404,
    expected: refusal(404, "NotFound", { details: { name: "nope", kind: "nodes" } }),
  },
];

/** Of a text all of it, of an object the parts that are named. */
const matcherOf = (expected: object | string): unknown =>
  typeof expected === "string" ? expected : expect.objectContaining(expected);

function answersOf(name: string, start: () => Promise<Place>): void {
  describe(`${name} answers as Kubernetes does:`, () => {
    let place: Place;
    beforeAll(async () => {
      place = await start();
    }, 150_000);
    afterAll(async () => await place?.close());

    test.each(CASES)("$method $path: $title", async (one) => {
      const answer = await send(place, one);
      expect([answer.status, answer.body]).toEqual([one.status, matcherOf(one.expected)]);
    });
  });
}

async function send({ apiAddress, identity }: Place, one: Case): Promise<{ status: number; body: unknown }> {
  const { method, path, body, type = JSON_TYPE, accept = JSON_TYPE, as = "client" } = one;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const shown = as === "nobody" ? undefined : identity[as];
  const request = https.request(new URL(path, apiAddress), {
    method,
    agent: false,
    ca: identity.authority,
    ...(shown && { cert: shown.certificate, key: shown.privateKey }),
    headers: { accept, ...(text !== "" && { "content-type": type }), "content-length": Buffer.byteLength(text) },
  });
  request.end(text);
  const [reply] = (await once(request, "response")) as [IncomingMessage];
  const answered = await readText(reply);
  return {
    status: reply.statusCode ?? 0,
    body: answered.startsWith("{") ? (JSON.parse(answered) as unknown) : answered,
  };
}

answersOf("The sandbox", () => startSandboxEngine("kubernetes"));
describe.skipIf(skipOrFail("a real Kubernetes, below the client,", whyNoKubernetes(), false))("really", () => {
  answersOf("A real one", startKubernetes);
});
