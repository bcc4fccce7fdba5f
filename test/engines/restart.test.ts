/** A sandbox that is kept on disk: after a restart its bays' engines answer at the same addresses, with all that is in them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createHttpsEngineHttp } from "@jeroboam/coe/engines/https-engine-http";
import { openEngine } from "@jeroboam/coe/engines/open-engine";
import { until } from "./lab/processes.ts";
import { startSandboxEngine } from "./lab/sandbox.ts";

const data = mkdtempSync(join(tmpdir(), "sandbox-"));
afterAll(() => rmSync(data, { recursive: true }));

test("after a restart an engine is back at its address, with its certificate and its containers", async () => {
  const place = await startSandboxEngine("swarm", { data });
  const engine = openEngine(createHttpsEngineHttp(), {
    coe: "swarm",
    apiAddress: place.apiAddress,
    masterAddresses: [],
    authority: place.identity.authority,
    client: place.client,
  });
  const wanted = {
    uuid: "11111111-2222-4333-8444-555555555555",
    name: "kept",
    image: "lab/busybox:1.35",
    command: ["sleep", "1000"],
    memoryBytes: null,
    environment: {},
  };
  const made = await engine.createContainer(wanted);
  expect(made).toMatchObject({ kind: "written" });
  const reopened = await place.restart();
  try {
    expect(await engine.checkHealth()).toMatchObject({ isHealthy: true });
    expect(await engine.find("container", wanted)).toMatchObject({
      object: made.kind === "written" ? { engineId: made.object.engineId, name: "kept" } : {},
    });
    const listeners = reopened.sandbox.engines.listeners();
    expect(listeners.map(({ address, port }) => `https://${address}:${port}`)).toContain(place.apiAddress);
  } finally {
    await reopened.close();
  }
  const isDown = async (): Promise<boolean> => (await engine.checkHealth()).kind === "unreachable";
  await until("it is closed", isDown, 5_000);
});
