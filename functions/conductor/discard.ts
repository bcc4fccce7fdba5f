/**
 * What is given back when something that was begun turns out never to have been accepted: an API function died between
 * writing a bay's cold item and committing the bay. The delegation it had obtained is of use to nobody.
 */
import { bayOfSpecificationItem, delegationContext, specificationFromItem } from "@jeroboam/core/bay/bay";
import type { Item } from "@jeroboam/core/table/table";
import type { Cloud } from "./ports.ts";

export async function discardProvisional(cloud: Cloud, item: Item): Promise<void> {
  const uuid = bayOfSpecificationItem(item);
  if (uuid === undefined) return;
  const { delegation } = specificationFromItem(item);
  await cloud.revoke(delegation, delegationContext({ uuid }), new AbortController().signal);
}
