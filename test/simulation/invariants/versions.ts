import type { BaySpecification } from "@jeroboam/core/bay/bay";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupSpecificationKey } from "@jeroboam/core/node-group/node-group";
import { builtRecordOf, groupSpecificationOf, isBayRecord } from "../bay-record.ts";
import type { CloudStack } from "../cloud.ts";
import { stackOf } from "../cloud.ts";
import { isFollowing, workersOf } from "../members.ts";
import type { NodeState } from "../nodes.ts";
import type { World } from "../world.ts";
import { specificationOf, standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

const MARK = "master_upgrade";

export const versions: Invariant = {
  id: "I5 (versions)",
  says: "masters come to other versions one at a time, the first last, and workers after all of them; an upgrade that is complete has all there, one that failed says who is not",
  watch(world, broken) {
    const told = new Map<string, string>();
    /** Of upgrades of groups, what their bays were then. */
    const begun = new Map<string, string | undefined>();
    return {
      effected(effect) {
        if (effect.kind !== "create" && effect.kind !== "update") return;
        const { stack } = effect;
        if (!isFollowing(stack)) return;
        const uuid = textOf(stack.parameters["bay_uuid"]);
        const mark = stack.parameters[MARK];
        if (typeof mark === "string" && told.get(stack.id) !== mark) {
          told.set(stack.id, mark);
          const problem = tellingProblem(world, uuid, mark);
          if (problem !== undefined) broken(`a master of bay ${uuid} is told to come to other versions, ${problem}`);
        }
        const older = mastersOf(world, uuid).find(({ version }) => isOlder(version, versionOf(stack)));
        if (older) broken(`new workers of bay ${uuid} are ${versionOf(stack)}, and ${older.name} is ${older.version}`);
      },
      wrote(item, beforeItem) {
        const [is, was] = [builtRecordOf(item), builtRecordOf(beforeItem)];
        if (is && !isBayRecord(is) && is.operation?.kind === "upgrade" && is.operation.id !== was?.operation?.id)
          begun.set(is.operation.id, specificationOf(world, is.state.bayUuid)?.labels["kube_tag"]);
        if (!is || was?.operation?.kind !== "upgrade" || is.operation) return;
        if (!isBayRecord(is)) return expectGroup(is.state, was.operation.id);
        const { uuid, status, statusReason, bayModelId } = is.state;
        const specification = specificationOf(world, uuid);
        if (!specification) return;
        const [, failing] = /^(.*) did not come to /.exec(statusReason ?? "") ?? [];
        if (status === "UPDATE_FAILED" && failing !== undefined && failing !== specification.mastersBehind?.at(-1))
          broken(`the upgrade of bay ${uuid} failed by ${failing}, which it did not wait for`);
        if (status !== "UPDATE_COMPLETE") return;
        const { bayModelId: model, scope } = was.operation.input;
        if (bayModelId !== model || specification.model.uuid !== model)
          broken(`bay ${uuid} is upgraded to ${textOf(model)}, and names ${bayModelId}`);
        if (scope !== "workers") expectMasters(uuid, specification);
        if (scope !== "masters") expectWorkers(uuid, specification.labels);
      },
      rested() {
        for (const { uuid } of standingBays(world)) {
          const specification = specificationOf(world, uuid);
          if (specification?.mastersBehind?.length === 0) expectMasters(uuid, specification);
        }
      },
    };

    function expectGroup({ uuid, bayUuid, projectId, status }: NodeGroup, operation: string): void {
      const { pk, sk } = nodeGroupSpecificationKey(projectId, bayUuid, uuid);
      const item = world.items.get(`${pk} ${sk}`);
      if (!item || status !== "UPDATE_COMPLETE") return;
      const { labels } = groupSpecificationOf(item);
      expectWorkers(uuid, labels);
      // What its bay was all the while.
      const version = specificationOf(world, bayUuid)?.labels["kube_tag"];
      if (begun.get(operation) === version && labels["kube_tag"] !== version)
        broken(`group ${uuid} is upgraded to ${labels["kube_tag"]}, and its bay is ${version}`);
    }

    /** Of the bay itself, or of a group: none is left of what they were. */
    function expectWorkers(uuid: string, labels: BaySpecification["labels"]): void {
      const stack = stackOf(world.cloud, uuid);
      if (!stack || !isFollowing(stack) || world.lateCalls.has(uuid)) return;
      const version = labels["kube_tag"];
      if (versionOf(stack) !== version)
        broken(`${uuid} is upgraded to ${version}, and its stack is ${versionOf(stack)}`);
      const names = new Set(workersOf(stack).map(({ name }) => name));
      const nodes = [...world.nodes].flatMap(([key, node]) => (key.startsWith(`${stack.id} `) ? [node] : []));
      const other = nodes.find((node) => names.has(node.name) && node.version !== version);
      if (other) broken(`${uuid} is upgraded to ${version}, and ${other.name} is ${other.version}`);
    }

    function expectMasters(uuid: string, { labels, mastersBehind = [] }: BaySpecification): void {
      const version = labels["kube_tag"];
      if (mastersBehind.length > 0) broken(`bay ${uuid} is upgraded, and ${mastersBehind.join()} are still to come`);
      const other = mastersOf(world, uuid).find((master) => master.version !== version);
      if (other) broken(`bay ${uuid} is upgraded to ${version}, and ${other.name} is ${other.version}`);
    }
  },
};

/** All behind it in the order of their names must have come; it must not have been told for nothing. */
function tellingProblem(world: World, uuid: string, mark: string): string | undefined {
  const specification = specificationOf(world, uuid);
  const index = Number(mark.split(".")[1]);
  const version = specification?.labels["kube_tag"];
  const early = mastersOf(world, uuid).find((master) => indexOf(master) > index && master.version !== version);
  if (early) return `and ${early.name} has not come yet`;
  const behind = (specification?.mastersBehind ?? []).map((name) => Number(name.split("-").at(-1)));
  return behind.includes(index) ? undefined : "and it is not written down that it is behind";
}

function indexOf({ name }: NodeState): number {
  return Number(name.split("-").at(-1));
}

/** Those that have booted. */
function mastersOf({ nodes }: World, uuid: string): readonly NodeState[] {
  return [...nodes.values()].filter((node) => node.bayUuid === uuid && node.isMaster);
}

function versionOf({ parameters }: CloudStack): string {
  return textOf(parameters["kube_tag"]);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, "en", { numeric: true }) < 0;
}
