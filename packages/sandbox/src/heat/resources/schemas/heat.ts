/** What Heat takes as properties of Heat's own small resources and the resource group, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Heat::None": { properties: {}, attributes: ["show"] },
  "OS::Heat::RandomString": {
    properties: {
      length: { type: "integer", default: 32, constraints: [{ kind: "range", min: 1, max: 512 }] },
      sequence: {
        type: "string",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["lettersdigits", "letters", "lowercase", "uppercase", "digits", "hexdigits", "octdigits"],
          },
        ],
      },
      character_classes: {
        type: "list",
        default: [{ class: "lettersdigits", min: 1 }],
        items: {
          type: "map",
          keys: {
            class: {
              type: "string",
              default: "lettersdigits",
              constraints: [
                {
                  kind: "allowed_values",
                  allowed: ["lettersdigits", "letters", "lowercase", "uppercase", "digits", "hexdigits", "octdigits"],
                },
              ],
            },
            min: { type: "integer", default: 1, constraints: [{ kind: "range", min: 1, max: 512 }] },
          },
        },
      },
      character_sequences: {
        type: "list",
        items: {
          type: "map",
          keys: {
            sequence: { type: "string", required: true },
            min: { type: "integer", default: 1, constraints: [{ kind: "range", min: 1, max: 512 }] },
          },
        },
      },
      salt: { type: "string" },
    },
    attributes: ["show", "value"],
  },
  "OS::Heat::TestResource": {
    properties: {
      constraint_prop_secs: {
        type: "number",
        default: 0,
        constraints: [{ kind: "custom", name: "test_constr" }],
        updatable: true,
      },
      attr_wait_secs: { type: "number", default: 0, updatable: true },
      value: { type: "string", default: "test_string", updatable: true },
      update_replace_value: { type: "string" },
      fail: { type: "boolean", default: false, updatable: true },
      update_replace: { type: "boolean", default: false, updatable: true },
      wait_secs: { type: "number", default: 0, updatable: true },
      action_wait_secs: {
        type: "map",
        updatable: true,
        keys: {
          create: { type: "number", updatable: true },
          update: { type: "number", updatable: true },
          delete: { type: "number", updatable: true },
        },
      },
      client_name: { type: "string", default: "", updatable: true },
      entity_name: { type: "string", default: "", updatable: true },
    },
    attributes: ["output", "show"],
  },
  "OS::Heat::Value": {
    properties: {
      value: { type: "any", required: true, updatable: true },
      type: {
        type: "string",
        constraints: [
          { kind: "allowed_values", allowed: ["string", "number", "comma_delimited_list", "json", "boolean"] },
        ],
        updatable: true,
      },
    },
    attributes: ["show", "value"],
  },
  "OS::Heat::ResourceGroup": {
    properties: {
      count: { type: "integer", default: 1, constraints: [{ kind: "range", min: 0 }], updatable: true },
      index_var: { type: "string", default: "%index%", constraints: [{ kind: "length", min: 3 }] },
      resource_def: {
        type: "map",
        required: true,
        updatable: true,
        keys: { type: { type: "string", required: true }, properties: { type: "map" }, metadata: { type: "map" } },
      },
      removal_policies: {
        type: "list",
        default: [],
        updatable: true,
        items: { type: "map", keys: { resource_list: { type: "list", default: [] } } },
      },
      removal_policies_mode: {
        type: "string",
        default: "append",
        constraints: [{ kind: "allowed_values", allowed: ["append", "update"] }],
        updatable: true,
      },
    },
    attributes: ["attributes", "refs", "refs_map", "removed_rsrc_list", "show"],
  },
  "OS::Heat::Delay": {
    properties: {
      min_wait: { type: "number", default: 0, constraints: [{ kind: "range", min: 0 }], updatable: true },
      max_jitter: { type: "number", default: 0, constraints: [{ kind: "range", min: 0 }], updatable: true },
      jitter_multiplier: { type: "number", default: 1.0, constraints: [{ kind: "range", min: 0 }], updatable: true },
      actions: {
        type: "list",
        default: ["CREATE"],
        constraints: [{ kind: "allowed_values", allowed: ["CREATE", "DELETE", "SUSPEND", "RESUME"] }],
        updatable: true,
      },
    },
    attributes: ["show"],
  },
} satisfies Record<string, Schema>;
