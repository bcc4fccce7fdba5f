/**
 * Plays the bays' servers, which Nova's fake driver only writes down: for each that becomes active, what its boot script
 * does as far as the cloud sees it. It reads its own user-data; with the credential in there it logs in, asks our API for
 * the bay's authority and has a certificate signed; then it signals the wait condition whose address and token are in
 * there. So a bay is complete only when real Heat put all of that together rightly. Afterwards it follows its bay's
 * authority by its own metadata, where a test asks for that: looking costs Nova a question a node.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { callbackToken } from "@jeroboam/core/callback/callback";
import { textOf } from "@jeroboam/core/errors";
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { acknowledge, fetchCertificates, logIn, trustEachOther } from "./node-certificates.ts";
import type { NodeCertificates } from "./node-certificates.ts";
import { ask, testHttp } from "./people.ts";
import type { People } from "./people.ts";

/** The first microversion that shows user-data. */
const NOVA_VERSION = { "x-openstack-nova-api-version": "2.3" };
const CALL = { timeoutMs: 60_000 };
const LOOK_EVERY_MS = 2_000;
const REST_LOOKS = 150;
/** Between the time that Nova notes of a change, and when it shows it. */
const SEEN_LATE_MS = 60_000;

interface Server {
  readonly name: string;
  readonly "OS-EXT-SRV-ATTR:user_data": string | null;
}

/** What a node of a bay was told. */
export type Parameters = Readonly<Record<string, string>>;

/** A node that has booted. */
interface Node {
  readonly id: string;
  readonly parameters: Parameters;
  /** Of a bay without TLS, none. */
  certificates: NodeCertificates | undefined;
  /** What of its metadata it has come to. */
  cameTo: string;
}

interface Failure {
  readonly reason: string;
  /** Whose the bay's stacks are. */
  readonly owner: CloudSession;
}

export interface Nodes {
  /** From now on, nodes of this bay that boot tell Heat that they failed, and why. */
  failFromNowOn(bayUuid: string, failure: Failure): void;
  /** From now on, nodes of this bay look whether its authority is being replaced, and follow. */
  followFromNowOn(bayUuid: string): void;
  /** The nodes that have booted for a bay. */
  of(bayUuid: string): readonly Parameters[];
  /** Throws what went wrong with any of them. */
  stop(): Promise<void>;
}

/**
 * The bay's stack, whose name holds the bay's uuid, is the first of those that the address of the wait condition names; a
 * further node group has a stack of its own, and its nodes are told of the bay.
 */
const isOf = (bayUuid: string, { WAIT_ENDPOINT = "", BAY_UUID }: Parameters): boolean =>
  BAY_UUID === bayUuid || WAIT_ENDPOINT.includes(bayUuid);

/** Servers that are there already have booted. */
export async function startNodes(people: People): Promise<Nodes> {
  const admin = people.person("admin", "admin");
  // Without details, which cost Nova a question to Neutron; of those that changed alone, for Nova reads all of each.
  const activeIds = async (sinceMs?: number): Promise<readonly string[]> => {
    const since = sinceMs === undefined ? {} : { "changes-since": new Date(sinceMs).toISOString() };
    const query = { all_tenants: 1, status: "ACTIVE", ...since };
    const request = { method: "GET", path: "/servers", query, headers: NOVA_VERSION } as const;
    return (await ask<{ servers: { id: string }[] }>(admin, "compute", request)).servers.map(({ id }) => id);
  };
  /** What Nova says of a server; without any of it where the server has gone since it was listed. */
  const read = <Body>(path: string): Promise<Partial<Body>> =>
    ask<Partial<Body>>(admin, "compute", { method: "GET", path, headers: NOVA_VERSION }, 200, 404);
  const seen = new Set(await activeIds());
  const booted: Node[] = [];
  const failing = new Map<string, Failure>();
  const following = new Set<string>();
  const problems: string[] = [];
  const stopping = new AbortController();

  async function boot(id: string): Promise<void> {
    const { server } = await read<{ server: Server }>(`/servers/${id}`);
    if (!server) return;
    const { name, "OS-EXT-SRV-ATTR:user_data": userData } = server;
    const parameters = readParameters(Buffer.from(userData ?? "", "base64").toString("utf8"));
    // Somebody else's server.
    if (parameters["WAIT_ENDPOINT"] === undefined) return;
    const trouble = (thrown: unknown): void => void problems.push(`server ${name} (${id}): ${textOf(thrown)}`);
    let certificates: NodeCertificates | undefined;
    const failure = [...failing].find(([bayUuid]) => isOf(bayUuid, parameters))?.[1];
    let reason = failure?.reason;
    // A node that cannot be set up tells Heat so, and the bay fails with the reason instead of waiting.
    try {
      certificates = await setUp(people, parameters);
      if (failure) await awaitRest(failure.owner, parameters);
    } catch (thrown) {
      trouble(thrown);
      reason ??= textOf(thrown);
    }
    await tell(parameters, reason === undefined ? "SUCCESS" : "FAILURE", reason ?? `${name} is set up`).then(
      () => booted.push({ id, parameters, certificates, cameTo: "" }),
      trouble,
    );
  }

  async function follow(node: Node, all: readonly Node[]): Promise<void> {
    const { id, parameters, certificates } = node;
    if (!certificates) return;
    const { metadata = {} } = await read<{ metadata: Record<string, string> }>(`/servers/${id}/metadata`);
    const { certificate_rotation: mark = "" } = metadata;
    if (mark === "" || mark === node.cameTo) return;
    const token = await logIn(people, parameters);
    node.certificates = await fetchCertificates(parameters, token, certificates.own);
    if (!trustEachOther(all.flatMap((one) => one.certificates ?? [])))
      throw new Error(`${parameters["NODE_NAME"]} has come to ${mark}, and not all nodes trust each other`);
    await acknowledge(parameters, token, mark);
    node.cameTo = mark;
  }

  async function followAll(bayUuid: string, active: ReadonlySet<string>): Promise<void> {
    const all = booted.filter(({ id, parameters }) => active.has(id) && isOf(bayUuid, parameters));
    await Promise.all(all.map((node) => follow(node, all)));
  }

  let lookedMs = Date.now();
  async function look(): Promise<void> {
    const beganMs = Date.now();
    // All that are there, where somebody is followed.
    const active = new Set(await activeIds(following.size > 0 ? undefined : lookedMs - SEEN_LATE_MS));
    lookedMs = beganMs;
    const fresh = [...active].filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    await Promise.all([...fresh.map(boot), ...[...following].map((bayUuid) => followAll(bayUuid, active))]);
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((thrown: unknown) => problems.push(textOf(thrown)));
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    failFromNowOn: (bayUuid, failure) => void failing.set(bayUuid, failure),
    followFromNowOn: (bayUuid) => void following.add(bayUuid),
    of: (bayUuid) => booted.flatMap(({ parameters }) => (isOf(bayUuid, parameters) ? [parameters] : [])),
    async stop() {
      stopping.abort();
      await looking;
      if (problems.length > 0) throw new Error(problems.join("\n"));
    },
  };
}

/** With a credential of its own a node logs in; where it is one of a bay with TLS, it has a certificate signed. */
async function setUp(people: People, parameters: Parameters): Promise<NodeCertificates | undefined> {
  if (!parameters["TRUSTEE_USER_ID"]) return undefined;
  const token = await logIn(people, parameters);
  return parameters["TLS_DISABLED"] === "False" ? await fetchCertificates(parameters, token) : undefined;
}

/**
 * Until all else of the node is there, as it is when a real one has come so far: what Heat has still to do when a node
 * fails may be left undone.
 */
async function awaitRest(owner: CloudSession, { WAIT_ENDPOINT = "" }: Parameters): Promise<void> {
  const [, name = "", id = ""] =
    /[:/]stacks\/([^/]+)\/([^/]+)\/resources\//.exec(decodeURIComponent(WAIT_ENDPOINT)) ?? [];
  for (let look = 0; look < REST_LOOKS; look += 1) {
    const found = await createHeat(owner).listResources({ name, id }, { nestedDepth: 0 });
    if (found.kind !== "found") throw new Error(`the resources of stack ${name} (${id}) are ${found.kind}`);
    const others = found.value.filter(({ resource_type: type }) => type !== "OS::Heat::WaitCondition");
    if (others.every(({ resource_status: status }) => status === "CREATE_COMPLETE")) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the rest of stack ${name} (${id}) does not come`);
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
