/**
 * How a node gets its certificate, as a real one does: a token by the credential in its user data, the bay's authority
 * from the certificates API, and a request that the API signs. A few attempts, then it reports that it failed.
 */
import type { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { recordAt, textAt } from "../http/requests.ts";
import { limits } from "../limits.ts";
import type { Sleep } from "../ports.ts";
import type { EngineNode, NodeCertificate } from "./records.ts";

export interface Outside {
  readonly send: (request: Request) => Promise<Response>;
  readonly sleep: Sleep;
}

export type SetupOutcome =
  | { readonly kind: "certified"; readonly certificate: NodeCertificate }
  | { readonly kind: "failed"; readonly reason: string };

/** What somebody answered that leaves the node without. */
class SetupRefused extends Error {}

export async function fetchCertificate(outside: Outside, node: EngineNode): Promise<SetupOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { kind: "certified", certificate: await attemptOnce(outside, node) };
    } catch (error) {
      // Whatever it was, a boot script tries again, and gives up in the end.
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt >= limits.setupAttempts) return { kind: "failed", reason: `the node has no certificate: ${reason}` };
      await outside.sleep(limits.setupRetryMs);
    }
  }
}

async function attemptOnce(outside: Outside, node: EngineNode): Promise<NodeCertificate> {
  const access = await logIn(outside, node);
  const authority = await fetchAuthority(access);
  return { authority, ...(await makeCertificate(access, node)) };
}

/** The certificates API, as the node is let in. */
export interface Access {
  /** The answer's JSON; undefined for one without. */
  ask: (method: string, path: string, body?: object) => Promise<unknown>;
  bay: string;
}

export async function logIn(outside: Outside, { params }: EngineNode): Promise<Access> {
  const token = await requestToken(outside, params);
  const base = (params["MAGNUM_URL"] ?? "").replace(/\/+$/, "");
  const headers = { "X-Auth-Token": token, "Content-Type": "application/json", Accept: "application/json" };
  return {
    bay: params["BAY_UUID"] ?? "",
    async ask(method, path, body) {
      const response = await outside.send(
        new Request(`${base}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) }),
      );
      const text = await response.text();
      if (!response.ok) throw new SetupRefused(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
      return text === "" ? undefined : (JSON.parse(text) as unknown);
    },
  };
}

export async function fetchAuthority({ ask, bay }: Access): Promise<string> {
  const authority = textAt(await ask("GET", `/certificates/${bay}`), "pem");
  if (authority === undefined) throw new SetupRefused("the bay's authority has no pem");
  return authority;
}

export async function makeCertificate(
  { ask, bay }: Access,
  node: EngineNode,
): Promise<Pick<NodeCertificate, "certificate" | "privateKey">> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const csr = await requestFor(node, keys);
  const certificate = textAt(await ask("POST", "/certificates", { bay_uuid: bay, csr }), "pem");
  if (certificate === undefined) throw new SetupRefused("the signed certificate has no pem");
  return { certificate, privateKey: await exportKey(keys.privateKey) };
}

/** The node's own user, by its trust or on its own project. */
async function requestToken({ send }: Outside, params: Readonly<Record<string, string>>): Promise<string> {
  const url = `${(params["AUTH_URL"] ?? "").replace(/\/+$/, "").replace(/\/v(2\.0|3)$/, "")}/v3/auth/tokens`;
  const trust = params["TRUST_ID"] ?? "";
  const scope =
    trust === "" ? { project: { id: params["TRUSTEE_PROJECT_ID"] ?? "" } } : { "OS-TRUST:trust": { id: trust } };
  const user = { id: params["TRUSTEE_USER_ID"] ?? "", password: params["TRUSTEE_PASSWORD"] ?? "" };
  const auth = { identity: { methods: ["password"], password: { user } }, scope };
  const response = await send(
    new Request(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ auth }),
    }),
  );
  const body: unknown = await response.json().catch(() => ({}));
  const token = response.headers.get("X-Subject-Token");
  if (token === null) {
    throw new SetupRefused(
      `Keystone gave no token: ${response.status} ${textAt(recordAt(body, "error"), "message") ?? ""}`,
    );
  }
  return token;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A master's and a worker's subject and names, as the nodes' boot scripts ask for them. */
async function requestFor(node: EngineNode, keys: webcrypto.CryptoKeyPair): Promise<string> {
  const { params, name } = node;
  const addresses = [
    node.privateAddress,
    node.publicAddress,
    ...[
      "KUBE_API_PUBLIC_ADDRESS",
      "KUBE_API_PRIVATE_ADDRESS",
      "SWARM_API_PUBLIC_ADDRESS",
      "SWARM_API_PRIVATE_ADDRESS",
    ].map((key) => params[key] ?? ""),
    "127.0.0.1",
  ];
  const known = [...new Set(addresses)].filter((one) => /^[0-9.]+$/.test(one));
  const isKubernetes = params["KUBE_API_PORT"] !== undefined;
  const subject = isKubernetes
    ? node.role === "master"
      ? "CN=kube-apiserver,O=system:masters"
      : `CN=system:node:${name},O=system:nodes`
    : "CN=swarm.invalid";
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "dns", value: name },
        ...(isKubernetes ? [{ type: "dns" as const, value: "kubernetes.default.svc" }] : []),
        ...known.map((value) => ({ type: "ip" as const, value })),
      ]),
    ],
  });
  return request.toString("pem");
}

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");

/** For the fault of a wrong certificate: one that the node signed itself. */
export async function signOwn(addresses: readonly string[]): Promise<{ certificate: string; privateKey: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=somebody-else",
    notBefore: new Date(Date.UTC(2000, 0, 1)),
    notAfter: new Date(Date.UTC(2100, 0, 1)),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension(addresses.map((value) => ({ type: "ip", value })))],
  });
  return { certificate: certificate.toString("pem"), privateKey: await exportKey(keys.privateKey) };
}
