/** What those who deliver webhooks work on: apart from record-types.ts, so that they hold nothing of clouds and bays. */
import type { RecordType } from "@jeroboam/core/operation/record";
import type { Delivery } from "@jeroboam/core/webhook/delivery";
import { deliveryShape } from "@jeroboam/core/webhook/delivery";
import { deliver } from "./operations/deliver.ts";
import type { DeliveryConductorPorts } from "./ports.ts";

const deliveryType: RecordType<DeliveryConductorPorts, Delivery> = { ...deliveryShape, operations: [deliver] };

export const DELIVERY_TYPES: readonly RecordType<DeliveryConductorPorts, unknown>[] = [deliveryType];
