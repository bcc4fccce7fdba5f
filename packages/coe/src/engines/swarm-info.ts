/**
 * The nodes of classic Swarm, out of the pairs that its `/info` gives for people to read (engine sheet section 3): a line
 * with a node's name and address, then lines of its own behind it. Keys are matched trimmed, for their indent differs
 * between releases; older ones have the pairs in another place. One engine alone is its own node.
 */
import { z } from "zod";
import type { Node } from "./container-engine.ts";

const pairs = z.array(z.array(z.string().nullable())).nullish();

export const swarmInfoSchema = z.object({
  ID: z.string().nullish(),
  Name: z.string().nullish(),
  SystemStatus: pairs,
  DriverStatus: pairs,
});

export function nodesOfInfo(info: z.output<typeof swarmInfoSchema>): Node[] {
  const told = [info.SystemStatus ?? [], info.DriverStatus ?? []].find(isOfSwarm);
  if (!told) return info.Name ? [nodeOf(info.Name, null, new Map([["Status", "Healthy"]]))] : [];
  const nodes: { name: string; address: string; fields: Map<string, string> }[] = [];
  const start = told.findIndex(([key]) => keyOf(key) === "Nodes");
  for (const [key, value] of told.slice(start + 1)) {
    const field = /^[\s\b]*└\s*(.*)$/u.exec(key ?? "")?.[1];
    if (field === undefined) nodes.push({ name: keyOf(key), address: value ?? "", fields: new Map() });
    else nodes.at(-1)?.fields.set(field.trim(), value ?? "");
  }
  return nodes.map(({ name, address, fields }) => nodeOf(name, address, fields));
}

/** Invisible characters stand before some keys (backspaces, in old releases). */
const keyOf = (key: string | null | undefined): string => (key ?? "").replaceAll(/[\s\b]+/g, " ").trim();

const isOfSwarm = (told: readonly (readonly (string | null)[])[]): boolean =>
  told.some(([key]) => keyOf(key) === "Nodes") && told.some(([key]) => keyOf(key) === "Strategy");

function nodeOf(name: string, address: string | null, fields: ReadonlyMap<string, string>): Node {
  // Releases before 1.1 tell of no status: a node that is listed answers.
  const status = fields.get("Status") ?? "Healthy";
  const isReady = status === "Healthy";
  return {
    uuid: null,
    engineId: fields.get("ID") ?? name,
    name,
    labels: {},
    isReady,
    addresses: address ? [address.replace(/:\d+$/, "")] : [],
    reason: isReady ? null : (fields.get("Error") ?? status),
  };
}
