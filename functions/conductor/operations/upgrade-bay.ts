/** What happens to a bay that is upgraded: it takes the newer model as its own, then its masters follow, then its workers. */
import { asSettled, isProvisional } from "@jeroboam/core/operation/provisional";
import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import { findBayModel } from "@jeroboam/core/bay-model/find-bay-model";
import { markBayModelUse, unmarkBayModelUse } from "@jeroboam/core/bay-model/use-mark";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { snapshotOf } from "@jeroboam/core/bay/bay";
import { UPGRADE } from "@jeroboam/core/bay/master-upgrade";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { hasSameLabels, upgradedLabels, upgradeInputSchema } from "@jeroboam/core/node-group/upgrade-input";
import type { ActiveRecord, OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { ended } from "./ended.ts";
import { changeHeldSpecification } from "./held-specification.ts";
import { bayStack, nodeLogin } from "./stack.ts";
import { requireHeld, specificationMissing } from "./stack-steps.ts";
import type { UpgradeSubject } from "./upgrade.ts";
import { upgradeSteps } from "./upgrade.ts";
import { upgradeMasters } from "./upgrade-masters.ts";

/** The bay is the newer model's from here on; the mark on the older one goes before what it stands for. */
const takeModel: Step<ConductorPorts, Bay> = {
  name: "take-model",
  async run(ports, record) {
    const { key, state: bay, operation } = record;
    const { table, stackPlans } = ports;
    const { bayModelId, scope } = upgradeInputSchema.parse(operation.input);
    const specification = await readSpecification(table, bay);
    if (!specification) return failed("the bay's specification is missing");
    const found = await findBayModel(table, { projectId: bay.projectId, allProjects: false }, bayModelId);
    const marked = found.kind === "found" && (await markBayModelUse(ports, found.model.state, { uuid: bay.uuid, key }));
    if (!marked) {
      await unmarkBayModelUse(table, { uuid: bayModelId }, bay);
      return failed(`cluster template ${bayModelId} is gone`);
    }
    const { model } = specification;
    if (model.uuid !== bayModelId) await removeMark(ports, record, model.uuid);
    const versionLabels = stackPlans.versionLabels(specification);
    await changeHeldSpecification(ports, record, ({ labels: present, mastersFollow, masterNames = [] }) => {
      const labels = upgradedLabels(present, marked.state.labels, versionLabels);
      // Once the labels are these, whoever is behind is known.
      const isNews = mastersFollow && scope !== "workers" && !hasSameLabels(present, labels);
      return { model: snapshotOf(marked.state), labels, ...(isNews && { mastersBehind: masterNames }) };
    });
    await settleMark(ports, record, bayModelId);
    return done({ bayModelId });
  },
};

/** The bay exists: its mark stays as long as it does. */
async function settleMark(ports: ConductorPorts, record: ActiveRecord<Bay>, bayModelId: string): Promise<void> {
  const mark = await ports.table.get(bayModelUseKey(bayModelId, record.state.uuid));
  if (!mark || !isProvisional(mark)) return;
  await requireHeld(record, ports);
  // Refused: somebody settled it just now.
  await ports.table.put({ ...asSettled(mark), revision: mark.revision + 1 }, { revision: mark.revision });
}

async function removeMark(ports: ConductorPorts, record: ActiveRecord<Bay>, bayModelId: string): Promise<void> {
  const mark = await ports.table.get(bayModelUseKey(bayModelId, record.state.uuid));
  if (!mark) return;
  await requireHeld(record, ports);
  await ports.table.remove(mark, mark.revision);
}

const subject: UpgradeSubject<Bay, BaySpecification> = {
  stack: bayStack,
  async planUpgrade(ports, bay, specification, stack) {
    const login = await nodeLogin(ports, bay, specification);
    if (!login) return { kind: "refused", reason: specificationMissing("the bay's") };
    return ports.stackPlans.planUpgrade(bay, specification, login, stack);
  },
  members: ({ stackPlans }, specification, { outputs }) => stackPlans.readOutputs(specification, outputs).workers ?? [],
  planRemoval: ({ stackPlans }, bay, specification, members) => stackPlans.planScaling(bay, specification, members),
  bayOf: ({ projectId, uuid }) => ({ projectId, bayUuid: uuid }),
};

export const upgradeBay: OperationDefinition<ConductorPorts, Bay> = {
  kind: UPGRADE,
  version: 2,
  steps: [takeModel, upgradeMasters, ...upgradeSteps(subject)],
  always: [],
  end: (bay, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", bay.status, outcome, nowMs) }),
};

/** As it was before masters were upgraded, for those that were begun then. */
export const upgradeWorkersOfBay: OperationDefinition<ConductorPorts, Bay> = {
  ...upgradeBay,
  version: 1,
  steps: [takeModel, ...upgradeSteps(subject)],
};
