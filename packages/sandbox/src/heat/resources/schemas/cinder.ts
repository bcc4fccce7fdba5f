/** What Heat takes as properties of volumes, and the attributes it gives. Facts of heat's resource plugins. */
import type { Schema } from "../kind.ts";

export const schemas = {
  "OS::Cinder::Volume": {
    properties: {
      availability_zone: { type: "string" },
      size: { type: "integer", constraints: [{ kind: "range", min: 1 }], updatable: true },
      snapshot_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.snapshot" }] },
      backup_id: { type: "string", constraints: [{ kind: "custom", name: "cinder.backup" }], updatable: true },
      name: { type: "string", updatable: true },
      description: { type: "string", updatable: true },
      volume_type: { type: "string", constraints: [{ kind: "custom", name: "cinder.vtype" }], updatable: true },
      metadata: { type: "map", default: {}, updatable: true },
      image: { type: "string", formerly: "imageRef", constraints: [{ kind: "custom", name: "glance.image" }] },
      source_volid: { type: "string", constraints: [{ kind: "custom", name: "cinder.volume" }] },
      scheduler_hints: { type: "map" },
      read_only: { type: "boolean", updatable: true },
      multiattach: { type: "boolean", default: false },
    },
    attributes: [
      "attachments",
      "attachments_list",
      "availability_zone",
      "bootable",
      "created_at",
      "display_description",
      "display_name",
      "encrypted",
      "metadata",
      "metadata_values",
      "multiattach",
      "show",
      "size",
      "snapshot_id",
      "source_volid",
      "status",
      "volume_type",
    ],
  },
  "OS::Cinder::VolumeAttachment": {
    properties: {
      instance_uuid: { type: "string", required: true, updatable: true },
      volume_id: {
        type: "string",
        required: true,
        constraints: [{ kind: "custom", name: "cinder.volume" }],
        updatable: true,
      },
      mountpoint: { type: "string", updatable: true },
    },
    attributes: ["show"],
  },
} satisfies Record<string, Schema>;
