/** What Heat takes as properties of servers, key pairs and server groups, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Nova::Server": {
    properties: {
      name: { type: "string", updatable: true },
      image: { type: "string", constraints: [{ kind: "custom", name: "glance.image" }], updatable: true },
      block_device_mapping: {
        type: "list",
        items: {
          type: "map",
          keys: {
            device_name: { type: "string", required: true },
            volume_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.volume" }] },
            snapshot_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.snapshot" }] },
            volume_size: { type: "integer" },
            delete_on_termination: { type: "boolean" },
          },
        },
      },
      block_device_mapping_v2: {
        type: "list",
        items: {
          type: "map",
          keys: {
            device_name: { type: "string" },
            volume_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.volume" }] },
            image: { type: "string", formerly: "image_id", constraints: [{ kind: "custom", name: "glance.image" }] },
            snapshot_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.snapshot" }] },
            swap_size: { type: "integer" },
            ephemeral_size: { type: "integer", constraints: [{ kind: "range", min: 1 }] },
            ephemeral_format: {
              type: "string",
              constraints: [{ kind: "allowed_values", allowed: ["ext2", "ext3", "ext4", "xfs", "ntfs"] }],
            },
            device_type: { type: "string", constraints: [{ kind: "allowed_values", allowed: ["cdrom", "disk"] }] },
            disk_bus: {
              type: "string",
              constraints: [{ kind: "allowed_values", allowed: ["ide", "lame_bus", "scsi", "usb", "virtio"] }],
            },
            boot_index: { type: "integer" },
            volume_size: { type: "integer" },
            delete_on_termination: { type: "boolean" },
          },
        },
      },
      flavor: {
        type: "string",
        required: true,
        constraints: [{ kind: "custom", name: "nova.flavor" }],
        updatable: true,
      },
      flavor_update_policy: {
        type: "string",
        default: "RESIZE",
        constraints: [{ kind: "allowed_values", allowed: ["RESIZE", "REPLACE"] }],
        updatable: true,
      },
      image_update_policy: {
        type: "string",
        default: "REBUILD",
        constraints: [{ kind: "allowed_values", allowed: ["REBUILD", "REPLACE", "REBUILD_PRESERVE_EPHEMERAL"] }],
        updatable: true,
      },
      key_name: { type: "string", constraints: [{ kind: "custom", name: "nova.keypair" }] },
      admin_user: { type: "string" },
      availability_zone: { type: "string" },
      security_groups: { type: "list", default: [] },
      networks: {
        type: "list",
        updatable: true,
        items: {
          type: "map",
          keys: {
            network: { type: "string", formerly: "uuid", constraints: [{ kind: "custom", name: "neutron.network" }] },
            allocate_network: {
              type: "string",
              constraints: [{ kind: "allowed_values", allowed: ["none", "auto"] }],
              updatable: true,
            },
            fixed_ip: { type: "string", constraints: [{ kind: "custom", name: "ip_addr" }] },
            port: { type: "string", constraints: [{ kind: "custom", name: "neutron.port" }] },
            port_extra_properties: {
              type: "map",
              keys: {
                value_specs: { type: "map", default: {}, updatable: true },
                admin_state_up: { type: "boolean", default: true, updatable: true },
                mac_address: { type: "string", constraints: [{ kind: "custom", name: "mac_addr" }] },
                allowed_address_pairs: {
                  type: "list",
                  updatable: true,
                  items: {
                    type: "map",
                    keys: {
                      mac_address: { type: "string", constraints: [{ kind: "custom", name: "mac_addr" }] },
                      ip_address: {
                        type: "string",
                        required: true,
                        constraints: [{ kind: "custom", name: "ip_or_cidr" }],
                      },
                    },
                  },
                },
                "binding:vnic_type": {
                  type: "string",
                  default: "normal",
                  constraints: [
                    {
                      kind: "allowed_values",
                      allowed: [
                        "normal",
                        "direct",
                        "macvtap",
                        "direct-physical",
                        "baremetal",
                        "virtio-forwarder",
                        "smart-nic",
                      ],
                    },
                  ],
                  updatable: true,
                },
                port_security_enabled: { type: "boolean", updatable: true },
                qos_policy: {
                  type: "string",
                  constraints: [{ kind: "custom", name: "neutron.qos_policy" }],
                  updatable: true,
                },
                propagate_uplink_status: { type: "boolean", updatable: true },
                no_fixed_ips: { type: "boolean", default: false, updatable: true },
              },
            },
            subnet: { type: "string" },
            floating_ip: { type: "string" },
            tag: { type: "string" },
          },
        },
      },
      scheduler_hints: { type: "map" },
      metadata: { type: "map", default: {}, updatable: true },
      user_data_format: {
        type: "string",
        default: "HEAT_CFNTOOLS",
        constraints: [{ kind: "allowed_values", allowed: ["HEAT_CFNTOOLS", "RAW", "SOFTWARE_CONFIG"] }],
      },
      software_config_transport: {
        type: "string",
        default: "POLL_SERVER_CFN",
        constraints: [
          {
            kind: "allowed_values",
            allowed: ["POLL_SERVER_CFN", "POLL_SERVER_HEAT", "POLL_TEMP_URL", "ZAQAR_MESSAGE"],
          },
        ],
        updatable: true,
      },
      user_data_update_policy: {
        type: "string",
        default: "REPLACE",
        constraints: [{ kind: "allowed_values", allowed: ["REPLACE", "IGNORE", "REBUILD"] }],
        updatable: true,
      },
      user_data: { type: "string", default: "", updatable: true },
      reservation_id: { type: "string" },
      config_drive: { type: "boolean" },
      diskConfig: { type: "string", constraints: [{ kind: "allowed_values", allowed: ["AUTO", "MANUAL"] }] },
      personality: { type: "map", default: {} },
      admin_pass: { type: "string", updatable: true },
      tags: { type: "list", updatable: true, items: { type: "string" } },
      deployment_swift_data: {
        type: "map",
        default: {},
        updatable: true,
        keys: {
          container: { type: "string", constraints: [{ kind: "length", min: 1 }] },
          object: { type: "string", constraints: [{ kind: "length", min: 1 }] },
        },
      },
    },
    attributes: [
      "accessIPv4",
      "accessIPv6",
      "addresses",
      "console_urls",
      "first_address",
      "instance_name",
      "name",
      "networks",
      "os_collect_config",
      "show",
      "tags",
    ],
  },
  "OS::Nova::KeyPair": {
    properties: {
      name: { type: "string", required: true, constraints: [{ kind: "length", min: 1, max: 255 }] },
      save_private_key: { type: "boolean", default: false },
      public_key: { type: "string" },
      type: { type: "string", constraints: [{ kind: "allowed_values", allowed: ["ssh", "x509"] }] },
      user: { type: "string", constraints: [{ kind: "custom", name: "keystone.user" }] },
    },
    attributes: ["private_key", "public_key", "show"],
  },
  "OS::Nova::ServerGroup": {
    properties: {
      name: { type: "string" },
      policies: {
        type: "list",
        default: ["anti-affinity"],
        constraints: [
          { kind: "allowed_values", allowed: ["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"] },
        ],
        items: { type: "string" },
      },
      rules: { type: "map", keys: { max_server_per_host: { type: "number" } } },
    },
    attributes: ["show"],
  },
} satisfies Record<string, Schema>;
