/**
 * In one's own data centre: two `jeroboam api` and four `jeroboam conductor` processes over a DynamoDB-compatible table and
 * an SQS-compatible queue, as docs/deploy-own.md describes, while 50 bays are made, resized and deleted. Processes are
 * killed, stopped, and paused past their leases and resumed; Heat stands behind a proxy that drops, delays, cuts and
 * repeats. Nothing is lost, nothing doubled, nothing stuck, and in the end nothing left.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "@jeroboam/core/limits";
import { serveSandbox } from "@jeroboam/sandbox/server";
import type { ServedSandbox } from "@jeroboam/sandbox/server";
import { listStacks, login } from "../e2e/sandbox-client.ts";
import type { Session } from "../e2e/sandbox-client.ts";
import { plainEnvironment } from "../e2e/jeroboam-process.ts";
import { startDynalite } from "../services/dynamodb.ts";
import type { DynamoDbService } from "../services/dynamodb.ts";
import type { Fault, FaultyProxy } from "../services/faulty-proxy.ts";
import { startFaultyProxy } from "../services/faulty-proxy.ts";
import { startSqs } from "../services/sqs.ts";
import type { SqsService } from "../services/sqs.ts";
import { createSeededRandom } from "../simulated/random.ts";
import { LEASE_MS } from "./short-leases.ts";
import { until } from "./until.ts";

const BAYS = 50;
const CLIENTS = 5;
/** What happens to processes while the clients are at it, one after the other. */
const BLOWS = 10;
const REST_WITHIN_MS = 360_000;
const COMMAND = join(import.meta.dirname, "../../packages/cli/bin/jeroboam.js");
const SHORT_LEASES = join(import.meta.dirname, "short-leases.ts");
/** Of requests to Heat, how many are broken. */
const BROKEN = 0.25;

let folder = "";
let dynamodb: DynamoDbService;
let sqs: SqsService;
let sandbox: ServedSandbox;
let proxy: FaultyProxy;
let environment: NodeJS.ProcessEnv;
const children = new Set<ChildProcess>();
const random = createSeededRandom(8);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "jeroboam-fleet-"));
  let cloudUrl = "";
  proxy = await startFaultyProxy(() => cloudUrl);
  [dynamodb, sqs, sandbox] = await Promise.all([
    startDynalite(),
    startSqs(),
    serveSandbox({
      port: 0,
      settings: { resourceMs: 10, serverMs: 50, bootMs: 1_500 },
      // Where the catalog says that Heat is.
      options: { publicUrl: proxy.endpoint },
    }),
  ]);
  cloudUrl = sandbox.listensOn;
  sqs.createQueue("jeroboam", limits.queue.receives);
  environment = {
    ...plainEnvironment(),
    AWS_REGION: "local",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    JEROBOAM_QUEUE_URL: `${sqs.endpoint}/000000000000/jeroboam`,
    JEROBOAM_KEYS: join(folder, "keys.json"),
    JEROBOAM_PUBLIC_URL: "http://api.test:9511",
    // A process that is killed while it accepts a bay leaves its place in the quota to the sweep to give back.
    JEROBOAM_BAY_QUOTA: String(2 * BAYS),
    OS_AUTH_URL: `${proxy.endpoint}/v3`,
    OS_USERNAME: "jeroboam",
    OS_USER_DOMAIN_ID: "default",
    OS_PASSWORD: "secret",
    OS_PROJECT_NAME: "service",
    OS_PROJECT_DOMAIN_ID: "default",
  };
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all([dynamodb.close(), sqs.close(), sandbox.close(), proxy.close()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Part {
  readonly child: ChildProcess;
  readonly found: string;
}

/** Starts a part, and waits for what it prints when it is ready; with what it printed. */
async function start(options: readonly string[], ready: RegExp): Promise<Part> {
  const child = spawn(process.execPath, ["--import", SHORT_LEASES, COMMAND, ...options], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (text += String(chunk)));
  await until(`jeroboam ${options.join(" ")} is ready`, () => {
    if (child.exitCode !== null && !ready.test(text)) throw new Error(`it ended with ${child.exitCode}: ${text}`);
    return ready.test(text);
  });
  return { child, found: ready.exec(text)?.[1] ?? "" };
}

const startApi = () => start(["api", "--port", "0", "--log-level", "error"], /listens on (\S+)/);
const startConductor = () => start(["conductor", "--log-level", "error"], /works on (\S+)/);

async function end({ child }: Part, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  children.delete(child);
}

/** Past its lease: whoever it was at work for is taken over meanwhile. */
async function pause({ child }: Part): Promise<void> {
  child.kill("SIGSTOP");
  await wait(LEASE_MS + 2_000);
  child.kill("SIGCONT");
}

function heatFault(): Fault | undefined {
  if (random.fraction() > BROKEN) return undefined;
  const faults: readonly Fault[] = [
    { kind: "dropped" },
    { kind: "late", ms: Math.round(1_500 * random.fraction()) },
    { kind: "lost-reply" },
    { kind: "garbled" },
    { kind: "repeated" },
  ];
  return faults[Math.floor(faults.length * random.fraction())];
}

interface BayView {
  readonly name: string;
  readonly uuid: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly node_count: number;
}

type Bays = ReturnType<typeof baysOf>;

/** Requests about bays, to one process after the other until one answers: what was asked of one that died may be done. */
function baysOf(session: Session, urls: () => readonly string[]) {
  const ask = async <Result>(run: (url: string) => Promise<Result>): Promise<Result> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await run(`${urls()[tries % urls().length]}/v1/bays`);
      } catch (error) {
        if (tries > 100) throw error;
        await wait(200);
      }
    }
  };
  const send = async (method: string, path: string, body?: unknown): Promise<number> =>
    ask(async (url) => {
      const reply = await Promise.race([session.send(method, `${url}${path}`, body), wait(5_000)]);
      if (!reply || reply.status >= 500)
        throw new Error(`${method} ${path}: ${reply ? await reply.text() : "silence"}`);
      return reply.status;
    });
  const list = () => ask(async (url) => (await session.get<{ bays: BayView[] }>(`${url}?limit=1000`)).bays);
  return {
    send,
    list,
    /** One of that name, however often it is asked for; its uuid. */
    create: (name: string) =>
      ask(async (url) => {
        const found = (await session.get<{ bays: BayView[] }>(`${url}?limit=1000`)).bays.find(
          (bay) => bay.name === name,
        );
        if (found) return found.uuid;
        const reply = await session.send("POST", url, { name, baymodel_id: "k8s", node_count: 1 });
        if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`);
        return ((await reply.json()) as BayView).uuid;
      }),
    isSettled: async () => (await list()).every(({ status }) => !status.endsWith("_IN_PROGRESS")),
  };
}

/** Makes bays one after the other; of three the first stays, the second is resized when it is there, the third deleted. */
async function drive(bays: Bays, names: string[], asked: Asked): Promise<void> {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const uuid = await bays.create(name);
    asked.created.add(uuid);
    const nth = Number(name.split("-")[1]);
    if (nth % 3 === 1) asked.resized.add(uuid);
    if (nth % 3 !== 2) continue;
    await wait(4_000 * random.fraction());
    asked.deleted.add(uuid);
    expect([204, 404]).toContain(await bays.send("DELETE", `/${uuid}`));
  }
}

interface Asked {
  readonly created: Set<string>;
  readonly resized: Set<string>;
  readonly deleted: Set<string>;
}

/** One after the other is killed, stopped or paused; in the place of what ended another begins. */
async function strike(apis: Part[], conductors: Part[]): Promise<void> {
  for (let blow = 0; blow < BLOWS; blow += 1) {
    const parts = blow % 5 === 4 ? apis : conductors;
    const startPart = blow % 5 === 4 ? startApi : startConductor;
    const place = Math.floor(parts.length * random.fraction());
    const part = parts[place];
    if (!part) continue;
    if (blow % 2 === 0) await pause(part);
    else {
      await end(part, blow % 4 === 1 ? "SIGKILL" : "SIGTERM");
      parts[place] = await startPart();
    }
  }
}

test(
  `${BAYS} bays outlive processes that are killed and paused, and a network that breaks`,
  { timeout: 900_000 },
  async () => {
    const made = await start(["table", "create"], /(table jeroboam was made)/);
    if (made.child.exitCode === null) await once(made.child, "exit");
    expect(made.child.exitCode).toBe(0);

    const apis = await Promise.all([startApi(), startApi()]);
    const conductors = await Promise.all([startConductor(), startConductor(), startConductor(), startConductor()]);
    const session = await login(`${sandbox.listensOn}/v3`);
    const model = { name: "k8s", coe: "kubernetes", image_id: "fedora-21-atomic-3", keypair_id: "default" };
    const reply = await session.send("POST", `${apis[0]?.found}/v1/baymodels`, {
      ...model,
      external_network_id: "public",
    });
    expect(reply.status).toBe(201);

    proxy.breakBy(({ path }) => (path.startsWith("/orchestration/") ? heatFault() : undefined));
    const bays = baysOf(session, () => apis.map(({ found }) => found));
    const asked: Asked = { created: new Set(), resized: new Set(), deleted: new Set() };
    const names = Array.from({ length: BAYS }, (_, nth) => `bay-${nth}`);
    const clients = Array.from({ length: CLIENTS }, () => drive(bays, names, asked));
    const blows = strike(apis, conductors);
    await Promise.all(clients);
    await until("all bays are settled", bays.isSettled, REST_WITHIN_MS);
    for (const uuid of asked.resized)
      expect(await bays.send("PATCH", `/${uuid}`, [{ op: "replace", path: "/node_count", value: 2 }])).toBe(200);
    await blows;
    await until("all resizes are settled", bays.isSettled, REST_WITHIN_MS);

    const standing = await bays.list();
    const uuids = standing.map(({ uuid }) => uuid);
    expect(uuids.toSorted()).toEqual([...asked.created].filter((uuid) => !asked.deleted.has(uuid)).toSorted());
    expect(new Set(standing.map(({ name }) => name)).size).toBe(standing.length);
    expect(standing.filter(({ status }) => !status.endsWith("_COMPLETE"))).toEqual([]);
    expect(standing.filter(({ uuid, node_count: nodes }) => nodes !== (asked.resized.has(uuid) ? 2 : 1))).toEqual([]);
    // One stack each, and none besides.
    const stacks = () => listStacks(`${sandbox.listensOn}/v3`, session);
    const owners = (await stacks()).map(({ stack_name: name }) => uuids.find((uuid) => name.endsWith(uuid)) ?? name);
    expect(owners.toSorted()).toEqual(uuids.toSorted());

    for (const uuid of uuids) await bays.send("DELETE", `/${uuid}`);
    await until("all bays are gone", async () => (await bays.list()).length === 0, REST_WITHIN_MS);
    expect(await stacks()).toEqual([]);
  },
);
