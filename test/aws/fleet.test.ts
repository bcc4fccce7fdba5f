/**
 * In one's own data centre: two `jeroboam api` and three `jeroboam conductor` processes over a DynamoDB-compatible table
 * and an SQS-compatible queue, as docs/deploy-own.md describes, some of them killed while 50 bays are created.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "@jeroboam/core/limits";
import { serveSandbox } from "@jeroboam/sandbox/server";
import type { ServedSandbox } from "@jeroboam/sandbox/server";
import { listStacks, login } from "../e2e/sandbox-client.ts";
import type { Session } from "../e2e/sandbox-client.ts";
import { plainEnvironment } from "../e2e/jeroboam-process.ts";
import { startDynalite } from "../services/dynamodb.ts";
import type { DynamoDbService } from "../services/dynamodb.ts";
import { startSqs } from "../services/sqs.ts";
import type { SqsService } from "../services/sqs.ts";
import { until } from "./until.ts";

const BAYS = 50;
const COMMAND = join(import.meta.dirname, "../../packages/cli/bin/jeroboam.js");

let folder = "";
let dynamodb: DynamoDbService;
let sqs: SqsService;
let sandbox: ServedSandbox;
let environment: NodeJS.ProcessEnv;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "jeroboam-fleet-"));
  [dynamodb, sqs, sandbox] = await Promise.all([
    startDynalite(),
    startSqs(),
    serveSandbox({ port: 0, settings: { resourceMs: 10, serverMs: 50, bootMs: 3_000 } }),
  ]);
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
    OS_AUTH_URL: `${sandbox.url}/v3`,
    OS_USERNAME: "jeroboam",
    OS_USER_DOMAIN_ID: "default",
    OS_PASSWORD: "secret",
    OS_PROJECT_NAME: "service",
    OS_PROJECT_DOMAIN_ID: "default",
  };
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all([dynamodb.close(), sqs.close(), sandbox.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a part, and waits for what it prints when it is ready; with what it printed. */
async function start(options: readonly string[], ready: RegExp): Promise<{ child: ChildProcess; found: string }> {
  const child = spawn(process.execPath, [COMMAND, ...options], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
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

async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  children.delete(child);
}

interface BayView {
  readonly name: string;
  readonly uuid: string;
  readonly status: string;
}

/** Asks for a bay until one of the processes has answered for it; one that died with the answer may have made it. */
async function createBay(session: Session, urls: () => readonly string[], name: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const url = urls()[tries % urls().length];
    try {
      const { bays } = await session.get<{ bays: BayView[] }>(`${url}/v1/bays`);
      if (bays.some((bay) => bay.name === name)) return;
      const reply = await session.send("POST", `${url}/v1/bays`, { name, baymodel_id: "k8s", node_count: 1 });
      if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`);
      return;
    } catch (error) {
      // The process was killed: the next one is asked.
      if (tries > 20) throw error;
    }
  }
}

test("50 bays are created once each, whichever processes are killed meanwhile", { timeout: 420_000 }, async () => {
  const made = await start(["table", "create"], /(table jeroboam was made)/);
  if (made.child.exitCode === null) await once(made.child, "exit");
  expect(made.child.exitCode).toBe(0);

  const apis = await Promise.all([startApi(), startApi()]);
  const conductors = await Promise.all([startConductor(), startConductor(), startConductor()]);
  const urls = () => apis.map(({ found }) => found);
  const session = await login(`${sandbox.url}/v3`);
  const model = { name: "k8s", coe: "kubernetes", image_id: "fedora-21-atomic-3", keypair_id: "default" };
  const reply = await session.send("POST", `${urls()[0]}/v1/baymodels`, { ...model, external_network_id: "public" });
  expect(reply.status).toBe(201);

  const names = Array.from({ length: BAYS }, (_, nth) => `bay-${nth}`);
  const creating = (async () => {
    // Five at a time.
    const waiting = [...names];
    const take = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await createBay(session, urls, name);
    };
    await Promise.all([take(), take(), take(), take(), take()]);
  })();
  const heatStacks = () => sandbox.sandbox.inventory().stacks.length;
  await until("the first stacks are there", () => heatStacks() > 5);
  await end(conductors[0].child, "SIGKILL");
  await end(apis[0].child, "SIGKILL");
  await end(conductors[1].child, "SIGTERM");
  [apis[0], conductors[0], conductors[1]] = await Promise.all([startApi(), startConductor(), startConductor()]);
  await end(conductors[2].child, "SIGKILL");
  await creating;

  const bays = async () => (await session.get<{ bays: BayView[] }>(`${urls()[1]}/v1/bays`)).bays;
  const counted = async () => (await bays()).filter(({ status }) => status === "CREATE_COMPLETE").length;
  await until("all bays are there", async () => (await counted()) === BAYS, 360_000);
  expect((await bays()).map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(await listStacks(`${sandbox.url}/v3`, session)).toHaveLength(BAYS);
  expect(sqs.deadLetters("jeroboam")).toEqual([]);
});
