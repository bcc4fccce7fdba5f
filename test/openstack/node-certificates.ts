/**
 * What a node of a bay with TLS does with our certificates API: at its first boot as certificates.sh of the boot scripts
 * does, and while the bay's authority is replaced as authority.sh does.
 */
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import type { HttpRequest } from "@jeroboam/core/openstack/http";
import type { Parameters } from "./nodes.ts";
import { testHttp } from "./people.ts";
import type { People } from "./people.ts";

const CALL = { timeoutMs: 60_000 };
const run = promisify(execFile);

export interface NodeCertificates {
  readonly trusted: readonly X509Certificate[];
  /** By which the node is known to the others. */
  readonly own: X509Certificate;
}

/** A node's credential opens its project to it, by one role that entitles to nothing elsewhere. */
export async function logIn({ keystone }: People, parameters: Parameters): Promise<string> {
  const user = { id: parameters["TRUSTEE_USER_ID"] ?? "" };
  const project = { id: parameters["TRUSTEE_PROJECT_ID"] ?? "" };
  const credentials = { kind: "password", user, password: parameters["TRUSTEE_PASSWORD"] ?? "" } as const;
  const issued = await keystone.issueToken(credentials, { kind: "project", project });
  if (issued.kind === "refused") throw new Error(`the node cannot log in: ${issued.reason}`);
  const roles = issued.facts.roles.map(({ name }) => name);
  if (roles.join() !== "jeroboam_node") throw new Error(`the node has the roles ${roles.join(", ")}`);
  return issued.token;
}

/** What is trusted now, and a certificate of the authority that signs now: the present one where it is. */
export async function fetchCertificates(
  parameters: Parameters,
  token: string,
  present?: X509Certificate,
): Promise<NodeCertificates> {
  const { BAY_UUID: bay_uuid = "", NODE_NAME = "" } = parameters;
  const trusted = await ask(parameters, token, { method: "GET", path: `/certificates/${bay_uuid}` });
  const isOfSigner = (one: X509Certificate): boolean => trusted[0] !== undefined && one.verify(trusted[0].publicKey);
  if (present && isOfSigner(present)) return { trusted, own: present };
  const subject = `/O=system:nodes/CN=system:node:${NODE_NAME}`;
  const words = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const { stdout: csr } = await run("openssl", [...words, "-keyout", "/dev/null", "-subj", subject]);
  const [own] = await ask(parameters, token, { method: "POST", path: "/certificates", json: { bay_uuid, csr } });
  if (!own || !isOfSigner(own)) throw new Error("the certificate is not of the bay's authority");
  return { trusted, own };
}

/** Tells that the node has come to what its metadata says. */
export async function acknowledge(parameters: Parameters, token: string, mark: string): Promise<void> {
  const { BAY_UUID = "", NODE_NAME = "" } = parameters;
  const path = `/certificates/${BAY_UUID}/nodes/${NODE_NAME}`;
  await ask(parameters, token, { method: "PUT", path, json: { certificate_rotation: mark } });
}

/** Whether none of them meets one whose certificate it does not trust. */
export function trustEachOther(nodes: readonly NodeCertificates[]): boolean {
  return nodes.every(({ trusted }) =>
    nodes.every(({ own }) => trusted.some((authority) => own.verify(authority.publicKey))),
  );
}

export function certificatesIn(pem: string): readonly X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  return found.map((one) => new X509Certificate(one));
}

interface Question {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly json?: object;
}

/** The certificates of our API's answer. */
async function ask(
  { MAGNUM_URL = "" }: Parameters,
  token: string,
  { path, ...question }: Question,
): Promise<readonly X509Certificate[]> {
  const request = { ...question, url: `${MAGNUM_URL}${path}`, headers: { "x-auth-token": token } };
  const { status, body } = await testHttp(request, CALL);
  if (status >= 300) throw new Error(`our API answered the node ${status}: ${body.slice(0, 300)}`);
  return body === "" ? [] : certificatesIn((JSON.parse(body) as { pem: string }).pem);
}
