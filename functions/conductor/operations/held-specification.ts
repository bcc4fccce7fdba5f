/**
 * Changing a bay's cold item as long as the record is held. What an operation writes there decides what later ones find:
 * a conductor that slept past its lease may wake when another operation is at work, whose phase, password or model it
 * would put back or lead on.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import type { ActiveRecord } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { requireHeld } from "./stack-steps.ts";

/** As changeSpecification; throws where the lease has ended. What changes nothing needs no lease. */
export function changeHeldSpecification(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  change: (specification: BaySpecification) => Partial<BaySpecification>,
): Promise<BaySpecification | undefined> {
  return changeSpecification(ports.table, record.state, async (current) => {
    const changes = change(current);
    if (Object.keys(changes).length > 0) await requireHeld(record, ports);
    return changes;
  });
}
