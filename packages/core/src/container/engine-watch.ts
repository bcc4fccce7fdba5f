/**
 * Who looks at a bay's engine, and when: one record a bay while it has container resources. By schedule a conductor
 * looks; in between anybody who is asked may claim a look, so that however many ask, a bay's engine is read once in a
 * while. Gone when nothing hangs on the bay any more.
 */
import { z } from "zod";
import { bayRecords, projectRecordKey } from "../listing/project-record.ts";
import { limits } from "../limits.ts";
import { withOperation } from "../operation/operation.ts";
import type { RecordShape, WorkRecord } from "../operation/record.ts";
import { changeRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { readRecord, writeRecord } from "../operation/record-write.ts";
import type { Clock } from "../ports.ts";
import type { Key } from "../table/table.ts";

const engineWatchSchema = z.object({
  bayUuid: z.string(),
  projectId: z.string(),
  /** Nobody need look before. */
  lookAgainAtMs: z.number(),
  /** Resources that hung on the bay when a conductor looked last. */
  count: z.number().int().default(0),
});
export type EngineWatch = z.infer<typeof engineWatchSchema>;

export const engineWatchShape: RecordShape<EngineWatch> = {
  type: "engine-watch",
  // Looking is nothing to tell anybody of.
  isSilent: true,
  schema: engineWatchSchema,
  indexes: (_key, { bayUuid }) => ({ type: { pk: bayRecords(bayUuid), sk: "engine-watch" } }),
};

export interface WatchedBay {
  readonly uuid: string;
  readonly projectId: string;
}

export interface WatchPorts extends StorePorts {
  readonly clock: Clock;
}

const keyOf = ({ projectId, uuid }: WatchedBay): Key => projectRecordKey(engineWatchShape, projectId, uuid);

/** Has a conductor look soon, and from then on by schedule. Begun anew each time, so that a watch that was just ending goes on. */
export async function askForLook(ports: WatchPorts, bay: WatchedBay): Promise<void> {
  const begin = (record: WorkRecord<EngineWatch>): WorkRecord<EngineWatch> => {
    const { clock, random } = ports;
    const request = { id: random.uuid(), kind: "watch", nowMs: clock.nowMs(), deadlineAtMs: Number.MAX_SAFE_INTEGER };
    return withOperation(engineWatchShape, record, request, {});
  };
  const key = keyOf(bay);
  for (let tries = 0; tries < limits.engine.commitRetries; tries += 1) {
    const changed = await changeRecord<EngineWatch, never>(ports, engineWatchShape, key, (record) => ({
      kind: "write",
      record: begin(record),
    }));
    if (changed.kind !== "absent") return;
    const state: EngineWatch = { bayUuid: bay.uuid, projectId: bay.projectId, lookAgainAtMs: 0, count: 0 };
    if ((await insertRecord(ports, engineWatchShape, begin(newRecord(key, state)))).kind === "inserted") return;
    // One on its way out is still there: whoever removes it is quick.
  }
}

/** Whether as many resources hang on the bay as are kept up to date: as of the last look, so a few more may slip in. */
export async function isFull(ports: Pick<WatchPorts, "table">, bay: WatchedBay): Promise<boolean> {
  const record = await readRecord(ports.table, engineWatchShape, keyOf(bay));
  return record !== undefined && record.state.count >= limits.container.ofBay;
}

/** Whether the one who asks is to look now; nobody else will for a while. */
export async function claimLook(ports: WatchPorts, bay: WatchedBay): Promise<boolean> {
  const nowMs = ports.clock.nowMs();
  const record = await readRecord(ports.table, engineWatchShape, keyOf(bay));
  if (!record) {
    await askForLook(ports, bay);
    return claimLook(ports, bay);
  }
  if (record.state.lookAgainAtMs > nowMs) return false;
  const state = { ...record.state, lookAgainAtMs: nowMs + limits.container.lookMs };
  return (await writeRecord(ports, engineWatchShape, { ...record, state })).kind === "written";
}

/** Lets an engine that is in trouble alone for a while: those who ask need not all wait for it. */
export async function postponeLook(ports: WatchPorts, bay: WatchedBay): Promise<void> {
  const lookAgainAtMs = ports.clock.nowMs() + limits.container.troubleMs;
  await changeRecord<EngineWatch, never>(ports, engineWatchShape, keyOf(bay), (record) => ({
    kind: "write",
    record: { ...record, state: { ...record.state, lookAgainAtMs } },
  }));
}
