import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import { bayRecordOf, isGoing } from "../bay-record.ts";
import { standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const kept: Invariant = {
  id: "I5 (kept)",
  says: "what is made once for a bay stays: its specification, and its mark on the model that it is of",
  watch(world, broken) {
    const { items, history } = world;
    return {
      removed(_key, before) {
        if (!isProvisional(before)) return;
        const { pk, sk } = before.body["provisionalFor"] as { pk: string; sk: string };
        const owner = bayRecordOf(items.get(`${pk} ${sk}`));
        if (owner && !isGoing(owner) && !owner.gone)
          broken(`${before.pk} ${before.sk} was taken away as provisional, and its bay is there`);
      },
      rested() {
        for (const [uuid, versions] of history.bays) {
          const last = versions.at(-1);
          if (last?.record && !last.record.gone && !last.visible) broken(`bay ${uuid} lacks its specification`);
        }
        for (const { uuid, bayModelId } of standingBays(world)) {
          const { pk, sk } = bayModelUseKey(bayModelId, uuid);
          const mark = items.get(`${pk} ${sk}`);
          if (!mark || isProvisional(mark)) broken(`bay ${uuid} has no lasting mark on its model ${bayModelId}`);
        }
      },
    };
  },
};
