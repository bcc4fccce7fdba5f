/**
 * Checking a bay's health by schedule: its engine's API, and the conditions of its nodes. Due times are jittered, so that
 * bays made together are not checked together; nothing is written while the health stays as it is, but the due time.
 * Where the bay model's owner asks for it, nodes that stay unhealthy are replaced (repair-nodes.ts).
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { isBeingDeleted } from "@jeroboam/core/bay/bay-status";
import type { HealthWatch } from "@jeroboam/core/bay/health-watch";
import {
  healthWatchShape,
  isReachedFromOutside,
  wantsHealthChecks,
  watchHealth,
} from "@jeroboam/core/bay/health-watch";
import { forgetSpells, wantsRepair } from "@jeroboam/core/bay/node-repair";
import type { HealthReport } from "@jeroboam/core/bay/report-health";
import { reportHealth } from "@jeroboam/core/bay/report-health";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { limits } from "@jeroboam/core/limits";
import type { RecordType, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import type { ConductorPorts } from "../ports.ts";
import { carryOutRepair, judgeRepair } from "./repair-nodes.ts";

/** The last step of whatever builds a bay. */
export const beginHealthChecks: Step<ConductorPorts, Bay> = {
  name: "begin-health-checks",
  async run(ports, { state: bay }) {
    if (!ports.healthChecks) return done();
    const specification = await readSpecification(ports.table, bay);
    if (specification && wantsHealthChecks(specification)) await watchHealth(ports, bay);
    return done();
  },
};

const check: Step<ConductorPorts, HealthWatch> = {
  name: "check",
  async run(ports, { state: watch }, { signal }) {
    const { projectId, bayUuid } = watch;
    const { healthChecks, table, openEngine, random } = ports;
    const record = await findRecord(table, bayShape, bayKey(projectId, bayUuid));
    const specification = record && (await readSpecification(table, record.state));
    if (!healthChecks || !record || !specification || isBeingDeleted(record.state)) return done();
    if (!wantsHealthChecks(specification)) return done();
    const decided = watch.repair?.decided;
    if (watch.repair && decided) {
      await carryOutRepair(ports, watch, specification, decided);
      return again(0, { repair: { ...watch.repair, decided: null } });
    }
    const later = again<HealthWatch>(Math.ceil(healthChecks.intervalMs * (0.9 + 0.2 * random.fraction())));
    const opened = await openEngine(record.state, specification);
    if (opened.kind === "closed") return later;
    const health = await opened.engine.checkHealth(signal);
    await reportHealth(ports, { record }, reportOf(health, isReachedFromOutside(specification)));
    // Switched on again it counts anew; what was replaced still counts.
    if (!wantsRepair(specification))
      return watch.repair ? { ...later, changes: { repair: forgetSpells(watch.repair) } } : later;
    const repair = await judgeRepair(ports, watch, specification, conditionsOf(health));
    return repair.decided ? again(0, { repair }) : { ...later, changes: { repair } };
  },
};

type Checked = Awaited<
  ReturnType<Extract<Awaited<ReturnType<ConductorPorts["openEngine"]>>, { kind: "open" }>["engine"]["checkHealth"]>
>;

/** Nodes' conditions count only while the engine itself is well. */
function conditionsOf(health: Checked): Readonly<Record<string, string>> | undefined {
  return health.kind === "checked" && health.reasons["api"] === "ok" ? health.reasons : undefined;
}

/** Who cannot be reached is not well, unless we are not where it could be reached from. */
function reportOf(health: Checked, isReached: boolean): HealthReport {
  if (health.kind === "checked")
    return { healthStatus: health.isHealthy ? "HEALTHY" : "UNHEALTHY", healthStatusReason: bounded(health.reasons) };
  const reason = health.reason.slice(0, limits.engine.statusReasonChars);
  return isReached
    ? { healthStatus: "UNHEALTHY", healthStatusReason: { api: reason } }
    : { healthStatus: "UNKNOWN", healthStatusReason: { api: `The API has no floating IP, and ${reason}` } };
}

/** Of a very large bay, what is wrong comes first. */
function bounded(reasons: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(reasons);
  if (entries.length <= limits.bay.healthReasons) return { ...reasons };
  const isFine = ([, value]: [string, string]): boolean => value === "True" || value === "ok";
  const sorted = [...entries.filter((entry) => !isFine(entry)), ...entries.filter(isFine)];
  return Object.fromEntries(sorted.slice(0, limits.bay.healthReasons));
}

export const healthWatchType: RecordType<ConductorPorts, HealthWatch> = {
  ...healthWatchShape,
  operations: [{ kind: "check-health", version: 1, steps: [check], always: [], end: () => ({ kind: "removed" }) }],
};
