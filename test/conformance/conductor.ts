/** A conductor for the containers of conformance worlds: the real operations, over the API's own table and engines. */
import type { FakePorts } from "@jeroboam/api/testing/fake-ports";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { Item } from "@jeroboam/core/table/table";

/** Containers need nothing of the cloud. */
function unused(name: string): never {
  return new Proxy(
    {},
    {
      get: () => {
        throw new Error(`the conductor of containers asks for ${name}`);
      },
    },
  ) as never;
}

const WORK = /^(pod|service|rc|container|engine-watch)#/;
const ROUNDS = 200;

/** Does all the work that containers have, but for the looks by schedule, which are done when `looks` is given. */
export async function conductContainers(ports: FakePorts, looks = false): Promise<void> {
  const conductor: ConductorPorts = {
    ...ports,
    publish: () => Promise.resolve(),
    discard: () => Promise.resolve(),
    cloud: unused("the cloud"),
    masterKey: unused("the master key"),
    stackPlans: unused("stacks"),
    certificates: unused("certificates"),
    reconciliation: unused("reconciliation"),
  };
  const engine = { ports: conductor, name: "conductor", types: RECORD_TYPES };
  const isWork = ({ pk, indexes }: Item): boolean =>
    indexes.due !== undefined && WORK.test(pk) && !pk.startsWith("engine-watch#");
  const isLook = ({ pk, indexes }: Item): boolean => indexes.due !== undefined && pk.startsWith("engine-watch#");
  for (let round = 0; round < ROUNDS; round += 1) {
    const [item] = ports.table.items().filter(isWork);
    if (!item) break;
    await conductAt(item);
  }
  if (looks) for (const item of ports.table.items().filter(isLook)) await conductAt(item);

  async function conductAt(item: Item): Promise<void> {
    const dueAtMs = Number.parseInt(item.indexes.due?.sk ?? "0", 10);
    ports.clock.advance(Math.max(0, dueAtMs - ports.clock.nowMs()));
    const budget = { endsAtMs: Infinity, signal: new AbortController().signal };
    await conduct(engine, { pk: item.pk, sk: item.sk }, budget);
  }
}
