/**
 * What callers see of bay models and cluster templates: these attributes, in this order, and no others (bay-era sheet 3.1,
 * cluster sheet 7.2). The brief form of a bay model shows its true flags, not the defaults that Magnum leaks there.
 */
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import type { SortValue } from "@jeroboam/core/listing/page";
import { itemLinks } from "../links.ts";
import { wireValue } from "../wire/bay-model.ts";
import { wireTime } from "../wire/time.ts";

const BAY_MODEL = [
  "uuid",
  "name",
  "coe",
  "image_id",
  "flavor_id",
  "master_flavor_id",
  "keypair_id",
  "dns_nameserver",
  "external_network_id",
  "fixed_network",
  "network_driver",
  "volume_driver",
  "apiserver_port",
  "docker_volume_size",
  "ssh_authorized_key",
  "cluster_distro",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "registry_enabled",
  "labels",
  "tls_disabled",
  "public",
  "server_type",
  "created_at",
  "updated_at",
  "links",
] as const;

const BRIEF_BAY_MODEL = [
  "uuid",
  "name",
  "coe",
  "image_id",
  "apiserver_port",
  "registry_enabled",
  "tls_disabled",
  "public",
  "server_type",
  "links",
] as const;

const CLUSTER_TEMPLATE = [
  "uuid",
  "name",
  "coe",
  "image_id",
  "flavor_id",
  "master_flavor_id",
  "dns_nameserver",
  "keypair_id",
  "external_network_id",
  "fixed_network",
  "fixed_subnet",
  "network_driver",
  "apiserver_port",
  "docker_volume_size",
  "cluster_distro",
  "links",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "volume_driver",
  "registry_enabled",
  "labels",
  "tls_disabled",
  "public",
  "server_type",
  "insecure_registry",
  "docker_storage_driver",
  "master_lb_enabled",
  "floating_ip_enabled",
  "project_id",
  "user_id",
  "hidden",
  "tags",
  "driver",
  "created_at",
  "updated_at",
] as const;

export function viewBayModel(model: BayModel, base: string): object {
  return view(model, BAY_MODEL, { links: itemLinks(base, "baymodels", model.uuid) });
}

export function viewBriefBayModel(model: BayModel, base: string): object {
  return view(model, BRIEF_BAY_MODEL, { links: itemLinks(base, "baymodels", model.uuid) });
}

/** `driver`: the bay type that builds it, chosen by the owner or by the image. */
export function viewClusterTemplate(model: BayModel, base: string, driver: string | null): object {
  return view(model, CLUSTER_TEMPLATE, { links: itemLinks(base, "clustertemplates", model.uuid), driver });
}

function view(model: BayModel, names: readonly string[], own: Readonly<Record<string, unknown>>): object {
  const values: Readonly<Record<string, unknown>> = {
    uuid: model.uuid,
    project_id: model.projectId,
    user_id: model.userId,
    created_at: wireTime(model.createdAtMs),
    updated_at: wireTime(model.updatedAtMs),
    ...own,
  };
  return Object.fromEntries(
    names.map((name) => [name, Object.hasOwn(values, name) ? values[name] : wireValue(model, name)]),
  );
}

/** Every attribute that is one value is something to sort by. */
export const BAY_MODEL_SORT_KEYS: Readonly<Record<string, (model: BayModel) => SortValue>> = {
  ...Object.fromEntries(
    CLUSTER_TEMPLATE.filter((name) => name !== "links" && name !== "labels").map((name) => [
      name,
      (model: BayModel) => wireValue(model, name) as SortValue,
    ]),
  ),
  ssh_authorized_key: (model) => model.sshAuthorizedKey,
  uuid: (model) => model.uuid,
  project_id: (model) => model.projectId,
  user_id: (model) => model.userId,
  updated_at: (model) => model.updatedAtMs,
};
