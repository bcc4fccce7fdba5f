/** Time that passes in a world at rest otherwise: a conductor does what falls due, when it does. */
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { Item } from "@jeroboam/core/table/table";
import type { BayWorld } from "./bay-world.ts";

/** `ports`: the conductor's, where they are not the world's own. */
export async function passTime(world: BayWorld, ms: number, ports: ConductorPorts = world.ports): Promise<void> {
  const endMs = world.clock.nowMs() + ms;
  for (;;) {
    const due = world.table.items().filter(({ indexes }) => indexes.due !== undefined);
    const [next] = due.toSorted((one, other) => dueAt(one) - dueAt(other));
    if (!next || dueAt(next) > endMs) break;
    world.clock.advance(Math.max(0, dueAt(next) - world.clock.nowMs()));
    const budget = { endsAtMs: Infinity, signal: new AbortController().signal };
    await conduct({ ports, name: "conductor", types: RECORD_TYPES }, next, budget);
  }
  world.clock.advance(endMs - world.clock.nowMs());
}

const dueAt = (item: Item): number => Number(item.indexes.due?.sk.slice(0, 15));
