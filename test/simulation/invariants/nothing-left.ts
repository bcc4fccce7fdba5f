import { isCold } from "@jeroboam/core/bay/find-bay";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { Item } from "@jeroboam/core/table/table";
import { baySpecificationOf, groupSpecificationOf, isBayRecord, isGoing } from "../bay-record.ts";
import type { World } from "../world.ts";
import { standingBays } from "../world.ts";
import { bayIn } from "../cloud.ts";
import type { Invariant } from "./invariant.ts";

export const nothingLeft: Invariant = {
  id: "I3",
  says: "of a bay or node group that is gone nothing is left: no stack, trust, user, item or mark; no bay lacks its model",
  watch(world, broken) {
    const stored = new Set<string>();
    const lateUsers = new Set<string>();
    /** Of a bay that was given up: steps whose work is left undone, as was told. */
    const told = new Map<string, Set<string>>();
    const check = (): void => {
      if ([...lateUsers].some((name) => world.cloud.users.has(name))) world.gaps.add("late user");
      if ([...world.cloud.trusts.values()].some(({ sealedId }) => !stored.has(sealedId))) world.gaps.add("trust lost");
      for (const left of leftovers(world, stored, lateUsers, told)) broken(left);
      const models = new Set(
        [...world.items.values()].flatMap(({ pk, sk }) =>
          sk.startsWith("model#") ? [pk.slice("bay-model#".length)] : [],
        ),
      );
      for (const bay of standingBays(world))
        if (!models.has(bay.bayModelId)) broken(`the model of bay ${bay.uuid} was deleted`);
    };
    return {
      wrote(item) {
        const delegation = delegationIn(item);
        if (delegation?.kind === "trust") stored.add(delegation.sealedTrustId);
        const { type, data } = item.body as { type?: unknown; data?: { step?: string } };
        if (type !== "bay.abandon.left-behind" || data?.step === undefined) return;
        const uuid = bayIn(item.pk);
        told.set(uuid, (told.get(uuid) ?? new Set()).add(data.step));
      },
      effected(effect) {
        if (effect.kind === "user made" && isPast(world, bayIn(effect.name))) lateUsers.add(effect.name);
      },
      rested: check,
      emptied: check,
    };
  },
};

/** Of a bay's or a node group's specification. */
function delegationIn(item: Item): Delegation | undefined {
  if (isCold(item)) return baySpecificationOf(item).delegation;
  return item.sk.endsWith("#specification") ? groupSpecificationOf(item).delegation : undefined;
}

/** Nobody looks for users of the bay any more. */
function isPast({ history }: World, uuid: string): boolean {
  const record = history.current(uuid);
  return !record?.operation || (isGoing(record) && AFTER_USERS.includes(record.operation.step));
}
const AFTER_USERS = ["revoke-delegation", "remove-items"];

/** Whatever bears the uuid of a bay that is not there. Its history stays for a while, on purpose. */
function leftovers(
  { history, cloud, items }: World,
  stored: ReadonlySet<string>,
  late: ReadonlySet<string>,
  told: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const isGone = (text: string): boolean => {
    const uuid = bayIn(text);
    return uuid !== "" && history.current(uuid) === undefined;
  };
  /** Left in the cloud of a bay that was given up, and told. */
  const isTold = (text: string, steps: readonly string[]): boolean => {
    const uuid = bayIn(text);
    const bayUuid = bayOfGroup(history, uuid);
    const undone = told.get(bayUuid ?? uuid);
    return (bayUuid === undefined ? steps : ["remove-node-groups"]).some((step) => undone?.has(step) === true);
  };
  const kept = [...items.values()].filter(
    ({ pk, sk }) =>
      !sk.startsWith("~history#") &&
      (isBayItem(pk)
        ? isGone(pk) || (sk.includes("#bay-workers#") && isGone(sk))
        : sk.startsWith("use#") && isGone(sk)),
  );
  return [
    ...kept.map(({ pk, sk }) => `item ${pk} ${sk} is left`),
    ...[...cloud.stacks.values()]
      .filter(({ ownerUuid }) => isGone(ownerUuid) && !isTold(ownerUuid, ["ensure-stack-gone", "revoke-superseded"]))
      .map(({ id, name }) => `stack ${id} (${name}) is left`),
    ...[...cloud.trusts.values()]
      .filter(({ context, sealedId }) => isGone(context) && stored.has(sealedId))
      .filter(({ context }) => !isTold(context, ["revoke-delegation", "revoke-superseded"]))
      .map(({ id, context }) => `trust ${id} for ${context} is left`),
    ...[...cloud.users.keys()]
      .filter((name) => isGone(name) && !late.has(name) && !isTold(name, ["remove-node-credential"]))
      .map((name) => `user ${name} is left`),
  ];
}

function bayOfGroup({ groups }: World["history"], uuid: string): string | undefined {
  const record = groups.get(uuid)?.find((version) => version.record)?.record;
  return record && !isBayRecord(record) ? record.state.bayUuid : undefined;
}

function isBayItem(pk: string): boolean {
  return pk.startsWith("bay#");
}
