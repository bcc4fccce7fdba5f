/**
 * Plays the bays' servers, which Nova's fake driver only writes down: for each that becomes active, what its boot script
 * does as far as the cloud sees it. It reads its own user-data; with the credential in there it logs in, asks our API for
 * the bay's authority and has a certificate signed; then it signals the wait condition whose address and token are in
 * there. So a bay is complete only when real Heat put all of that together rightly.
 */
import { execFile } from "node:child_process";
import { randomUUID, X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { callbackToken } from "@jeroboam/core/callback/callback";
import { textOf } from "@jeroboam/core/errors";
import { ask, testHttp } from "./people.ts";
import type { People } from "./people.ts";

/** The first microversion that shows user-data. */
const NOVA_VERSION = { "x-openstack-nova-api-version": "2.3" };
const CALL = { timeoutMs: 60_000 };
const run = promisify(execFile);
const LOOK_EVERY_MS = 2_000;

interface Server {
  readonly name: string;
  readonly "OS-EXT-SRV-ATTR:user_data": string | null;
}

/** What a node of a bay was told. */
export type Parameters = Readonly<Record<string, string>>;

export interface Nodes {
  /** From now on, nodes of this bay that boot tell Heat that they failed, and why. */
  failFromNowOn(bayUuid: string, reason: string): void;
  /** The nodes that have booted for a bay. */
  of(bayUuid: string): readonly Parameters[];
  /** Throws what went wrong with any of them. */
  stop(): Promise<void>;
}

/** The bay's stack, whose name holds the bay's uuid, is the first of those that the address of the wait condition names. */
const isOf = (bayUuid: string, { WAIT_ENDPOINT = "" }: Parameters): boolean => WAIT_ENDPOINT.includes(bayUuid);

/** Servers that are there already have booted. */
export async function startNodes(people: People): Promise<Nodes> {
  const admin = people.person("admin", "admin");
  const get = <Body>(path: string, query = {}): Promise<Body> =>
    ask<Body>(admin, "compute", { method: "GET", path, query, headers: NOVA_VERSION });
  // Without details, which cost Nova a question to Neutron.
  const activeIds = async (): Promise<readonly string[]> => {
    const { servers } = await get<{ servers: { id: string }[] }>("/servers", { all_tenants: 1, status: "ACTIVE" });
    return servers.map(({ id }) => id);
  };
  const seen = new Set(await activeIds());
  const booted: Parameters[] = [];
  const failing = new Map<string, string>();
  const problems: string[] = [];
  const stopping = new AbortController();

  async function boot(id: string): Promise<void> {
    const { server } = await get<{ server: Server }>(`/servers/${id}`);
    const { name, "OS-EXT-SRV-ATTR:user_data": userData } = server;
    const parameters = readParameters(Buffer.from(userData ?? "", "base64").toString("utf8"));
    // Somebody else's server.
    if (parameters["WAIT_ENDPOINT"] === undefined) return;
    const trouble = (thrown: unknown): void => void problems.push(`server ${name} (${id}): ${textOf(thrown)}`);
    let reason = [...failing].find(([bayUuid]) => isOf(bayUuid, parameters))?.[1];
    // A node that cannot be set up tells Heat so, and the bay fails with the reason instead of waiting.
    await setUp(people, parameters).catch((thrown: unknown) => {
      trouble(thrown);
      reason ??= textOf(thrown);
    });
    await tell(parameters, reason === undefined ? "SUCCESS" : "FAILURE", reason ?? `${name} is set up`).then(
      () => booted.push(parameters),
      trouble,
    );
  }

  async function look(): Promise<void> {
    const fresh = (await activeIds()).filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    await Promise.all(fresh.map(boot));
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((thrown: unknown) => problems.push(textOf(thrown)));
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    failFromNowOn: (bayUuid, reason) => void failing.set(bayUuid, reason),
    of: (bayUuid) => booted.filter((parameters) => isOf(bayUuid, parameters)),
    async stop() {
      stopping.abort();
      await looking;
      if (problems.length > 0) throw new Error(problems.join("\n"));
    },
  };
}

/** With a credential of its own a node logs in; where it is one of a bay with TLS, it has a certificate signed. */
async function setUp(people: People, parameters: Parameters): Promise<void> {
  if (!parameters["TRUSTEE_USER_ID"]) return;
  const token = await logIn(people, parameters);
  if (parameters["TLS_DISABLED"] === "False") await haveCertificateSigned(parameters, token);
}

/** NAME='value' lines, in user-data of parts as in files of an Ignition document. */
function readParameters(userData: string): Parameters {
  const text = userData.startsWith("{") ? filesOf(userData) : userData;
  return Object.fromEntries(
    [...text.matchAll(/^\s*([A-Z_]+)='([^'\n]*)'\s*$/gm)].map(([, name, value]) => [name, value]),
  );
}

interface Ignition {
  readonly storage?: { readonly files?: readonly { readonly contents?: { readonly source?: string } }[] };
}

function filesOf(ignition: string): string {
  const { storage } = JSON.parse(ignition) as Ignition;
  return (storage?.files ?? [])
    .map(({ contents }) => {
      const [, base64, data = ""] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(contents?.source ?? "") ?? [];
      return base64 ? Buffer.from(data, "base64").toString("utf8") : decodeURIComponent(data);
    })
    .join("\n");
}

/** A node's credential opens its project to it, by one role that entitles to nothing elsewhere. */
async function logIn({ keystone }: People, parameters: Parameters): Promise<string> {
  const user = { id: parameters["TRUSTEE_USER_ID"] ?? "" };
  const project = { id: parameters["TRUSTEE_PROJECT_ID"] ?? "" };
  const credentials = { kind: "password", user, password: parameters["TRUSTEE_PASSWORD"] ?? "" } as const;
  const issued = await keystone.issueToken(credentials, { kind: "project", project });
  if (issued.kind === "refused") throw new Error(`the node cannot log in: ${issued.reason}`);
  const roles = issued.facts.roles.map(({ name }) => name);
  if (roles.join() !== "jeroboam_node") throw new Error(`the node has the roles ${roles.join(", ")}`);
  return issued.token;
}

/** As certificates.sh of the boot scripts does. */
async function haveCertificateSigned(parameters: Parameters, token: string): Promise<void> {
  const { MAGNUM_URL = "", BAY_UUID: bay_uuid = "", NODE_NAME = "" } = parameters;
  const headers = { "x-auth-token": token };
  const authority = pemIn(
    await testHttp({ method: "GET", url: `${MAGNUM_URL}/certificates/${bay_uuid}`, headers }, CALL),
  );
  const subject = `/O=system:nodes/CN=system:node:${NODE_NAME}`;
  const words = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const { stdout: csr } = await run("openssl", [...words, "-keyout", "/dev/null", "-subj", subject]);
  const json = { bay_uuid, csr };
  const signed = pemIn(await testHttp({ method: "POST", url: `${MAGNUM_URL}/certificates`, headers, json }, CALL));
  if (!signed.verify(authority.publicKey)) throw new Error("the certificate is not of the bay's authority");
}

function pemIn({ status, body }: { readonly status: number; readonly body: string }): X509Certificate {
  if (status >= 300) throw new Error(`our API answered the node ${status}: ${body.slice(0, 300)}`);
  return new X509Certificate((JSON.parse(body) as { pem: string }).pem);
}

/** As `signal` and `call_back` of the boot scripts do: Heat first, then our API where the node was told of it. */
async function tell(parameters: Parameters, status: "SUCCESS" | "FAILURE", reason: string): Promise<void> {
  const { WAIT_ENDPOINT = "", WAIT_TOKEN: waitToken = "", NODE_NAME: node = "", COMPLETION_URL } = parameters;
  const headers = { "x-auth-token": waitToken };
  await post(WAIT_ENDPOINT, { status, reason, id: node, data: status }, headers);
  // Nothing hangs on it: the address is the creation's, and nodes that come later find that it has ended.
  if (!COMPLETION_URL) return;
  const at = COMPLETION_URL.lastIndexOf("/") + 1;
  const token = callbackToken(COMPLETION_URL.slice(at), randomUUID());
  await post(`${COMPLETION_URL.slice(0, at)}${token}`, { node, status, reason }).catch(() => undefined);
}

async function post(url: string, json: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const reply = await testHttp({ method: "POST", url, headers, json }, CALL);
  if (reply.status >= 300) throw new Error(`${url} answered ${reply.status}: ${reply.body.slice(0, 300)}`);
}
