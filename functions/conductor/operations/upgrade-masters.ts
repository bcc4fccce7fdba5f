/**
 * Masters come to the versions that the bay's labels name, one after the other (core's bay/master-upgrade.ts). Heat puts a
 * mark for one of them into the metadata of all, which touches none; that one sees it, asks our API for what to come to,
 * and says that it has and is well, or why it could not. Only then is the next one told. A failure ends the operation where
 * it is; the next one begins with the same master.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { masterMark, nextMaster, wordOf } from "@jeroboam/core/bay/master-upgrade";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { limits } from "@jeroboam/core/limits";
import { upgradeInputSchema } from "@jeroboam/core/node-group/upgrade-input";
import type { ActiveRecord, Step, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import { operationTag, specificationMissing } from "./stack-steps.ts";
import { tellStacks } from "./tell-stacks.ts";

/** The operation's note of the master that Heat has told, and since when. */
const TOLD = "toldMaster";

export const upgradeMasters: Step<ConductorPorts, Bay> = {
  name: "upgrade-masters",
  async run(ports, record, { signal }) {
    const { scope, upgradeId } = upgradeInputSchema.parse(record.operation.input);
    if (scope === "workers") return done();
    const specification = await readSpecification(ports.table, record.state);
    if (!specification) return failed(specificationMissing("the bay's"));
    const master = nextMaster(specification);
    if (master === undefined) return done();
    const word = await wordOf(ports.table, upgradeId, master);
    if (word?.failure !== undefined) return failed(failureOf(master, specification, word.failure));
    if (word) return markCome(ports, record, master);
    return await tellMaster(ports, record, specification, { master, upgradeId }, signal);
  },
};

async function markCome(ports: ConductorPorts, record: ActiveRecord<Bay>, master: string) {
  await changeHeldSpecification(ports, record, ({ mastersBehind = [] }) => ({
    mastersBehind: mastersBehind.filter((one) => one !== master),
  }));
  return again<Bay>(0);
}

async function tellMaster(
  ports: ConductorPorts,
  record: ActiveRecord<Bay>,
  specification: BaySpecification,
  { master, upgradeId }: { readonly master: string; readonly upgradeId: string },
  signal: AbortSignal,
): Promise<StepResult<Bay>> {
  const { lookMs, masterMs } = limits.upgrade;
  const nowMs = ports.clock.nowMs();
  const told = record.operation.notes[TOLD] as { readonly master: string; readonly atMs: number } | undefined;
  if (told?.master === master) {
    if (nowMs - told.atMs < masterMs) return again(lookMs);
    return failed(failureOf(master, specification, `it said nothing within ${masterMs / 60_000} minutes`));
  }
  const mark = masterMark(upgradeId, master);
  const { parameters } = ports.stackPlans.planMasterUpgrade(record.state, mark);
  const tag = `${operationTag({ id: upgradeId })}-master-${mark.slice(upgradeId.length + 1)}`;
  const telling = await tellStacks(ports, record, { specification, nodeGroups: [] }, { parameters, tag }, signal);
  return telling.kind === "done" ? again(lookMs, telling.changes, { [TOLD]: { master, atMs: nowMs } }) : telling;
}

function failureOf(master: string, { labels, mastersBehind = [] }: BaySpecification, why: string): string {
  const version = labels["kube_tag"] === undefined ? "its new versions" : labels["kube_tag"];
  const others = mastersBehind.length - 1;
  const waiting = others > 0 ? ` ${others} more still to come.` : "";
  return `${master} did not come to ${version}: ${why}.${waiting} Upgrade again to go on from there`;
}
