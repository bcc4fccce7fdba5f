import { ROTATION_PHASES } from "@jeroboam/core/certificate/rotation";
import type { BuiltRecord } from "../bay-record.ts";
import { isGoing } from "../bay-record.ts";
import type { CloudStack } from "../cloud.ts";
import { ownersOf } from "../cloud.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** Deletes of one stack by one operation: more, and it does not know when to give up. */
const DELETES_MOST = 6;

export const singleEffects: Invariant = {
  id: "I5",
  says: "each effect outside happens once, or its repetition changes nothing; what is over has none any more",
  watch(world, broken) {
    const created = new Map<string, number>();
    const deletes = new Map<string, number>();
    const applied = new Map<string, string>();
    const sent = new Map<string, number>();
    /** When the latest of what was done to each stack was sent, by its id. */
    const latest = new Map<string, number>();
    return {
      effected(effect) {
        if ("stack" in effect && effect.stack.ownerUuid === "")
          return broken(`${effect.kind} of the stack ${effect.stack.name}, which is somebody else's`);
        if (effect.kind === "create") {
          const { ownerUuid } = effect.stack;
          const count = (created.get(ownerUuid) ?? 0) + 1;
          created.set(ownerUuid, count);
          const robbed = (world.blows.get(ownerUuid) ?? []).filter((blow) => blow === "stack removed by hand").length;
          if (count > 1 + robbed + attempts(world, ownerUuid))
            broken(`the stack of bay ${ownerUuid} was made ${count} times`);
        }
        if (effect.kind === "create" || effect.kind === "update") {
          const problem = staleness(world, effect.stack);
          const wasItsOwn = ownersOf(effect.stack)
            .flatMap((uuid) => world.history.between(uuid, effect.sentAt, effect.sentAt))
            .some(({ record }) => isTagOf(operationTagOf(effect.stack), record));
          const owner = world.history.current(effect.stack.ownerUuid);
          // Sent in time, and under way until it was too late.
          // A creation that is tried again is lent a trust of its own, which its delete ends before anything else.
          const mayBeLate = owner && (effect.kind === "update" || !isGoing(owner));
          if (problem && wasItsOwn && mayBeLate) {
            world.lateCalls.add(effect.stack.ownerUuid);
            if (effect.changed) world.gaps.add("late call");
          } else if (problem) broken(`${effect.kind} of ${effect.stack.name} ${problem}`);
        }
        if (effect.kind === "delete" && effect.changed) {
          const id = world.history.current(effect.stack.ownerUuid)?.operation?.id ?? "none";
          const count = (deletes.get(id) ?? 0) + 1;
          deletes.set(id, count);
          if (count > DELETES_MOST) broken(`the stack of bay ${effect.stack.ownerUuid} was deleted ${count} times`);
        }
        if (effect.kind === "update") {
          const { stack } = effect;
          // What is told all stacks of a bay bears one tag; a stack that was resized since may be told it again.
          const told = operationTagOf(stack) ?? "";
          const nodes = isOfPhase(told) ? `, ${String(stack.parameters["number_of_minions"])} nodes` : "";
          const tag = `${told} of ${stack.id}${nodes}`;
          const parameters = JSON.stringify(stack.parameters);
          // The network sent one request again: Heat is at work once more on what was done, and nobody of ours asked it.
          if (sent.get(tag) === effect.sentAt) {
            world.lateCalls.add(stack.ownerUuid);
            world.gaps.add("late call");
          }
          // Taken for lost, sent again, and so Heat is at work once more on what is as it should be.
          const mayBeLost = world.faults.struck.length > 0;
          if (mayBeLost && !effect.changed && applied.has(tag)) world.lateCalls.add(stack.ownerUuid);
          // Who sent it slept on the way, and has been overtaken by whoever went on.
          const isOvertaken = effect.sentAt < (latest.get(stack.id) ?? 0);
          latest.set(stack.id, Math.max(effect.sentAt, latest.get(stack.id) ?? 0));
          if (isOvertaken) {
            world.lateCalls.add(stack.ownerUuid);
            world.gaps.add("late call");
            return;
          }
          if ((applied.get(tag) ?? parameters) !== parameters)
            broken(`update ${tag} was done twice, each time otherwise`);
          applied.set(tag, parameters);
          sent.set(tag, effect.sentAt);
        }
      },
    };
  },
};

/** What was done by an operation that is not the bay's any more. */
function staleness({ history }: World, stack: CloudStack): string | undefined {
  const record = history.current(stack.ownerUuid);
  if (!record) return "was done for a bay that is not there";
  const tag = operationTagOf(stack);
  // A delete that has only just been asked for ends the delegation first: until then the one before may still act.
  const isJustGoing = (one: BuiltRecord | undefined): boolean =>
    one !== undefined && isGoing(one) && ["", "give-up", "revoke-superseded"].includes(one.operation?.step ?? "");
  if (ownersOf(stack).some((uuid) => isJustGoing(history.current(uuid)))) return undefined;
  const isAtWork = ownersOf(stack).some((uuid) => isTagOf(tag, history.current(uuid)));
  return isAtWork ? undefined : "was done by an operation that is over";
}

/** An upgrade's is kept when a resize comes into it. An operation that does several things with a stack says behind its id which. */
function isTagOf(tag: string | undefined, record: BuiltRecord | undefined): boolean {
  const { id = "none", input = {} } = record?.operation ?? {};
  const { upgradeId } = input;
  return [id, ...(typeof upgradeId === "string" ? [upgradeId] : [])].some((one) => tag?.includes(one) === true);
}

/** How often an administrator had the creation tried again. */
function attempts({ history }: World, uuid: string): number {
  const operations = (history.bays.get(uuid) ?? []).flatMap(({ record }) => record?.operation ?? []);
  return new Set(operations.filter(({ kind }) => kind === "recreate").map(({ id }) => id)).size;
}

/** Of a rotation: its phase stands behind its operation. */
function isOfPhase(tag: string): boolean {
  return ROTATION_PHASES.some((phase) => tag.endsWith(`-${phase}`));
}

function operationTagOf({ tags }: CloudStack): string | undefined {
  // That of who told it last; another's may stand before it, who has not looked yet.
  const starting = (text: string): string | undefined => tags.findLast((tag) => tag.startsWith(text));
  // What is told between two upgrades keeps the tag of the first.
  return starting("jeroboam-operation-") ?? starting("jeroboam-upgrade-");
}
