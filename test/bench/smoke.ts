/**
 * `npm run bench:smoke`: what this machine does, in about half a minute. Requests a second and the server's CPU time a
 * request, of reading one bay and of accepting one, beside a bare Hono reply on the same server; and conductor steps a
 * second. Rounds of all three alternate, so that a busy moment hits each alike; compare the ratios between machines, not
 * the figures. The load comes from this process, so that with two cores it competes with nobody but itself.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { cpus } from "node:os";
import { join } from "node:path";
import { measureConductor } from "./smoke-conductor.ts";

const CONNECTIONS = 16;
const ROUNDS = 5;
const ROUND_MS = 1_000;
const WARM_UP_MS = 1_000;
const CONDUCTED_RECORDS = 500;

interface Call {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  /** Whose; anyone's when it does not matter. */
  readonly token?: string;
}

interface Figures {
  requests: number;
  seconds: number;
  cpuMicros: number;
}

/** Bays are made in so many projects in turn: one project has few, in life as here. */
const PROJECTS = 500;
let tokens = 0;

function nextToken(): string {
  tokens = (tokens + 1) % PROJECTS;
  return `bench-${tokens}`;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** One request; with the body of its reply. Throws when it is answered otherwise than expected. */
function send(url: string, { method, path, body, status, token = nextToken() }: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "X-Auth-Token": token, ...(body !== undefined && { "Content-Type": "application/json" }) };
    const outgoing = request(`${url}${path}`, { method, agent, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk: string) => void (text += chunk));
      reply.on("end", () =>
        reply.statusCode === status
          ? resolve(text)
          : reject(new Error(`${method} ${path}: ${reply.statusCode} ${text}`)),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function cpuMicrosOf(server: ChildProcess): Promise<number> {
  server.send("cpu");
  const [usage] = (await once(server, "message")) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

/** Keeps all connections busy for that long. */
async function run(server: ChildProcess, url: string, call: Call, forMs: number): Promise<Figures> {
  const cpuBefore = await cpuMicrosOf(server);
  const startedMs = performance.now();
  let requests = 0;
  const keepBusy = async (): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      await send(url, call);
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, keepBusy));
  const seconds = (performance.now() - startedMs) / 1_000;
  return { requests, seconds, cpuMicros: (await cpuMicrosOf(server)) - cpuBefore };
}

async function prepare(url: string): Promise<readonly [bare: Call, read: Call, accept: Call]> {
  const post = { method: "POST", status: 201 };
  const model = { name: "bench", image_id: "fedora-21-atomic-3", keypair_id: "default", coe: "kubernetes" };
  const made = await send(url, {
    ...post,
    name: "",
    path: "/v1/baymodels",
    body: JSON.stringify({ ...model, external_network_id: "public", public: true }),
  });
  const { uuid: baymodel_id } = JSON.parse(made) as { uuid: string };
  const body = JSON.stringify({ baymodel_id, node_count: 2 });
  const accept: Call = { ...post, name: "POST bay", path: "/v1/bays", body };
  const token = "bench-0";
  const { uuid } = JSON.parse(await send(url, { ...accept, token })) as { uuid: string };
  return [
    { name: "bare Hono reply", method: "GET", path: "/bare", status: 200 },
    { name: "GET one bay", method: "GET", path: `/v1/bays/${uuid}`, status: 200, token },
    accept,
  ];
}

const server = fork(join(import.meta.dirname, "smoke-server.ts"));
const [{ url }] = (await once(server, "message")) as [{ url: string }];
const calls = await prepare(url);
for (const call of calls) await run(server, url, call, WARM_UP_MS);
const totals = calls.map((call) => ({ call, figures: { requests: 0, seconds: 0, cpuMicros: 0 } }));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { call, figures } of totals) {
    const { requests, seconds, cpuMicros } = await run(server, url, call, ROUND_MS);
    figures.requests += requests;
    figures.seconds += seconds;
    figures.cpuMicros += cpuMicros;
  }
}
server.send("stop");
await once(server, "exit");
agent.destroy();
const conductor = await measureConductor(CONDUCTED_RECORDS);

const rate = ({ requests, seconds }: Figures): number => requests / seconds;
const cost = ({ cpuMicros, requests }: Figures): number => cpuMicros / requests;
const bare = totals[0]?.figures ?? { requests: 1, seconds: 1, cpuMicros: 1 };
console.log(
  `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${CONNECTIONS} connections`,
);
console.log("");
console.log("                    requests/s   of bare   CPU/request   times bare");
for (const { call, figures } of totals) {
  const share = `${((100 * rate(figures)) / rate(bare)).toFixed(0)} %`;
  const times = (cost(figures) / cost(bare)).toFixed(2);
  console.log(
    call.name.padEnd(18),
    rate(figures).toFixed(0).padStart(11),
    share.padStart(9),
    `${cost(figures).toFixed(0)} µs`.padStart(13),
    times.padStart(12),
  );
}
console.log("");
console.log(
  `conductor: ${conductor.stepsPerSecond.toFixed(0)} steps/s, ${conductor.cpuMicrosPerStep.toFixed(0)} µs of CPU a step`,
);
