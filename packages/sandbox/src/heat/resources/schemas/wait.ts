/** What Heat takes as properties of wait conditions, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Heat::WaitCondition": {
    properties: {
      handle: { type: "string", required: true },
      timeout: { type: "number", required: true, constraints: [{ kind: "range", min: 1, max: 43200 }] },
      count: { type: "integer", default: 1, constraints: [{ kind: "range", min: 1 }], updatable: true },
    },
    attributes: ["data", "show"],
  },
  "OS::Heat::WaitConditionHandle": {
    properties: {
      signal_transport: {
        type: "string",
        default: "TOKEN_SIGNAL",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL", "TOKEN_SIGNAL"],
          },
        ],
      },
    },
    attributes: ["curl_cli", "endpoint", "show", "signal", "token"],
  },
  "OS::Heat::UpdateWaitConditionHandle": { properties: {}, attributes: ["show"] },
  "AWS::CloudFormation::WaitCondition": {
    properties: {
      Handle: { type: "string", required: true },
      Timeout: { type: "integer", required: true, constraints: [{ kind: "range", min: 1, max: 43200 }] },
      Count: { type: "integer", default: 1, constraints: [{ kind: "range", min: 1 }], updatable: true },
    },
    attributes: ["Data", "show"],
  },
  "AWS::CloudFormation::WaitConditionHandle": { properties: {}, attributes: ["show"] },
} satisfies Record<string, Schema>;
