/** Reads Heat's outputs, which may be missing, null or half there while a stack is being made or after it failed. */
import type { Worker } from "./bay-type.ts";

type Outputs = Readonly<Record<string, unknown>>;

export function textOutput(outputs: Outputs, key: string): string | null {
  const value = outputs[key];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Members of a group that have no value yet are left out. */
export function listOutput(outputs: Outputs, key: string): readonly string[] | null {
  const value = outputs[key];
  if (!Array.isArray(value)) return null;
  return value.filter((entry): entry is string => typeof entry === "string" && entry !== "");
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The workers of a group, from `refs` (a map from index to server id; a server that is not made yet has another text
 * there) and two lists in the order of the indexes. Lists of another length cannot be told apart: then they are ignored.
 */
export function workersOutput(outputs: Outputs, keys: { refs: string; names: string; addresses: string }): Worker[] {
  const refs = outputs[keys.refs];
  if (typeof refs !== "object" || refs === null || Array.isArray(refs)) return [];
  const members = Object.entries(refs).sort(([one], [other]) => Number(one) - Number(other));
  const inOrder = (key: string): readonly unknown[] => {
    const list = outputs[key];
    return Array.isArray(list) && list.length === members.length ? list : [];
  };
  const names = inOrder(keys.names);
  const addresses = inOrder(keys.addresses);
  return members.map(([index, serverId], position) => ({
    index,
    serverId: typeof serverId === "string" && uuidPattern.test(serverId) ? serverId : null,
    name: textOrNull(names[position]),
    privateAddress: textOrNull(addresses[position]),
  }));
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
