/** The sandbox as a place of bays, in this process, on a simulated clock. */
import { createApp } from "@jeroboam/api/app";
import { createApiPorts } from "@jeroboam/api/compose";
import { buildPolicy } from "@jeroboam/core/identity/policy";
import { createSandboxWorld, noEngines, runToRest } from "../integration/sandbox-world.ts";
import type { Place } from "./place.ts";
import { findBay } from "./place.ts";

const openGate = {
  pass: <Result>(_name: string, run: () => Promise<Result>) => run(),
  moment: () => Promise.resolve(),
};

export async function sandboxPlace(): Promise<Place> {
  const world = await createSandboxWorld(openGate);
  const { ports, sessions, delegations, bayTypes, sandbox, caller } = world;
  const policy = buildPolicy();
  if (policy.kind === "invalid") throw new Error(policy.problems.join("; "));
  const app = createApp(
    createApiPorts({
      rate: { kind: "off", perSecond: 1, burst: 1 },
      ...ports,
      webhookSealer: ports.sealer,
      sessions,
      delegations,
      bayTypes: () => Promise.resolve(bayTypes),
      engineHttp: noEngines,
      checkReceiver: () => Promise.resolve({ kind: "allowed" }),
      web: () => Promise.resolve({ kind: "failed", reason: "there is no web here" }),
      policy: policy.policy,
      settings: { keystoneUrl: "http://cloud.test/v3", links: { kind: "request", trustForwarded: false } },
    }),
  );
  const request: Place["request"] = async (method, path, json) => {
    const headers = { "x-auth-token": caller.token, ...(json !== undefined && { "content-type": "application/json" }) };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await app.request(`http://api.test/v1${path}`, { method, headers, ...body });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  return {
    cloud: sessions.caller(caller.token, caller.facts),
    request,
    async settle(uuid) {
      await runToRest(world);
      return await findBay({ request }, uuid);
    },
    failNodes: (uuid, reason) => void sandbox.knobs.add({ kind: "node", stack: `*${uuid}*`, fate: "fails", reason }),
  };
}
