/**
 * Everything on AWS, on this machine: the functions' bundles, called with the events that AWS sends; emulators of DynamoDB,
 * SQS and KMS behind proxies that count; an event source mapping; and the sandbox as the cloud. Only the AWS adapters run.
 * The functions read the environment of the process: one world in each.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { limits } from "@jeroboam/core/limits";
import { CONFIGURATION_CONTEXT } from "@jeroboam/core/secret/kms-context";
import { ensureTable } from "@jeroboam/core/table/dynamodb-schema";
import { serveSandbox } from "@jeroboam/sandbox/server";
import type { ServedSandbox } from "@jeroboam/sandbox/server";
import { bundlesFolder } from "../../scripts/function-bundles.ts";
import type { FunctionName } from "../../scripts/function-bundles.ts";
import { sizes } from "../../stacks/sizes.ts";
import { startDynalite } from "../services/dynamodb.ts";
import { startKms } from "../services/kms.ts";
import type { KmsService } from "../services/kms.ts";
import { startSqs } from "../services/sqs.ts";
import type { SqsService } from "../services/sqs.ts";
import { startCountingProxy } from "./counting-proxy.ts";
import type { CountingProxy } from "./counting-proxy.ts";
import { invoke, startMapping, toRecord } from "./event-source-mapping.ts";
import type { LambdaHandler, Mapping } from "./event-source-mapping.ts";

export const DOMAIN = "abc123.execute-api.eu-central-1.amazonaws.com";
/** Of every user of the cloud; a canary: it must not be found in anything that is stored, sent or logged. */
export const PASSWORD = "canary-7c1f0a";

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a reply of any route
  readonly body: any;
}

export interface AwsWorld {
  readonly handlers: Readonly<Record<FunctionName, LambdaHandler>>;
  readonly sandbox: ServedSandbox;
  readonly sqs: SqsService;
  readonly kms: KmsService;
  readonly proxies: { readonly table: CountingProxy; readonly queue: CountingProxy };
  /** What the functions wrote to their logs. */
  readonly logLines: readonly string[];
  /** How often each function was called, and how long that took, in all. */
  readonly calls: Readonly<Record<FunctionName, { count: number; ms: number }>>;
  /** The token by which `request` asks. */
  readonly token: string;
  /** A request as API Gateway passes it on, by the user `demo`. */
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiReply>;
  /** What EventBridge Scheduler does each minute. */
  sweep(): Promise<unknown>;
  startConductors(): Mapping;
  startDeliverers(): Mapping;
  /** Receives hints by hand, as an event's records. */
  takeHints(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export async function startAwsWorld(): Promise<AwsWorld> {
  const [dynamodb, sqs, kms, sandbox] = await Promise.all([
    startDynalite(),
    startSqs(),
    startKms(),
    serveSandbox({
      port: 0,
      options: { password: PASSWORD },
      settings: { resourceMs: 20, serverMs: 100, bootMs: 300 },
    }),
  ]);
  const proxies = {
    table: await startCountingProxy(dynamodb.endpoint),
    queue: await startCountingProxy(sqs.endpoint),
  };
  const setup = dynamodb.connect();
  await ensureTable(setup, "jeroboam", dynamodb.wait);
  setup.destroy();
  // Short, so that what failed comes again while a test waits.
  const queueUrl = sqs.createQueue("hints", limits.queue.receives, { VisibilityTimeout: "5" });
  const deliveriesUrl = sqs.createQueue("deliveries", limits.queue.receives, { VisibilityTimeout: "5" });
  Object.assign(process.env, environmentOf({ proxies, kms, sandbox }));

  const [logLines, release] = captureLog();
  const none = () => ({ count: 0, ms: 0 });
  const calls = { api: none(), conductor: none(), deliverer: none(), schedule: none() };
  const load = async (name: FunctionName): Promise<LambdaHandler> => {
    const file = pathToFileURL(join(bundlesFolder, name, "index.mjs")).href;
    const { handler } = (await import(/* @vite-ignore */ file)) as { handler: LambdaHandler };
    return async (event, context) => {
      const startedAtMs = performance.now();
      try {
        return await handler(event, context);
      } finally {
        calls[name].count += 1;
        calls[name].ms += performance.now() - startedAtMs;
      }
    };
  };
  const handlers = {
    api: await load("api"),
    conductor: await load("conductor"),
    deliverer: await load("deliverer"),
    schedule: await load("schedule"),
  };
  const token = await issueToken(sandbox.url);
  const client = sqs.connect();
  const mappings: Mapping[] = [];
  const take = (
    url: string,
    handler: LambdaHandler,
    size: typeof sizes.conductor | typeof sizes.deliverer,
  ): Mapping => {
    const { batchMessages: batchSize, timeoutSeconds } = size;
    const functionTimeoutMs = timeoutSeconds * 1_000;
    const mapping = startMapping({ client, queueUrl: url, handler, batchSize, concurrency: 2, functionTimeoutMs });
    mappings.push(mapping);
    return mapping;
  };
  return {
    handlers,
    sandbox,
    sqs,
    kms,
    proxies,
    logLines,
    calls,
    token,
    async request(method, path, body, headers = {}) {
      const event = gatewayEvent(method, path, { "x-auth-token": token, ...headers }, body);
      return readReply(await invoke(handlers.api, event, sizes.api.timeoutSeconds * 1_000));
    },
    sweep: () => invoke(handlers.schedule, { task: "sweep" }, sizes.schedule.timeoutSeconds * 1_000),
    startConductors: () => take(queueUrl, handlers.conductor, sizes.conductor),
    startDeliverers: () => take(deliveriesUrl, handlers.deliverer, sizes.deliverer),
    async takeHints() {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: sizes.conductor.batchMessages,
        MessageSystemAttributeNames: ["All"],
      });
      return ((await client.send(command)).Messages ?? []).map(toRecord);
    },
    async close() {
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      release();
      client.destroy();
      await Promise.all([proxies.table.close(), proxies.queue.close(), sandbox.close(), kms.close()]);
      await Promise.all([dynamodb.close(), sqs.close()]);
    },
  };
}

interface Places {
  readonly proxies: AwsWorld["proxies"];
  readonly kms: KmsService;
  readonly sandbox: ServedSandbox;
}

/** The variables of the functions; the same names as stacks/ gives them. */
function environmentOf({ proxies, kms, sandbox }: Places): Readonly<Record<string, string>> {
  return {
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL_DYNAMODB: proxies.table.endpoint,
    AWS_ENDPOINT_URL_SQS: proxies.queue.endpoint,
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    JEROBOAM_TABLE: "jeroboam",
    JEROBOAM_QUEUE_URL: `${proxies.queue.endpoint}/000000000000/hints`,
    JEROBOAM_DELIVERIES_QUEUE_URL: `${proxies.queue.endpoint}/000000000000/deliveries`,
    JEROBOAM_KEY_ARN: kms.keyArn,
    JEROBOAM_PUBLIC_URL: `https://${DOMAIN}`,
    OS_AUTH_URL: `${sandbox.url}/v3`,
    OS_USERNAME: "jeroboam",
    OS_USER_DOMAIN_ID: "default",
    OS_PROJECT_NAME: "service",
    OS_PROJECT_DOMAIN_ID: "default",
    OS_REGION_NAME: "RegionOne",
    OS_PASSWORD_CIPHERTEXT: kms.encrypt(PASSWORD, CONFIGURATION_CONTEXT),
  };
}

/** An event of an HTTP API, payload format 2.0. */
export function gatewayEvent(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Readonly<Record<string, unknown>> {
  const [rawPath = "/", rawQueryString = ""] = path.split("?", 2);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: { host: DOMAIN, "content-type": "application/json", "x-forwarded-proto": "https", ...headers },
    requestContext: {
      accountId: "123456789012",
      apiId: "abc123",
      domainName: DOMAIN,
      domainPrefix: "abc123",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage: "$default",
      time: "10/Mar/2026:05:16:23 +0000",
      timeEpoch: 1_773_119_783_000,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

/** The reply of a function as the gateway reads it. */
export function readReply(result: unknown): ApiReply {
  const { statusCode, headers, body } = result as { statusCode: number; headers: Record<string, string>; body: string };
  const isJson = headers["content-type"]?.startsWith("application/json");
  return { status: statusCode, headers, body: isJson && body !== "" ? JSON.parse(body) : body };
}

async function issueToken(url: string): Promise<string> {
  const user = { name: "demo", domain: { id: "default" }, password: PASSWORD };
  const auth = {
    identity: { methods: ["password"], password: { user } },
    scope: { project: { name: "demo", domain: { id: "default" } } },
  };
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v3/auth/tokens`, { method: "POST", headers, body: JSON.stringify({ auth }) });
  const token = response.headers.get("x-subject-token");
  if (!token) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return token;
}

/** The functions write their log to standard output, a line of JSON each. */
function captureLog(): [lines: string[], release: () => void] {
  const lines: string[] = [];
  const original = process.stdout.write.bind(process.stdout);
  const write = (chunk: string | Uint8Array): boolean => {
    if (typeof chunk !== "string" || !chunk.startsWith('{"time":')) return original(chunk);
    lines.push(chunk);
    return true;
  };
  process.stdout.write = write;
  return [lines, () => void (process.stdout.write = original)];
}
