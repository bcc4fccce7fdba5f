/** Our clients and delegations against the sandbox, in process, its clock turned by hand. */
import { Transient } from "@jeroboam/core/errors";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { createSandbox } from "@jeroboam/sandbox/sandbox";
import type { Sandbox } from "@jeroboam/sandbox/sandbox";
import { describe } from "vitest";
import type { TestedCloud } from "./contract/cloud-contract.ts";
import { testCloud } from "./contract/cloud-contract.ts";

const domain = { id: "default" };

/** The HTTP port over the sandbox's own fetch. */
function sandboxHttp(sandbox: Sandbox): HttpFetch {
  return async ({ method, url, headers, json, text }) => {
    const body = json === undefined ? text : JSON.stringify(json);
    const type = json === undefined ? {} : { "content-type": "application/json" };
    const init = { method, headers: { ...type, ...headers }, redirect: "manual" as const };
    const request = new Request(url, body === undefined ? init : { ...init, body });
    const response = await sandbox.fetch(request).catch((error: unknown) => {
      // The sandbox cut the connection, as it was told to.
      throw new Transient(`${method} ${new URL(url).pathname}: cut`, { cause: error });
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  };
}

function openSandbox(): Promise<TestedCloud> {
  let nowMs = Date.UTC(2026, 0, 1);
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const sandbox = createSandbox({ clock: { now: () => nowMs }, random });
  return Promise.resolve({
    http: sandboxHttp(sandbox),
    clock: { nowMs: () => nowMs },
    authUrl: `${sandbox.publicUrl}/v3`,
    account: {
      credentials: { kind: "password", user: { name: "jeroboam", domain }, password: "secret" },
      project: { name: "service", domain },
    },
    choice: { interface: "public", region: "RegionOne" },
    person: { kind: "password", user: { name: "demo", domain }, password: "secret" },
    project: { name: "demo", domain },
    wait: () => Promise.resolve(void (nowMs += 500)),
  });
}

describe("the sandbox", () => {
  testCloud(openSandbox, { heatKeepsTrusts: false, image: "fedora-21-atomic-3" });
});
