/**
 * Labels and taints of a group's nodes follow their record: those that run are asked of the bay's engine, a few at a time; new
 * ones register with theirs, for Heat is told with the next change of the group's stack.
 */
import { describeUnsupported } from "@jeroboam/coe/engines/capabilities";
import { changeGroupSpecification, readGroupSpecification } from "@jeroboam/core/node-group/group-specification-store";
import { marksInputSchema, NOTHING_STALE, takeMarks } from "@jeroboam/core/node-group/node-marks";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../ports.ts";
import { ended } from "./ended.ts";
import { openBay } from "./resources/bay-engine.ts";
import { specificationMissing } from "./stack-steps.ts";

type GroupStep = Step<ConductorPorts, NodeGroup>;

/** Done again it changes nothing: what is taken already leaves what is stale as it is. */
const keepMarks: GroupStep = {
  name: "keep-marks",
  async run({ table }, { state: group, operation }) {
    const wanted = marksInputSchema.parse(operation.input);
    const kept = await changeGroupSpecification(table, group, (current) => takeMarks(current, wanted));
    return kept ? done() : failed(specificationMissing("the node group's"));
  },
};

const markNodes: GroupStep = {
  name: "mark-nodes",
  async run(ports, { state: group, operation }, { signal }) {
    const specification = await readGroupSpecification(ports.table, group);
    if (!specification) return failed(specificationMissing("the node group's"));
    const opened = await openBay(ports, group);
    if (opened.kind === "gone") return failed("the cluster is being deleted");
    if (opened.kind === "closed") throw new Transient(opened.reason);
    const { nodeLabels, nodeTaints, staleMarks = NOTHING_STALE, members } = specification;
    const names = members.flatMap(({ name }) => name ?? []).toSorted();
    const from = Number(operation.notes["marked"] ?? 0);
    const now = names.slice(from, from + limits.nodeGroup.markedAtOnce);
    for (const name of now) {
      const marked = await opened.engine.markNode(
        name,
        { labels: nodeLabels, taints: nodeTaints, stale: staleMarks },
        signal,
      );
      if (marked.kind === "unreachable") throw new Transient(marked.reason);
      if (marked.kind === "unsupported") return failed(describeUnsupported(marked));
      if (marked.kind === "refused") return failed(`node ${name}: ${marked.reason}`);
    }
    const marked = from + now.length;
    return marked < names.length ? again(0, {}, { marked }) : done();
  },
};

const forgetStale: GroupStep = {
  name: "forget-stale",
  async run({ table }, { state: group }) {
    await changeGroupSpecification(table, group, () => ({ staleMarks: NOTHING_STALE }));
    return done();
  },
};

export const markNodeGroup: OperationDefinition<ConductorPorts, NodeGroup> = {
  kind: "mark",
  version: 1,
  steps: [keepMarks, markNodes, forgetStale],
  always: [],
  end: (group, outcome, nowMs) => ({ kind: "kept", changes: ended("UPDATE", group.status, outcome, nowMs) }),
};
