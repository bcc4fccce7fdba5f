/** Renewing the credential of a bay's nodes, through the harness: one password, in Keystone and in every stack. */
import { expect } from "vitest";
import type { Cloud, ConductorPorts } from "@jeroboam/conductor/ports";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { BAY_DELETE } from "./bay-delete.ts";
import type { BayRun, BayWorld } from "./bay-world.ts";
import { bayOf, bayScenario, groupsOf } from "./bay-world.ts";
import { describeInterruption, describeOperationFaults, describePlainRun } from "./harness.ts";

/** Of a bay with one group: in its record, in Keystone, in each stack. */
async function expectOnePassword(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  expect(bay?.status).toBe("UPDATE_COMPLETE");
  const credential = bay && (await readSpecification(world.table, bay))?.nodeCredential;
  const password = await world.ports.sealer.open(credential?.passwordSealed ?? "", `bay/${bay?.uuid}/node-password`);
  expect([...world.users.values()]).toEqual([password]);
  expect([...world.stacks.values()].map(({ parameters }) => parameters["password"])).toEqual([password, password]);
}

const rotating = bayScenario(
  "renewing a credential",
  { stackMs: 1_500 },
  async (acts, _world, settle) => {
    await acts.create(1);
    await settle();
    await acts.addGroup();
    await settle();
    await acts.rotateCredential();
  },
  async (world) => {
    await expectOnePassword(world);
    const bay = await bayOf(world);
    // What was done to them is no drift.
    const [group] = await groupsOf(world);
    const { signal } = new AbortController();
    const listed = await world.ports.cloud.listStacks({ tag: "jeroboam" }, signal);
    expect(listed.kind === "page" && listed.stacks.map(({ seen }) => seen)).toEqual([
      bay?.stackSeen,
      group?.group.stackSeen,
    ]);
    // Nobody was made anew, and each stack was told once.
    expect(world.counts).toMatchObject({ creates: 2, updates: 2 });
  },
);
describeOperationFaults(rotating);
describeInterruption<ConductorPorts, BayRun>(rotating, BAY_DELETE);

describePlainRun(
  bayScenario(
    "resizing after a renewal that failed before the stacks were told",
    { stackMs: 1_500 },
    async (acts, world, settle) => {
      await acts.create(1);
      await settle();
      await acts.addGroup();
      await settle();
      const { cloud } = world.ports;
      const stacks = (): ReturnType<Cloud["stacks"]> => Promise.resolve({ kind: "refused", reason: "over quota" });
      Object.assign(world.ports, { cloud: { ...cloud, stacks } });
      await acts.rotateCredential();
      await settle();
      expect((await bayOf(world))?.status).toBe("UPDATE_FAILED");
      Object.assign(world.ports, { cloud });
      await acts.resize(2);
      await acts.resizeGroup(3);
    },
    // Nodes that come log in.
    expectOnePassword,
  ),
);
