/**
 * /v1/certificates: a bay's authority, and what it signs, for both generations (bay-era sheet 3.9, cluster sheet 11).
 * Served from the moment the authority is made: nodes call both while the bay is still being created, as their own user.
 */
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { findBay } from "@jeroboam/core/bay/find-bay";
import { authorityCertificates, signForBay } from "@jeroboam/core/certificate/bay-certificates";
import { Rejected } from "@jeroboam/core/errors";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import type { Scope } from "@jeroboam/core/identity/scope";
import { limits } from "@jeroboam/core/limits";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import { viewCertificate } from "../views/certificates.ts";
import type { CertificateWish } from "../wire/certificate.ts";
import { readCertificateWish, requireOnlyAuthority } from "../wire/certificate.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";

const PATH = "/v1/certificates";

/** The bay as policy is asked about it: its nodes' own user counts. */
interface CertificateTarget extends PolicyTarget {
  readonly bay: BayWithSpecification;
}

/** Of every request about a bay's authority. */
export const readAuthorityType = describeQuery(
  [{ name: "ca_cert_type", schema: { type: "string" } }],
  ({ ca_cert_type: type, ...rest }: QueryArguments): void => {
    refuseArguments(rest);
    requireOnlyAuthority(type ?? null);
  },
);

export const certificates: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: `${PATH}/:ident`,
    rule: "certificate:get",
    query: readAuthorityType,
    find: (request, scope) => requireCertified(request, scope, request.ident, 404),
    answers: { 200: "certificate" },
    run({ base }, { target: { bay } }) {
      const pem = authorityCertificates(bay);
      if (pem === undefined) throw notYet(bay);
      return Promise.resolve({ status: 200, body: viewCertificate(bay.record.state.uuid, { pem }, base) });
    },
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "certificate:create",
    body: readCertificateWish,
    find: (request, scope, wish: CertificateWish) => requireCertified(request, scope, wish.bay, 400),
    answers: { 201: "certificate" },
    async run({ ports, base }, { body: { csr, authorityType }, target: { bay } }) {
      const signed = await signForBay(ports, bay, csr);
      if (!signed) throw notYet(bay);
      if (signed.kind === "refused") throw new Rejected(400, `The certificate request (csr): ${signed.reason}.`);
      const { certificate: pem } = signed;
      return { status: 201, body: viewCertificate(bay.record.state.uuid, { csr, pem, authorityType }, base) };
    },
  }),
];

export async function requireCertified(
  { ports }: ApiRequest,
  scope: Scope,
  ident: string,
  missing: 400 | 404,
): Promise<CertificateTarget> {
  const found = await findBay(ports.table, scope, ident);
  if (found.kind === "absent") throw new Rejected(missing, `Bay ${ident} could not be found.`);
  if (found.kind === "ambiguous")
    throw new Rejected(409, `Multiple objects of Bay are named ${ident}. Please use the uuid instead.`);
  const { projectId, userId } = found.bay.record.state;
  const trusteeUserId = found.bay.specification.nodeCredential?.user?.id ?? null;
  return { projectId, userId, trusteeUserId, bay: found.bay };
}

function notYet({ record: { state } }: BayWithSpecification): Rejected {
  return new Rejected(409, `Bay ${state.uuid} has no certificates yet; its status is ${state.status}.`, {
    "Retry-After": String(limits.certificate.retryAfterMs / 1_000),
  });
}
