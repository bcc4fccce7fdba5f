/** The sandbox's engines as they come up, ail and heal: their certificates, and the knobs that put them in trouble. */
import { afterEach, expect, test } from "vitest";
import type { ContainerEngine, Unreachable } from "@jeroboam/coe/engines/container-engine";
import { createHttpsEngineHttp } from "@jeroboam/coe/engines/https-engine-http";
import { openEngine } from "@jeroboam/coe/engines/open-engine";
import { until } from "./lab/processes.ts";
import { startSandboxEngine } from "./lab/sandbox.ts";
import type { SandboxPlace } from "./lab/sandbox.ts";

const WITHIN_MS = 15_000;
let place: SandboxPlace | undefined;
afterEach(async () => await place?.close());

const engineOf = (one: SandboxPlace): ContainerEngine =>
  openEngine(createHttpsEngineHttp(), {
    coe: one.coe,
    apiAddress: one.apiAddress,
    masterAddresses: [],
    authority: one.identity.authority,
    client: one.client,
  });

test("each node has fetched the authority and a certificate of its own, by its own credential", async () => {
  place = await startSandboxEngine("swarm");
  const { asked } = place;
  await until("all three nodes", async () => await Promise.resolve(asked() === 6), WITHIN_MS);
  const nodes = await engineOf(place).list("node");
  expect(nodes).toMatchObject({ objects: [{ name: "master" }, { name: "node-1" }, { name: "node-2" }] });
});

test.each([
  ["down", "down"],
  ["wrong-certificate", "certificate"],
] as const)("an engine that is told to be %s is so, and heals when the fault is taken away", async (effect, cause) => {
  place = await startSandboxEngine("kubernetes");
  const engine = engineOf(place);
  const heal = place.setFault({ effect });
  const trouble = async (): Promise<Unreachable["cause"] | "well"> => {
    const health = await engine.checkHealth();
    return health.kind === "unreachable" ? health.cause : "well";
  };
  await until(cause, async () => (await trouble()) === cause, WITHIN_MS);
  heal();
  await until("well", async () => (await trouble()) === "well", WITHIN_MS);
  expect(await engine.checkHealth()).toMatchObject({ isHealthy: true });
});

test("an engine that is told to be slow answers, later", async () => {
  place = await startSandboxEngine("kubernetes");
  const heal = place.setFault({ effect: "slow", delayMs: 60_000 });
  const health = await engineOf(place).checkHealth(AbortSignal.timeout(500));
  expect(health).toMatchObject({ kind: "unreachable", cause: "slow" });
  heal();
  expect(await engineOf(place).checkHealth()).toMatchObject({ isHealthy: true });
});

test("where nodes cannot get a certificate no engine comes up, and the stack says why", async () => {
  await expect(startSandboxEngine("kubernetes", { isRefused: true })).rejects.toThrow(
    /told to leave the node without a certificate; 0 listen/,
  );
});
