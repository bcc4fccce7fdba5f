import type { BaySpecification } from "@jeroboam/core/bay/bay";
import { bayOfSpecificationItem } from "@jeroboam/core/bay/bay";
import { isCold } from "@jeroboam/core/bay/find-bay";
import type { BayCertificates } from "@jeroboam/core/certificate/rotation";
import type { Item } from "@jeroboam/core/table/table";
import { bayRecordOf, baySpecificationOf, groupSpecificationOf, waitsForLease } from "../bay-record.ts";
import type { NodeState } from "../nodes.ts";
import { serialsIn } from "../nodes.ts";
import type { World } from "../world.ts";
import { specificationOf, standingBays } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** In this order, and round again. */
const STAGES = ["none", "trust", "renew", "serve", "drop"] as const;
type Stage = (typeof STAGES)[number];

export const authority: Invariant = {
  id: "I5 (authority)",
  says: "a bay's authority changes in a rotation alone, phase after phase, in step with all its nodes, none of whom ever trusts nobody that signs",
  watch(world, broken) {
    /** The steps of the run at which each bay came to its stages, in order. */
    const came = new Map<string, number[]>();
    /** The authority before each rotation that is at work. */
    const before = new Map<string, { readonly operation: string; readonly replaces: string | undefined }>();
    const { history, scheduler } = world;
    return {
      wrote(item, beforeItem) {
        noteRotation(item, beforeItem);
        const uuid = isCold(item) ? bayOfSpecificationItem(item) : undefined;
        if (uuid === undefined || !beforeItem) return;
        const [was, is] = [baySpecificationOf(beforeItem), baySpecificationOf(item)];
        if (!was.certificates || JSON.stringify(was.certificates) === JSON.stringify(is.certificates)) return;
        const problem = is.certificates ? changeProblem(was.certificates, is.certificates) : "are gone";
        if (problem !== undefined) return broken(`the certificates of ${uuid} ${problem}`);
        const current = history.current(uuid);
        if (!current || (current.operation?.kind !== "rotate-authority" && !waitsForLease(current)))
          broken(`the certificates of ${uuid} were changed outside of a rotation`);
        const steps = came.get(uuid) ?? [0];
        // Entering a phase everybody must have come to the one before.
        const isFirst = is.certificates?.rotation?.phase === "trust";
        const late = isFirst
          ? undefined
          : awaited(world, uuid, is).find(({ askedAt }) => askedAt < (steps.at(-1) ?? 0));
        if (late) broken(`bay ${uuid} came to ${stageOf(is.certificates)}, and ${late.name} had not come so far`);
        came.set(uuid, [...steps, scheduler.steps]);
        const lost = awaited(world, uuid, is).find((node) => !trustsWhatSigns(node, is));
        if (lost) broken(`${lost.name} of bay ${uuid} trusts ${lost.trusts?.join()}, none of which signs`);
      },
      rested() {
        for (const { uuid, status } of standingBays(world)) {
          const specification = specificationOf(world, uuid);
          if (!specification?.certificates || specification.certificates.rotation || !status.endsWith("_COMPLETE"))
            continue;
          const one = serialOf(specification.certificates);
          const other = awaited(world, uuid, specification).find(({ trusts }) => trusts?.join() !== one);
          if (other)
            broken(`${other.name} of bay ${uuid} trusts ${other.trusts?.join()}, and the bay is ${one}'s alone`);
        }
      },
    };

    function noteRotation(item: Item, beforeItem: Item | undefined): void {
      const [is, was] = [bayRecordOf(item), bayRecordOf(beforeItem)];
      if (!is || !was) return;
      const { uuid, status } = is.state;
      const certificates = specificationOf(world, uuid)?.certificates;
      if (is.operation?.kind === "rotate-authority" && is.operation.id !== was.operation?.id) {
        const isBegun = certificates?.rotation !== undefined && certificates.rotation.phase !== "trust";
        const replaces = !certificates || isBegun ? undefined : serialOf(certificates);
        before.set(uuid, { operation: is.operation.id, replaces });
      }
      const isEnd = was.operation?.kind === "rotate-authority" && !is.operation && status === "UPDATE_COMPLETE";
      if (!isEnd) return;
      if (!certificates || certificates.rotation) return broken(`bay ${uuid} is ${status} in the midst of a rotation`);
      const begun = before.get(uuid);
      if (begun?.operation === was.operation?.id && begun?.replaces === serialOf(certificates))
        broken(`bay ${uuid} is ${status}, and its authority is the one that it was`);
    }
  },
};

const serialOf = ({ caCertificate }: Pick<BayCertificates, "caCertificate">): string =>
  serialsIn(caCertificate).join() || caCertificate;

const stageOf = (certificates: BayCertificates | null): Stage => certificates?.rotation?.phase ?? "none";

function changeProblem(was: BayCertificates, is: BayCertificates): string | undefined {
  const [from, to] = [stageOf(was), stageOf(is)];
  if (STAGES.indexOf(to) !== (STAGES.indexOf(from) + 1) % STAGES.length)
    return from === to ? `were made anew in ${from}` : `went from ${from} to ${to}`;
  const [old, now] = [serialOf(was), serialOf(is)];
  if (is.rotation?.phase === "trust")
    return old === now && serialOf(is.rotation.next) !== now ? undefined : "have no other that is to come";
  if (was.rotation?.phase === "trust")
    return now === serialOf(was.rotation.next)
      ? undefined
      : `are ${now}'s, and ${serialOf(was.rotation.next)} was to come`;
  return old === now ? undefined : `are ${now}'s after ${old}'s in ${to}`;
}

function trustsWhatSigns({ trusts }: NodeState, { certificates }: BaySpecification): boolean {
  return certificates !== null && trusts !== undefined && trusts.includes(serialOf(certificates));
}

/** The nodes that a rotation waits for, as far as they stand: those that the bay, and its groups, know. */
function awaited(world: World, uuid: string, { masterNames = [], workers = [] }: BaySpecification): NodeState[] {
  const groups = [...world.items.values()].flatMap((item) =>
    item.pk === `bay#${uuid}` && item.sk.endsWith("#specification") ? (groupSpecificationOf(item).members ?? []) : [],
  );
  const names = new Set([...masterNames, ...[...workers, ...groups].map(({ name }) => name)]);
  return [...world.nodes.values()].filter(
    (node) => node.bayUuid === uuid && names.has(node.name) && node.trusts !== undefined,
  );
}
