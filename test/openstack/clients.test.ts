/** Our clients and delegations against real services: what the sandbox promises too (test/openstack-clients.test.ts). */
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import { describe } from "vitest";
import type { TestedCloud } from "../contract/cloud-contract.ts";
import { testCloud } from "../contract/cloud-contract.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labCloud } from "./lab-cloud.ts";

const TEST_WITHIN_MS = 10 * 60_000;

const openCloud = (): Promise<TestedCloud> => Promise.resolve(labCloud(theLab(), createFetchHttp({ verify: true })));

describe.skipIf(!isLabUp)("real services", { timeout: TEST_WITHIN_MS }, () => {
  testCloud(openCloud, { heatKeepsTrusts: true, image: "fedora-21-atomic-3" });
});
