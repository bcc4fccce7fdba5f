/**
 * How many records of a kind a project may have, exact under any number of writers: one item holds the uuids that are
 * counted, and a place in it is taken by one conditional write before the record is written. What was taken and never
 * used, or used by a record that went in another way (with its bay), is seen when the places are full: then each is looked
 * up. So at every moment there are at least as many places taken as there are records.
 */
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { findRecord } from "../operation/record-store.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { Clock } from "../ports.ts";
import type { Item, Key, Table } from "../table/table.ts";
import type { ProjectRecord, ProjectRecordShape } from "./project-record.ts";
import { deleteProjectRecord, listProjectRecords, projectRecordKey } from "./project-record.ts";

const placesSchema = z.object({ places: z.array(z.object({ uuid: z.string(), takenAtMs: z.number() })) });
type Places = z.infer<typeof placesSchema>["places"];

export interface PlacePorts {
  readonly table: Table;
  readonly clock: Clock;
}

export interface PlaceWish {
  readonly projectId: string;
  /** Of the record that is to be written. */
  readonly uuid: string;
  readonly most: number;
}

function placesKey({ type }: { readonly type: string }, projectId: string): Key {
  return { pk: `places#${type}#${projectId}`, sk: "places" };
}

/** Takes a place; one that the record has already is as good as taken. */
export async function takePlaceInProject<State extends ProjectRecord>(
  { table, clock }: PlacePorts,
  shape: ProjectRecordShape<State>,
  { projectId, uuid, most }: PlaceWish,
): Promise<"taken" | "full"> {
  const nowMs = clock.nowMs();
  for (let tries = 0; tries < limits.projectRecord.placeTries; tries += 1) {
    const item = await table.get(placesKey(shape, projectId));
    const counted = item ? placesSchema.parse(item.body).places : await present(table, shape, projectId, most);
    if (counted.some((place) => place.uuid === uuid)) return "taken";
    const kept = counted.length < most ? counted : await used(table, shape, projectId, counted, nowMs);
    if (kept.length >= most) return "full";
    const places = [...kept, { uuid, takenAtMs: nowMs }];
    const next = placesItem(placesKey(shape, projectId), places, item);
    if ((await table.put(next, item ? { revision: item.revision } : { absent: true })) === "written") return "taken";
  }
  throw new Transient(`the ${shape.type}s of project ${projectId} are being changed by others all the time`);
}

/** Takes the record away, and gives its place back. */
export async function deletePlacedRecord<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  record: WorkRecord<State>,
): Promise<"deleted" | "absent"> {
  const deleted = await deleteProjectRecord(table, shape, record);
  const { projectId, uuid } = record.state;
  const item = await table.get(placesKey(shape, projectId));
  if (item) {
    const places = placesSchema.parse(item.body).places.filter((place) => place.uuid !== uuid);
    // Refused: others are at it. The place is found to be free when there is no other.
    await table.put(placesItem(item, places, item), { revision: item.revision });
  }
  return deleted;
}

function placesItem({ pk, sk }: Key, places: Places, before: Item | undefined): Item {
  return { pk, sk, revision: (before?.revision ?? 0) + 1, body: { places }, indexes: {} };
}

/** Records that are older than the places. */
async function present<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  most: number,
): Promise<Places> {
  const listed = await listProjectRecords(table, shape, projectId, { limit: most, descending: false });
  const records = listed.kind === "page" ? listed.entries : [];
  return records.map(({ state: { uuid, createdAtMs } }) => ({ uuid, takenAtMs: createdAtMs }));
}

/** Those whose record is there, or may still be written. */
async function used<State extends ProjectRecord>(
  table: Table,
  shape: ProjectRecordShape<State>,
  projectId: string,
  places: Places,
  nowMs: number,
): Promise<Places> {
  const isUsed = await Promise.all(
    places.map(async ({ uuid, takenAtMs }) => {
      if (nowMs - takenAtMs < limits.projectRecord.placeUseMs) return true;
      return (await findRecord(table, shape, projectRecordKey(shape, projectId, uuid))) !== undefined;
    }),
  );
  return places.filter((_, index) => isUsed[index]);
}
