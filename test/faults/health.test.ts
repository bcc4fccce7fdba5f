/** Bays' health, checked by schedule: what is told, what is written, and who is left alone. */
import type { ContainerEngine, Health } from "@jeroboam/coe/engines/container-engine";
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { limits } from "@jeroboam/core/limits";
import type { Item } from "@jeroboam/core/table/table";
import { beforeEach, expect, test } from "vitest";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import type { BayWorld } from "./bay-world.ts";
import { actsOn, bayOf, createBayWorld } from "./bay-world.ts";
import { createGate } from "./gate.ts";
import { passTime } from "./pass-time.ts";

const FINE: Health = { kind: "checked", isHealthy: true, reasons: { api: "ok", "n-0.Ready": "True" } };
const ILL: Health = { kind: "checked", isHealthy: false, reasons: { api: "ok", "n-0.Ready": "False" } };
const AWAY: Health = { kind: "unreachable", cause: "down", reason: "the bay's API does not answer" };

let world: BayWorld;
let ports: ConductorPorts;
let health: Health;
let checks = 0;

beforeEach(() => {
  world = createBayWorld(createGate(), PLAIN_DELIVERY, { stackMs: 5_000 });
  [health, checks] = [FINE, 0];
  const checkHealth = () => {
    checks += 1;
    return Promise.resolve(health);
  };
  const engine = { checkHealth } as unknown as ContainerEngine;
  ports = {
    ...world.ports,
    healthChecks: { intervalMs: 60_000 },
    openEngine: (_bay, { apiAddress }) =>
      Promise.resolve(apiAddress === null ? { kind: "closed", reason: "no address yet" } : { kind: "open", engine }),
  };
});

const pass = (ms: number): Promise<void> => passTime(world, ms, ports);

const uuid = (): string => world.bayKey.pk.slice("bay#".length);
const reasons = async () =>
  (await findBayByUuid(world.table, { projectId: "p1", allProjects: false }, uuid()))?.specification.healthStatusReason;
const watches = (): readonly Item[] => world.table.items().filter(({ pk }) => pk.startsWith("health-watch#"));

async function label(labels: Record<string, string>): Promise<void> {
  const bay = await bayOf(world);
  if (bay) await changeSpecification(world.table, bay, () => ({ labels }));
}

test("a bay that is complete has its health soon, and it follows the engine", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  expect(await bayOf(world)).toMatchObject({ status: "CREATE_COMPLETE", healthStatus: "HEALTHY" });
  expect(await reasons()).toEqual({ api: "ok", "n-0.Ready": "True" });
  health = ILL;
  await pass(70_000);
  expect(await bayOf(world)).toMatchObject({ status: "CREATE_COMPLETE", healthStatus: "UNHEALTHY" });
  expect(await reasons()).toEqual({ api: "ok", "n-0.Ready": "False" });
  health = AWAY;
  await pass(70_000);
  expect(await bayOf(world)).toMatchObject({ healthStatus: "UNHEALTHY" });
  expect(await reasons()).toEqual({ api: "the bay's API does not answer" });
});

test("checks are an interval apart, give or take a tenth; the bay is not written while its health stays", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  const before = (await world.table.get(world.bayKey))?.revision;
  checks = 0;
  await pass(3_600_000);
  expect(checks).toBeGreaterThanOrEqual(54);
  expect(checks).toBeLessThanOrEqual(67);
  expect((await world.table.get(world.bayKey))?.revision).toBe(before);
});

test("a change is told by an event of the bay, once; checks are told to nobody", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  health = ILL;
  await pass(600_000);
  const types = [...world.told.values()].map(({ type }) => type);
  expect(types.filter((type) => type === "bay.health.changed")).toHaveLength(2);
  expect(types.filter((type) => type.startsWith("health-watch"))).toEqual([]);
});

test("one that has no address outside and cannot be reached is unknown, not ill", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  const bay = await bayOf(world);
  if (bay) await changeSpecification(world.table, bay, () => ({ floatingIpEnabled: false }));
  health = AWAY;
  await pass(70_000);
  expect(await bayOf(world)).toMatchObject({ healthStatus: "UNKNOWN" });
  expect((await reasons())?.["api"]).toContain("no floating IP");
});

test.each([
  { health_checks_enabled: "false" },
  { auto_healing_enabled: "True", auto_healing_controller: "magnum-auto-healer" },
])("a bay whose labels are %j is left alone, and has no record of checks any more", async (labels) => {
  await actsOn(world).create(1);
  await pass(10_000);
  expect(watches()).toHaveLength(1);
  await label(labels);
  await pass(70_000);
  checks = 0;
  await pass(600_000);
  expect(checks).toBe(0);
  expect(watches()).toEqual([]);
});

test("where checks are off, an idle bay has nothing that is due", async () => {
  const { healthChecks: _off, ...rest } = ports;
  ports = rest;
  await actsOn(world).create(1);
  await pass(600_000);
  expect(await bayOf(world)).toMatchObject({ status: "CREATE_COMPLETE", healthStatus: null });
  expect(world.table.items().filter(({ indexes }) => indexes.due !== undefined)).toEqual([]);
});

test("switched off later, the record of checks goes at its next; switched on again, the next update begins it", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  const { healthChecks, ...rest } = ports;
  ports = rest;
  await pass(70_000);
  expect(watches()).toEqual([]);
  ports = { ...rest, ...(healthChecks && { healthChecks }) };
  await actsOn(world).resize(2);
  await pass(20_000);
  expect(watches()).toHaveLength(1);
});

test("with the bay go its checks", async () => {
  await actsOn(world).create(1);
  await pass(10_000);
  await actsOn(world).remove();
  await pass(600_000);
  expect(await bayOf(world)).toBeUndefined();
  expect(watches()).toEqual([]);
});

test("of a bay of a thousand nodes what is wrong is told first, and no more than fits", async () => {
  const nodes = Array.from({ length: 1_000 }, (_, nth) => [`n-${nth}.Ready`, nth === 999 ? "False" : "True"]);
  health = { kind: "checked", isHealthy: false, reasons: { api: "ok", ...Object.fromEntries(nodes) } };
  await actsOn(world).create(1);
  await pass(10_000);
  expect(Object.keys((await reasons()) ?? {})).toHaveLength(limits.bay.healthReasons);
  expect(await reasons()).toMatchObject({ "n-999.Ready": "False" });
});
