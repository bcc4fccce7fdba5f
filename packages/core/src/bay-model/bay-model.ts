/**
 * What a bay is made from. A cluster template is the same record seen through the newer API; the attributes are the
 * union of both generations (bay-era sheet 3.1, cluster sheet 7.2). Wire names stay in the API's views.
 */
import { z } from "zod";
import type { Key } from "../table/table.ts";
import type { RecordShape } from "../operation/record.ts";
import { shardOf, timeKey } from "../operation/record.ts";
import { limits } from "../limits.ts";

export const coeSchema = z.enum(["kubernetes", "swarm", "swarm-mode", "mesos"]);
export type Coe = z.infer<typeof coeSchema>;

const text = z.string().nullable();

export const bayModelSchema = z.object({
  uuid: z.string(),
  projectId: z.string(),
  userId: z.string(),
  name: text,
  coe: coeSchema,
  serverType: z.enum(["vm", "bm"]),
  /** From the image's `os_distro`; with the server type and the COE it decides the bay type. */
  clusterDistro: text,
  /** The bay type's name, when the owner chose one. */
  driver: text,
  imageId: z.string(),
  keypairId: text,
  flavorId: text,
  masterFlavorId: text,
  dnsNameserver: text,
  externalNetworkId: text,
  fixedNetwork: text,
  fixedSubnet: text,
  networkDriver: text,
  volumeDriver: text,
  apiserverPort: z.number().int().nullable(),
  dockerVolumeSizeGb: z.number().int().nullable(),
  dockerStorageDriver: text,
  sshAuthorizedKey: text,
  httpProxy: text,
  httpsProxy: text,
  noProxy: text,
  registryEnabled: z.boolean(),
  insecureRegistry: text,
  labels: z.record(z.string(), z.string()),
  tags: text,
  tlsDisabled: z.boolean(),
  public: z.boolean(),
  hidden: z.boolean(),
  masterLbEnabled: z.boolean(),
  floatingIpEnabled: z.boolean(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
  /** Since when a delete looks whether bays use it: no new bay may, unless that delete died (limits.bayModel). */
  deletingSinceMs: z.number().nullable(),
});

export type BayModel = z.infer<typeof bayModelSchema>;

/** The project is in the key: another project's private model is not found by construction. */
export function bayModelKey(projectId: string, uuid: string): Key {
  return { pk: bayModelPartition(uuid), sk: `${BAY_MODEL_PREFIX}${projectId}` };
}

/** Before the project, so that a public model is found by its uuid alone. */
export const BAY_MODEL_PREFIX = "model#";

/** Everything about one model: itself, and a mark for each bay that uses it. */
export function bayModelPartition(uuid: string): string {
  return `bay-model#${uuid}`;
}

/** The mark that a bay uses a model, in the model's own partition so that one strong read tells. */
export function bayModelUseKey(bayModelId: string, bayId: string): Key {
  return { pk: bayModelPartition(bayModelId), sk: `${BAY_MODEL_USE_PREFIX}${bayId}` };
}

export const BAY_MODEL_USE_PREFIX = "use#";

export function isBayModelUse({ pk, sk }: Key): boolean {
  return pk.startsWith(bayModelPartition("")) && sk.startsWith(BAY_MODEL_USE_PREFIX);
}

/** Partitions of the type index: what everybody may use stands in one of its own, the others are sharded. */
export const PUBLIC_BAY_MODELS = "bay-model#public";

export function privateBayModelShards(): readonly string[] {
  return Array.from({ length: limits.engine.typeShards }, (_, shard) => `bay-model#private#${shard}`);
}

export function projectBayModels(projectId: string): string {
  return `bay-model#${projectId}`;
}

/** Partition of the name index: all models of a name; within it a project's own, and those that everybody may use. */
export function namedBayModels(name: string): string {
  return `bay-model#${name}`;
}

export function ownNames(projectId: string): string {
  return `own#${projectId}#`;
}

export const PUBLIC_NAMES = "public#";

/** Everybody may find and use it. */
export function isShared(model: Pick<BayModel, "public" | "hidden">): boolean {
  return model.public && !model.hidden;
}

/** Lists go by creation, then uuid. */
export function creationKey(record: { readonly createdAtMs: number; readonly uuid: string }): string {
  return `${timeKey(record.createdAtMs)}#${record.uuid}`;
}

/** Models have no operations: their changes are single writes. */
export const bayModelShape: RecordShape<BayModel> = {
  type: "bay-model",
  schema: bayModelSchema,
  indexes(key, model) {
    const created = creationKey(model);
    const shard = shardOf(key.pk, limits.engine.typeShards);
    return {
      project: { pk: projectBayModels(model.projectId), sk: created },
      type: { pk: isShared(model) ? PUBLIC_BAY_MODELS : `bay-model#private#${shard}`, sk: created },
      ...(model.name !== null && {
        name: {
          pk: namedBayModels(model.name),
          sk: `${isShared(model) ? PUBLIC_NAMES : ownNames(model.projectId)}${created}`,
        },
      }),
    };
  },
};
