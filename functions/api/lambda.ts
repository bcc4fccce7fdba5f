/**
 * The API's entry on AWS, behind an HTTP API of API Gateway or a function URL. It answers before its timeout: a request
 * that something outside holds up gets 503 and when to come back.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { BayTypes } from "@jeroboam/coe/bay-types";
import { loadedEngineHttp } from "@jeroboam/coe/engines/open-bay-engine";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { loadPolicy } from "@jeroboam/core/identity/file-policy";
import { buildPolicy, readPolicyDefaults } from "@jeroboam/core/identity/policy";
import { openLambdaCloud } from "@jeroboam/core/lambda/lambda-cloud";
import { limits } from "@jeroboam/core/limits";
import { prepareOnce, withinInvocation } from "@jeroboam/core/lambda/lambda-invocation";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { createLambdaLog, openLambdaStores } from "@jeroboam/core/lambda/lambda-stores";
import { systemRandom } from "@jeroboam/core/random/system-random";
import type { CheckReceiver } from "@jeroboam/core/webhook/webhook-settings";
import { loadedGuardedHttp, readNetworks } from "@jeroboam/core/web/loaded-guarded-http";
import { readRateChoice } from "@jeroboam/core/rate/rate-limit";
import { createApp } from "./app.ts";
import { createApiPorts } from "./compose.ts";
import { errorEnvelope } from "./envelope.ts";
import { httpEventSchema, requestFrom, resultFrom } from "./lambda-event.ts";
import type { HttpResult } from "./lambda-event.ts";

type App = ReturnType<typeof createApp>;

const log = createLambdaLog();

/** When the invocation in hand must have answered: a process has one at a time. */
let answersAtMs = 0;
const app = prepareOnce(prepareApp);

async function prepareApp(): Promise<App> {
  const variables = process.env;
  const stores = openLambdaStores(variables);
  const { config, sessions, delegations, secrets } = await openLambdaCloud(variables, stores.table, log);
  const policyPath = variables["JEROBOAM_POLICY"];
  const defaults = readPolicyDefaults(variables["JEROBOAM_POLICY_DEFAULTS"]);
  const policy = policyPath ? await loadPolicy(policyPath, { defaults }) : buildPolicy({ defaults });
  if (policy.kind === "invalid") throw new Error(policy.problems.join("; "));
  const publicUrl = variables["JEROBOAM_PUBLIC_URL"];
  const made = createApp(
    createApiPorts({
      ...stores,
      ...secrets,
      clock: systemClock,
      random: systemRandom,
      log,
      sessions,
      delegations,
      bayTypes: loadBayTypes,
      engineHttp: loadedEngineHttp(),
      web: loadedGuardedHttp(readNetworks(variables["JEROBOAM_MANIFEST_NETWORKS"])),
      policy: policy.policy,
      waiting: { pause, mostMs: () => answersAtMs - limits.longPoll.marginMs - systemClock.nowMs() },
      checkReceiver: async (url) => (await receiverCheck())(url),
      rate: readRateChoice(variables),
      settings: {
        keystoneUrl: config.authUrl,
        bayQuota: countIn(variables, "JEROBOAM_BAY_QUOTA"),
        ...(variables["JEROBOAM_UNKNOWN_LABELS"] === "refuse" && { unknownLabels: "refuse" }),
        links: publicUrl ? { kind: "fixed", base: publicUrl } : { kind: "request", trustForwarded: false },
      },
    }),
  );
  // The first reply that a process makes costs as much as loading all its code: made before anybody waits for it.
  await made.request("/healthcheck");
  return made;
}

/** Ended by the signal as by the time. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

/** A number that the variable holds; absent where it is not set. */
function countIn(variables: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = variables[name];
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a number, 0 or more`);
  return Number(text);
}

let bayTypes: Promise<BayTypes> | undefined;
/** Half of the requests need none: loaded with the first that does. */
function loadBayTypes(): Promise<BayTypes> {
  bayTypes ??= import("@jeroboam/coe/file-bay-types").then(({ installedBayTypes }) => installedBayTypes(process.env));
  return bayTypes;
}

/** Asked for webhooks alone: loaded when the first comes. */
const receiverCheck = async (): Promise<CheckReceiver> => {
  const { createHttpsWebTransport } = await import("@jeroboam/core/web/https-web-transport");
  const { createWebhookClient, DEFAULT_WEBHOOK_SETTINGS } = await import("@jeroboam/core/webhook/webhook-settings");
  return createWebhookClient(createHttpsWebTransport(), DEFAULT_WEBHOOK_SETTINGS).check;
};

export async function handler(event: unknown, context: LambdaContext): Promise<HttpResult> {
  answersAtMs = systemClock.nowMs() + context.getRemainingTimeInMillis();
  const request = requestFrom(httpEventSchema.parse(event));
  return await withinInvocation(context, async ({ answerInTime }) => {
    const answer = async (): Promise<HttpResult> => resultFrom(await (await app()).fetch(request));
    return (await answerInTime(answer())) ?? tooLate(context.awsRequestId);
  });
}

/** What was asked may still have been done: as with any answer that is lost, look before asking again. */
function tooLate(invocation: string): HttpResult {
  log.write("warning", "request-not-finished", { invocation });
  const text = "A service this depends on does not answer. Try again later.";
  const body = errorEnvelope({ status: 503, requestId: invocation, text });
  return {
    statusCode: 503,
    headers: { "content-type": "application/json", "retry-after": "5" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
