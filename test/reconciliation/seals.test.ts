/** Another master key takes over without a pause: the job wraps the data keys anew, and then the old key may go. */
import { limits } from "@jeroboam/core/limits";
import { createMemoryMasterKey } from "@jeroboam/core/secret/memory-master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { expect, test } from "vitest";
import { bayOf } from "../faults/bay-world.ts";
import { settledWorld } from "./settled-world.ts";

/** A world whose bay is sealed by real data keys, and a process that ran before all that follows. */
async function sealedWorld() {
  const { world, acts, round } = await settledWorld();
  const masterKey = createMemoryMasterKey();
  const process = () => createSecrets({ table: world.table, masterKey, clock: world.clock });
  const running = process();
  Object.assign(world.ports, { masterKey, sealer: running.sealer });
  return { world, acts, round, masterKey, running, process };
}

test("after a rotation a round wraps every data key anew; the old key can go, and everything opens", async () => {
  const { round, masterKey, running, process } = await sealedWorld();
  const projects = Array.from({ length: limits.reconciliation.pageItems + 3 }, (_, nth) => `project-${nth}`);
  const sealed = await Promise.all(
    projects.map((project) => running.sealer.seal(`secret of ${project}`, "c", project)),
  );
  const webhook = await running.webhookSealer.seal("signing key", "w", "project-0");
  const all = projects.length + 1;
  expect((await round("seals")).counts).toEqual({ "data-keys": all, "wrapped-by-first": all });

  masterKey.use("second");
  const late = await running.sealer.seal("late", "c", "project-late");
  const dry = await round("seals", true);
  expect(dry.counts).toMatchObject({ "wrapped-by-first": all, "wrapped-by-second": 1, "data-key-of-old-key": all });
  expect(dry.findings.every(({ outcome }) => outcome === "would")).toBe(true);

  expect((await round("seals")).counts).toEqual({
    "data-keys": all + 1,
    "wrapped-by-second": all + 1,
    "data-key-rewrapped": all,
  });
  masterKey.remove("first");
  for (const { sealer, webhookSealer } of [running, process()]) {
    for (const [nth, text] of sealed.entries()) expect(await sealer.open(text, "c")).toBe(`secret of project-${nth}`);
    expect(await sealer.open(late, "c")).toBe("late");
    expect(await webhookSealer.open(webhook, "w")).toBe("signing key");
  }
});

test("a bay that is being made while the key is rotated comes to its end, and its trust still opens", async () => {
  const { world, acts, round, masterKey, process } = await sealedWorld();
  await acts.resize(3);
  masterKey.use("second");
  // The round comes to rest only when the bay's operation has, too.
  await round("seals");
  expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
  masterKey.remove("first");
  world.ports = Object.assign(world.ports, { sealer: process().sealer });
  expect((await round("seals")).counts["wrapped-by-first"]).toBeUndefined();
});
