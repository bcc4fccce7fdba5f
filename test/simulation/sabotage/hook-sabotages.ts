/** Mistakes in what is done by those who sign: the calls of hooks. */
import type { Sabotage } from "./sabotages.ts";

const TAKE = "packages/core/src/hook/take-hook.ts";

export const HOOK_SABOTAGES: readonly Sabotage[] = [
  {
    name: "a hook's call is not remembered by its id",
    file: TAKE,
    find: `sk: createHash("sha256").update(id).digest("hex"),`,
    put: `sk: createHash("sha256").update(id + random.uuid()).digest("hex"),`,
  },
  {
    name: "the first to bring a hook's call believes to be alone",
    file: TAKE,
    find: `untilMs, isRepeat: true };`,
    put: `untilMs, isRepeat: !isFirst };`,
  },
  {
    name: "a hook's call that came before is told as done, whatever it was",
    file: TAKE,
    find: `if (use.isOther) return invalid("Another call came under this webhook-id");`,
    put: "",
  },
  {
    name: "a hook's call is taken whoever signs it",
    file: TAKE,
    find: `if (!record?.state.enabled || !(await isSigned(ports, record.state, call))) return { kind: "unknown" };`,
    put: `if (!record?.state.enabled) return { kind: "unknown" };
      await isSigned(ports, record.state, call);`,
  },
  {
    name: "a hook's call counts whenever it comes",
    file: TAKE,
    find: `if (Math.abs(clock.nowMs() - atMs) > limits.hook.toleranceMs) return false;`,
    put: "",
  },
  {
    name: "a hook that was switched off is taken",
    file: TAKE,
    find: `if (!record?.state.enabled || !(await isSigned(ports, record.state, call))) return { kind: "unknown" };`,
    put: `if (!record || !(await isSigned(ports, record.state, call))) return { kind: "unknown" };`,
  },
  {
    name: "a hook's call that was refused is told as accepted",
    file: TAKE,
    find: `return { kind: "busy", status: changed.status };`,
    put: `return accepted;`,
  },
  {
    name: "a hook's call upgrades each time that it comes",
    file: TAKE,
    find: `{ bayModelId, maxBatchSize, scope: "bay" }, keyed);`,
    put: `{ bayModelId, maxBatchSize, scope: "bay" });`,
  },
  {
    name: "a bay goes and its hooks stay",
    file: "packages/core/src/bay/bay-records.ts",
    find: `if (item === undefined || isWatching(item)) return "gone";`,
    put: `if (item === undefined || isWatching(item) || item.body["type"] === "hook") return "gone";`,
  },
];
