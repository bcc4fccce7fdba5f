/**
 * Renewing what bays hold: the credential of a bay's nodes (cluster sheet 12), and its authority (cluster sheet 11). What
 * nodes of a bay cannot follow is refused, by name, and changes nothing: they are told both once, when they boot.
 */
import { nodesKeepCredential } from "@jeroboam/coe/driver-rules";
import { bayShape } from "@jeroboam/core/bay/bay";
import { isUpdatable } from "@jeroboam/core/bay/bay-status";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { rotateCredential } from "@jeroboam/core/bay/rotate-credential";
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import { isBegun } from "../idempotency.ts";
import { GATES } from "../microversion.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { z } from "zod";
import { defineRoute } from "../route.ts";
import { notFound } from "./bay-requests.ts";
import { requireBay } from "./bay-routes.ts";
import { accepted } from "./clusters.ts";
import { describeBody } from "../wire/reader.ts";

const NOUN = "Cluster";

export const credentials: readonly Route[] = [
  defineRoute({
    method: "PATCH",
    path: "/v1/credentials/:ident",
    since: GATES.credentials,
    rule: "credential:rotate",
    takesKey: true,
    find: (request, scope) => requireBay({ noun: NOUN }, request, scope),
    answers: { 202: "accepted" },
    run: (request, { target: { bay } }) => renewCredential(request, bay),
  }),
];

/** Under /v1/certificates, beside what certificates.ts serves. */
export const authorities: readonly Route[] = [
  defineRoute({
    method: "PATCH",
    path: "/v1/certificates/:ident",
    rule: "certificate:rotate_ca",
    body: describeBody({ kind: "object", schema: z.strictObject({}), mayBeAbsent: true }, requireNothing),
    find: (request, scope) => requireBay({ noun: NOUN }, request, scope),
    answers: {},
    run: (request, { target: { bay } }) => refuseRotation(request, bay),
  }),
];

/** New nodes are told the new password: while any are being made nobody can tell which they were told. */
async function renewCredential(request: ApiRequest, bay: BayWithSpecification): Promise<Reply> {
  const { record, specification, nodeGroups } = bay;
  if (await isBegun(request, { shape: bayShape, key: record.key })) return accepted(bay);
  const { status } = summarise({ bay: record.state, specification, nodeGroups });
  if (!isUpdatable(status)) throw refusedIn(request, status);
  if (nodesKeepCredential(specification.model)) {
    const users = specification.model.registryEnabled ? "registry_enabled" : "volume_driver";
    throw new Rejected(400, `Nodes that run go on using their credential, for ${users}: it cannot be renewed.`);
  }
  const outcome = await rotateCredential(request.ports, bay, request.keyed);
  if (outcome.kind === "absent") throw notFound(NOUN, request.ident);
  if (outcome.kind === "refused") throw refusedIn(request, outcome.status);
  return accepted(bay);
}

/** No bay type's nodes read their authority again once they are up, and a bay must not be cut off from its own nodes. */
function refuseRotation(request: ApiRequest, { record, specification }: BayWithSpecification): Promise<never> {
  if (specification.model.tlsDisabled)
    throw new Rejected(400, `Cluster ${request.ident} has no certificates: tls_disabled is set.`);
  if (!isUpdatable(record.state.status)) throw refusedIn(request, record.state.status);
  throw new Rejected(
    400,
    `Nodes of ${specification.bayType} read the authority of their cluster once, at their first boot: it cannot be replaced.`,
  );
}

function refusedIn({ ident }: ApiRequest, status: string): Rejected {
  return new Rejected(400, `Cluster ${ident} cannot be changed while its status is ${status}.`);
}

/** Clients send no body, or an empty object. */
function requireNothing(given: Json | undefined): void {
  if (given === undefined || given === null) return;
  const isObject = typeof given === "object" && !Array.isArray(given);
  const [unknown] = isObject ? Object.keys(given) : [];
  if (!isObject || unknown !== undefined)
    throw new Rejected(400, `Unknown attribute for argument patch: ${unknown?.slice(0, 100) ?? "not an object"}`);
}
