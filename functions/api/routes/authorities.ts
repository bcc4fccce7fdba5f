/**
 * Replacing a bay's authority, under /v1/certificates beside what certificates.ts serves (cluster sheet 11): asked for by
 * members of the project, and told of by the bay's nodes as they come to each of its phases (ours, additive). What nodes of
 * a bay cannot follow is refused, by name, and changes nothing. Masters that are upgraded ask and answer here as well.
 */
import { bayShape } from "@jeroboam/core/bay/bay";
import { isUpdatable } from "@jeroboam/core/bay/bay-status";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { acknowledgeUpgrade, isAwaited } from "@jeroboam/core/bay/master-upgrade";
import { acknowledgeRotation, rotateAuthority } from "@jeroboam/core/bay/rotate-authority";
import { Rejected } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import type { ApiPorts } from "../ports.ts";
import { isBegun } from "../idempotency.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import type { NodeWordRequest } from "../wire/authority.ts";
import { readAcknowledgement, requireNothing } from "../wire/authority.ts";
import { notFound } from "./bay-requests.ts";
import { requireBay } from "./bay-routes.ts";
import { readAuthorityType, requireCertified } from "./certificates.ts";
import { accepted } from "./clusters.ts";
import { refusedIn } from "./credentials.ts";

const NOUN = "Cluster";
const PATH = "/v1/certificates/:ident";

export const authorities: readonly Route[] = [
  defineRoute({
    method: "PATCH",
    path: PATH,
    rule: "certificate:rotate_ca",
    takesKey: true,
    query: readAuthorityType,
    body: requireNothing,
    find: (request, scope) => requireBay({ noun: NOUN }, request, scope),
    answers: { 202: "accepted" },
    run: (request, { target: { bay } }) => beginRotation(request, bay),
  }),
  defineRoute({
    method: "PUT",
    path: `${PATH}/nodes/:node`,
    // Who may have certificates signed says that they are in use: the nodes' own user.
    rule: "certificate:create",
    body: readAcknowledgement,
    find: (request, scope) => requireCertified(request, scope, request.ident, 404),
    answers: { 204: null },
    async run({ ports, parameter }, { body, target: { bay } }) {
      await takeWord(ports, bay, { node: parameter("node"), ...body });
      return { status: 204 };
    },
  }),
  defineRoute({
    method: "GET",
    path: `${PATH}/nodes/:node`,
    rule: "certificate:get",
    find: (request, scope) => requireCertified(request, scope, request.ident, 404),
    answers: { 200: "masterVersions" },
    async run({ ports, parameter }, { target: { bay } }) {
      return { status: 200, body: await versionsFor(ports, bay, parameter("node")) };
    },
  }),
];

async function takeWord(
  ports: ApiPorts,
  bay: BayWithSpecification,
  { about, node, mark, failure }: NodeWordRequest & { readonly node: string },
): Promise<void> {
  if (about === "upgrade") return acknowledgeUpgrade(ports, bay, { node, mark, failure: failure ?? undefined });
  if ((await acknowledgeRotation(ports, bay, { node, mark })) === "stranger")
    throw new Rejected(
      409,
      `Bay ${bay.record.state.uuid} has no node ${node.slice(0, limits.nodeWords.nodeNameChars)} yet.`,
    );
}

/** What the master is to come to whose turn it is; nobody else is told. */
async function versionsFor(ports: ApiPorts, bay: BayWithSpecification, node: string): Promise<Record<string, string>> {
  const { specification } = bay;
  const masters = isAwaited(bay, node)
    ? (await ports.bayTypes()).byName(specification.bayType)?.upgrade?.masters
    : null;
  if (!masters)
    throw new Rejected(
      404,
      `Node ${node.slice(0, limits.nodeWords.nodeNameChars)} of bay ${bay.record.state.uuid} has nothing to come to.`,
    );
  const { networkDriver } = specification.model;
  return { ...masters.versionsOf({ networkDriver, labels: specification.labels }) };
}

async function beginRotation(request: ApiRequest, bay: BayWithSpecification): Promise<Reply> {
  const { record, specification, nodeGroups } = bay;
  if (await isBegun(request, { shape: bayShape, key: record.key })) return accepted(bay);
  if (specification.model.tlsDisabled)
    throw new Rejected(400, `Cluster ${request.ident} has no certificates: tls_disabled is set.`);
  const { status } = summarise({ bay: record.state, specification, nodeGroups });
  if (!isUpdatable(status)) throw refusedIn(request, status);
  await requireFollowers(request, bay);
  const outcome = await rotateAuthority(request.ports, bay, request.keyed);
  if (outcome.kind === "absent") throw notFound(NOUN, request.ident);
  if (outcome.kind === "refused") throw refusedIn(request, outcome.status);
  return accepted(bay);
}

/** A bay must not be cut off from its own nodes: all of them must be able to follow. */
async function requireFollowers({ ports }: ApiRequest, { specification }: BayWithSpecification): Promise<void> {
  const { bayType, certificates, masterNames, nodeCredential } = specification;
  if (!(await ports.bayTypes()).byName(bayType)?.rotates)
    throw new Rejected(
      400,
      `Nodes of ${bayType} read the authority of their cluster once, at their first boot: it cannot be replaced.`,
    );
  if (!certificates || !masterNames?.length)
    throw new Rejected(
      400,
      "The cluster was made before nodes of its type could follow another authority: it cannot be replaced.",
    );
  if (nodeCredential?.renewedBy !== undefined)
    throw new Rejected(
      400,
      "The credential of the cluster's nodes was renewed, and those that ran then cannot ask for certificates any more: " +
        "its authority cannot be replaced.",
    );
}
