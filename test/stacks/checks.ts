/**
 * What must hold of the evaluated stacks, one named check for each guarantee. The suites run them over both stages; the
 * mutation suite breaks the evaluated resources and shows that a check notices.
 */
import { limits } from "@jeroboam/core/limits";
import { createTableDefinition } from "@jeroboam/core/table/dynamodb-schema";
import { expect } from "vitest";
import type { Evaluation, Inputs, Resource } from "../../stacks/offline/evaluate.ts";

/** A canary: it may be found nowhere but in the plaintext given to the key. */
export const CLOUD_SECRET = "canary-9d2c";

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  OS_AUTH_URL: "https://keystone.example/v3",
  OS_USERNAME: "magnum",
  OS_PROJECT_NAME: "service",
  OS_USER_DOMAIN_NAME: "Default",
  OS_PROJECT_DOMAIN_NAME: "Default",
  OS_REGION_NAME: "RegionOne",
  SST_SECRET_CloudSecret: CLOUD_SECRET,
};

type Check = (stack: Evaluation) => void;

export const ofType = ({ resources }: Evaluation, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === type);

export function named({ resources }: Evaluation, name: string): Resource {
  const found = resources.filter((one) => one.name === name && !one.type.startsWith("sst:"));
  expect(found, `resources named ${name}`).toHaveLength(1);
  return found[0];
}

export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: readonly Inputs[];
}

/** What a role may do, by the statements of its inline policies. */
export function statementsOf(role: Resource): readonly Statement[] {
  return role.inputs["inlinePolicies"].flatMap(({ policy }: Inputs) => JSON.parse(policy).Statement);
}

export const FUNCTIONS = ["Api", "Conductor", "Deliverer", "Schedule"] as const;
const functionOf = (stack: Evaluation, name: (typeof FUNCTIONS)[number]): Resource => named(stack, `${name}Function`);
const isProduction = ({ stage }: Evaluation): boolean => stage === "production";

const storage: Record<string, Check> = {
  "the table has the keys and indexes that the code uses, on demand, without a stream"(stack) {
    const { inputs } = named(stack, "TableTable");
    const wanted = createTableDefinition("");
    expect(inputs).toMatchObject({
      hashKey: "pk",
      rangeKey: "sk",
      billingMode: "PAY_PER_REQUEST",
      streamEnabled: false,
    });
    const indexes = inputs["globalSecondaryIndexes"].map((one: Inputs) => ({
      IndexName: one["name"],
      KeySchema: [
        { AttributeName: one["hashKey"], KeyType: "HASH" },
        { AttributeName: one["rangeKey"], KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: one["projectionType"] },
    }));
    expect(indexes).toEqual(wanted.GlobalSecondaryIndexes);
    const attributes = inputs["attributes"].map((one: Inputs) => ({
      AttributeName: one["name"],
      AttributeType: one["type"],
    }));
    expect(attributes).toEqual(wanted.AttributeDefinitions);
  },
  "the table is encrypted, recoverable to any moment, and lets expired items go"(stack) {
    expect(named(stack, "TableTable").inputs).toMatchObject({
      serverSideEncryption: { enabled: true },
      pointInTimeRecovery: { enabled: true },
      ttl: { attributeName: "expireAt", enabled: true },
    });
  },
  "production's table and key are protected and retained; elsewhere all can be removed"(stack) {
    const kept = isProduction(stack);
    expect(stack.app).toMatchObject({ removal: kept ? "retain" : "remove", protect: kept });
    const table = named(stack, "TableTable");
    expect(table.inputs["deletionProtectionEnabled"]).toBe(kept);
    expect(table.retainOnDelete).toBe(kept);
    expect(named(stack, "SecretsKey")).toMatchObject({ protect: kept, retainOnDelete: kept });
    if (!kept) expect(stack.resources.filter((one) => one.protect || one.retainOnDelete)).toEqual([]);
  },
  "everything is tagged with the application and the stage"(stack) {
    expect(stack.app["providers"].aws.defaultTags.tags).toEqual({ application: "jeroboam", stage: stack.stage });
  },
};

const queues: Record<string, Check> = {
  "each queue is encrypted and sends to its own dead letters after the limit's receives"(stack) {
    for (const name of ["Hints", "Deliveries"]) {
      const dead = named(stack, `${name}DeadQueue`);
      const { inputs, state } = named(stack, `${name}Queue`);
      expect(JSON.parse(inputs["redrivePolicy"])).toEqual({
        deadLetterTargetArn: dead.state["arn"],
        maxReceiveCount: limits.queue.receives,
      });
      expect(inputs["sqsManagedSseEnabled"] && dead.inputs["sqsManagedSseEnabled"]).toBe(true);
      expect(dead.inputs["redrivePolicy"]).toBeUndefined();
      expect(JSON.parse(named(stack, `${name}DeadSources`).inputs["redriveAllowPolicy"])).toEqual({
        redrivePermission: "byQueue",
        sourceQueueArns: [state["arn"]],
      });
    }
  },
  "a message stays hidden for six times its function's timeout, and past its record's lease"(stack) {
    for (const [name, taker] of [
      ["Hints", "Conductor"],
      ["Deliveries", "Deliverer"],
    ] as const) {
      const { timeout } = functionOf(stack, taker).inputs;
      const { visibilityTimeoutSeconds } = named(stack, `${name}Queue`).inputs;
      expect(visibilityTimeoutSeconds).toBeGreaterThanOrEqual(6 * timeout);
      expect(visibilityTimeoutSeconds * 1_000).toBeGreaterThan(limits.engine.leaseMs);
    }
  },
  "a lease outlives the conductor's timeout, and a step begun at the budget's end still ends in time"(stack) {
    const timeoutMs = functionOf(stack, "Conductor").inputs["timeout"] * 1_000;
    expect(limits.engine.leaseMs).toBeGreaterThan(timeoutMs);
    expect(limits.engine.budgetMs + limits.engine.callTimeoutMs).toBeLessThan(timeoutMs);
  },
  "messages live for all their tries, and dead ones longer than that"(stack) {
    for (const name of ["Hints", "Deliveries"]) {
      const { messageRetentionSeconds, visibilityTimeoutSeconds } = named(stack, `${name}Queue`).inputs;
      expect(messageRetentionSeconds).toBeGreaterThan(limits.queue.receives * visibilityTimeoutSeconds);
      const dead = named(stack, `${name}DeadQueue`).inputs["messageRetentionSeconds"];
      expect(dead).toBeGreaterThan(messageRetentionSeconds);
      expect(dead).toBeLessThanOrEqual(14 * 24 * 3_600);
    }
  },
  "each queue's messages are taken in batches, at once, each failing by itself, so many at a time"(stack) {
    const mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
    expect(mappings.map((one) => one.name).toSorted()).toEqual(["ConductorHints", "DelivererDeliveries"]);
    for (const [mapping, queue, taker, maximumConcurrency] of [
      ["ConductorHints", "Hints", "Conductor", 20],
      ["DelivererDeliveries", "Deliveries", "Deliverer", 10],
    ] as const)
      expect(named(stack, mapping).inputs).toMatchObject({
        eventSourceArn: named(stack, `${queue}Queue`).state["arn"],
        functionName: functionOf(stack, taker).state["arn"],
        functionResponseTypes: ["ReportBatchItemFailures"],
        batchSize: limits.queue.batchMessages,
        maximumBatchingWindowInSeconds: 0,
        scalingConfig: { maximumConcurrency },
      });
  },
};

const functions: Record<string, Check> = {
  "every function runs its own bundle on Node 24 and arm64, within the limits' timeouts"(stack) {
    expect(
      ofType(stack, "aws:lambda/function:Function")
        .map((one) => one.name)
        .toSorted(),
    ).toEqual(FUNCTIONS.map((name) => `${name}Function`).toSorted());
    for (const name of FUNCTIONS) {
      const { inputs } = functionOf(stack, name);
      expect(inputs).toMatchObject({ runtime: "nodejs24.x", architectures: ["arm64"], handler: "index.handler" });
      const build = stack.builds.find((one) => one.functionID === name);
      expect(build?.bundle).toMatch(new RegExp(`dist/functions/${name.toLowerCase()}$`));
    }
    expect(functionOf(stack, "Conductor").inputs["timeout"] * 1_000).toBe(limits.engine.functionTimeoutMs);
    expect(functionOf(stack, "Schedule").inputs["timeout"] * 1_000).toBeLessThanOrEqual(limits.engine.sweepIntervalMs);
    expect(functionOf(stack, "Api").inputs["timeout"]).toBeLessThan(30);
  },
  "nobody but Lambda and the scheduler may take a role"(stack) {
    const roles = ofType(stack, "aws:iam/role:Role");
    const trusted = roles.map(({ name, inputs }) => [name, inputs["assumeRolePolicy"]?.Statement]);
    const trust = (service: string) => [
      { Sid: "AllowAssumeRole", Action: "sts:AssumeRole", Effect: "Allow", Principal: { Service: service } },
    ];
    expect(Object.fromEntries(trusted)).toEqual({
      ApiRole: trust("lambda.amazonaws.com"),
      ConductorRole: trust("lambda.amazonaws.com"),
      DelivererRole: trust("lambda.amazonaws.com"),
      ScheduleRole: trust("lambda.amazonaws.com"),
      SweepRole: trust("scheduler.amazonaws.com"),
    });
  },
  "no role has a managed policy, and no statement a wildcard action or resource"(stack) {
    for (const role of ofType(stack, "aws:iam/role:Role")) {
      expect(role.inputs["managedPolicyArns"] ?? []).toEqual([]);
      for (const { actions, resources } of statementsOf(role)) {
        expect(actions.filter((action) => action.includes("*"))).toEqual([]);
        expect(resources.filter((resource) => !/^arn:aws:[^*]+(:\*)?$/.test(resource))).toEqual([]);
      }
    }
  },
  "each function keeps its log in a group of its own, for a bounded time, and writes to no other"(stack) {
    for (const name of FUNCTIONS) {
      const logs = named(stack, `${name}Logs`);
      expect(functionOf(stack, name).inputs["loggingConfig"]).toEqual({
        logFormat: "Text",
        logGroup: logs.inputs["name"],
      });
      const writes = statementsOf(named(stack, `${name}Role`)).filter(({ actions }) => actions[0]?.startsWith("logs:"));
      expect(writes.flatMap(({ resources }) => resources)).toEqual([`${logs.state["arn"]}:*`]);
    }
    const days = ofType(stack, "aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs["retentionInDays"]);
    expect(new Set(days)).toEqual(new Set([isProduction(stack) ? 90 : 14]));
  },
};

const secrets: Record<string, Check> = {
  "the key rotates, and is gone only after days of grace"(stack) {
    const { inputs } = named(stack, "SecretsKey");
    expect(inputs["enableKeyRotation"]).toBe(true);
    expect(inputs["deletionWindowInDays"]).toBe(isProduction(stack) ? 30 : 7);
  },
  "the cloud's secret stands nowhere but in what the key encrypts"(stack) {
    const holders = stack.resources.filter((one) => JSON.stringify(one.inputs).includes(CLOUD_SECRET));
    // The link reference is SST's own record of the secret, in its encrypted state: no resource of AWS.
    expect(holders.map((one) => `${one.type} ${one.name}`).toSorted()).toEqual([
      "aws:kms/ciphertext:Ciphertext CloudSecretCiphertext",
      "sst:sst:LinkRef CloudSecretLinkRef",
    ]);
    expect(JSON.stringify(stack.outputs)).not.toContain(CLOUD_SECRET);
  },
  "no variable of a function holds a secret in the clear"(stack) {
    const ciphertext = named(stack, "CloudSecretCiphertext").state["ciphertextBlob"];
    for (const name of FUNCTIONS) {
      const { variables } = functionOf(stack, name).inputs["environment"];
      const suspicious = Object.keys(variables).filter((one) => /PASSWORD|SECRET|TOKEN|PRIVATE|SST_/.test(one));
      const speaksToCloud = name === "Api" || name === "Conductor";
      expect(suspicious).toEqual(speaksToCloud ? ["OS_PASSWORD_CIPHERTEXT"] : []);
      if (speaksToCloud) expect(variables["OS_PASSWORD_CIPHERTEXT"]).toBe(ciphertext);
    }
  },
  "only functions that speak to the cloud know how to"(stack) {
    const cloud = { OS_AUTH_URL: ENVIRONMENT["OS_AUTH_URL"], OS_REGION_NAME: "RegionOne" };
    expect(functionOf(stack, "Api").inputs["environment"].variables).toMatchObject(cloud);
    expect(functionOf(stack, "Conductor").inputs["environment"].variables).toMatchObject(cloud);
    const { variables } = functionOf(stack, "Schedule").inputs["environment"];
    expect(Object.keys(variables).toSorted()).toEqual([
      "JEROBOAM_DELIVERIES_QUEUE_URL",
      "JEROBOAM_QUEUE_URL",
      "JEROBOAM_TABLE",
    ]);
  },
};

const endpoints: Record<string, Check> = {
  "one route leads everything to the API's function, throttled, without CORS"(stack) {
    const [route, ...others] = ofType(stack, "aws:apigatewayv2/route:Route");
    expect(others).toEqual([]);
    expect(route.inputs["routeKey"]).toBe("$default");
    expect(ofType(stack, "aws:apigatewayv2/integration:Integration")[0]?.inputs).toMatchObject({
      integrationUri: functionOf(stack, "Api").state["arn"],
      payloadFormatVersion: "2.0",
    });
    expect(named(stack, "GatewayApi").inputs["corsConfiguration"]).toEqual({});
    const { throttlingRateLimit, throttlingBurstLimit } = named(stack, "GatewayStage").inputs["defaultRouteSettings"];
    expect(throttlingRateLimit).toBeGreaterThan(0);
    expect(throttlingBurstLimit).toBeGreaterThanOrEqual(throttlingRateLimit);
  },
  "the gateway alone may call the API's function, and nobody the others by a resource policy"(stack) {
    const permissions = ofType(stack, "aws:lambda/permission:Permission").map(({ inputs }) => inputs);
    expect(permissions).toEqual([
      expect.objectContaining({
        principal: "apigateway.amazonaws.com",
        function: functionOf(stack, "Api").state["arn"],
        sourceArn: `${named(stack, "GatewayApi").state["executionArn"]}/*`,
      }),
    ]);
    expect(ofType(stack, "aws:lambda/functionUrl:FunctionUrl")).toEqual([]);
  },
  "the sweep is called at the limits' interval, and not again when a call failed"(stack) {
    const [schedule, ...others] = ofType(stack, "aws:scheduler/schedule:Schedule");
    expect(others).toEqual([]);
    expect(limits.engine.sweepIntervalMs).toBe(60_000);
    expect(schedule.inputs).toMatchObject({
      scheduleExpression: "rate(1 minute)",
      state: "ENABLED",
      target: {
        arn: functionOf(stack, "Schedule").state["arn"],
        input: JSON.stringify({ task: "sweep" }),
        retryPolicy: { maximumRetryAttempts: 0 },
      },
    });
    expect(statementsOf(named(stack, "SweepRole"))).toEqual([
      expect.objectContaining({
        actions: ["lambda:InvokeFunction"],
        resources: [functionOf(stack, "Schedule").state["arn"]],
      }),
    ]);
  },
};

/** Alarm, metric, and the resource that it watches. */
const ALARMS: readonly (readonly [alarm: string, metric: string, watched: string])[] = [
  ["HintsDeadLetters", "ApproximateNumberOfMessagesVisible", "HintsDeadQueue"],
  ["DeliveriesDeadLetters", "ApproximateNumberOfMessagesVisible", "DeliveriesDeadQueue"],
  ["HintsOld", "ApproximateAgeOfOldestMessage", "HintsQueue"],
  ["DeliveriesOld", "ApproximateAgeOfOldestMessage", "DeliveriesQueue"],
  ["SweepSilent", "Invocations", "ScheduleFunction"],
  ...FUNCTIONS.flatMap((name) => [
    [`${name}Errors`, "Errors", `${name}Function`] as const,
    [`${name}Throttles`, "Throttles", `${name}Function`] as const,
  ]),
];

const alarms: Record<string, Check> = {
  "somebody is told of each trouble, and when it is over"(stack) {
    const topic = named(stack, "Alarms").state["arn"];
    const made = ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm");
    const names = [...ALARMS.map(([name]) => name), "WorkOverdue", "Api5xx", "TableThrottles"];
    expect(made.map((one) => one.name).toSorted()).toEqual(names.toSorted());
    for (const { inputs } of made) expect(inputs).toMatchObject({ alarmActions: [topic], okActions: [topic] });
  },
  "each alarm watches what it says, and rings at the first"(stack) {
    for (const [name, metricName, watched] of ALARMS) {
      const { inputs } = named(stack, name);
      expect(inputs["metricName"]).toBe(metricName);
      expect(Object.values(inputs["dimensions"])).toEqual([named(stack, watched).state["name"]]);
      const rings = name === "SweepSilent" ? ["LessThanThreshold", 1] : ["GreaterThanThreshold", expect.any(Number)];
      expect([inputs["comparisonOperator"], inputs["threshold"]]).toEqual(rings);
      if (name !== "SweepSilent" && !name.endsWith("Old")) expect(inputs["threshold"]).toBe(0);
    }
    expect(named(stack, "SweepSilent").inputs["treatMissingData"]).toBe("breaching");
    for (const name of ["Hints", "Deliveries"]) {
      const tries = limits.queue.receives * named(stack, `${name}Queue`).inputs["visibilityTimeoutSeconds"];
      expect(named(stack, `${name}Old`).inputs["threshold"]).toBe(tries);
    }
  },
  "overdue work is counted from the sweep's own log line"(stack) {
    const { inputs } = named(stack, "OverdueWork");
    expect(inputs).toMatchObject({
      logGroupName: named(stack, "ScheduleLogs").inputs["name"],
      pattern: '{ $.event = "swept" }',
      metricTransformation: { name: "OverdueWork", value: "$.hints", namespace: `Jeroboam/${stack.stage}` },
    });
    expect(named(stack, "WorkOverdue").inputs).toMatchObject({
      namespace: `Jeroboam/${stack.stage}`,
      metricName: "OverdueWork",
      statistic: "Minimum",
      evaluationPeriods: 5,
      threshold: 0,
    });
  },
  "failing requests and a refusing table are seen by rate and sum"(stack) {
    const metricsOf = (name: string): string[] =>
      named(stack, name).inputs["metricQueries"].flatMap((query: Inputs) => query["metric"]?.metricName ?? []);
    expect(metricsOf("Api5xx")).toEqual(["5xx", "Count"]);
    expect(metricsOf("TableThrottles")).toEqual(["ReadThrottleEvents", "WriteThrottleEvents"]);
  },
  "one dashboard shows the queue, the functions, the table and the API"(stack) {
    const [dashboard, ...others] = ofType(stack, "aws:cloudwatch/dashboard:Dashboard");
    expect(others).toEqual([]);
    const { widgets } = JSON.parse(dashboard.inputs["dashboardBody"]);
    const shown = new Set(
      widgets.flatMap((one: Inputs) => one["properties"].metrics.map((metric: string[]) => metric[0])),
    );
    expect(shown).toEqual(
      new Set(["AWS/ApiGateway", "AWS/SQS", "AWS/Lambda", "AWS/DynamoDB", `Jeroboam/${stack.stage}`]),
    );
    expect(dashboard.inputs["dashboardBody"]).toContain(named(stack, "HintsQueue").state["name"]);
  },
};

export const CHECKS: Readonly<Record<string, Check>> = {
  ...storage,
  ...queues,
  ...functions,
  ...secrets,
  ...endpoints,
  ...alarms,
};
