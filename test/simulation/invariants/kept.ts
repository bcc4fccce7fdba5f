import { specificationFromItem } from "@jeroboam/core/bay/bay";
import { isCold } from "@jeroboam/core/bay/find-bay";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import { bayRecordOf, isGoing } from "../bay-record.ts";
import type { Invariant } from "./invariant.ts";

export const kept: Invariant = {
  id: "I5 (kept)",
  says: "what is made once for a bay stays as it was made: its nodes' password, its specification",
  watch({ items, history }, broken) {
    return {
      wrote(item, before) {
        if (!before || !isCold(item)) return;
        const [is, was] = [specificationFromItem(item), specificationFromItem(before)];
        const password = was.nodeCredential?.passwordSealed;
        if (password !== undefined && password !== is.nodeCredential?.passwordSealed)
          broken(`the nodes' password of ${item.pk} was drawn anew`);
      },
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
      },
    };
  },
};
