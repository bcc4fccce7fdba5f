/**
 * The parts as processes of their own, as in one's own data centre: `jeroboam table create`, one API and two conductors,
 * over services that speak DynamoDB's and SQS's protocols, for a cloud that the environment names.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServedSandbox } from "@jeroboam/sandbox/server";
import { serveSandbox } from "@jeroboam/sandbox/server";
import type { DynamoDbService } from "../services/dynamodb.ts";
import { startDynamoDb } from "../services/dynamodb.ts";
import type { SqsService } from "../services/sqs.ts";
import { startSqs } from "../services/sqs.ts";
import { plainEnvironment, waitFor } from "./jeroboam-process.ts";
import { listStacks, login, removeStacks } from "./sandbox-client.ts";

const COMMAND = join(import.meta.dirname, "../../packages/cli/bin/jeroboam.js");
const BAY_WITHIN_MS = 120_000;

let folder = "";
let dynamoDb: DynamoDbService;
let sqs: SqsService;
let sandbox: ServedSandbox;
let environment: NodeJS.ProcessEnv;
const running: Part[] = [];

interface Part {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function run(...words: readonly string[]): Part {
  const child = spawn(process.execPath, [COMMAND, ...words], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (text += String(chunk)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, output: () => text, ended };
}

/** Runs it to its end; what it printed. Throws when that end is a failure. */
async function complete(...words: readonly string[]): Promise<string> {
  const { ended, output } = run(...words);
  const code = await ended;
  if (code !== 0) throw new Error(`jeroboam ${words.join(" ")} ended with ${code}: ${output()}`);
  return output();
}

async function start(
  ready: RegExp,
  ...words: readonly string[]
): Promise<{ readonly part: Part; readonly url: string }> {
  const part = run(...words);
  running.push(part);
  await waitFor(() => ready.test(part.output()) || part.child.exitCode !== null, 60_000);
  const found = ready.exec(part.output());
  if (!found) throw new Error(part.output());
  return { part, url: found[1] ?? "" };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "jeroboam-parts-"));
  [dynamoDb, sqs, sandbox] = await Promise.all([startDynamoDb(), startSqs(), serveSandbox({ port: 0 })]);
  environment = {
    ...plainEnvironment(),
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    JEROBOAM_TABLE: "jeroboam-parts",
    JEROBOAM_QUEUE_URL: sqs.createQueue("jeroboam-parts", 5),
    JEROBOAM_KEYS: join(folder, "keys.json"),
    OS_AUTH_URL: `${sandbox.url}/v3`,
    OS_USERNAME: "jeroboam",
    OS_PASSWORD: "secret",
    OS_PROJECT_NAME: "service",
  };
});

afterAll(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await sandbox.close();
  await sqs.close();
  await dynamoDb.close();
  rmSync(folder, { recursive: true });
});

test("making the table twice changes nothing the second time", async () => {
  expect(await complete("table", "create")).toMatch(/^table jeroboam-parts was made and is ready/);
  expect(await complete("table", "create")).toMatch(/^table jeroboam-parts was there already and is ready/);
});

test(
  "one API and two conductors make a bay with one stack, notice when it is gone, stop in order, and leave nothing overdue",
  async () => {
    const { part: api, url } = await start(/the API listens on (\S+)/, "api", "--port", "0");
    const conductors = [
      await start(/the conductor works on/, "conductor", "--public-url", url),
      await start(/the conductor works on/, "conductor", "--public-url", url),
    ];
    const session = await login(`${sandbox.url}/v3`);
    const post = async (path: string, body: unknown): Promise<{ uuid: string }> => {
      const reply = await session.send("POST", `${url}/v1${path}`, body);
      if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
      return (await reply.json()) as { uuid: string };
    };
    const model = await post("/clustertemplates", {
      name: "k8s",
      image_id: "fedora-21-atomic-3",
      external_network_id: "public",
      coe: "kubernetes",
    });
    const { uuid } = await post("/clusters", { name: "first", cluster_template_id: model.uuid, keypair: "default" });
    await waitFor(
      async () => {
        const bay = await session.get<{ status: string; status_reason: string }>(`${url}/v1/clusters/${uuid}`);
        if (bay.status === "CREATE_FAILED") throw new Error(bay.status_reason);
        return bay.status === "CREATE_COMPLETE";
      },
      BAY_WITHIN_MS,
      200,
    );
    expect(await listStacks(`${sandbox.url}/v3`, session)).toHaveLength(1);

    expect(await complete("sweep")).toContain("sent 0 hints\n");

    const reconcile = ["reconcile", "--public-url", url, "--job", "drift"] as const;
    expect(await complete(...reconcile)).toMatch(
      /^drift: 1 bays, 0 node-groups, 1 stacks, 1 heatCalls, 16 indexPages\n$/m,
    );
    await removeStacks(`${sandbox.url}/v3`, session);
    expect(await complete(...reconcile, "--dry-run")).toMatch(/would +stack-vanished/);
    expect(await complete(...reconcile)).toMatch(/done +stack-vanished/);
    await waitFor(
      async () => {
        const bay = await session.get<{ status: string; status_reason: string }>(`${url}/v1/clusters/${uuid}`);
        return bay.status === "CREATE_FAILED" && bay.status_reason.endsWith("not found in Heat.");
      },
      BAY_WITHIN_MS,
      200,
    );
    for (const part of [api, ...conductors.map((one) => one.part)]) {
      part.child.kill("SIGTERM");
      expect(await part.ended).toBe(0);
    }
  },
  BAY_WITHIN_MS * 2,
);

test("the keys may be secrets of the cloud's Barbican; what is no key is refused at the start, by name", async () => {
  const service = await login(`${sandbox.url}/v3`, "jeroboam", "service");
  const store = async (payload: string): Promise<string> => {
    const reply = await service.send("POST", `${sandbox.url}/key-manager/v1/secrets`, {
      payload,
      payload_content_type: "text/plain",
    });
    return ((await reply.json()) as { secret_ref: string }).secret_ref.split("/").at(-1) ?? "";
  };
  const [key, none] = [await store(randomBytes(32).toString("base64")), await store("CANARY-no-key")];
  const { part, url } = await start(/the API listens on (\S+)/, "api", "--port", "0", "--barbican-keys", key);
  const session = await login(`${sandbox.url}/v3`);
  const hook = { url: "https://receiver.example.com/" };
  // Its signing key is sealed by a data key that Barbican's key wraps: the file's process has sealed none for webhooks yet.
  expect((await session.send("POST", `${url}/v1/webhooks`, hook)).status).toBe(201);
  expect(await complete("sweep", "--barbican-keys", key)).toContain("hints");
  part.child.kill("SIGTERM");
  expect(await part.ended).toBe(0);
  for (const [ids, says] of [
    [none, `secret ${none} is not 32 bytes`],
    [randomUUID(), "has no secret"],
    ["keys.json", "by its secret's uuid"],
  ] as const) {
    const refused = run("api", "--port", "0", "--barbican-keys", ids);
    expect(await refused.ended).not.toBe(0);
    expect(refused.output()).toContain(says);
    expect(refused.output()).not.toMatch(/CANARY|\n\s+at /);
  }
});
