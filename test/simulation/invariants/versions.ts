import type { BaySpecification } from "@jeroboam/core/bay/bay";
import { bayRecordOf } from "../bay-record.ts";
import type { CloudStack } from "../cloud.ts";
import { isFollowing } from "../members.ts";
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
        const [is, was] = [bayRecordOf(item), bayRecordOf(beforeItem)];
        if (!is || was?.operation?.kind !== "upgrade" || is.operation) return;
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
      },
      rested() {
        for (const { uuid } of standingBays(world)) {
          const specification = specificationOf(world, uuid);
          if (specification?.mastersBehind?.length === 0) expectMasters(uuid, specification);
        }
      },
    };

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
