/**
 * How every function is made: from its bundle, with a log group of its own, a role that only Lambda may take and that holds
 * exactly the permissions given, and exactly the variables given.
 */
import type { Endpoint } from "./api.ts";
import type { Keys } from "./keys.ts";
import type { Network } from "./network.ts";
import type { Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";
import { sizes } from "./sizes.ts";
import type { Storage } from "./storage.ts";

/** What stands before the functions. */
export interface Base {
  readonly settings: Settings;
  /** The folder of each function's bundle. */
  readonly bundles: Readonly<Record<"api" | "conductor" | "deliverer" | "schedule", string>>;
  readonly keys: Keys;
  readonly storage: Storage;
  readonly queues: Queues;
  readonly network: Network;
  readonly endpoint: Endpoint;
}

export interface FunctionDefinition {
  readonly bundle: keyof Base["bundles"];
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, $util.Input<string>>>;
  readonly permissions: readonly sst.aws.FunctionPermissionArgs[];
  /** Speaks to OpenStack: stands in the network, knows the cloud and its authorities. */
  readonly speaksToCloud: boolean;
  /** Files of the project's folder, by the names under which the function finds them in /var/task. */
  readonly files?: Readonly<Record<string, string>>;
}

const AUTHORITIES = "authorities.pem";

export function createFunction(name: string, base: Base, definition: FunctionDefinition) {
  const { settings, network } = base;
  const logs = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/aws/lambda/${$app.name}-${$app.stage}-${name}`,
    retentionInDays: settings.isProduction ? sizes.logDays.production : sizes.logDays.other,
  });
  const { speaksToCloud } = definition;
  const authorities = speaksToCloud ? settings.authoritiesFile : undefined;
  const files = { ...definition.files, ...(authorities && { [AUTHORITIES]: authorities }) };
  const variables = { ...definition.environment, ...(speaksToCloud && cloudVariables(base, authorities)) };
  const made = new sst.aws.Function(name, {
    bundle: base.bundles[definition.bundle],
    handler: "index.handler",
    description: definition.description,
    runtime: "nodejs24.x",
    architecture: "arm64",
    timeout: `${definition.timeoutSeconds} seconds`,
    memory: `${definition.memoryMb} MB`,
    environment: variables,
    logging: { logGroup: logs.name, format: "text" },
    permissions: [
      ...definition.permissions,
      { actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [$interpolate`${logs.arn}:*`] },
      ...(speaksToCloud ? network.permissions : []),
    ],
    ...(speaksToCloud && network.vpc && { vpc: network.vpc }),
    copyFiles: Object.entries(files).map(([to, from]) => ({ from, to })),
    transform: {
      role: (role) => {
        // SST 4.17 tests an Output for truth and so lets the whole account take every function's role.
        role.assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" });
        // Their permissions are among those above, narrowed to what is the function's own.
        role.managedPolicyArns = [];
      },
      function: (args) => {
        // Without SST's own, one of which is a key in the clear that nothing here reads.
        args.environment = { variables };
      },
    },
  });
  return { function: made, logs };
}

export type CreatedFunction = ReturnType<typeof createFunction>;

function cloudVariables({ settings, keys }: Base, authorities: string | undefined) {
  return {
    ...settings.cloud,
    [`${settings.secretVariable}_CIPHERTEXT`]: keys.cloudSecretCiphertext,
    ...(authorities && { OS_CACERT: `/var/task/${AUTHORITIES}` }),
  };
}
