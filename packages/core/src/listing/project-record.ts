/**
 * Records that a project owns and that stand for themselves: found by uuid or by name, listed by creation, all in the
 * same way. Those that hang on a bay stand in a list of that bay too, so that it can take them along when it goes. What
 * a record holds besides is left to its type.
 */
import { z } from "zod";
import { bayKey } from "../bay/bay.ts";
import { creationKey } from "../bay-model/bay-model.ts";
import { Transient } from "../errors.ts";
import { readIdent } from "../identity/ident.ts";
import { limits } from "../limits.ts";
import type { RecordShape, WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import { findRecord } from "../operation/record-store.ts";
import type { Key, Table } from "../table/table.ts";
import { readInOrder } from "./ordered-items.ts";
import type { ListPage, ListRequest } from "./page.ts";
import { listPage } from "./page.ts";

/** What every such record holds. */
export const projectRecordSchema = z.object({
  uuid: z.string(),
  projectId: z.string(),
  userId: z.string(),
  createdAtMs: z.number(),
  updatedAtMs: z.number().nullable(),
});

export interface ProjectRecord extends z.infer<typeof projectRecordSchema> {
  readonly name?: string | null;
  /** The bay it hangs on. */
  readonly bayUuid?: string;
}

export type ProjectRecordShape<State extends ProjectRecord> = RecordShape<State>;

export function projectRecordShape<State extends ProjectRecord>(
  type: string,
  schema: z.ZodType<State>,
): ProjectRecordShape<State> {
  return {
    type,
    schema,
    bayOf: ({ projectId, bayUuid, uuid }) =>
      bayUuid === undefined ? undefined : { key: bayKey(projectId, bayUuid), uuid },
    indexes(_key, state) {
      const { projectId, name, bayUuid } = state;
      const created = creationKey(state);
      return {
        project: { pk: `${type}#${projectId}`, sk: created },
        ...(typeof name === "string" && { name: { pk: `${type}#${name}`, sk: `${projectId}#${created}` } }),
        ...(bayUuid !== undefined && { type: { pk: bayRecords(bayUuid), sk: `${type}#${created}` } }),
      };
    },
  };
}

/** The project is in the key: another project's record is not found by construction. */
export function projectRecordKey({ type }: Pick<RecordShape<never>, "type">, projectId: string, uuid: string): Key {
  return { pk: `${type}#${uuid}`, sk: `${projectId}#${type}` };
}

/** Partition of the type index: everything that hangs on a bay, by type and creation. */
export function bayRecords(bayUuid: string): string {
  return `of-bay#${bayUuid}`;
}

export type ProjectRecordLookup<State> =
  | { readonly kind: "found"; readonly record: WorkRecord<State> }
  | { readonly kind: "absent" }
  /** Several bear the name: only a uuid can tell which is meant. */
  | { readonly kind: "ambiguous" };

export async function findProjectRecord<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  ident: string,
): Promise<ProjectRecordLookup<State>> {
  const wanted = readIdent(ident);
  switch (wanted.kind) {
    case "uuid": {
      const record = await findRecord(table, shape, projectRecordKey(shape, projectId, wanted.uuid));
      return record ? { kind: "found", record } : { kind: "absent" };
    }
    case "name":
      return findByName(table, shape, projectId, wanted.name);
    default:
      return wanted satisfies never;
  }
}

/** The index may lag: what it names is read again, and counts if it still bears the name. */
async function findByName<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  name: string,
): Promise<ProjectRecordLookup<State>> {
  const range = { prefix: `${projectId}#`, limit: limits.projectRecord.sameName };
  const { items } = await table.queryIndex("name", `${shape.type}#${name}`, range);
  const read = await Promise.all(items.map(({ pk, sk }) => findRecord(table, shape, { pk, sk })));
  const [record, ...others] = read.filter((one) => one !== undefined && one.state.name === name);
  if (others.length > 0) return { kind: "ambiguous" };
  return record ? { kind: "found", record } : { kind: "absent" };
}

export function listProjectRecords<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  request: ListRequest<WorkRecord<State>>,
): Promise<ListPage<WorkRecord<State>>> {
  return listPage(
    {
      find: (uuid) => findRecord(table, shape, projectRecordKey(shape, projectId, uuid)),
      read: (after, descending, wanted) => readRecords(table, shape, projectId, { after, descending, wanted }),
      uuidOf: ({ state }) => state.uuid,
    },
    request,
  );
}

async function* readRecords<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  { after, descending, wanted }: { after: WorkRecord<State> | undefined; descending: boolean; wanted: number },
): AsyncGenerator<WorkRecord<State>> {
  const range = {
    ...(after && { after: { ...after.key, indexSk: creationKey(after.state) } }),
    descending,
    pageItems: wanted,
  };
  const partition = { index: "project", pk: `${shape.type}#${projectId}` } as const;
  for await (const item of readInOrder(table, [partition], range)) yield recordFromItem(shape, item);
}

/** Takes a record away that nothing goes on with. */
export async function deleteProjectRecord<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  record: WorkRecord<State>,
): Promise<"deleted" | "absent"> {
  let current: WorkRecord<State> | undefined = record;
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    if (!current) return "absent";
    if ((await table.remove(current.key, current.revision)) === "written") return "deleted";
    current = await findRecord(table, shape, record.key);
  }
  throw new Transient(`${shape.type} ${record.state.uuid} is being changed by others all the time`);
}
