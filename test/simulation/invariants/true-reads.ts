import type { Bay } from "@jeroboam/core/bay/bay";
import { summarise } from "@jeroboam/core/node-group/bay-summary";
import type { NodeGroupSpecification } from "@jeroboam/core/node-group/node-group";
import { isBayRecord } from "../bay-record.ts";
import type { History } from "../history.ts";
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

interface Moment {
  readonly bay: Bay;
  readonly nodeGroups: Parameters<typeof summarise>[0]["nodeGroups"];
}

/** The bay with its node groups, as they stood at each step at which one of them changed. */
function momentsOf(history: History, { sentAt, answeredAt }: Exchange, uuid: string): Moment[] {
  const groups = [...history.groups.values()].filter((versions) =>
    versions.some(({ record }) => record && !isBayRecord(record) && record.state.bayUuid === uuid),
  );
  const versions = history.bays.get(uuid) ?? [];
  const steps = [versions, ...groups].flatMap((all) => all.map(({ sinceStep }) => sinceStep));
  return [sentAt, ...steps.filter((step) => step > sentAt && step <= answeredAt)].flatMap((step) => {
    const { record, visible } = versionAt(versions, step) ?? {};
    if (!record || visible !== true) return [];
    const nodeGroups = groups.flatMap((all) => {
      const version = versionAt(all, step);
      if (!version?.record || !version.visible || isBayRecord(version.record)) return [];
      return [{ group: version.record.state, specification: EMPTY }];
    });
    return [{ bay: record.state, nodeGroups }];
  });
}

const EMPTY = { nodeAddresses: [] } as unknown as NodeGroupSpecification;

function versionAt<One extends { readonly sinceStep: number }>(versions: readonly One[], step: number) {
  return versions.findLast(({ sinceStep }) => sinceStep <= step);
}

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
  const isTrue = momentsOf(history, exchange, uuid).some(({ bay, nodeGroups }) => {
    const { status, nodeCount } = summarise({ bay, nodeGroups, specification: { nodeAddresses: [] } });
    return status === shown.status && nodeCount === shown.node_count && bay.stackId === shown.stack_id;
  });
  return isTrue ? undefined : `told ${shown.status} of ${shown.node_count} nodes, which it never was meanwhile`;
}
