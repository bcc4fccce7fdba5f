/**
 * What is given back when something that was begun turns out never to have been accepted: an API function died before it
 * committed the bay. With the bay's cold item the delegation it had obtained, of use to nobody; with the mark on its
 * model, which it had set first of all, its place in the project's quota.
 */
import { isBayModelUse } from "@jeroboam/core/bay-model/bay-model";
import { bayOfSpecificationItem, bayOwner, delegationContext, specificationFromItem } from "@jeroboam/core/bay/bay";
import { ownerOf } from "@jeroboam/core/operation/provisional";
import type { QuotaPorts } from "@jeroboam/core/quota/quota";
import { releasePlace } from "@jeroboam/core/quota/quota";
import type { Item } from "@jeroboam/core/table/table";
import type { Cloud } from "./ports.ts";

export interface DiscardPorts extends QuotaPorts {
  readonly cloud: Cloud;
}

export async function discardProvisional(ports: DiscardPorts, item: Item): Promise<void> {
  if (isBayModelUse(item)) {
    const { projectId, uuid } = bayOwner(ownerOf(item));
    await releasePlace(ports, projectId, uuid);
  }
  const uuid = bayOfSpecificationItem(item);
  if (uuid === undefined) return;
  const { delegation } = specificationFromItem(item);
  await ports.cloud.revoke(delegation, delegationContext({ uuid }), new AbortController().signal);
}
