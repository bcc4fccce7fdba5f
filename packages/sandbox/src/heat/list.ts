/** GET /stacks: filters, tags, sorting and pages. */
import { limits } from "../limits.ts";
import type { Cloud } from "../cloud.ts";
import type { Caller } from "../keystone/callers.ts";
import type { Stack } from "./records.ts";
import { booleanIn, integerIn, tagsIn } from "./requests.ts";

/** Query values by name; a name may come more than once. */
export type Query = Readonly<Record<string, readonly string[]>>;

const one = (query: Query, name: string): string | undefined => query[name]?.[0];
const flag = (query: Query, name: string): boolean => booleanIn(name, one(query, name)) === true;

/** `CREATE_FAILED` holds for action and status, `FAILED` for the status alone. */
function hasStatus(stack: Stack, wanted: readonly string[]): boolean {
  const isOne = (value: string): boolean => {
    const status = ["IN_PROGRESS", "COMPLETE", "FAILED"].find((known) => value.endsWith(known));
    const action = value.slice(0, -(status?.length ?? 0) - 1);
    return stack.status === status && (action === "" || stack.action === action);
  };
  return wanted.some(isOne);
}

function matches(stack: Stack, query: Query): boolean {
  const has = (name: string, value: string | null): boolean => !query[name] || query[name].includes(value ?? "");
  return (
    has("id", stack.id) &&
    has("name", stack.name) &&
    has("stack_name", stack.name) &&
    has("tenant", stack.projectId) &&
    has("username", stack.userName) &&
    has("stack_owner", stack.userName) &&
    has("owner_id", stack.ownerId) &&
    has("parent", stack.ownerId) &&
    has("action", stack.action) &&
    has("stack_action", stack.action) &&
    has("stack_status_reason", stack.reason) &&
    (!query["status"] || hasStatus(stack, query["status"])) &&
    (!query["stack_status"] || hasStatus(stack, query["stack_status"]))
  );
}

function hasTags(stack: Stack, query: Query): boolean {
  const tags = new Set(stack.tags);
  const wanted = (name: string): string[] => tagsIn(one(query, name)) ?? [];
  const any = wanted("tags_any");
  const notAll = wanted("not_tags");
  return (
    wanted("tags").every((tag) => tags.has(tag)) &&
    (any.length === 0 || any.some((tag) => tags.has(tag))) &&
    (notAll.length === 0 || !notAll.every((tag) => tags.has(tag))) &&
    !wanted("not_tags_any").some((tag) => tags.has(tag))
  );
}

const SORTS: Readonly<Record<string, (stack: Stack) => string | number>> = {
  stack_name: (stack) => stack.name,
  stack_status: (stack) => stack.status,
  creation_time: (stack) => stack.createdAtMs,
  updated_time: (stack) => stack.updatedAtMs ?? 0,
};

function sorted(stacks: Stack[], query: Query): Stack[] {
  const keys = (query["sort_keys"] ?? []).flatMap((key) => key.split(",")).filter((key) => key in SORTS);
  const isDescending = one(query, "sort_dir") === "desc" || (keys.length === 0 && one(query, "sort_dir") === undefined);
  const readers = (keys.length === 0 ? ["creation_time"] : keys).map((key) => SORTS[key]);
  const compare = (a: Stack, b: Stack): number => {
    for (const read of [...readers, (stack: Stack) => stack.id]) {
      const [left, right] = [read?.(a) ?? "", read?.(b) ?? ""];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  };
  return stacks.toSorted((a, b) => (isDescending ? -compare(a, b) : compare(a, b)));
}

/** The page of stacks that the query asks for, and how many there are on all pages. */
export function listStacks(cloud: Cloud, caller: Caller, query: Query): { page: Stack[]; count: number } {
  const isGlobal = flag(query, "global_tenant");
  const isNested = flag(query, "show_nested") || query["owner_id"] !== undefined;
  const isDeleted = flag(query, "show_deleted");
  const found = [...cloud.heat.stacks.values()].filter(
    (stack) =>
      (isGlobal || stack.projectId === caller.projectId) &&
      (isNested || stack.ownerId === null) &&
      (isDeleted || stack.deletedAtMs === null) &&
      matches(stack, query) &&
      hasTags(stack, query),
  );
  const all = sorted(found, query);
  const marker = one(query, "marker");
  const start = marker === undefined ? 0 : all.findIndex((stack) => stack.id === marker) + 1;
  const limit = integerIn("limit", one(query, "limit")) ?? limits.stacksPerPage;
  return { page: all.slice(start, limit === 0 ? undefined : start + limit), count: all.length };
}
