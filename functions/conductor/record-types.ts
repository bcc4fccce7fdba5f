/** The types of records that conductors work on, each with its operations. */
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayShape } from "@jeroboam/core/bay/bay";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { RecordType } from "@jeroboam/core/operation/record";
import { releasePlace } from "@jeroboam/core/quota/quota";
import type { Webhook } from "@jeroboam/core/webhook/webhook";
import { webhookShape } from "@jeroboam/core/webhook/webhook";
import { abandonBay } from "./operations/abandon-bay.ts";
import { healthWatchType } from "./operations/check-health.ts";
import { createBay } from "./operations/create-bay.ts";
import { deleteBay } from "./operations/delete-bay.ts";
import { createNodeGroup, deleteNodeGroup, updateNodeGroup, upgradeNodeGroup } from "./operations/node-group.ts";
import { markNodeGroup } from "./operations/mark-nodes.ts";
import { observeBay, observeNodeGroup } from "./operations/observe-stack.ts";
import { recreateBay } from "./operations/recreate-bay.ts";
import { containerType } from "./operations/resources/container.ts";
import { manifestedType } from "./operations/resources/manifested.ts";
import { engineWatchType } from "./operations/resources/watch.ts";
import { jobType } from "./operations/run-job.ts";
import { rotateAuthority } from "./operations/rotate-authority.ts";
import { rotateCredential } from "./operations/rotate-credential.ts";
import { updateBay } from "./operations/update-bay.ts";
import { upgradeBay, upgradeWorkersOfBay } from "./operations/upgrade-bay.ts";
import type { ConductorPorts } from "./ports.ts";

const nodeGroupType: RecordType<ConductorPorts, NodeGroup> = {
  ...nodeGroupShape,
  operations: [createNodeGroup, updateNodeGroup, upgradeNodeGroup, markNodeGroup, observeNodeGroup, deleteNodeGroup],
};

const bayType: RecordType<ConductorPorts, Bay> = {
  ...bayShape,
  operations: [
    createBay,
    recreateBay,
    updateBay,
    upgradeBay,
    upgradeWorkersOfBay,
    rotateCredential,
    rotateAuthority,
    observeBay,
    deleteBay,
    abandonBay,
  ],
  // Not a moment sooner: a place is for a bay that anybody can see.
  beforeRemoval: (ports, { state: bay }) => releasePlace(ports, bay.projectId, bay.uuid),
};

/** A webhook has no operations; conductors tell its events. */
const webhookType: RecordType<ConductorPorts, Webhook> = { ...webhookShape, operations: [] };

export const RECORD_TYPES: readonly RecordType<ConductorPorts, unknown>[] = [
  bayType,
  nodeGroupType,
  manifestedType("pod"),
  manifestedType("service"),
  manifestedType("rc"),
  containerType,
  engineWatchType,
  healthWatchType,
  jobType,
  webhookType,
];
