/**
 * What a test or a person can turn: how long things take, what fails, and what happens to requests.
 * Settings always hold; a rule holds for what it matches, as many times as it says. The engine asks `resourceFate` and `nodeFate`, the
 * router asks `requestFaults`; delays and cut connections are carried out by whoever serves the sandbox, not here.
 * Knobs are kept with the rest of the state. A pattern is a glob over the whole text: `*` is any run of characters.
 */
import { z } from "zod";
import { hexId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Clock, Random } from "../ports.ts";
import type { Database } from "../state/database.ts";

export const Settings = z.strictObject({
  /** How long a token is good for. */
  tokenLifetimeMs: z.number().int().positive(),
  /** How long one action on one resource takes at least. */
  resourceMs: z.number().int().min(0),
  /** How long a server is in BUILD. */
  serverMs: z.number().int().min(0),
  /** How long, from ACTIVE on, a node takes until it is up and signals. */
  bootMs: z.number().int().min(0),
  /** Whether simulated nodes signal their wait conditions and deployments; `manual` leaves that to the one who tests. */
  signals: z.enum(["auto", "manual"]),
  /** How long a container in a bay's engine takes to start, and to end. */
  containerMs: z.number().int().min(0),
  /** How long a node takes to look at its metadata again, after that has changed. */
  followMs: z.number().int().min(0),
  /**
   * How likely a stack is created although one of its name was created within the last second: Heat has no unique index on names, and
   * under snapshot isolation two requests at once may both see none.
   */
  twinProbability: z.number().min(0).max(1),
});
export type Settings = z.infer<typeof Settings>;

export const defaultSettings: Settings = {
  tokenLifetimeMs: 3_600_000,
  resourceMs: 100,
  serverMs: 1_000,
  bootMs: 2_000,
  signals: "auto",
  containerMs: 500,
  followMs: 1_000,
  twinProbability: 0,
};

const times = z.number().int().positive().nullable().default(null);

/** A resource that fails, or whose action never ends: by type, name and stack name, for an action, with a reason. */
const ResourceRule = z.strictObject({
  kind: z.literal("resource"),
  type: z.string().default("*"),
  name: z.string().default("*"),
  stack: z.string().default("*"),
  action: z.enum(["CREATE", "UPDATE", "DELETE"]).default("CREATE"),
  fate: z.enum(["fails", "hangs"]).default("fails"),
  reason: z.string().default("the sandbox was told to fail it"),
  times,
});

/** A node, by the names of its server and of its stack: one that never boots, one that reports a failure, one that takes its time. */
const NodeRule = z.strictObject({
  kind: z.literal("node"),
  name: z.string().default("*"),
  stack: z.string().default("*"),
  fate: z.enum(["never-boots", "fails", "boots"]),
  bootMs: z.number().int().min(0).optional(),
  reason: z.string().default("the node failed to set itself up"),
  times,
});

/**
 * What happens to requests, by service (keystone, heat, nova, neutron, glance, barbican), method and path. `status`: answered so, with no effect.
 * `cut`: the connection ends with no effect. `lose-reply`: the effect happens, then the connection ends. `delay`: served late.
 */
const RequestRule = z.strictObject({
  kind: z.literal("request"),
  service: z.string().default("*"),
  method: z.string().default("*"),
  path: z.string().default("*"),
  effect: z.enum(["delay", "status", "cut", "lose-reply"]),
  delayMs: z.number().int().min(0).default(0),
  status: z.number().int().min(400).max(599).default(503),
  probability: z.number().min(0).max(1).default(1),
  times,
});

/**
 * What is wrong with a bay's engine, by the name of its stack and of the node. `down`: nobody listens. `slow`: it answers late.
 * `wrong-certificate`: it shows one of its own making. `no-certificate`: the node cannot get its certificate, so that its setup fails.
 * `agent-stopped`: the node is not heard of any more, though its server is there.
 */
const EngineRule = z.strictObject({
  kind: z.literal("engine"),
  stack: z.string().default("*"),
  name: z.string().default("*"),
  effect: z.enum(["down", "slow", "wrong-certificate", "no-certificate", "agent-stopped"]),
  delayMs: z.number().int().min(0).default(0),
  times,
});

export const Rule = z.discriminatedUnion("kind", [ResourceRule, NodeRule, RequestRule, EngineRule]);
export type NewRule = z.input<typeof Rule>;
export type Rule = z.output<typeof Rule> & { id: string; sinceMs: number };
type RuleOf<K extends Rule["kind"]> = Extract<Rule, { kind: K }>;

export type NodeFate =
  | { kind: "boots"; bootMs: number }
  | { kind: "never-boots" }
  | { kind: "fails"; bootMs: number; reason: string };

export type ResourceFate = { kind: "fails"; reason: string } | { kind: "hangs" };

export interface Knobs {
  readonly settings: Settings;
  set: (change: Partial<Settings>) => Settings;
  add: (rule: NewRule) => Rule;
  remove: (id: string) => boolean;
  rules: () => readonly Rule[];
  /** Settings to their defaults, rules gone. */
  reset: () => void;
  resourceFate: (what: { type: string; name: string; stack: string; action: string }) => ResourceFate | undefined;
  nodeFate: (server: { name: string; stack: string }) => NodeFate;
  /** The first rule of that effect for a node of a bay. It counts as used where that is not the state of an engine, but something it does. */
  engineFault: (
    effect: RuleOf<"engine">["effect"],
    node: { stack: string; name: string },
  ) => RuleOf<"engine"> | undefined;
  requestFaults: (request: { service: string; method: string; path: string }) => readonly RuleOf<"request">[];
}

interface KnobPorts {
  readonly database: Database;
  readonly random: Random;
  readonly clock: Clock;
  /** Told of each rule that is set or taken away. */
  readonly changed: () => void;
}

const isMatch = (pattern: string, text: string): boolean =>
  pattern === "*" ||
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
    "s",
  ).test(text);

export function createKnobs({ database, random, clock, changed }: KnobPorts, initial: Partial<Settings>): Knobs {
  const kept = database.table<Settings & { id: string }>("knobs.settings");
  const rules = database.table<Rule>("knobs.rules");
  const start: Settings = { ...defaultSettings, ...initial };

  /** Counts one use of the rule; a used-up rule goes. */
  const use = (rule: Rule): void => {
    if (rule.times === null) return;
    if (rule.times <= 1) rules.delete(rule.id);
    else rules.put({ ...rule, times: rule.times - 1 });
  };
  const of = <K extends Rule["kind"]>(kind: K): RuleOf<K>[] =>
    [...rules.values()].filter((rule): rule is RuleOf<K> => rule.kind === kind);

  const knobs: Knobs = {
    get settings() {
      return kept.get("settings") ?? start;
    },
    set(change) {
      const { id: _, ...settings } = kept.get("settings") ?? { id: "", ...start };
      const next = Settings.parse({ ...settings, ...change });
      kept.put({ id: "settings", ...next });
      return next;
    },
    add(wanted) {
      if (rules.size >= limits.knobRules) throw new Error(`no more than ${limits.knobRules} rules`);
      const rule: Rule = { ...Rule.parse(wanted), id: hexId(random), sinceMs: clock.now() };
      rules.put(rule);
      changed();
      return rule;
    },
    remove(id) {
      const isThere = rules.get(id) !== undefined;
      rules.delete(id);
      changed();
      return isThere;
    },
    rules: () => [...rules.values()],
    reset() {
      for (const rule of rules.values()) rules.delete(rule.id);
      kept.delete("settings");
      changed();
    },
    resourceFate({ type, name, stack, action }) {
      const rule = of("resource").find(
        (one) =>
          one.action === action && isMatch(one.type, type) && isMatch(one.name, name) && isMatch(one.stack, stack),
      );
      if (rule) use(rule);
      if (!rule) return undefined;
      return rule.fate === "hangs" ? { kind: "hangs" } : { kind: "fails", reason: rule.reason };
    },
    nodeFate({ name, stack }) {
      const rule = of("node").find((one) => isMatch(one.name, name) && isMatch(one.stack, stack));
      if (!rule) return { kind: "boots", bootMs: knobs.settings.bootMs };
      use(rule);
      const bootMs = rule.bootMs ?? knobs.settings.bootMs;
      if (rule.fate === "never-boots") return { kind: "never-boots" };
      return rule.fate === "fails" ? { kind: "fails", bootMs, reason: rule.reason } : { kind: "boots", bootMs };
    },
    engineFault(effect, { stack, name }) {
      const rule = of("engine").find(
        (one) => one.effect === effect && isMatch(one.stack, stack) && isMatch(one.name, name),
      );
      if (rule && (effect === "slow" || effect === "no-certificate")) use(rule);
      return rule;
    },
    requestFaults({ service, method, path }) {
      const hit = of("request").filter(
        (one) =>
          isMatch(one.service, service) &&
          isMatch(one.method, method) &&
          isMatch(one.path, path) &&
          (one.probability >= 1 || random() < one.probability),
      );
      for (const rule of hit) use(rule);
      return hit;
    },
  };
  return knobs;
}
