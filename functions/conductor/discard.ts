/**
 * What is given back when something that was begun turns out never to have been accepted: an API function died before it
 * committed a bay or a node group. With the cold item the delegation it had obtained, of use to nobody; with the mark on
 * a bay's model, which it had set first of all, its place in the project's quota.
 */
import { isBayModelUse } from "@jeroboam/core/bay-model/bay-model";
import { bayOfSpecificationItem, bayOwner, delegationContext, specificationFromItem } from "@jeroboam/core/bay/bay";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import {
  groupDelegationContext,
  groupOfSpecificationItem,
  groupSpecificationFromItem,
} from "@jeroboam/core/node-group/node-group";
import { ownerOf } from "@jeroboam/core/operation/provisional";
import type { QuotaPorts } from "@jeroboam/core/quota/quota";
import { withdrawPlace } from "@jeroboam/core/quota/quota";
import type { Item } from "@jeroboam/core/table/table";
import type { Cloud } from "./ports.ts";

export interface DiscardPorts extends QuotaPorts {
  readonly cloud: Cloud;
}

export async function discardProvisional(ports: DiscardPorts, item: Item): Promise<void> {
  if (isBayModelUse(item)) {
    const { projectId, uuid } = bayOwner(ownerOf(item));
    await withdrawPlace(ports, { projectId, uuid, untilMs: Infinity });
  }
  const lent = lentBy(item);
  if (lent) await ports.cloud.revoke(lent.delegation, lent.context, new AbortController().signal);
}

/** The delegation in a bay's or a node group's cold item. */
function lentBy(item: Item): { readonly delegation: Delegation; readonly context: string } | undefined {
  const bay = bayOfSpecificationItem(item);
  if (bay !== undefined) {
    const { delegation } = specificationFromItem(item);
    return { delegation, context: delegationContext({ uuid: bay }) };
  }
  const group = groupOfSpecificationItem(item);
  if (group === undefined) return undefined;
  return { delegation: groupSpecificationFromItem(item).delegation, context: groupDelegationContext({ uuid: group }) };
}
