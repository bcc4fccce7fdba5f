import type { Bay } from "@jeroboam/core/bay/bay";
import { isCold } from "@jeroboam/core/bay/find-bay";
import type { Item } from "@jeroboam/core/table/table";
import { baySpecificationOf, builtRecordOf, isBayRecord } from "../bay-record.ts";
import type { CloudStack } from "../cloud.ts";
import { ownersOf, stackOf } from "../cloud.ts";
import type { World } from "../world.ts";
import { isRobbed, standingBays, standingGroups } from "../world.ts";
import type { Invariant } from "./invariant.ts";

const SKEW_MS = 21 * 60_000;

export const trueStatus: Invariant = {
  id: "I4 (truth)",
  says: "a status is true: complete means built as asked, failed means that something outside made it fail",
  watch(world, broken) {
    /** What had been done to a bay when its creation was tried again. */
    const blowsBefore = new Map<string, number>();
    return {
      wrote(item, before) {
        const [is, was] = [builtRecordOf(item), builtRecordOf(before)];
        if (!is || !was) return;
        const { state, operation } = is;
        const blows = world.blows.get(state.uuid) ?? [];
        if (operation?.kind === "recreate" && operation.id !== was.operation?.id)
          blowsBefore.set(state.uuid, blows.length);
        if (state.status.endsWith("_COMPLETE") && was.state.status !== state.status) {
          const stack = stackOf(world.cloud, state.uuid);
          if (!stack && !isRobbed(world, state.uuid)) broken(`${state.uuid} is ${state.status} without a stack`);
          const isRepeated = world.lateCalls.has(state.uuid) || isToldByBay(world, stack);
          if (stack && !isRepeated && (!world.cloud.isSettled(stack) || stack.fails !== undefined))
            broken(`${state.uuid} is ${state.status} before its stack is`);
        }
        if (!state.status.endsWith("_FAILED") || was.state.status === state.status) return;
        const reason = state.statusReason ?? "";
        const isLate = reason.startsWith("timed out after");
        if (isLate && (was.operation?.deadlineAtMs ?? Infinity) > world.scheduler.clock.nowMs() + SKEW_MS)
          broken(`${state.uuid} timed out before its time`);
        if (isLate && wasReady(world, state)) broken(`${state.uuid} timed out, and its stack was ready all the time`);
        const isOfBay = !isBayRecord(is) && reason.startsWith("the cluster");
        // A creation that is tried again fails by what was done since, or by what lasts.
        const since = state.status === "CREATE_FAILED" ? (blowsBefore.get(state.uuid) ?? 0) : 0;
        const isStruckAnew = since === 0 || blows.length > since || blows.some((blow) => LASTING.includes(blow));
        if (!isLate && !isOfBay && !(isStruckAnew && isStruck(world, state.uuid)))
          broken(`${state.uuid} is ${state.status} for nothing: ${reason}`);
        if (reason === "") broken(`${state.uuid} is ${state.status} and says not why`);
      },
      rested() {
        for (const bay of standingBays(world)) {
          const problem = problemOf(world, bay);
          if (problem) broken(`bay ${bay.uuid} is ${bay.status}, ${problem}`);
        }
        for (const group of standingGroups(world)) {
          const problem = stackProblemOf(world, group);
          if (problem) broken(`node group ${group.uuid} is ${group.status}, ${problem}`);
        }
      },
    };
  },
};

/** Itself, or of a bay a group of its: what is told all stacks fails with one of them. */
function isStruck({ blows, history }: World, uuid: string): boolean {
  if (blows.has(uuid)) return true;
  return [...history.groups].some(([group, versions]) => {
    const record = versions.findLast((version) => version.record !== undefined)?.record;
    return record !== undefined && !isBayRecord(record) && record.state.bayUuid === uuid && blows.has(group);
  });
}

/** A group's stack, which its bay has told something since: what came of that its bay's status says. */
function isToldByBay({ history }: World, stack: CloudStack | undefined): boolean {
  const [, bay] = stack ? ownersOf(stack) : [];
  const operations = bay === undefined ? [] : (history.bays.get(bay) ?? []).map(({ record }) => record?.operation?.id);
  return operations.some((id) => id !== undefined && stack?.tags.some((tag) => tag.includes(id)));
}

/** A creation that is tried again fails by these again. */
const LASTING = ["stack of the same name", "trust revoked"];

/** What is true of a bay and of a node group alike. */
type Built = Pick<Bay, "uuid" | "status" | "nodeCount">;

/** Ready for so long, with nothing in the way, that whoever looked must have seen it. */
const PLAIN_TO_SEE_MS = 10 * 60_000;

function wasReady(world: World, bay: Built): boolean {
  const stack = stackOf(world.cloud, bay.uuid);
  const { cloud } = world;
  // What all stacks of a bay are told waits for each of its groups'.
  if ([...cloud.stacks.values()].some((one) => ownersOf(one).includes(bay.uuid) && !cloud.isSettled(one))) return false;
  if (!stack || stack.fails !== undefined || world.calmForMs() < PLAIN_TO_SEE_MS) return false;
  // Where clocks differ, a poll may come later than it should by that much.
  if (world.faults.conditions.has("clocks skewed")) return false;
  return bay.status !== "DELETE_FAILED" && stack.endsAtMs + PLAIN_TO_SEE_MS < world.scheduler.clock.nowMs();
}

function stackProblemOf(world: World, built: Built): string | undefined {
  if (built.status.endsWith("_IN_PROGRESS")) return "at rest";
  const stack = stackOf(world.cloud, built.uuid);
  if (!built.status.endsWith("_COMPLETE") || !stack) return undefined;
  if (isToldByBay(world, stack)) return undefined;
  const isLate = world.lateCalls.has(built.uuid);
  if (!(world.cloud.isSettled(stack) || isLate) || stack.fails !== undefined) return "but its stack is not";
  const { number_of_minions: minions } = stack.parameters;
  // What was under way to Heat since before the last resize: "late call" counts it as a known gap.
  return minions === built.nodeCount || isLate
    ? undefined
    : `of ${built.nodeCount} nodes, and its stack has ${String(minions)}`;
}

function problemOf(world: World, bay: Bay): string | undefined {
  const { cloud, items, blows, lateCalls } = world;
  const problem = stackProblemOf(world, bay);
  const stack = stackOf(world.cloud, bay.uuid);
  if (problem !== undefined || !bay.status.endsWith("_COMPLETE") || !stack) return problem;
  const password = stack.parameters["trustee_password"];
  const login = [...cloud.users].find(([name]) => name.includes(bay.uuid));
  if (login && password !== undefined && login[1] !== password) return "and its nodes cannot log in";
  const cold = [...items.values()].find((item) => item.pk === `bay#${bay.uuid}` && isCold(item));
  if (!cold) return "without a specification";
  if (blows.get(bay.uuid)?.includes("trust revoked") !== true && !hasTrust(cloud, bay)) return "and its trust is gone";
  return specificationProblem(cold, bay, lateCalls.has(bay.uuid));
}

function specificationProblem(cold: Item, bay: Bay, isLate: boolean): string | undefined {
  const { nodeAddresses, certificates, nodeCredential } = baySpecificationOf(cold);
  // The addresses follow what a late call made of the stack, the count only where the stack lists its workers.
  if (nodeAddresses.length !== bay.nodeCount && !isLate)
    return `with ${nodeAddresses.length} addresses of ${bay.nodeCount} nodes`;
  if (!certificates || !nodeCredential?.user) return "without certificates or a login for its nodes";
  return cold.indexes.due || "provisionalFor" in cold.body ? "and its specification may be swept away" : undefined;
}

function hasTrust({ trusts }: World["cloud"], bay: Bay): boolean {
  return [...trusts.values()].some(({ context }) => context.includes(bay.uuid));
}
