import type { Exchange } from "../watch.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const trueReads: Invariant = {
  id: "I12",
  says: "what a reader of one bay is told stood in the table at some moment between question and answer",
  watch(world, broken) {
    return {
      replied(exchange) {
        const match = /^\/v1\/(?:bays|clusters)\/([0-9a-f-]{36})$/.exec(exchange.path);
        const uuid = match?.[1];
        if (exchange.method !== "GET" || uuid === undefined || exchange.answer.kind !== "reply") return;
        const problem = problemOf(world, exchange, uuid);
        if (problem) broken(`GET of bay ${uuid} by ${exchange.person.name}: ${problem}`);
      },
    };
  },
};

function problemOf({ history }: World, exchange: Exchange, uuid: string): string | undefined {
  const { answer, sentAt, answeredAt, person } = exchange;
  if (answer.kind !== "reply") return undefined;
  const stood = history.between(uuid, sentAt, answeredAt);
  const isForeign = history.bays.get(uuid)?.some(({ record }) => record && record.state.projectId !== person.projectId);
  if (answer.status === 404) {
    if (isForeign && !person.isAdmin) return undefined;
    const first = history.bays.get(uuid)?.[0];
    const wasAbsent = !first || first.sinceStep >= sentAt || stood.some(({ visible }) => !visible);
    return wasAbsent ? undefined : "not found, and it was there";
  }
  if (answer.status !== 200) return answer.status === 503 ? undefined : `answered by ${answer.status}`;
  if (isForeign && !person.isAdmin) return "told to a stranger";
  const shown = JSON.parse(answer.text) as { status: string; node_count: number; stack_id: string | null };
  const isTrue = stood.some(({ record, visible }) => {
    const bay = visible ? record?.state : undefined;
    return bay?.status === shown.status && bay.nodeCount === shown.node_count && bay.stackId === shown.stack_id;
  });
  return isTrue ? undefined : `told ${shown.status} of ${shown.node_count} nodes, which it never was meanwhile`;
}
