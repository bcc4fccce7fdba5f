/** Our clients and delegations against real services: what the sandbox promises too (test/openstack-clients.test.ts). */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import { describe } from "vitest";
import type { TestedCloud } from "../contract/cloud-contract.ts";
import { testCloud } from "../contract/cloud-contract.ts";
import { isLabUp, theLab } from "./lab.ts";
import { passwordOf, scopeOf } from "./people.ts";

const TEST_WITHIN_MS = 10 * 60_000;

function openCloud(): Promise<TestedCloud> {
  const { authUrl, region, password } = theLab();
  return Promise.resolve({
    http: createFetchHttp({ verify: true }),
    clock: systemClock,
    authUrl,
    account: { credentials: passwordOf("jeroboam", password), project: scopeOf("service").project },
    choice: { interface: "public", region },
    person: passwordOf("demo", password),
    project: scopeOf("demo").project,
    wait: () => new Promise((resolve) => setTimeout(resolve, 500)),
  });
}

describe.skipIf(!isLabUp)("real services", { timeout: TEST_WITHIN_MS }, () => {
  testCloud(openCloud, { heatKeepsTrusts: true, image: "fedora-21-atomic-3" });
});
