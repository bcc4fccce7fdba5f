/**
 * Container resources: pods, services, replication controllers and containers inside a bay, each a record of its own.
 * What the caller asked for is in the record from the start; what the engine says of the object is written over it by
 * whoever looks (packages/coe/src/containers). A record that is being deleted stands in no list and bears no name any more,
 * but still hangs on its bay. Manifests are no part of it: they are needed once, and kept apart (manifest-items.ts).
 */
import { z } from "zod";
import { coeSchema, creationKey } from "../bay-model/bay-model.ts";
import {
  bayRecords,
  projectRecordKey,
  projectRecordSchema,
  type ProjectRecordLookup,
} from "../listing/project-record.ts";
import { readIdent } from "../identity/ident.ts";
import { limits } from "../limits.ts";
import type { RecordShape, WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import type { ListPage, ListRequest } from "../listing/page.ts";
import { listPage } from "../listing/page.ts";
import { findRecord } from "../operation/record-store.ts";
import type { Page, Position, Table } from "../table/table.ts";

const texts = z.record(z.string(), z.string());

const resourceSchema = projectRecordSchema.extend({
  name: z.string().nullable(),
  bayUuid: z.string(),
  /** The engine had it at some time. */
  isMade: z.boolean(),
  isDeleting: z.boolean(),
  /** As its kind has words for it; services and replication controllers have none. */
  status: z.string().nullable(),
  /** What the engine says is wrong with it, or what is wrong with the engine. */
  statusReason: z.string().nullable(),
  /** Why the last operation failed; stands until the next one. */
  failure: z.string().nullable(),
});

export const podSchema = resourceSchema.extend({
  labels: texts,
  images: z.array(z.string()),
  desc: z.string().nullable(),
  host: z.string().nullable(),
});
export type Pod = z.infer<typeof podSchema>;

const servicePortSchema = z.object({
  name: z.string().nullable(),
  protocol: z.string(),
  port: z.number(),
  targetPort: z.union([z.number(), z.string()]).nullable(),
  nodePort: z.number().nullable(),
});

export const serviceSchema = resourceSchema.extend({
  labels: texts,
  selector: texts.nullable(),
  ip: z.string().nullable(),
  ports: z.array(servicePortSchema),
});
export type Service = z.infer<typeof serviceSchema>;

export const replicationControllerSchema = resourceSchema.extend({
  labels: texts,
  images: z.array(z.string()),
  /** How many pods there are; until it is made, how many there are to be. */
  replicas: z.number().int(),
});
export type ReplicationController = z.infer<typeof replicationControllerSchema>;

export const containerActionSchema = z.enum(["start", "stop", "reboot", "pause", "unpause"]);
export type ContainerAction = z.infer<typeof containerActionSchema>;

export const containerSchema = resourceSchema.extend({
  coe: coeSchema,
  image: z.string(),
  command: z.string().nullable(),
  /** As it was given: `512m`. */
  memory: z.string().nullable(),
  environment: texts,
  host: z.string().nullable(),
  /** Actions asked for, in their order; numbered from 1 for ever, so that one who asks and one who does cannot collide. */
  asked: z.array(z.object({ number: z.number().int(), action: containerActionSchema })),
  /** The number of the last action that was done. */
  doneNumber: z.number().int(),
});
export type Container = z.infer<typeof containerSchema>;

/** Each kind's state, by the word that its record type and its collection begin with. */
export interface ContainerResources {
  pod: Pod;
  service: Service;
  rc: ReplicationController;
  container: Container;
}
export type ResourceKind = keyof ContainerResources;
export type ContainerResource = ContainerResources[ResourceKind];
export type ResourceShape<State extends ContainerResource> = RecordShape<State>;

function resourceShape<State extends ContainerResource>(
  type: ResourceKind,
  schema: z.ZodType<State>,
): ResourceShape<State> {
  return {
    type,
    schema,
    indexes(_key, state) {
      const { projectId, bayUuid, name, isDeleting } = state;
      const created = creationKey(state);
      const hangsOn = { type: { pk: bayRecords(bayUuid), sk: `${type}#${created}` } };
      if (isDeleting) return hangsOn;
      return {
        ...hangsOn,
        project: { pk: `${type}#${projectId}`, sk: created },
        ...(name !== null && { name: { pk: `${type}#${name}`, sk: `${projectId}#${bayUuid}#${created}` } }),
      };
    },
  };
}

export const resourceShapes: { readonly [Kind in ResourceKind]: ResourceShape<ContainerResources[Kind]> } = {
  pod: resourceShape("pod", podSchema),
  service: resourceShape("service", serviceSchema),
  rc: resourceShape("rc", replicationControllerSchema),
  container: resourceShape("container", containerSchema),
};

/** By uuid or name, in the project and, where one is given, in the bay: names are there once in a bay. */
export async function findResource<State extends ContainerResource>(
  table: Table,
  shape: ResourceShape<State>,
  place: { readonly projectId: string; readonly bayUuid: string | undefined },
  ident: string,
): Promise<ProjectRecordLookup<State>> {
  const wanted = readIdent(ident);
  const isMeant = (record: WorkRecord<State> | undefined): record is WorkRecord<State> =>
    record !== undefined &&
    !record.state.isDeleting &&
    (place.bayUuid === undefined || record.state.bayUuid === place.bayUuid);
  switch (wanted.kind) {
    case "uuid": {
      const record = await findRecord(table, shape, projectRecordKey(shape, place.projectId, wanted.uuid));
      return isMeant(record) ? { kind: "found", record } : { kind: "absent" };
    }
    case "name": {
      const [record, ...others] = (await findNamed(table, shape, place, wanted.name)).filter(isMeant);
      if (others.length > 0) return { kind: "ambiguous" };
      return record ? { kind: "found", record } : { kind: "absent" };
    }
    default:
      return wanted satisfies never;
  }
}

/** Whether one of that name is in the bay, whatever the name looks like. */
export async function isNameTaken<State extends ContainerResource>(
  table: Table,
  shape: ResourceShape<State>,
  place: { readonly projectId: string; readonly bayUuid: string },
  name: string,
): Promise<boolean> {
  return (await findNamed(table, shape, place, name)).some(({ state }) => !state.isDeleting);
}

/** The index may lag: what it names is read again, and counts if it still bears the name. */
async function findNamed<State extends ContainerResource>(
  table: Table,
  shape: ResourceShape<State>,
  { projectId, bayUuid }: { readonly projectId: string; readonly bayUuid: string | undefined },
  name: string,
): Promise<readonly WorkRecord<State>[]> {
  const prefix = bayUuid === undefined ? `${projectId}#` : `${projectId}#${bayUuid}#`;
  const range = { prefix, limit: limits.projectRecord.sameName };
  const { items } = await table.queryIndex("name", `${shape.type}#${name}`, range);
  const read = await Promise.all(items.map(({ pk, sk }) => findRecord(table, shape, { pk, sk })));
  return read.filter((record) => record !== undefined).filter(({ state }) => state.name === name);
}

/** The resources of a kind that hang on a bay, by creation. */
export function listResources<State extends ContainerResource>(
  table: Table,
  shape: ResourceShape<State>,
  bay: { readonly projectId: string; readonly uuid: string },
  request: ListRequest<WorkRecord<State>>,
): Promise<ListPage<WorkRecord<State>>> {
  return listPage(
    {
      async find(uuid) {
        const record = await findRecord(table, shape, projectRecordKey(shape, bay.projectId, uuid));
        return record?.state.bayUuid === bay.uuid ? record : undefined;
      },
      read: (after, descending, wanted) => readOfBay(table, shape, bay.uuid, { after, descending, wanted }),
      uuidOf: ({ state }) => state.uuid,
    },
    request,
  );
}

interface Reading<State> {
  readonly after: WorkRecord<State> | undefined;
  readonly descending: boolean;
  readonly wanted: number;
}

async function* readOfBay<State extends ContainerResource>(
  table: Table,
  shape: ResourceShape<State>,
  bayUuid: string,
  { after, descending, wanted }: Reading<State>,
): AsyncGenerator<WorkRecord<State>> {
  const range = { prefix: `${shape.type}#`, limit: wanted, descending };
  let from: Position | undefined = after && { ...after.key, indexes: shape.indexes(after.key, after.state) };
  do {
    const page: Page = await table.queryIndex("type", bayRecords(bayUuid), from ? { ...range, after: from } : range);
    for (const item of page.items) {
      const record = recordFromItem(shape, item);
      if (!record.gone && !record.state.isDeleting) yield record;
    }
    from = page.next;
  } while (from);
}
