/** What Heat takes as properties of software configurations and deployments, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Heat::SoftwareConfig": {
    properties: {
      group: { type: "string", default: "Heat::Ungrouped" },
      config: { type: "string" },
      options: { type: "map" },
      inputs: {
        type: "list",
        items: {
          type: "map",
          keys: {
            name: { type: "string", required: true },
            description: { type: "string" },
            type: {
              type: "string",
              default: "String",
              constraints: [
                { kind: "allowed_values", allowed: ["String", "Number", "CommaDelimitedList", "Json", "Boolean"] },
              ],
            },
            default: { type: "any" },
            replace_on_change: { type: "boolean", default: false },
          },
        },
      },
      outputs: {
        type: "list",
        items: {
          type: "map",
          keys: {
            name: { type: "string", required: true },
            description: { type: "string" },
            type: {
              type: "string",
              default: "String",
              constraints: [
                { kind: "allowed_values", allowed: ["String", "Number", "CommaDelimitedList", "Json", "Boolean"] },
              ],
            },
            error_output: { type: "boolean", default: false },
          },
        },
      },
    },
    attributes: ["config", "show"],
  },
  "OS::Heat::CloudConfig": {
    properties: {
      cloud_config: { type: "map" },
    },
    attributes: ["config", "show"],
  },
  "OS::Heat::MultipartMime": {
    properties: {
      group: { type: "string", default: "Heat::Ungrouped" },
      parts: {
        type: "list",
        default: [],
        items: {
          type: "map",
          keys: {
            config: { type: "string", required: true },
            filename: { type: "string" },
            type: {
              type: "string",
              default: "text",
              constraints: [{ kind: "allowed_values", allowed: ["text", "multipart"] }],
            },
            subtype: { type: "string" },
          },
        },
      },
    },
    attributes: ["config", "show"],
  },
  "OS::Heat::StructuredConfig": {
    properties: {
      group: { type: "string", default: "Heat::Ungrouped" },
      options: { type: "map" },
      inputs: {
        type: "list",
        items: {
          type: "map",
          keys: {
            name: { type: "string", required: true },
            description: { type: "string" },
            type: {
              type: "string",
              default: "String",
              constraints: [
                { kind: "allowed_values", allowed: ["String", "Number", "CommaDelimitedList", "Json", "Boolean"] },
              ],
            },
            default: { type: "any" },
            replace_on_change: { type: "boolean", default: false },
          },
        },
      },
      outputs: {
        type: "list",
        items: {
          type: "map",
          keys: {
            name: { type: "string", required: true },
            description: { type: "string" },
            type: {
              type: "string",
              default: "String",
              constraints: [
                { kind: "allowed_values", allowed: ["String", "Number", "CommaDelimitedList", "Json", "Boolean"] },
              ],
            },
            error_output: { type: "boolean", default: false },
          },
        },
      },
      config: { type: "map" },
    },
    attributes: ["config", "show"],
  },
  "OS::Heat::SoftwareDeployment": {
    properties: {
      config: { type: "string", updatable: true },
      server: { type: "string", required: true },
      input_values: { type: "map", updatable: true },
      actions: {
        type: "list",
        default: ["CREATE", "UPDATE"],
        constraints: [{ kind: "allowed_values", allowed: ["CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"] }],
        updatable: true,
      },
      name: { type: "string", updatable: true },
      signal_transport: {
        type: "string",
        default: "CFN_SIGNAL",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"],
          },
        ],
      },
    },
    attributes: ["deploy_status_code", "deploy_stderr", "deploy_stdout", "show"],
  },
  "OS::Heat::SoftwareDeploymentGroup": {
    properties: {
      servers: { type: "map", required: true, updatable: true },
      config: { type: "string", updatable: true },
      input_values: { type: "map", updatable: true },
      actions: {
        type: "list",
        default: ["CREATE", "UPDATE"],
        constraints: [{ kind: "allowed_values", allowed: ["CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"] }],
        updatable: true,
      },
      name: { type: "string", updatable: true },
      signal_transport: {
        type: "string",
        default: "CFN_SIGNAL",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"],
          },
        ],
      },
    },
    attributes: ["deploy_status_codes", "deploy_stderrs", "deploy_stdouts", "show"],
  },
  "OS::Heat::StructuredDeployment": {
    properties: {
      config: { type: "string", updatable: true },
      server: { type: "string", required: true },
      input_values: { type: "map", updatable: true },
      actions: {
        type: "list",
        default: ["CREATE", "UPDATE"],
        constraints: [{ kind: "allowed_values", allowed: ["CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"] }],
        updatable: true,
      },
      signal_transport: {
        type: "string",
        default: "CFN_SIGNAL",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"],
          },
        ],
      },
      name: { type: "string", updatable: true },
      input_key: { type: "string", default: "get_input" },
      input_values_validate: {
        type: "string",
        default: "LAX",
        constraints: [{ kind: "allowed_values", allowed: ["LAX", "STRICT"] }],
      },
    },
    attributes: ["deploy_status_code", "deploy_stderr", "deploy_stdout", "show"],
  },
  "OS::Heat::StructuredDeploymentGroup": {
    properties: {
      servers: { type: "map", required: true, updatable: true },
      config: { type: "string", updatable: true },
      input_values: { type: "map", updatable: true },
      actions: {
        type: "list",
        default: ["CREATE", "UPDATE"],
        constraints: [{ kind: "allowed_values", allowed: ["CREATE", "UPDATE", "DELETE", "SUSPEND", "RESUME"] }],
        updatable: true,
      },
      signal_transport: {
        type: "string",
        default: "CFN_SIGNAL",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["CFN_SIGNAL", "TEMP_URL_SIGNAL", "HEAT_SIGNAL", "NO_SIGNAL", "ZAQAR_SIGNAL"],
          },
        ],
      },
      name: { type: "string", updatable: true },
      input_key: { type: "string", default: "get_input" },
      input_values_validate: {
        type: "string",
        default: "LAX",
        constraints: [{ kind: "allowed_values", allowed: ["LAX", "STRICT"] }],
      },
    },
    attributes: ["deploy_status_codes", "deploy_stderrs", "deploy_stdouts", "show"],
  },
} satisfies Record<string, Schema>;
