/** What Heat takes as properties of load balancers of Octavia, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Octavia::LoadBalancer": {
    properties: {
      description: { type: "string", default: "", updatable: true },
      name: { type: "string", updatable: true },
      provider: { type: "string" },
      vip_address: { type: "string", constraints: [{ kind: "custom", name: "ip_addr" }] },
      vip_subnet: { type: "string", required: true, constraints: [{ kind: "custom", name: "neutron.subnet" }] },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      tenant_id: { type: "string", constraints: [{ kind: "custom", name: "keystone.project" }] },
      flavor: { type: "string", constraints: [{ kind: "custom", name: "octavia.flavor" }] },
      availability_zone: { type: "string" },
    },
    attributes: ["flavor_id", "pools", "show", "vip_address", "vip_port_id", "vip_subnet_id"],
  },
  "OS::Octavia::Listener": {
    properties: {
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 1, max: 65535 }] },
      protocol: {
        type: "string",
        required: true,
        constraints: [
          { kind: "allowed_values", allowed: ["TCP", "HTTP", "HTTPS", "TERMINATED_HTTPS", "PROXY", "UDP"] },
        ],
      },
      loadbalancer: { type: "string", constraints: [{ kind: "custom", name: "octavia.loadbalancer" }] },
      default_pool: { type: "string", constraints: [{ kind: "custom", name: "octavia.pool" }], updatable: true },
      name: { type: "string", updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      description: { type: "string", default: "", updatable: true },
      default_tls_container_ref: { type: "string", updatable: true },
      sni_container_refs: { type: "list", updatable: true },
      connection_limit: { type: "integer", default: -1, constraints: [{ kind: "range", min: -1 }], updatable: true },
      tenant_id: { type: "string" },
      allowed_cidrs: {
        type: "list",
        updatable: true,
        items: { type: "string", constraints: [{ kind: "custom", name: "net_cidr" }] },
      },
    },
    attributes: ["default_pool_id", "loadbalancers", "show"],
  },
  "OS::Octavia::Pool": {
    properties: {
      admin_state_up: { type: "boolean", default: true, updatable: true },
      description: { type: "string", default: "", updatable: true },
      session_persistence: {
        type: "map",
        updatable: true,
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
        constraints: [
          { kind: "allowed_values", allowed: ["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"] },
        ],
        updatable: true,
      },
      listener: { type: "string", constraints: [{ kind: "custom", name: "octavia.listener" }] },
      loadbalancer: { type: "string", constraints: [{ kind: "custom", name: "octavia.loadbalancer" }] },
      protocol: {
        type: "string",
        required: true,
        constraints: [
          { kind: "allowed_values", allowed: ["TCP", "HTTP", "HTTPS", "TERMINATED_HTTPS", "PROXY", "UDP"] },
        ],
      },
      tls_enabled: { type: "boolean", default: false, updatable: true },
    },
    attributes: ["healthmonitor_id", "listeners", "members", "show"],
  },
  "OS::Octavia::PoolMember": {
    properties: {
      pool: { type: "string", required: true, constraints: [{ kind: "custom", name: "octavia.pool" }] },
      address: { type: "string", required: true, constraints: [{ kind: "custom", name: "ip_addr" }] },
      protocol_port: { type: "integer", required: true, constraints: [{ kind: "range", min: 1, max: 65535 }] },
      monitor_address: { type: "string", constraints: [{ kind: "custom", name: "ip_addr" }] },
      monitor_port: { type: "integer", constraints: [{ kind: "range", min: 1, max: 65535 }] },
      weight: { type: "integer", default: 1, constraints: [{ kind: "range", min: 0, max: 256 }], updatable: true },
      admin_state_up: { type: "boolean", default: true, updatable: true },
      subnet: { type: "string", constraints: [{ kind: "custom", name: "neutron.subnet" }] },
      tags: { type: "list", updatable: true },
    },
    attributes: ["show"],
  },
  "OS::Octavia::HealthMonitor": {
    properties: {
      admin_state_up: { type: "boolean", default: true, updatable: true },
      delay: { type: "integer", required: true, constraints: [{ kind: "range", min: 0 }], updatable: true },
      expected_codes: { type: "string", updatable: true },
      http_method: {
        type: "string",
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
      pool: { type: "string", required: true, constraints: [{ kind: "custom", name: "octavia.pool" }] },
      timeout: { type: "integer", required: true, constraints: [{ kind: "range", min: 0 }], updatable: true },
      type: {
        type: "string",
        required: true,
        constraints: [{ kind: "allowed_values", allowed: ["PING", "TCP", "HTTP", "HTTPS", "UDP-CONNECT"] }],
      },
      url_path: { type: "string", updatable: true },
      tenant_id: { type: "string" },
    },
    attributes: ["pools", "show"],
  },
} satisfies Record<string, Schema>;
