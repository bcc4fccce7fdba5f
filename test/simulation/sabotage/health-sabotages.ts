/** Mistakes in what is done about nodes that are not ready. */
import type { Sabotage } from "./sabotages.ts";

const JUDGE = "packages/core/src/bay/node-repair.ts";
const CARRY_OUT = "functions/conductor/operations/repair-nodes.ts";
const CHECK = "functions/conductor/operations/check-health.ts";

export const HEALTH_SABOTAGES: readonly Sabotage[] = [
  {
    name: "nodes are replaced though nobody asked for it",
    file: JUDGE,
    find: `return isOn(labels["auto_healing_enabled"]) && controller === "jeroboam";`,
    put: `return controller === "jeroboam";`,
  },
  {
    name: "a node is replaced as soon as it is not ready",
    file: JUDGE,
    find: `spell.checks >= limits.repair.checks && nowMs - spell.sinceMs >= limits.repair.spanMs`,
    put: `spell.checks >= 1`,
  },
  {
    name: "nodes are replaced while many fail",
    file: JUDGE,
    find: `if (hindrance !== undefined) return suspended(repair, hindrance, sinceMs);`,
    put: "",
  },
  {
    name: "nodes are replaced in a bay that has changed since",
    file: CARRY_OUT,
    find: `if (operation || !isComplete(state.status) || state.updatedAtMs !== bayUpdatedAtMs) return { kind: "keep" };`,
    put: `if (operation) return { kind: "keep" };`,
  },
  {
    name: "a decision to replace nodes is carried out for ever",
    file: CHECK,
    find: `return again(0, { repair: { ...watch.repair, decided: null } });`,
    put: `return again(0);`,
  },
  {
    name: "nodes are replaced by a decision that nobody wrote down",
    file: CHECK,
    find: `return repair.decided ? again(0, { repair }) : { ...later, changes: { repair } };`,
    put: `if (repair.decided) await carryOutRepair(ports, watch, specification, repair.decided);
      return repair.decided ? again(0, { repair }) : { ...later, changes: { repair } };`,
  },
];
