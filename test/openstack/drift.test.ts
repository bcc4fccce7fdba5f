/**
 * Hand-made drift on the real Heat: a stack that somebody deleted, one that somebody broke, one that bears our mark and is
 * of no bay, and a table restored from before the bays were deleted. Each is found by a round of the job `drift`, told to
 * the project, and leaves nothing behind. Heat lets nobody list all projects here, so each project is asked for its own.
 */
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stackName, stackTags } from "@jeroboam/coe/stack-name";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { bayShard } from "@jeroboam/core/bay/bay";
import { limits } from "@jeroboam/core/limits";
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { Heat } from "@jeroboam/core/openstack/heat";
import { openSqliteTable } from "@jeroboam/core/table/sqlite-table";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clearPlace } from "./bay-life.ts";
import { takeInventory } from "./inventory.ts";
import type { RunningJeroboam } from "./jeroboam.ts";
import { startJeroboam } from "./jeroboam.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labPlace } from "./lab-place.ts";
import type { Nodes } from "./nodes.ts";
import { startNodes } from "./nodes.ts";
import type { People } from "./people.ts";
import { openPeople } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { expectStatus, findBay, SMALL_MODEL } from "./place.ts";

const TEST_WITHIN_MS = 30 * 60_000;
const LOOK_EVERY_MS = 1_000;
const FAILURE = "the slave does not start";
const RECONCILE = "/actions/reconcile";

interface Job {
  readonly name: string;
  readonly state: string;
  readonly round: { readonly findings: readonly Finding[] } | null;
}
interface Finding {
  readonly what: string;
  readonly outcome: string;
  readonly bay_id: string | null;
}
interface Event {
  readonly type: string;
  readonly bay_uuid: string;
}

describe.skipIf(!isLabUp)("drift made by hand", { timeout: TEST_WITHIN_MS }, () => {
  const data = mkdtempSync(join(tmpdir(), "jeroboam-openstack-"));
  const backup = `${data}.backup`;
  let people: People;
  let jeroboam: RunningJeroboam;
  let nodes: Nodes;
  let demo: Place;
  let operator: Place;
  let heat: Heat;
  let before: Awaited<ReturnType<typeof takeInventory>>;
  let bays: readonly Bay[] = [];
  /** Of a stack that says it is this bay's. */
  let lost = "";

  beforeAll(async () => {
    people = openPeople(theLab());
    before = await takeInventory(people, "demo");
    jeroboam = await startJeroboam(theLab(), { data });
    nodes = await startNodes(people);
    demo = labPlace(people.person("demo", "demo"), nodes);
    operator = labPlace(people.person("admin", "admin"), nodes);
    heat = createHeat(demo.cloud);
  });

  afterAll(async () => {
    try {
      const left = lost === "" ? undefined : await heat.findStack(stackName({ uuid: lost, name: null }));
      if (left?.kind === "found") await heat.deleteStack({ name: left.value.stack_name, id: left.value.id });
      await clearPlace(demo);
    } finally {
      await nodes.stop();
      await jeroboam.stop();
      for (const folder of [data, backup]) rmSync(folder, { recursive: true, force: true });
    }
  });

  test("what was done to the stacks of bays is found, and told as the bays' status, reason and events", async () => {
    const [gone, broken] = await Promise.all([makeBay("gone"), makeBay("broken")]);
    bays = [gone, broken];
    await restart(() => cpSync(data, backup, { recursive: true }));
    const goneStack = await stackOf(gone);
    await heat.deleteStack(goneStack);
    demo.failNodes(broken.uuid, FAILURE);
    const change = { keepsExisting: true, parameters: { number_of_slaves: 2 }, disableRollback: true };
    expect(await heat.updateStack(await stackOf(broken), change)).toEqual({ kind: "accepted" });
    lost = await makeStackOfNoBay(broken);
    await until(async () => (await heat.getStack(goneStack)).kind === "missing");
    await until(async () => (await statusOf(broken)).endsWith("_FAILED"));

    const findings = await round();
    await until(async () => (await told("bay.drift.end")).length === 2);
    expect(await findBay(demo, gone.uuid)).toMatchObject({
      status: "CREATE_FAILED",
      status_reason: `Stack with id ${gone.stack_id} not found in Heat.`,
    });
    const { status, status_reason } = (await findBay(demo, broken.uuid)) ?? {};
    expect({ status, status_reason }).toEqual({
      status: "UPDATE_FAILED",
      status_reason: expect.stringContaining(FAILURE),
    });
    expect(findings).toContainEqual(expect.objectContaining({ what: "stack-unknown", outcome: "told", bay_id: lost }));
  });

  test("a stack of no bay stays until it was seen long before, and is told and removed then", async () => {
    const stack = await findLost();
    expect(stack?.stack_name).toBe(stackName({ uuid: lost, name: null }));
    await restart(async () => await ageSighting(stack?.id ?? ""), "stacks");
    await round();
    await until(async () => (await findLost()) === undefined);
    // The stream tells what it is sure that nothing comes before, a moment later.
    await until(async () => (await told("bay.drift.orphan")).length > 0);
    expect((await told("bay.drift.orphan")).map(({ bay_uuid }) => bay_uuid)).toEqual([lost]);
  });

  test("bays that a restored table still holds are told as failed, and can be deleted", async () => {
    await deleteAll();
    await restart(() => {
      rmSync(data, { recursive: true });
      cpSync(backup, data, { recursive: true });
    });
    expect((await Promise.all(bays.map(({ uuid }) => findBay(demo, uuid)))).map((bay) => bay?.status)).toEqual([
      "CREATE_COMPLETE",
      "CREATE_COMPLETE",
    ]);
    await round();
    await until(async () => (await told("bay.drift.end")).length === 2);
    for (const { uuid } of bays) {
      const { status, status_reason } = (await findBay(demo, uuid)) ?? {};
      expect({ status, status_reason }).toMatchObject({
        status: "CREATE_FAILED",
        status_reason: expect.stringMatching(/^Stack with id .* not found in Heat\.$/),
      });
    }
    await deleteAll();
  });

  test("nothing is left of it in the cloud", async () => {
    expect(await takeInventory(people, "demo")).toEqual(before);
  });

  async function makeBay(name: string): Promise<Bay> {
    const made = await expectStatus<{ uuid: string }>(201, demo.request("POST", "/baymodels", SMALL_MODEL));
    const { uuid } = await expectStatus<Bay>(201, demo.request("POST", "/bays", { name, baymodel_id: made.uuid }));
    const bay = await demo.settle(uuid);
    expect(bay?.status).toBe("CREATE_COMPLETE");
    if (!bay) throw new Error(`the bay ${name} is gone`);
    return bay;
  }

  async function deleteAll(): Promise<void> {
    for (const { uuid } of bays) await expectStatus(204, demo.request("DELETE", `/bays/${uuid}`));
    for (const { uuid } of bays) expect(await demo.settle(uuid)).toBeUndefined();
  }

  async function stackOf({ stack_id }: Bay): Promise<{ readonly name: string; readonly id: string }> {
    const found = await heat.findStack(stack_id ?? "");
    if (found.kind !== "found") throw new Error(`the stack ${stack_id} is ${found.kind}`);
    return { name: found.value.stack_name, id: found.value.id };
  }

  async function statusOf(bay: Bay): Promise<string> {
    const found = await heat.getStack(await stackOf(bay));
    return found.kind === "found" ? found.value.stack_status : found.kind;
  }

  /** As what a lost record leaves: ours by its tags and by its parameters, where a round looks for such. */
  async function makeStackOfNoBay(neighbour: Bay): Promise<string> {
    let uuid: string = randomUUID();
    while (bayShard(uuid) !== bayShard(neighbour.uuid)) uuid = randomUUID();
    const template = JSON.stringify({
      heat_template_version: "2018-08-31",
      parameters: { bay_uuid: { type: "string" } },
      resources: { nothing: { type: "OS::Heat::RandomString" } },
    });
    const made = await heat.createStack({
      name: stackName({ uuid, name: null }),
      template,
      files: {},
      parameters: { bay_uuid: uuid },
      tags: stackTags(uuid),
      disableRollback: true,
    });
    expect(made.kind).toBe("made");
    return uuid;
  }

  async function findLost() {
    const found = await heat.findStack(stackName({ uuid: lost, name: null }));
    return found.kind === "found" ? found.value : undefined;
  }

  /** A round from its beginning to its end; what it found. One that the schedule had begun is waited for. */
  async function round(): Promise<readonly Finding[]> {
    await until(async () => (await operator.request("POST", RECONCILE, { jobs: ["drift"] })).status === 202);
    for (;;) {
      const { jobs } = await expectStatus<{ jobs: readonly Job[] }>(200, operator.request("GET", RECONCILE));
      const drift = jobs.find(({ name }) => name === "drift");
      if (drift?.state === "waiting") return drift.round?.findings ?? [];
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function told(type: string): Promise<readonly Event[]> {
    const path = `/events?type=${type}`;
    return (await expectStatus<{ events: readonly Event[] }>(200, demo.request("GET", path))).events;
  }

  /** As if an hour had gone since a round saw it first. */
  async function ageSighting(stackId: string): Promise<void> {
    const table = openSqliteTable({ path: jeroboam.tablePath, clock: systemClock });
    try {
      const item = await table.get({ pk: "suspect#stack", sk: stackId });
      if (!item) throw new Error("no round has seen the stack");
      const firstSeenAtMs = Date.now() - limits.reconciliation.suspectAgeMs;
      const aged = { ...item, revision: item.revision + 1, body: { ...item.body, firstSeenAtMs } };
      expect(await table.put(aged, { revision: item.revision })).toBe("written");
    } finally {
      await table.close();
    }
  }

  /** Stops, does something to what is on the disk, and starts again. */
  async function restart(between: () => void | Promise<void>, removes?: "stacks"): Promise<void> {
    await jeroboam.stop();
    await between();
    jeroboam = await startJeroboam(theLab(), { data, ...(removes && { removes }) });
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await sleep(LOOK_EVERY_MS);
  }
});
