/** What Heat takes as properties of load balancers of Neutron, both versions, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Neutron::HealthMonitor": {
    properties: {
      delay: { type: "integer", required: true, updatable: true },
      type: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["PING", "TCP", "HTTP", "HTTPS"] }],
      },
      max_retries: { type: "integer", required: true, updatable: true },
      timeout: { type: "integer", required: true, updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      http_method: { type: "string", updatable: true },
      expected_codes: { type: "string", updatable: true },
      url_path: { type: "string", updatable: true },
    },
    attributes: [
      "admin_state_up",
      "delay",
      "expected_codes",
      "http_method",
      "max_retries",
      "show",
      "tenant_id",
      "timeout",
      "type",
      "url_path",
    ],
  },
  "OS::Neutron::Pool": {
    properties: {
      protocol: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["TCP", "HTTP", "HTTPS"] }],
      },
      subnet: {
        type: "string",
        formerly: "subnet_id",
        required: true,
        constraints: [{ kind: "custom", name: "neutron.subnet" }],
      },
      lb_method: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"] }],
        updatable: true,
      },
      name: { type: "string" },
      description: { type: "string", updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      provider: { type: "string", constraints: [{ kind: "custom", name: "neutron.lb.provider" }] },
      vip: {
        type: "map",
        required: true,
        keys: {
          name: { type: "string" },
          description: { type: "string" },
          subnet: { type: "string", constraints: [{ kind: "custom", name: "neutron.subnet" }] },
          address: { type: "string", constraints: [{ kind: "custom", name: "ip_addr" }] },
          connection_limit: { type: "integer" },
          protocol_port: { type: "integer", required: true },
          session_persistence: {
            type: "map",
            keys: {
              type: {
                type: "string",
                required: true,
                constraints: [{ kind: "allowed_values", allowed: ["SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE"] }],
              },
              cookie_name: { type: "string" },
            },
          },
          admin_state_up: { type: "boolean", default: true },
        },
      },
      monitors: { type: "list", default: [], updatable: true },
    },
    attributes: [
      "admin_state_up",
      "description",
      "lb_method",
      "name",
      "protocol",
      "provider",
      "show",
      "subnet_id",
      "tenant_id",
      "vip",
    ],
  },
  "OS::Neutron::PoolMember": {
    properties: {
      pool_id: { type: "string", required: true, updatable: true },
      address: { type: "string", required: true, constraints: [{ kind: "custom", name: "ip_addr" }] },
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 0, max: 65535 }] },
      weight: { type: "integer", constraints: [{ kind: "range", min: 0, max: 256 }], updatable: true },
      admin_state_up: { type: "boolean", default: true },
    },
    attributes: ["address", "admin_state_up", "pool_id", "protocol_port", "show", "tenant_id", "weight"],
  },
  "OS::Neutron::LoadBalancer": {
    properties: {
      pool_id: { type: "string", required: true, updatable: true },
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 0, max: 65535 }] },
      members: { type: "list", updatable: true },
    },
    attributes: ["show"],
  },
  "OS::Neutron::LBaaS::LoadBalancer": {
    properties: {
      description: { type: "string", default: "", updatable: true },
      name: { type: "string", updatable: true },
      provider: { type: "string", constraints: [{ kind: "custom", name: "neutron.lbaas.provider" }] },
      vip_address: { type: "string", constraints: [{ kind: "custom", name: "ip_addr" }] },
      vip_subnet: { type: "string", required: true, constraints: [{ kind: "custom", name: "neutron.subnet" }] },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      tenant_id: { type: "string", constraints: [{ kind: "custom", name: "keystone.project" }] },
    },
    attributes: ["pools", "show", "vip_address", "vip_port_id", "vip_subnet_id"],
  },
  "OS::Neutron::LBaaS::Listener": {
    properties: {
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 1, max: 65535 }] },
      protocol: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["TCP", "HTTP", "HTTPS", "TERMINATED_HTTPS"] }],
      },
      loadbalancer: { type: "string", constraints: [{ kind: "custom", name: "neutron.lbaas.loadbalancer" }] },
      default_pool: { type: "string", constraints: [{ kind: "custom", name: "neutron.lbaas.pool" }], updatable: true },
      name: { type: "string", updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      description: { type: "string", default: "", updatable: true },
      default_tls_container_ref: { type: "string", updatable: true },
      sni_container_refs: { type: "list", updatable: true },
      connection_limit: { type: "integer", default: -1, constraints: [{ kind: "range", min: -1 }], updatable: true },
      tenant_id: { type: "string" },
    },
    attributes: ["default_pool_id", "loadbalancers", "show"],
  },
  "OS::Neutron::LBaaS::Pool": {
    properties: {
      admin_state_up: { type: "boolean", default: true, updatable: true },
      description: { type: "string", default: "", updatable: true },
      session_persistence: {
        type: "map",
        keys: {
          type: {
            type: "string",
            required: true,
            constraints: [{ kind: "allowed_values", allowed: ["SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE"] }],
          },
          cookie_name: { type: "string" },
        },
      },
      name: { type: "string", updatable: true },
      lb_algorithm: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"] }],
        updatable: true,
      },
      listener: { type: "string", constraints: [{ kind: "custom", name: "neutron.lbaas.listener" }] },
      loadbalancer: { type: "string", constraints: [{ kind: "custom", name: "neutron.lbaas.loadbalancer" }] },
      protocol: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["TCP", "HTTP", "HTTPS"] }],
      },
    },
    attributes: ["healthmonitor_id", "listeners", "members", "show"],
  },
  "OS::Neutron::LBaaS::PoolMember": {
    properties: {
      pool: { type: "string", required: true, constraints: [{ kind: "custom", name: "neutron.lbaas.pool" }] },
      address: { type: "string", required: true, constraints: [{ kind: "custom", name: "ip_addr" }] },
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 1, max: 65535 }] },
      weight: { type: "integer", default: 1, constraints: [{ kind: "range", min: 0, max: 256 }], updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      subnet: { type: "string", required: true, constraints: [{ kind: "custom", name: "neutron.subnet" }] },
    },
    attributes: ["address", "pool_id", "show"],
  },
  "OS::Neutron::LBaaS::HealthMonitor": {
    properties: {
      admin_state_up: { type: "boolean", default: true, updatable: true },
      delay: { type: "integer", required: true, constraints: [{ kind: "range", min: 0 }], updatable: true },
      expected_codes: { type: "string", default: "200", updatable: true },
      http_method: {
        type: "string",
        default: "GET",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"],
          },
        ],
        updatable: true,
      },
      max_retries: {
        type: "integer",
        required: true,
        constraints: [{ kind: "range", min: 1, max: 10 }],
        updatable: true,
      },
      pool: { type: "string", required: true, constraints: [{ kind: "custom", name: "neutron.lbaas.pool" }] },
      timeout: { type: "integer", required: true, constraints: [{ kind: "range", min: 0 }], updatable: true },
      type: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["PING", "TCP", "HTTP", "HTTPS"] }],
      },
      url_path: { type: "string", default: "/", updatable: true },
      tenant_id: { type: "string" },
    },
    attributes: ["pools", "show"],
  },
} satisfies Record<string, Schema>;
