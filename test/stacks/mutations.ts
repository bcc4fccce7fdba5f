/** Small breakages of the evaluated stacks, each of which a check must notice. */
import type { Evaluation, Inputs } from "../../stacks/offline/evaluate.ts";
import { named } from "./checks.ts";

type Mutation = (stack: Evaluation) => void;

const inputs = (stack: Evaluation, name: string): Inputs => named(stack, name).inputs;

/** Changes a role's only inline policy. */
function changePolicy(stack: Evaluation, role: string, change: (statements: Inputs[]) => void): void {
  const [inline] = inputs(stack, role)["inlinePolicies"];
  const document = JSON.parse(inline.policy);
  change(document.Statement);
  inline.policy = JSON.stringify(document);
}

const remove = (stack: Evaluation, name: string): void => {
  const resources = stack.resources as Evaluation["resources"][number][];
  resources.splice(resources.indexOf(named(stack, name)), 1);
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "messages die after three receives": (stack) =>
    void (inputs(stack, "HintsQueue")["redrivePolicy"] = inputs(stack, "HintsQueue")["redrivePolicy"].replace(
      "5}",
      "3}",
    )),
  "no dead letters": (stack) => void delete inputs(stack, "DeliveriesQueue")["redrivePolicy"],
  "SST's visibility of 30 s": (stack) => void (inputs(stack, "HintsQueue")["visibilityTimeoutSeconds"] = 30),
  "one failed message fails its batch": (stack) => void (inputs(stack, "ConductorHints")["functionResponseTypes"] = []),
  "batches wait for company": (stack) => void (inputs(stack, "ConductorHints")["maximumBatchingWindowInSeconds"] = 20),
  "conductors without bound": (stack) => void delete inputs(stack, "ConductorHints")["scalingConfig"],
  "a conductor that outlives its lease": (stack) => void (inputs(stack, "ConductorFunction")["timeout"] = 90),
  "dead letters gone before they are read": (stack) =>
    void (inputs(stack, "HintsDeadQueue")["messageRetentionSeconds"] = 3_600),
  "items that never expire": (stack) => void delete inputs(stack, "TableTable")["ttl"],
  "no recovery": (stack) => void (inputs(stack, "TableTable")["pointInTimeRecovery"].enabled = false),
  "an index of keys only": (stack) =>
    void (inputs(stack, "TableTable")["globalSecondaryIndexes"][2].projectionType = "KEYS_ONLY"),
  "an index less": (stack) => void inputs(stack, "TableTable")["globalSecondaryIndexes"].pop(),
  "a stream": (stack) => void (inputs(stack, "TableTable")["streamEnabled"] = true),
  "production's table can be deleted": (stack) =>
    void (inputs(stack, "TableTable")["deletionProtectionEnabled"] = false),
  "production's key goes with the stack": (stack) =>
    void Object.assign(named(stack, "SecretsKey"), { protect: false, retainOnDelete: false }),
  "a key that stays the same for ever": (stack) => void (inputs(stack, "SecretsKey")["enableKeyRotation"] = false),
  "every SQS action": (stack) =>
    changePolicy(stack, "ApiRole", (statements) => void (statements[2]["actions"] = ["sqs:*"])),
  "any table": (stack) => changePolicy(stack, "ApiRole", (statements) => void (statements[0]["resources"] = ["*"])),
  "AWS's own policy for functions": (stack) =>
    void (inputs(stack, "ApiRole")["managedPolicyArns"] = [
      "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    ]),
  "the account may take a function's role": (stack) =>
    void inputs(stack, "ApiRole")["assumeRolePolicy"].Statement.push({
      Action: "sts:AssumeRole",
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::123456789012:root" },
    }),
  "the password in a variable": (stack) =>
    void (inputs(stack, "ApiFunction")["environment"].variables.OS_PASSWORD = "canary-9d2c"),
  "SST's key in a variable": (stack) =>
    void (inputs(stack, "ConductorFunction")["environment"].variables.SST_KEY = "c2VjcmV0"),
  "the sweep knows the cloud's secret": (stack) =>
    void (inputs(stack, "ScheduleFunction")["environment"].variables.OS_PASSWORD_CIPHERTEXT = "x"),
  "an older Node": (stack) => void (inputs(stack, "ApiFunction")["runtime"] = "nodejs20.x"),
  "a bundle of another function": (stack) => void Object.assign(stack.builds[0], { bundle: stack.builds[1].bundle }),
  "logs for ever": (stack) => void delete inputs(stack, "ConductorLogs")["retentionInDays"],
  "no throttling": (stack) => void delete inputs(stack, "GatewayStage")["defaultRouteSettings"].throttlingRateLimit,
  "CORS for everybody": (stack) => void (inputs(stack, "GatewayApi")["corsConfiguration"] = { allowOrigins: ["*"] }),
  "an API function that outlives its gateway": (stack) => void (inputs(stack, "ApiFunction")["timeout"] = 60),
  "a sweep every hour": (stack) => void (inputs(stack, "SweepSchedule")["scheduleExpression"] = "rate(1 hour)"),
  "a sweep that is off": (stack) => void (inputs(stack, "SweepSchedule")["state"] = "DISABLED"),
  "an alarm less": (stack) => remove(stack, "HintsDeadLetters"),
  "an alarm that tells nobody": (stack) => void (inputs(stack, "ConductorErrors")["alarmActions"] = []),
  "an alarm on another queue": (stack) =>
    void (inputs(stack, "HintsDeadLetters")["dimensions"] = inputs(stack, "HintsOld")["dimensions"]),
  "a count of another log line": (stack) => void (inputs(stack, "OverdueWork")["pattern"] = "swept"),
  "untagged resources": (stack) => void delete stack.app["providers"].aws.defaultTags,
};
