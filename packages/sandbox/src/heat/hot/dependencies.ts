/** What a definition leans on, and in which order a template's resources can be made. */
import type { Json } from "../../json.ts";
import { isMap } from "../../json.ts";
import { HeatError } from "../faults.ts";
import type { Dialect } from "./dialects.ts";

export interface Reference {
  readonly resource: string;
  /** Undefined for a get_resource, null for a get_attr of all attributes. */
  readonly attribute?: string | null;
  readonly path?: readonly Json[];
  /** Of a `Ref`, which may mean a parameter as well. */
  readonly isOpen?: boolean;
}

/** Every get_resource and get_attr in the snippet, those in both branches of an `if` among them when `isTaken` does not choose. */
export function referencesIn(
  snippet: Json,
  dialect: Dialect,
  isTaken: (condition: Json) => boolean | undefined,
): Reference[] {
  if (Array.isArray(snippet)) return snippet.flatMap((item) => referencesIn(item, dialect, isTaken));
  if (!isMap(snippet)) return [];
  const entries = Object.entries(snippet);
  const [only] = entries;
  const kind =
    entries.length === 1 && only && Object.hasOwn(dialect.functions, only[0]) ? dialect.functions[only[0]] : undefined;
  if (!only || kind === undefined) return entries.flatMap(([, item]) => referencesIn(item, dialect, isTaken));
  const [, args] = only;
  switch (kind) {
    case "get_resource":
      return typeof args === "string"
        ? [{ resource: args, isOpen: only[0] === "Ref" }]
        : referencesIn(args, dialect, isTaken);
    case "get_attr":
    case "get_attr_or_all":
    case "get_attr_then_select": {
      if (!Array.isArray(args) || typeof args[0] !== "string") return referencesIn(args, dialect, isTaken);
      const [resource, attribute, ...path] = args;
      const inner = args.slice(1).flatMap((item) => referencesIn(item, dialect, isTaken));
      return [{ resource, attribute: typeof attribute === "string" ? attribute : null, path }, ...inner];
    }
    case "if":
    case "if_nullable": {
      if (!Array.isArray(args)) return [];
      const taken = isTaken(args[0] ?? null);
      const branches = taken === undefined ? args.slice(1) : [args[taken ? 1 : 2] ?? null];
      return branches.flatMap((item) => referencesIn(item, dialect, isTaken));
    }
    default:
      return referencesIn(args, dialect, isTaken);
  }
}

/** The names in an order in which each comes after all that it requires. Refuses a circle, naming it. */
export function orderOf(
  requires: ReadonlyMap<string, ReadonlySet<string>>,
  labelOf: (name: string) => string,
): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, trail: readonly string[]): void => {
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") {
      const circle = trail.slice(trail.indexOf(name));
      throw new HeatError(
        "CircularDependencyException",
        `Circular Dependency Found: {${circle.map((one, index) => `${labelOf(one)}: {${labelOf(circle[(index + 1) % circle.length] ?? one)}}`).join(", ")}}`,
      );
    }
    state.set(name, "open");
    for (const other of requires.get(name) ?? []) if (requires.has(other)) visit(other, [...trail, name]);
    state.set(name, "done");
    order.push(name);
  };
  for (const name of requires.keys()) visit(name, []);
  return order;
}
