/**
 * The conductor's entry on AWS: Lambda hands it hints from SQS in batches. Each message fails by itself and comes again;
 * a batch ends before the function's timeout whatever its records do, because what was not finished is due again.
 */
import { loadedEngineHttp } from "@jeroboam/coe/engines/open-bay-engine";
import { installedBayTypes } from "@jeroboam/coe/file-bay-types";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { openLambdaCloud } from "@jeroboam/core/lambda/lambda-cloud";
import { prepareOnce } from "@jeroboam/core/lambda/lambda-invocation";
import type { LambdaContext } from "@jeroboam/core/lambda/lambda-invocation";
import { createLambdaLog, openLambdaStores, requireVariable } from "@jeroboam/core/lambda/lambda-stores";
import { readTlsOptions } from "@jeroboam/core/openstack/file-cloud-config";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { CONDUCTOR_BINARY, createReport } from "@jeroboam/core/service-record/service-record";
import { createBatchHandler } from "./batch.ts";
import {
  createConductorPorts,
  DEFAULT_NODE_USERS,
  readAuthorityKey,
  readHealthCheckMs,
  readReconciliation,
} from "./compose.ts";
import type { ConductorPorts } from "./ports.ts";
import { RECORD_TYPES } from "./record-types.ts";
import type { BatchResponse } from "./sqs-batch.ts";
import { answerBatch } from "./sqs-batch.ts";

const log = createLambdaLog();
const ports = prepareOnce(preparePorts);
const report = prepareOnce(async () =>
  createReport(await ports(), {
    host: process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "lambda",
    binary: CONDUCTOR_BINARY,
  }),
);

async function preparePorts(): Promise<ConductorPorts> {
  const variables = process.env;
  const stores = openLambdaStores(variables);
  const { config, sessions, delegations, secrets } = await openLambdaCloud(variables, stores.table, log);
  const apiUrl = `${requireVariable(variables, "JEROBOAM_PUBLIC_URL")}/v1`;
  const bays = {
    apiUrl,
    authUrl: config.authUrl,
    regionName: config.region ?? null,
    openstackCa: readTlsOptions(config).authorities?.join("\n") ?? null,
    plainHttpAllowed: !apiUrl.startsWith("https:") || !config.authUrl.startsWith("https:"),
  };
  return createConductorPorts({
    ...stores,
    ...secrets,
    clock: systemClock,
    random: systemRandom,
    log,
    sessions,
    delegations,
    bayTypes: await installedBayTypes(variables),
    engineHttp: loadedEngineHttp(),
    settings: {
      bays,
      nodeUsers: DEFAULT_NODE_USERS,
      reconciliation: readReconciliation(variables),
      // Idle bays cost nothing unless somebody wants them checked.
      healthCheckMs: readHealthCheckMs(variables, 0),
      ...readAuthorityKey(variables),
    },
  });
}

export async function handler(event: unknown, context: LambdaContext): Promise<BatchResponse> {
  return await answerBatch(event, context, log, async ({ stopping, cut }) =>
    createBatchHandler(await ports(), {
      name: context.awsRequestId,
      report: await report(),
      stopping,
      signal: cut,
      types: RECORD_TYPES,
    }),
  );
}
