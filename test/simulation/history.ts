/**
 * Every version of every bay and node group, as the table had it, with the steps between which it stood. By it one can
 * tell whether an answer was true at some moment between its question and itself.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { groupOfSpecificationItem } from "@jeroboam/core/node-group/node-group";
import type { Key } from "@jeroboam/core/table/table";
import type { BuiltRecord } from "./bay-record.ts";
import { bayRecordOf, builtRecordOf } from "./bay-record.ts";
import type { Watcher } from "./watch.ts";

/** A record as readers may see it; absent: there is none for them. */
export interface Version<Built extends BuiltRecord = BuiltRecord> {
  readonly sinceStep: number;
  readonly record: Built | undefined;
  readonly visible: boolean;
}

export interface History extends Watcher {
  readonly bays: ReadonlyMap<string, readonly Version<WorkRecord<Bay>>[]>;
  readonly groups: ReadonlyMap<string, readonly Version[]>;
  /** The record of the bay or node group as it stands. */
  current(uuid: string): BuiltRecord | undefined;
  /** Every version that stood at some moment between two steps. */
  between(uuid: string, fromStep: number, toStep: number): readonly Version[];
}

const BAY_KEY = /^bay#([0-9a-f-]{36})$/;

export function createHistory(steps: () => number): History {
  const bays = new Map<string, Version<WorkRecord<Bay>>[]>();
  const groups = new Map<string, Version[]>();
  const cold = new Set<string>();

  const note = (uuid: string, record: WorkRecord<Bay> | undefined): void => {
    const versions = bays.get(uuid) ?? [];
    const visible = record !== undefined && !record.gone && cold.has(uuid);
    versions.push({ sinceStep: steps(), record, visible });
    bays.set(uuid, versions);
  };
  const noteGroup = (uuid: string, record: BuiltRecord | undefined): void => {
    const versions = groups.get(uuid) ?? [];
    versions.push({ sinceStep: steps(), record, visible: record?.gone === false && cold.has(uuid) });
    groups.set(uuid, versions);
  };
  /** A cold item came or went. */
  const noteCold = (key: Key, bayUuid: string, isThere: boolean): void => {
    const groupUuid = groupOfSpecificationItem(key);
    const uuid = key.sk.endsWith("#bay-specification") ? bayUuid : groupUuid;
    if (uuid === undefined || cold.has(uuid) === isThere) return;
    if (isThere) cold.add(uuid);
    else cold.delete(uuid);
    if (groupUuid === undefined) note(uuid, bays.get(uuid)?.at(-1)?.record);
    else noteGroup(uuid, groups.get(uuid)?.at(-1)?.record);
  };
  const versionsOf = (uuid: string): readonly Version[] => bays.get(uuid) ?? groups.get(uuid) ?? [];
  return {
    bays,
    groups,
    current: (uuid) => versionsOf(uuid).at(-1)?.record,
    between(uuid, fromStep, toStep) {
      const versions = versionsOf(uuid);
      return versions.filter(({ sinceStep }, at) => {
        const endsAt = versions[at + 1]?.sinceStep ?? Infinity;
        return sinceStep <= toStep && endsAt >= fromStep;
      });
    },
    wrote(item) {
      const uuid = BAY_KEY.exec(item.pk)?.[1];
      if (uuid === undefined) return;
      const record = bayRecordOf(item);
      const group = record ? undefined : builtRecordOf(item);
      if (record) note(uuid, record);
      else if (group) noteGroup(group.state.uuid, group);
      else noteCold(item, uuid, true);
    },
    removed(key, before) {
      const uuid = BAY_KEY.exec(key.pk)?.[1];
      if (uuid === undefined) return;
      const group = bayRecordOf(before) ? undefined : builtRecordOf(before);
      if (bayRecordOf(before)) note(uuid, undefined);
      else if (group) noteGroup(group.state.uuid, undefined);
      else noteCold(key, uuid, false);
    },
  };
}
