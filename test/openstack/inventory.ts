/** What there is in the cloud that a bay is made of: to be compared before and after. */
import { ask } from "./people.ts";
import type { People } from "./people.ts";
import type { CloudSession, CloudRequest } from "@jeroboam/core/openstack/session";

type Service = Parameters<CloudSession["request"]>[0];

/** Lists by kind: the service, the path, the key of the list in the answer, and what to call an item. */
const LISTS: readonly (readonly [service: Service, path: string, key: string, query?: CloudRequest["query"]])[] = [
  ["orchestration", "/stacks", "stacks", { show_nested: true }],
  ["compute", "/servers", "servers"],
  ["compute", "/os-server-groups", "server_groups"],
  ["network", "/v2.0/networks", "networks"],
  ["network", "/v2.0/routers", "routers"],
  ["network", "/v2.0/ports", "ports"],
  ["network", "/v2.0/floatingips", "floatingips"],
  ["network", "/v2.0/security-groups", "security_groups"],
  ["block-storage", "/volumes", "volumes"],
  ["load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers"],
];

/** Of a project, and of what bays have outside of it: users, trusts. By kind, `name id`, in order. */
export async function takeInventory(
  people: People,
  project: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const own = people.person("admin", project);
  const opened = await own.open();
  if (opened.kind === "refused") throw new Error(opened.reason);
  const inventory: Record<string, readonly string[]> = {};
  for (const [service, path, key, query] of LISTS) {
    const answer = await ask<Record<string, Item[]>>(own, service, { method: "GET", path, ...(query && { query }) });
    const items = (answer[key] ?? []).filter(
      (item) => ownerOf(item) === undefined || ownerOf(item) === opened.facts.projectId,
    );
    inventory[key] = namesOf(items);
  }
  const admin = people.person("admin", "admin");
  const { domains } = await ask<{ domains: Item[] }>(admin, "identity", { method: "GET", path: "/domains" });
  for (const { id, name } of domains.filter((domain) => domain.name !== "Default")) {
    const users = { method: "GET", path: "/users", query: { domain_id: id } } as const;
    const names = namesOf((await ask<{ users: Item[] }>(admin, "identity", users)).users);
    // A domain that Jeroboam made, and that is empty, is as none.
    if (names.length > 0) inventory[`users of ${name}`] = names;
  }
  const { trusts } = await ask<{ trusts: Item[] }>(admin, "identity", { method: "GET", path: "/OS-TRUST/trusts" });
  inventory["trusts"] = namesOf(trusts);
  return inventory;
}

interface Item {
  readonly id: string;
  readonly name?: string;
  readonly stack_name?: string;
  readonly project_id?: string;
  readonly floating_ip_address?: string;
}

const ownerOf = (item: Item): string | undefined => item.project_id || undefined;

function namesOf(items: readonly Item[]): readonly string[] {
  return items
    .map((item) => `${item.name || item.stack_name || item.floating_ip_address || "unnamed"} ${item.id}`)
    .sort();
}
