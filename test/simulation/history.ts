/**
 * Every version of every bay, as the table had it, with the steps between which it stood. By it one can tell whether an
 * answer was true at some moment between its question and itself.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { Key } from "@jeroboam/core/table/table";
import { bayRecordOf } from "./bay-record.ts";
import type { Watcher } from "./watch.ts";

/** A bay as readers may see it; absent: there is none for them. */
export interface Version {
  readonly sinceStep: number;
  readonly record: WorkRecord<Bay> | undefined;
  readonly visible: boolean;
}

export interface History extends Watcher {
  readonly bays: ReadonlyMap<string, readonly Version[]>;
  /** The bay's record as it stands. */
  current(uuid: string): WorkRecord<Bay> | undefined;
  /** Every version that stood at some moment between two steps. */
  between(uuid: string, fromStep: number, toStep: number): readonly Version[];
}

const BAY_KEY = /^bay#([0-9a-f-]{36})$/;

export function createHistory(steps: () => number): History {
  const bays = new Map<string, Version[]>();
  const cold = new Set<string>();

  const note = (uuid: string, record: WorkRecord<Bay> | undefined): void => {
    const versions = bays.get(uuid) ?? [];
    const visible = record !== undefined && !record.gone && cold.has(uuid);
    versions.push({ sinceStep: steps(), record, visible });
    bays.set(uuid, versions);
  };
  const current = (uuid: string): WorkRecord<Bay> | undefined => bays.get(uuid)?.at(-1)?.record;
  const isColdKey = ({ sk }: Key): boolean => sk.endsWith("#bay-specification");
  return {
    bays,
    current,
    between(uuid, fromStep, toStep) {
      const versions = bays.get(uuid) ?? [];
      return versions.filter(({ sinceStep }, at) => {
        const endsAt = versions[at + 1]?.sinceStep ?? Infinity;
        return sinceStep <= toStep && endsAt >= fromStep;
      });
    },
    wrote(item) {
      const uuid = BAY_KEY.exec(item.pk)?.[1];
      if (uuid === undefined) return;
      const record = bayRecordOf(item);
      if (record) note(uuid, record);
      else if (isColdKey(item) && !cold.has(uuid)) {
        cold.add(uuid);
        note(uuid, current(uuid));
      }
    },
    removed(key, before) {
      const uuid = BAY_KEY.exec(key.pk)?.[1];
      if (uuid === undefined) return;
      if (bayRecordOf(before)) note(uuid, undefined);
      else if (isColdKey(key)) {
        cold.delete(uuid);
        note(uuid, current(uuid));
      }
    },
  };
}
