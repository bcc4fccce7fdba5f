/** The API: a function behind an HTTP endpoint, with a domain of one's own when settings name one. */
import type { Base } from "./functions.ts";
import { createFunction } from "./functions.ts";
import { keyVariables, mayOpenConfiguration, maySealRecords, maySealWebhooks } from "./keys.ts";
import type { Settings } from "./settings.ts";
import { maySendHints, queueVariables } from "./queues.ts";
import { sizes } from "./sizes.ts";
import { mayUseTable } from "./storage.ts";

/** Where the API is reached; before the functions, which tell others of it. */
export function createEndpoint({ domain, isProduction }: Settings) {
  const { requestsPerSecond, requestBurst } = sizes.api;
  const gateway = new sst.aws.ApiGatewayV2("Gateway", {
    cors: false,
    accessLog: { retention: isProduction ? "3 months" : "2 weeks" },
    ...(domain && {
      domain: domain.certificateArn ? { name: domain.name, dns: false, cert: domain.certificateArn } : domain.name,
    }),
    transform: {
      stage: {
        defaultRouteSettings: {
          throttlingRateLimit: requestsPerSecond,
          throttlingBurstLimit: requestBurst,
        },
      },
    },
  });
  const url = domain ? $output(`https://${domain.name}`) : gateway.nodes.api.apiEndpoint;
  return { gateway, url };
}

export type Endpoint = ReturnType<typeof createEndpoint>;

export function createApi(base: Base) {
  const { policyFile, choices } = base.settings;
  const { timeoutSeconds, memoryMb } = sizes.api;
  const made = createFunction("Api", base, {
    bundle: "api",
    description: "Magnum's API",
    timeoutSeconds,
    memoryMb,
    speaksToCloud: true,
    environment: {
      JEROBOAM_TABLE: base.storage.table.name,
      ...queueVariables(base.queues),
      ...keyVariables(base.keys),
      JEROBOAM_PUBLIC_URL: base.endpoint.url,
      ...choices.api,
      ...(policyFile && { JEROBOAM_POLICY: "/var/task/policy.yaml" }),
    },
    files: policyFile ? { "policy.yaml": policyFile } : {},
    permissions: [
      ...mayUseTable(base.storage, ["GetItem", "PutItem", "DeleteItem", "Query"], ["project", "name", "type"]),
      maySendHints(base.queues),
      ...mayOpenConfiguration(base.keys),
      ...maySealRecords(base.keys),
      ...maySealWebhooks(base.keys),
    ],
  });
  base.endpoint.gateway.route("$default", made.function.arn);
  return made;
}
