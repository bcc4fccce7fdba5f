/** Renewing the credential of a bay's nodes, through the harness: one password, in Keystone and in every stack. */
import { expect } from "vitest";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { BAY_DELETE } from "./bay-delete.ts";
import type { BayRun } from "./bay-world.ts";
import { bayOf, bayScenario, groupsOf } from "./bay-world.ts";
import { describeInterruption, describeOperationFaults } from "./harness.ts";

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
    const bay = await bayOf(world);
    expect(bay?.status).toBe("UPDATE_COMPLETE");
    const credential = bay && (await readSpecification(world.table, bay))?.nodeCredential;
    const password = await world.ports.sealer.open(credential?.passwordSealed ?? "", `bay/${bay?.uuid}/node-password`);
    expect([...world.users.values()]).toEqual([password]);
    expect([...world.stacks.values()].map(({ parameters }) => parameters["password"])).toEqual([password, password]);
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
