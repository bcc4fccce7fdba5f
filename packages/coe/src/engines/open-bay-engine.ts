/**
 * The engine of a bay, opened by whoever has the bay's two items: conductors and the API. It must show a certificate of
 * the bay's own authority and is shown the conductor's, whose key is unsealed for this and kept by nobody. Opening asks
 * the engine nothing; the engines' code is loaded when the first is opened.
 */
import { secretContext } from "@jeroboam/core/bay/bay";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { trustedAuthorities } from "@jeroboam/core/certificate/rotation";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { ContainerEngine } from "./container-engine.ts";
import type { EngineEndpoint, EngineHttp } from "./engine-http.ts";

export type OpenedEngine =
  | { readonly kind: "open"; readonly engine: ContainerEngine }
  /** The bay has none yet; the reason is for a person. */
  | { readonly kind: "closed"; readonly reason: string };

export type OpenBayEngine = (
  bay: Pick<Bay, "uuid" | "status">,
  specification: BaySpecification,
) => Promise<OpenedEngine>;

export function createOpenBayEngine(ports: { readonly http: EngineHttp; readonly sealer: Sealer }): OpenBayEngine {
  return async (bay, specification) => {
    const { apiAddress, masterAddresses, model } = specification;
    if (apiAddress === null) return closed(`the bay has no address yet; its status is ${bay.status}`);
    const tls = await openTls(ports.sealer, bay, specification);
    if (tls === "missing") return closed(`the bay has no certificates yet; its status is ${bay.status}`);
    const { openEngine } = await import("./open-engine.ts");
    return { kind: "open", engine: openEngine(ports.http, { coe: model.coe, apiAddress, masterAddresses, ...tls }) };
  };
}

/** The real HTTP adapter, loaded when the first engine is spoken to. */
export function loadedEngineHttp(): EngineHttp {
  let loaded: Promise<EngineHttp> | undefined;
  return async (endpoint, request) => {
    loaded ??= import("./https-engine-http.ts").then(({ createHttpsEngineHttp }) => createHttpsEngineHttp());
    return (await loaded)(endpoint, request);
  };
}

const closed = (reason: string): OpenedEngine => ({ kind: "closed", reason });

/** Mesos has no TLS (bay-era sheet 9). */
async function openTls(
  sealer: Sealer,
  bay: Pick<Bay, "uuid">,
  { model, certificates }: BaySpecification,
): Promise<Pick<EngineEndpoint, "authority" | "client"> | "missing"> {
  if (model.tlsDisabled || model.coe === "mesos") return { authority: null, client: null };
  if (!certificates) return "missing";
  const privateKey = await sealer.open(certificates.clientKeySealed, secretContext(bay, "client-key"));
  const client = { certificate: certificates.clientCertificate, privateKey };
  return { authority: trustedAuthorities(certificates), client };
}
