import { healthWatchShape } from "@jeroboam/core/bay/health-watch";
import { isOn } from "@jeroboam/core/bay/label";
import { limits } from "@jeroboam/core/limits";
import { recordFromItem } from "@jeroboam/core/operation/record";
import type { Item } from "@jeroboam/core/table/table";
import { bayRecordOf } from "../bay-record.ts";
import type { World } from "../world.ts";
import { specificationOf } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const repairs: Invariant = {
  id: "I16",
  says: "nodes are replaced where their bay's owner asks for it, after they were told as not ready often and long enough, few at once and a day, and each time once",
  watch(world, broken) {
    /** The nodes that each decision names, by the id of the operation that it begins. */
    const decided = new Map<string, readonly string[]>();
    const begun = new Set<string>();
    const replacedAtMs = new Map<string, number[]>();
    return {
      wrote(item, before) {
        if (item.body["type"] === healthWatchShape.type) return noteDecision(item);
        const [record, was] = [bayRecordOf(item), bayRecordOf(before)];
        const id = record?.operation?.id;
        if (!record || id === undefined || id === was?.operation?.id) return;
        const event = record.outbox.find((one) => one.id === `${id}.repair`);
        if (!event) return;
        const { uuid } = record.state;
        const names = event.data["nodes"] as readonly string[];
        if (begun.has(id)) broken(`nodes of ${uuid} are replaced again by one decision`);
        begun.add(id);
        if (decided.get(id)?.join() !== names.join()) broken(`${names.join()} of ${uuid}: replaced as nobody decided`);
        const nowMs = world.scheduler.clock.nowMs();
        const lately = (replacedAtMs.get(uuid) ?? []).filter((atMs) => nowMs - atMs < limits.repair.budgetMs / 2);
        replacedAtMs.set(uuid, [...lately, ...names.map(() => nowMs)]);
        if (lately.length + names.length > limits.repair.nodesADay) broken(`too many nodes of ${uuid} are replaced`);
      },
    };

    function noteDecision(item: Item): void {
      const { repair, bayUuid } = recordFromItem(healthWatchShape, item).state;
      if (!repair?.decided || decided.has(repair.decided.operation)) return;
      const names = repair.decided.workers.map(({ name }) => name);
      decided.set(repair.decided.operation, names);
      const problem = problemOf(world, bayUuid, names);
      if (problem !== undefined) broken(`${names.join()} of bay ${bayUuid} is to be replaced, ${problem}`);
    }
  },
};

/** What forbids that nodes of a bay are replaced, by what was told of them: whoever decides has heard no more than that. */
function problemOf(world: World, bayUuid: string, names: readonly string[]): string | undefined {
  const specification = specificationOf(world, bayUuid);
  if (specification && !isOn(specification.labels["auto_healing_enabled"])) return "for which nobody asked";
  if (names.length > limits.repair.nodesAtOnce) return "too many at once";
  const told = world.health?.told.get(bayUuid) ?? [];
  const known = specification?.workers?.length ?? 0;
  const isFew = told.some(
    ({ notReady, workers }) =>
      names.every((name) => notReady.includes(name)) &&
      notReady.length <= Math.max(1, Math.max(workers.length, known) * limits.repair.manyPart),
  );
  if (!isFew) return "and many were not ready";
  for (const name of names) {
    const [first, ...others] = told.filter(({ notReady }) => notReady.includes(name));
    if (others.length + 1 < limits.repair.checks) return `and ${name} was told as not ready ${others.length + 1} times`;
    const spanMs = (others.at(-1)?.atMs ?? 0) - (first?.atMs ?? 0);
    const isSkewed = world.faults.conditions.has("clocks skewed");
    if (!isSkewed && spanMs < limits.repair.spanMs - SLACK_MS) return `and ${name} was not ready for ${spanMs} ms`;
  }
  return undefined;
}

/** Between what an engine tells and whoever notes when it was heard. */
const SLACK_MS = 60_000;
