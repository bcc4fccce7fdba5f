/**
 * The nodes of a stack whose type follows its bay (packages/coe's kubeadm): what they are called, and which members its group
 * of workers has. As Heat's own groups it has the lowest indexes but for those that were to go.
 */
import type { CloudStack } from "./cloud.ts";

type Nodes = Pick<CloudStack, "id" | "parameters" | "removed">;

export interface Member {
  readonly index: string;
  readonly name: string;
}

/** Whether its nodes look what they are to come to: they know where to fetch other versions. */
export function isFollowing({ parameters }: Pick<CloudStack, "parameters">): boolean {
  return parameters["downloads"] !== undefined;
}

export function mastersOf({ parameters }: Nodes): readonly string[] {
  const count = Number(parameters["number_of_masters"] ?? 0);
  return Array.from({ length: count }, (_, index) => `${text(parameters["bay_name"])}-master-${index}`);
}

export function workersOf({ parameters, removed }: Nodes): readonly Member[] {
  const count = Number(parameters["number_of_minions"] ?? 0);
  const { bay_name: bay, group_name: group } = parameters;
  const prefix = group === undefined ? `${text(bay)}-minion` : text(group);
  return Array.from({ length: count + removed.length }, (_, index) => String(index))
    .filter((index) => !removed.includes(index))
    .slice(0, count)
    .map((index) => ({ index, name: `${prefix}-${index}` }));
}

/** What such a type reads besides. */
export function memberOutputs(stack: Nodes): Readonly<Record<string, unknown>> {
  if (!isFollowing(stack)) return {};
  const workers = workersOf(stack);
  return {
    kube_master_names: mastersOf(stack),
    kube_minion_names: workers.map(({ name }) => name),
    kube_minions_private: workers.map(({ index }) => `10.0.3.${index}`),
    refs_map: Object.fromEntries(workers.map(({ index }) => [index, serverId(stack, index)])),
  };
}

export function textsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

function serverId({ id }: Nodes, index: string): string {
  const number = (text: string, length: number): string => text.replaceAll(/\D/g, "").padStart(length, "0");
  return `5e7e7000-0000-4000-8000-${number(id, 6)}${number(index, 6)}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
