/** OS::Cinder::Volume and VolumeAttachment. */
import { uuid } from "../../ids.ts";
import type { JsonMap } from "../../json.ts";
import type { Volume } from "../../nova/records.ts";
import { toIso } from "../../times.ts";
import type { Kind, Task } from "./kind.ts";
import { ResourceError, integer, map, optionalText, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/cinder.ts";

const volumeOf = ({ cloud, resource }: Task): Volume | undefined => cloud.nova.volumes.get(resource.physicalId ?? "");

const showVolume = (one: Volume): JsonMap => ({
  id: one.id,
  name: one.name,
  size: one.sizeGb,
  status: one.attachment ? "in-use" : "available",
  created_at: toIso(one.createdAtMs),
  metadata: one.metadata,
  attachments: one.attachment
    ? [{ id: one.attachment.id, server_id: one.attachment.serverId, device: one.attachment.device }]
    : [],
});

const volume: Kind = {
  ...schemas["OS::Cinder::Volume"],
  className: "CinderVolume",
  validate: (properties) =>
    properties["size"] === null &&
    ["snapshot_id", "source_volid", "backup_id"].every((name) => optionalText(properties[name]) === undefined)
      ? 'If neither "backup_id" nor "size" is provided, one and only one of "source_volid", "snapshot_id" must be specified, but currently specified options: [].'
      : undefined,
  create(task) {
    const { cloud, stack, properties, at } = task;
    const made: Volume = {
      id: uuid(cloud.random),
      name: optionalText(properties["name"]) ?? physicalName(task),
      projectId: stack.projectId,
      sizeGb: integer(properties["size"]),
      metadata: map(properties["metadata"]),
      createdAtMs: at,
      attachment: null,
    };
    cloud.nova.volumes.put(made);
    return { physicalId: made.id };
  },
  update(task) {
    const found = volumeOf(task);
    if (!found) return "replace";
    const sizeGb = integer(task.properties["size"]);
    if (sizeGb < found.sizeGb) throw new ResourceError("NotSupported", "Shrinking volume is not supported.");
    task.cloud.nova.volumes.put({
      ...found,
      sizeGb,
      name: optionalText(task.properties["name"]) ?? found.name,
      metadata: map(task.properties["metadata"]),
    });
    return "updated";
  },
  remove(task) {
    const found = volumeOf(task);
    if (!found) return;
    if (found.attachment) throw new ResourceError("Error", "Volume in use");
    task.cloud.nova.volumes.delete(found.id);
  },
  attribute(task, name) {
    const found = volumeOf(task);
    if (!found) return null;
    const shown = showVolume(found);
    if (name === "show") return shown;
    if (name === "display_name") return found.name;
    return name === "attachments_list" ? (shown["attachments"] ?? []) : (shown[name] ?? null);
  },
};

const attachment: Kind = {
  ...schemas["OS::Cinder::VolumeAttachment"],
  className: "CinderVolumeAttachment",
  create(task) {
    const { cloud, properties } = task;
    const found = cloud.nova.volumes.get(text(properties["volume_id"]));
    const server = cloud.nova.servers.get(text(properties["instance_uuid"]));
    if (!found) throw new ResourceError("NotFound", `Volume ${text(properties["volume_id"])} could not be found.`);
    if (!server) {
      throw new ResourceError("NotFound", `Instance ${text(properties["instance_uuid"])} could not be found.`);
    }
    if (found.attachment) throw new ResourceError("BadRequest", `Invalid volume: volume ${found.id} already attached`);
    const id = uuid(cloud.random);
    cloud.nova.volumes.put({
      ...found,
      attachment: { id, serverId: server.id, device: optionalText(properties["mountpoint"]) ?? "/dev/vdb" },
    });
    return { physicalId: id, data: { volumeId: found.id } };
  },
  remove({ cloud, resource }) {
    const found = cloud.nova.volumes.get(text(resource.data["volumeId"]));
    if (found?.attachment?.id === resource.physicalId) cloud.nova.volumes.put({ ...found, attachment: null });
  },
};

export const cinderKinds: Readonly<Record<string, Kind>> = {
  "OS::Cinder::Volume": volume,
  "OS::Cinder::VolumeAttachment": attachment,
};
