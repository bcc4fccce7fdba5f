/** A bay's stack, by its bay type: what Heat is to build, what to change, what came of it. */
import { bayInput, groupSpec } from "@jeroboam/coe/bay-input";
import type { BaySettings } from "@jeroboam/coe/bay-input";
import type { BayType, NodeGroupType, Worker } from "@jeroboam/coe/bay-type";
import type { BayTypes } from "@jeroboam/coe/bay-types";
import { groupStackName, groupStackTags, stackName, stackTags } from "@jeroboam/coe/stack-name";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import { pinnedImages } from "./pinned-images.ts";
import type { NodeGroupPlans, NodeLogin, Stack, StackChange, StackPlan, StackPlans } from "./ports.ts";

/** The parameter that marks a stack as a bay's. */
const MARK = "bay_uuid";
const GROUP_MARK = "group_uuid";
/** What nodes log in by; bay types whose nodes do not log in have none. */
const PASSWORD = "trustee_password";

/** What nodes see in their metadata; bay types whose nodes do not look there have none, and are not asked. */
const ROTATION = "certificate_rotation";
const MASTER_UPGRADE = "master_upgrade";

export function createStackPlans(bayTypes: BayTypes, settings: BaySettings): StackPlans {
  return {
    nameOf: stackName,
    isOurs: (bay, stack) => stack.parameters[MARK] === bay.uuid,

    plan(bay, specification, credential, secret) {
      const completionUrl = `${settings.apiUrl}/callbacks/${secret}`;
      return planOf(bayTypeOf(bayTypes, specification), bay, specification, credential, completionUrl);
    },

    planScaling(bay, specification, workersToRemove) {
      const bayType = bayTypeOf(bayTypes, specification);
      // The parameters that follow from the count are those that another count would change.
      const wanted = planOf(bayType, bay, specification, SCALING_LOGIN).parameters;
      const other = planOf(bayType, { ...bay, nodeCount: bay.nodeCount + 1 }, specification, SCALING_LOGIN).parameters;
      const changed = Object.entries(wanted).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name]),
      );
      const removals = bayType.removalParameters(workersToRemove);
      return { parameters: { ...Object.fromEntries(changed), ...removals }, tags: stackTags(bay.uuid) };
    },

    planPassword(bay, specification, credential) {
      const { parameters } = planOf(bayTypeOf(bayTypes, specification), bay, specification, credential);
      const changed = Object.entries(parameters).filter(([name]) => name === PASSWORD);
      return { parameters: Object.fromEntries(changed), tags: stackTags(bay.uuid) };
    },

    planRotation: (bay, mark) => ({ parameters: { [ROTATION]: mark }, tags: stackTags(bay.uuid) }),

    planMasterUpgrade: (bay, mark) => ({ parameters: { [MASTER_UPGRADE]: mark }, tags: stackTags(bay.uuid) }),

    planUpgrade(bay, specification, credential, stack) {
      const bayType = bayTypeOf(bayTypes, specification);
      const plan = planOf(bayType, bay, specification, credential);
      const { workers } = bayType.readOutputs(stack.outputs, specification.model);
      return upgradeOf(plan, workers, stack);
    },

    versionLabels: (specification) => bayTypeOf(bayTypes, specification).upgrade?.versionLabels ?? [],

    readOutputs(specification, outputs) {
      const { tlsDisabled, apiserverPort } = specification.model;
      const read = bayTypeOf(bayTypes, specification).readOutputs(outputs, { tlsDisabled, apiserverPort });
      return {
        apiAddress: read.apiAddress ?? specification.apiAddress,
        nodeAddresses: [...(read.nodeAddresses ?? specification.nodeAddresses)],
        masterAddresses: [...(read.masterAddresses ?? specification.masterAddresses)],
        discoveryUrl: read.discoveryUrl ?? specification.discoveryUrl,
        workers: read.workers.map(toMember),
        ...(read.masterNames && { masterNames: [...read.masterNames] }),
      };
    },

    nodeGroups: createNodeGroupPlans(bayTypes, settings),
  };

  function planOf(
    bayType: BayType,
    bay: Bay,
    specification: BaySpecification,
    credential: NodeLogin,
    completionUrl: string | null = null,
  ): StackPlan {
    const { template, files, environment, parameters, tags, timeoutMinutes } = bayType.stackFor(
      bayInput(bay, specification, credential, settings, completionUrl),
    );
    return { template, files, environment, parameters, tags, timeoutMinutes };
  }
}

/**
 * The newer plan over the stack as it is: its image is that of new workers alone, for a server whose image changes is
 * built anew where it stands. Workers that are there keep theirs.
 */
function upgradeOf(plan: StackPlan, workers: readonly Worker[], stack: Stack): StackChange {
  const { server_image: newer, ...parameters } = plan.parameters;
  const present = stack.parameters["minion_image"] || stack.parameters["server_image"];
  const pinned = pinnedImages(stack);
  const pins = workers.map(({ index }) => [index, pinned[index] ?? textOf(present)] as const);
  const { template, files, environment, tags } = plan;
  return {
    template: { template, files, environment },
    parameters: { ...parameters, minion_image: textOf(newer), pinned_images: Object.fromEntries(pins) },
    tags,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Of a bay whose type has none there are no groups either: the API takes none. */
function createNodeGroupPlans(bayTypes: BayTypes, settings: BaySettings): NodeGroupPlans {
  const typeOf = (specification: BaySpecification): NodeGroupType => {
    const { name, nodeGroups } = bayTypeOf(bayTypes, specification);
    if (!nodeGroups) throw new Error(`bay type ${name} has no node groups`);
    return nodeGroups;
  };
  return {
    nameOf: groupStackName,
    isOurs: (group, stack) => stack.parameters[GROUP_MARK] === group.uuid,

    plan({ bay, specification, outputs }, own, credential) {
      const { delegation } = own.specification;
      const isServices = delegation.kind === "service";
      if (isServices && specification.delegation.kind !== "service" && specification.keypairId !== null)
        return {
          kind: "refused",
          reason: `key pair ${specification.keypairId} is of the cluster's owner, and the service's user, which acts for application credentials, has none of it: make the group by a token of theirs`,
        };
      // In whose name the group is built decides whose key pair its nodes get.
      const input = bayInput(bay, { ...specification, delegation }, credential, settings);
      const planned = typeOf(specification).stackFor(input, groupSpec(own), outputs);
      if (typeof planned === "string") return { kind: "refused", reason: planned };
      const { template, files, environment, parameters, tags, timeoutMinutes } = planned;
      return { template, files, environment, parameters, tags, timeoutMinutes };
    },

    planUpgrade(parent, own, credential, stack) {
      const plan = this.plan(parent, own, credential);
      if ("kind" in plan) return plan;
      return upgradeOf(plan, typeOf(parent.specification).readOutputs(stack.outputs).workers, stack);
    },

    planScaling(bay, own, workersToRemove) {
      const parameters = typeOf(bay).scalingParameters(groupSpec(own), workersToRemove);
      return { parameters, tags: groupStackTags(own.group) };
    },

    readOutputs(bay, outputs) {
      const { nodeAddresses, workers } = typeOf(bay).readOutputs(outputs);
      return { ...(nodeAddresses && { nodeAddresses: [...nodeAddresses] }), members: workers.map(toMember) };
    },
  };
}

function toMember({ index, serverId, name }: Worker): Member {
  return { index, serverId, name };
}

/** Stands in where the login does not matter: its parameters do not depend on the count. */
const SCALING_LOGIN: NodeLogin = { userId: "", domainId: "", userName: "", password: "" };

/** A bay of a type that is not installed any more cannot be worked on: that is for the operator to mend. */
function bayTypeOf(bayTypes: BayTypes, specification: BaySpecification): BayType {
  const bayType = bayTypes.byName(specification.bayType);
  if (!bayType) throw new Error(`bay type ${specification.bayType} is not installed`);
  return bayType;
}
