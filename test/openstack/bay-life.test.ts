/**
 * A bay of every bay type, from its creation to its deletion, by the real heat-engine: through our API with a real token,
 * by the trust that the API obtains, with nodes that signal as their boot scripts do. The same life is lived on the
 * sandbox, and both Heats must tell the same of it at every stage. Prints a row a bay type: the seconds of each change,
 * and how often Jeroboam called Heat for it all.
 */
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAsAutoscaler } from "./autoscaler.ts";
import { clearPlace, FAILURE, liveBay } from "./bay-life.ts";
import { takeInventory } from "./inventory.ts";
import type { RunningJeroboam } from "./jeroboam.ts";
import { startJeroboam } from "./jeroboam.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labPlace } from "./lab-place.ts";
import type { Nodes } from "./nodes.ts";
import { startNodes } from "./nodes.ts";
import type { People } from "./people.ts";
import { ask, openPeople } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { sandboxPlace } from "./sandbox-place.ts";

const LIFE_WITHIN_MS = 40 * 60_000;
/** Whose nodes boot from volumes of their own, and keep containers on others; no other bay here has volumes. */
const VOLUMES = {
  type: "k8s_ubuntu_v1",
  model: { docker_volume_size: 7, labels: { boot_volume_size: "11" } },
  // Of a master and two workers, which alone run a project's containers.
  inUse: ["11 GB", "11 GB", "11 GB", "7 GB", "7 GB"],
};

describe.skipIf(!isLabUp)("bays on real OpenStack", () => {
  let people: People;
  let jeroboam: RunningJeroboam;
  let nodes: Nodes;
  let lab: Place;
  let before: Awaited<ReturnType<typeof takeInventory>>;
  const rows: Record<string, Readonly<Record<string, number>>> = {};

  beforeAll(async () => {
    people = openPeople(theLab());
    before = await takeInventory(people, "demo");
    jeroboam = await startJeroboam(theLab());
    nodes = await startNodes(people);
    lab = labPlace(people.person("demo", "demo"), nodes);
  });

  afterAll(async () => {
    if (Object.keys(rows).length > 0) console.table(rows);
    try {
      await clearPlace(lab);
    } finally {
      await nodes.stop();
      await jeroboam.stop();
    }
  }, LIFE_WITHIN_MS);

  test.concurrent.for(seedBayTypes(fileTemplates()))(
    "$name: created, scaled out, scaled in, failed on purpose, deleted",
    { timeout: LIFE_WITHIN_MS },
    async (bayType, { expect }) => {
      const model = bayType.name === VOLUMES.type ? { model: VOLUMES.model } : {};
      const { uuid, seconds, stages } = await liveBay(lab, bayType, {
        ...model,
        async whenGrown(bay) {
          if (bayType.coe === "kubernetes") await expectAutoscalerToSeeNodes(bay);
          if (bayType.name === VOLUMES.type) expect((await volumesInUse()).toSorted()).toEqual(VOLUMES.inUse);
        },
      });
      rows[bayType.name] = { ...seconds, "Heat calls": jeroboam.heatCalls(uuid) };

      const [created, grown, shrunk, failed] = [
        stages.created.bay,
        stages.grown.bay,
        stages.shrunk.bay,
        stages.failed.bay,
      ];
      expect(created.master_addresses).toHaveLength(1);
      expect(created.node_addresses).toHaveLength(1);
      expect(created.api_address).toMatch(/172\.24\.\d+\.\d+/);
      expect(grown.node_addresses).toHaveLength(2);
      expect(grown.node_addresses).toEqual(expect.arrayContaining([...created.node_addresses]));
      expect(shrunk.node_addresses).toHaveLength(1);
      expect(grown.node_addresses).toEqual(expect.arrayContaining([...shrunk.node_addresses]));
      expect(failed.status_reason).toContain("node_config_deployment");
      expect(failed.status_reason).toContain(FAILURE);
      // A master, a node, the one more, and the one that failed.
      expect(nodes.of(uuid)).toHaveLength(4);

      const told = (await liveBay(await sandboxPlace(), bayType, model)).stages;
      for (const stage of ["created", "grown", "shrunk", "failed"] as const) {
        expect(stages[stage].picture, stage).toEqual(told[stage].picture);
      }
    },
  );

  test("nothing is left of them in the cloud", async () => {
    expect(await takeInventory(people, "demo")).toEqual(before);
  });

  async function volumesInUse(): Promise<readonly string[]> {
    const request = { method: "GET", path: "/volumes/detail", query: { status: "in-use" } } as const;
    const { volumes } = await ask<{ volumes: readonly { size: number }[] }>(lab.cloud, "block-storage", request);
    return volumes.map(({ size }) => `${size} GB`);
  }

  async function expectAutoscalerToSeeNodes(bay: Bay): Promise<void> {
    const seen = await readAsAutoscaler(lab.cloud, bay.stack_id);
    expect(seen.map(({ name, status }) => `${name} ${status}`)).toEqual(["0 UPDATE_COMPLETE", "1 CREATE_COMPLETE"]);
    for (const { serverId, resources } of seen) {
      expect(serverId).toMatch(/^[0-9a-f-]{36}$/);
      expect(resources["kube-minion"]).toMatch(/_COMPLETE$/);
      expect(resources.node_config_deployment).toMatch(/_COMPLETE$/);
    }
  }
});
