import { createHash } from "node:crypto";
import { limits } from "@jeroboam/core/limits";
import { limitOf, quotaFromItem } from "@jeroboam/core/quota/quota";
import type { Item } from "@jeroboam/core/table/table";
import { bayRecordOf } from "../bay-record.ts";
import type { Person } from "../people.ts";
import { cameBack, standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** Partitions of the items that remember requests under a key. */
const KEYS = "idempotency#";

/** The places of a project since some step. */
interface Places {
  readonly sinceStep: number;
  readonly bays: readonly string[];
  readonly limit: number;
}

export const quotas: Invariant = {
  id: "I7",
  says: "no project has more bays than it may, at any moment; each bay has a place, and at rest nothing else has one",
  watch(world, broken) {
    const places = new Map<string, Places[]>();
    /** Since which step each request under a key is known: its refusal may be told again long after there is room. */
    const begun = new Map<string, number>();
    const placesOf = (projectId: string): readonly string[] => places.get(projectId)?.at(-1)?.bays ?? [];
    const check = (): void => {
      const standing = new Set(standingBays(world).map(({ uuid }) => uuid));
      for (const projectId of places.keys())
        for (const uuid of placesOf(projectId))
          if (!standing.has(uuid)) broken(`${uuid} is no bay and has a place in the quota of ${projectId}`);
    };
    return {
      wrote(item, before) {
        if (item.pk.startsWith(KEYS) && !before) begun.set(`${item.pk}/${item.sk}`, world.scheduler.steps);
        if (isQuota(item)) {
          const quota = quotaFromItem(item);
          const { projectId, bays } = quota;
          const limit = limitOf(quota, limits.quota.defaultBays);
          const lost = placesOf(projectId).find((uuid) => !bays.includes(uuid) && isStanding(uuid));
          if (lost !== undefined) broken(`bay ${lost} is there and lost its place`);
          if (bays.length > limit && bays.length > placesOf(projectId).length)
            broken(`${projectId} has places for ${bays.length} bays of ${limit}`);
          places.set(projectId, [...(places.get(projectId) ?? []), { sinceStep: world.scheduler.steps, bays, limit }]);
        }
        const bay = before ? undefined : bayRecordOf(item)?.state;
        if (!bay || placesOf(bay.projectId).includes(bay.uuid)) return;
        // A request under a key that fell asleep over its write brings back what its repetition made and its user deleted.
        if (cameBack(world, bay.uuid)) world.gaps.add("key outslept");
        else broken(`bay ${bay.uuid} was made without a place`);
      },
      removed(_key, before) {
        if (isQuota(before)) broken(`${before.pk} was removed`);
      },
      replied({ answer, person, key, sentAt, answeredAt }) {
        if (answer.kind !== "reply" || answer.status !== 403 || !answer.text.includes("maximum clusters")) return;
        const fromStep = (key === undefined ? undefined : begun.get(keyItemOf(person, key))) ?? sentAt;
        const all = places.get(person.projectId) ?? [];
        const wasFull = all.some(({ sinceStep, bays, limit }, at) => {
          const endsAt = all[at + 1]?.sinceStep ?? Infinity;
          return bays.length >= limit && sinceStep <= answeredAt && endsAt >= fromStep;
        });
        if (!wasFull) broken(`${person.name} was refused a bay while there was room`);
      },
      rested: check,
      emptied: check,
    };

    function isStanding(uuid: string): boolean {
      return world.history.current(uuid)?.gone === false;
    }
  },
};

function keyItemOf({ projectId, userId }: Person, key: string): string {
  return `${KEYS}${projectId}#${userId}/${createHash("sha256").update(key).digest("hex")}`;
}

function isQuota({ pk, sk }: Item): boolean {
  return pk.startsWith("quota#") && sk === "bays";
}
