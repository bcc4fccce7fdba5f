/**
 * The sandbox's engines as a place: a bay on a served sandbox, whose nodes fetch their certificates from a certificates API
 * that signs as the product does.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json as readJson } from "node:stream/consumers";
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { NewRule } from "@jeroboam/sandbox/knobs/knobs";
import type { ServedSandbox } from "@jeroboam/sandbox/server";
import { serveSandbox } from "@jeroboam/sandbox/server";
import { createBayIdentity } from "./bay-identity.ts";
import type { BayIdentity } from "./bay-identity.ts";
import { until } from "./processes.ts";
import type { Place } from "../place.ts";

/** The lines of heat-params that make a node one of such a bay, and where its API listens. */
const ENGINES: Readonly<Record<Coe, { readonly params: readonly string[]; readonly port: number }>> = {
  kubernetes: { params: ["KUBE_API_PORT='6443'"], port: 6443 },
  swarm: { params: ["SWARM_PORT='2376'", "SWARM_IMAGE='swarm:1.2.9'"], port: 2376 },
  "swarm-mode": { params: ["SWARM_PORT='2376'"], port: 2376 },
  mesos: { params: ["MESOS_MASTERS='master'"], port: 8080 },
};

const READY_WITHIN_MS = 20_000;

export interface SandboxPlace extends Place {
  readonly address: string;
  readonly setFault: (rule: Omit<Extract<NewRule, { kind: "engine" }>, "kind">) => () => void;
  /** How many times the certificates API was asked. */
  readonly asked: () => number;
  /** Ends it and starts another on the same folder, which the caller closes. */
  readonly restart: () => Promise<ServedSandbox>;
}

/** `isRefused`: the nodes are kept from their certificates; rejects with what the nodes' stack then says. */
export async function startSandboxEngine(
  coe: Coe,
  { isRefused = false, data }: { isRefused?: boolean; data?: string } = {},
): Promise<SandboxPlace> {
  const identity = await createBayIdentity();
  let asked = 0;
  const certificates = createServer((incoming, outgoing) => {
    asked += 1;
    void answer(identity, incoming, outgoing);
  });
  await new Promise<void>((resolve) => void certificates.listen(0, "127.0.0.1", resolve));
  const served = await serveSandbox({
    port: 0,
    engines: true,
    ...(data !== undefined && { data }),
    settings: { resourceMs: 0, serverMs: 0, bootMs: 0, containerMs: 200 },
  });
  if (isRefused) served.sandbox.knobs.add({ kind: "engine", effect: "no-certificate" });
  const magnum = `http://127.0.0.1:${(certificates.address() as AddressInfo).port}/v1`;
  const readStack = await createBay(
    served.url,
    coe,
    magnum,
    served.sandbox.inventory().users.find(({ name }) => name === "demo")?.id ?? "",
  );
  const close = async (): Promise<void> => {
    await served.close();
    certificates.closeAllConnections();
    await new Promise((resolve) => certificates.close(resolve));
  };
  const listeners = () => served.sandbox.engines.listeners();
  if (isRefused) {
    let stack = await readStack();
    const hasFailed = async (): Promise<boolean> => (stack = await readStack()).stack_status === "CREATE_FAILED";
    await until("the failure", hasFailed, READY_WITHIN_MS);
    const outcome = `${stack.stack_status_reason}; ${listeners().length} listen`;
    await close();
    throw new Error(outcome);
  }
  await until("the engine", async () => await Promise.resolve(listeners().length > 0), READY_WITHIN_MS);
  const address = listeners()[0]?.address ?? "";
  const hasTls = coe !== "mesos";
  return {
    coe,
    address,
    apiAddress: coe === "mesos" ? address : `https://${address}:${ENGINES[coe].port}`,
    identity,
    client: hasTls ? identity.client : null,
    hasTls,
    strangersSee: coe === "kubernetes" ? "certificate" : "down",
    asked: () => asked,
    setFault(rule) {
      const { id } = served.sandbox.knobs.add({ kind: "engine", ...rule });
      served.sync();
      return () => {
        served.sandbox.knobs.remove(id);
        served.sync();
      };
    },
    close,
    async restart() {
      await close();
      return await serveSandbox({ port: 0, engines: true, ...(data !== undefined && { data }) });
    },
  };
}

/** `GET /v1/certificates/{bay}` and `POST /v1/certificates`, for those who have a token. */
async function answer(identity: BayIdentity, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const send = (status: number, body: object): void =>
    void outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (incoming.headers["x-auth-token"] === undefined) return send(401, {});
  if (incoming.method === "GET") return send(200, { pem: identity.authority });
  const { csr } = (await readJson(incoming)) as { csr: string };
  send(201, { pem: await identity.sign(csr) });
}

const DEMO = { name: "demo", domain: { id: "default" } };

async function createBay(cloud: string, coe: Coe, magnum: string, userId: string): Promise<() => Promise<StackState>> {
  const auth = {
    identity: { methods: ["password"], password: { user: { ...DEMO, password: "secret" } } },
    scope: { project: DEMO },
  };
  const login = await fetch(`${cloud}/v3/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth }),
  });
  const answer = (await login.json()) as { token: { project: { id: string } } };
  const projectId = answer.token.project.id;
  const token = login.headers.get("x-subject-token") ?? "";
  const params = [
    ...ENGINES[coe].params,
    "TLS_DISABLED='False'",
    "BAY_UUID='bay'",
    `MAGNUM_URL='${magnum}'`,
    `AUTH_URL='${cloud}/v3'`,
    `TRUSTEE_USER_ID='${userId}'`,
    "TRUSTEE_PASSWORD='secret'",
    "TRUST_ID=''",
    `TRUSTEE_PROJECT_ID='${projectId}'`,
  ];
  const created = await fetch(`${cloud}/orchestration/v1/${projectId}/stacks`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-auth-token": token },
    body: JSON.stringify({ stack_name: "bay", template: templateOf(params) }),
  });
  if (created.status !== 201) throw new Error(await created.text());
  const { stack } = (await created.json()) as { stack: { links: { href: string }[] } };
  return async () => {
    const shown = await fetch(stack.links[0]?.href ?? "", { headers: { "x-auth-token": token } });
    return ((await shown.json()) as { stack: StackState }).stack;
  };
}

interface StackState {
  readonly stack_status: string;
  readonly stack_status_reason: string;
}

/** A master and two workers on the network that this machine reaches. */
function templateOf(params: readonly string[]): object {
  const node = (name: string, role: string): Record<string, object> => ({
    [`${name}-handle`]: { type: "OS::Heat::WaitConditionHandle" },
    [`${name}-wait`]: {
      type: "OS::Heat::WaitCondition",
      properties: { handle: { get_resource: `${name}-handle` }, timeout: 60 },
    },
    [name]: {
      type: "OS::Nova::Server",
      properties: {
        name,
        image: "ubuntu-24.04",
        flavor: "m1.small",
        user_data_format: "RAW",
        networks: [{ network: "private" }],
        user_data: {
          str_replace: {
            params: { "@ENDPOINT@": { get_attr: [`${name}-handle`, "endpoint"] } },
            template: [`NODE_NAME='${name}'`, `NODE_ROLE='${role}'`, "WAIT_ENDPOINT='@ENDPOINT@'", ...params].join(
              "\n",
            ),
          },
        },
      },
    },
  });
  return {
    heat_template_version: "2018-08-31",
    resources: { ...node("master", "master"), ...node("node-1", "worker"), ...node("node-2", "worker") },
  };
}
