/**
 * Bay models and cluster templates on the wire: which attributes each generation knows, in which types, and what they
 * are called in the record (bay-era sheet 3.1, cluster sheet 7.2). Attributes of the other generation are left as they
 * are. The older one takes what clients of both its servers send (bay-era sheet 15, numbers 1 and 2).
 */
import type { BayModel } from "@jeroboam/core/bay-model/bay-model";
import { bayModelSchema, coeSchema } from "@jeroboam/core/bay-model/bay-model";
import type { BayModelAttributes } from "@jeroboam/core/bay-model/write-bay-model";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import type { AttributeSet } from "./attributes.ts";
import type { PatchRules } from "./patch.ts";
import { COMMON_INTERNAL } from "./patch.ts";
import { addresses, boolean, integer, labels, oneOf, optional, reference, text, uuid } from "./types.ts";

/** What a caller may set, and its name in the record. */
const NAMES = {
  name: "name",
  coe: "coe",
  image_id: "imageId",
  flavor_id: "flavorId",
  master_flavor_id: "masterFlavorId",
  dns_nameserver: "dnsNameserver",
  keypair_id: "keypairId",
  external_network_id: "externalNetworkId",
  fixed_network: "fixedNetwork",
  fixed_subnet: "fixedSubnet",
  network_driver: "networkDriver",
  volume_driver: "volumeDriver",
  apiserver_port: "apiserverPort",
  docker_volume_size: "dockerVolumeSizeGb",
  docker_storage_driver: "dockerStorageDriver",
  ssh_authorized_key: "sshAuthorizedKey",
  http_proxy: "httpProxy",
  https_proxy: "httpsProxy",
  no_proxy: "noProxy",
  registry_enabled: "registryEnabled",
  insecure_registry: "insecureRegistry",
  labels: "labels",
  tags: "tags",
  tls_disabled: "tlsDisabled",
  public: "public",
  hidden: "hidden",
  master_lb_enabled: "masterLbEnabled",
  floating_ip_enabled: "floatingIpEnabled",
  server_type: "serverType",
  driver: "driver",
  // Overwritten by the image's.
  cluster_distro: "clusterDistro",
} as const satisfies Record<string, keyof BayModelAttributes>;

const both = {
  uuid: uuid.optional(),
  name: optional(reference),
  coe: oneOf(coeSchema),
  image_id: reference,
  flavor_id: optional(reference),
  master_flavor_id: optional(reference),
  dns_nameserver: optional(addresses),
  external_network_id: optional(reference),
  fixed_network: optional(reference),
  network_driver: optional(reference),
  volume_driver: optional(reference),
  apiserver_port: optional(integer(1_024, 65_535)),
  docker_volume_size: optional(integer(1)),
  cluster_distro: optional(reference),
  http_proxy: optional(reference),
  https_proxy: optional(reference),
  no_proxy: optional(reference),
  registry_enabled: boolean.default(false),
  labels: labels.default({}),
  tls_disabled: boolean.default(false),
  public: boolean.default(false),
  server_type: oneOf(bayModelSchema.shape.serverType).default("vm"),
};

export const BAY_MODEL = {
  argument: "baymodel",
  schema: z.strictObject({
    ...both,
    keypair_id: reference,
    ssh_authorized_key: optional(text(1, limits.api.sshKeyChars)),
  }),
  readOnly: ["links", "created_at", "updated_at"],
} satisfies AttributeSet<z.ZodObject>;

export const CLUSTER_TEMPLATE = {
  argument: "cluster_template",
  schema: z.strictObject({
    ...both,
    keypair_id: optional(reference),
    fixed_subnet: optional(reference),
    insecure_registry: optional(reference),
    docker_storage_driver: optional(reference),
    master_lb_enabled: boolean.default(false),
    floating_ip_enabled: boolean.default(true),
    hidden: boolean.default(false),
    tags: optional(text(0, limits.api.nameChars)),
    driver: optional(reference),
  }),
  readOnly: ["links", "created_at", "updated_at", "project_id", "user_id"],
} satisfies AttributeSet<z.ZodObject>;

/** For patches: a model that was made without a key pair through the other generation stays without. */
export const PATCHED_BAY_MODEL = {
  ...BAY_MODEL,
  schema: BAY_MODEL.schema.extend({ keypair_id: optional(reference) }),
} satisfies AttributeSet<z.ZodObject>;

const KEPT = [
  "image_id",
  "network_driver",
  "external_network_id",
  "tls_disabled",
  "public",
  "server_type",
  "coe",
  "registry_enabled",
  "cluster_distro",
];

export const BAY_MODEL_PATCH: PatchRules = {
  internal: COMMON_INTERNAL,
  mandatory: [...KEPT, "keypair_id"],
  dicts: ["labels"],
};

export const CLUSTER_TEMPLATE_PATCH: PatchRules = {
  internal: COMMON_INTERNAL,
  mandatory: [...KEPT, "hidden"],
  dicts: ["labels"],
};

export type WireBayModel = z.output<typeof PATCHED_BAY_MODEL.schema> | z.output<typeof CLUSTER_TEMPLATE.schema>;

/** What the wire says, laid over what there is of the attributes that this generation does not know. */
export function attributesFromWire(wire: WireBayModel, rest: BayModelAttributes): BayModelAttributes {
  const said = Object.entries(NAMES).flatMap(([name, attribute]) => {
    const isSaid = name !== "cluster_distro" && Object.hasOwn(wire, name);
    return isSaid ? [[attribute, wire[name as keyof WireBayModel]] as const] : [];
  });
  return { ...rest, ...(Object.fromEntries(said) as Partial<BayModelAttributes>) };
}

/** The attributes of a set as a document that a patch changes. */
export function patchDocument(set: AttributeSet<z.ZodObject>, model: BayModel): JsonObject {
  const names = Object.keys(set.schema.shape).filter((name) => name !== "uuid");
  return Object.fromEntries(names.map((name) => [name, wireValue(model, name)]));
}

/** An attribute's value by its name on the wire. */
export function wireValue(model: BayModel, name: string): Json {
  return Object.hasOwn(NAMES, name) ? model[NAMES[name as keyof typeof NAMES]] : null;
}

/** Attributes that a generation does not know, when it makes a model. */
export const NEW_MODEL: BayModelAttributes = {
  name: null,
  coe: "kubernetes",
  serverType: "vm",
  clusterDistro: null,
  driver: null,
  imageId: "",
  keypairId: null,
  flavorId: null,
  masterFlavorId: null,
  dnsNameserver: null,
  externalNetworkId: null,
  fixedNetwork: null,
  fixedSubnet: null,
  networkDriver: null,
  volumeDriver: null,
  apiserverPort: null,
  dockerVolumeSizeGb: null,
  dockerStorageDriver: null,
  sshAuthorizedKey: null,
  httpProxy: null,
  httpsProxy: null,
  noProxy: null,
  registryEnabled: false,
  insecureRegistry: null,
  labels: {},
  tags: null,
  tlsDisabled: false,
  public: false,
  hidden: false,
  masterLbEnabled: false,
  floatingIpEnabled: true,
};
