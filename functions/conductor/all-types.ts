/** Everything that conductors work on, for those who do all of it. */
import type { RecordType } from "@jeroboam/core/operation/record";
import { DELIVERY_TYPES } from "./delivery-types.ts";
import type { ConductorPorts, DeliveryConductorPorts } from "./ports.ts";
import { RECORD_TYPES } from "./record-types.ts";

export type AllPorts = ConductorPorts & DeliveryConductorPorts;

export const ALL_TYPES: readonly RecordType<AllPorts, unknown>[] = [...RECORD_TYPES, ...DELIVERY_TYPES];
