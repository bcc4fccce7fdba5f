/**
 * Renewing the credential of a bay's nodes (cluster sheet 12). Nodes are told it once, when they boot: where those that run
 * go on using it, that is refused, by name, and changes nothing.
 */
import { nodesKeepCredential } from "@jeroboam/coe/driver-rules";
import { bayShape } from "@jeroboam/core/bay/bay";
import { isUpdatable } from "@jeroboam/core/bay/bay-status";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { rotateCredential } from "@jeroboam/core/bay/rotate-credential";
import { Rejected } from "@jeroboam/core/errors";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import { isBegun } from "../idempotency.ts";
import { GATES } from "../microversion.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { notFound } from "./bay-requests.ts";
import { requireBay } from "./bay-routes.ts";
import { accepted } from "./clusters.ts";
import { requireMastersThere } from "./upgrades.ts";

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
  if (specification.certificates?.rotation)
    throw new Rejected(
      400,
      "The cluster's authority is being replaced, for which nodes need their credential: finish that first.",
    );
  // They ask with it what to come to.
  requireMastersThere(specification);
  const outcome = await rotateCredential(request.ports, bay, request.keyed);
  if (outcome.kind === "absent") throw notFound(NOUN, request.ident);
  if (outcome.kind === "refused") throw refusedIn(request, outcome.status);
  return accepted(bay);
}

export function refusedIn({ ident }: ApiRequest, status: string): Rejected {
  return new Rejected(400, `Cluster ${ident} cannot be changed while its status is ${status}.`);
}
