/** Nodes that go give their work to others first; of those that nobody named, the ones with least to do go. */
import { expect } from "vitest";
import type { ContainerEngine } from "@jeroboam/coe/engines/container-engine";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import type { BayActs, BayWorld } from "./bay-world.ts";
import { bayOf, bayScenario } from "./bay-world.ts";
import { describeOperationFaults } from "./harness.ts";

/** An engine whose nodes have this much to do, of which one piece leaves at each look. */
function withLoads(world: BayWorld, loads: Record<string, number>): Set<string> {
  const drained = new Set<string>();
  const engine = {
    listNodeLoads: () =>
      Promise.resolve({
        kind: "listed",
        objects: Object.entries(loads).map(([name, units]) => ({ name, units })),
      }),
    drainNode(name: string) {
      drained.add(name);
      const left = Math.max(0, (loads[name] ?? 0) - 1);
      loads[name] = left;
      return Promise.resolve(left > 0 ? { kind: "draining", left } : { kind: "drained" });
    },
  } as unknown as ContainerEngine;
  Object.assign(world.ports, { openEngine: () => Promise.resolve({ kind: "open", engine }) });
  return drained;
}

async function shrink(acts: BayActs, world: BayWorld, settle: () => Promise<void>): Promise<void> {
  await acts.create(3);
  await settle();
  drainedIn.set(world, withLoads(world, { "node-0": 5, "node-1": 2, "node-2": 9 }));
  await acts.resize(2);
}

const drainedIn = new WeakMap<BayWorld, Set<string>>();

describeOperationFaults(
  bayScenario("shrinking a bay whose engine says what nodes have to do", { stackMs: 1_500 }, shrink, async (world) => {
    const bay = await bayOf(world);
    expect(bay).toMatchObject({ status: "UPDATE_COMPLETE", nodeCount: 2 });
    const specification = bay && (await readSpecification(world.table, bay));
    expect(specification?.workers?.map(({ name }) => name)).toEqual(["node-0", "node-2"]);
    // None but the one that goes lost its work.
    expect([...(drainedIn.get(world) ?? [])]).toEqual(["node-1"]);
    expect(world.counts.updates).toBe(1);
  }),
);
