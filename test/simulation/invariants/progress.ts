import { builtRecordOf, isBayRecord } from "../bay-record.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** That all work ends once faults stop is checked by the run itself: it waits for it, so long and no longer. */
export const progress: Invariant = {
  id: "I6",
  says: "work has a due time as long as it is not done, and what happened is told in the end",
  watch(world, broken) {
    const begun = new Map<string, string>();
    /** Events that stood in an outbox, and whose. */
    const left = new Map<string, string>();
    return {
      wrote(item) {
        const record = builtRecordOf(item);
        if (!record) return;
        const hasWork = record.operation !== undefined || record.outbox.length > 0 || record.gone;
        if (hasWork && (record.dueAtMs === undefined || !item.indexes.due))
          broken(`${record.state.uuid} has work and is never due`);
        for (const { id } of record.outbox) left.set(id, record.state.uuid);
        if (record.operation) begun.set(record.operation.id, record.state.uuid);
      },
      rested() {
        const told = new Set<string>();
        const ids = new Set<string>();
        for (const { sk, body } of world.items.values()) {
          if (!sk.startsWith("~history#")) continue;
          const { id, data, type } = body as { id: string; data: { operation: string }; type: string };
          ids.add(id);
          told.add(`${data.operation} ${/\.(end|error)$/.test(type) ? "end" : type.split(".").at(-1)}`);
        }
        for (const [id, uuid] of left)
          if (!ids.has(id) && !isForgotten(world, uuid)) broken(`event ${id} of ${uuid} was never told`);
        for (const [operation, uuid] of begun) {
          if (isForgotten(world, uuid)) continue;
          if (!told.has(`${operation} start`)) broken(`the start of operation ${operation} of ${uuid} was never told`);
          const wasReplaced =
            !told.has(`${operation} end`) &&
            world.history.between(uuid, 0, Infinity).some((version, at, all) => {
              const next = all[at + 1]?.record;
              return version.record?.operation?.id === operation && next?.operation && next.operation.id !== operation;
            });
          if (!told.has(`${operation} end`) && !wasReplaced)
            broken(`the end of operation ${operation} of ${uuid} was never told`);
        }
      },
    };
  },
};

/** A node group of a bay that was given up, which goes as it is: what was left undone the bay's events tell. */
function isForgotten({ history }: World, uuid: string): boolean {
  const group = history.groups.get(uuid)?.find(({ record }) => record)?.record;
  if (!group || isBayRecord(group)) return false;
  return (history.bays.get(group.state.bayUuid) ?? []).some(({ record }) => record?.operation?.kind === "abandon");
}
