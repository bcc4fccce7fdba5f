/** Keys in a real Barbican: what the sandbox's promises too (test/integration/master-keys.test.ts). */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import { describe } from "vitest";
import type { BarbicanCloud } from "../contract/barbican-contract.ts";
import { testBarbican } from "../contract/barbican-contract.ts";
import { isLabUp, theLab } from "./lab.ts";
import { passwordOf, scopeOf } from "./people.ts";

const TEST_WITHIN_MS = 5 * 60_000;
/** Nobody listens there: the port is reserved. */
const NOWHERE = "http://127.0.0.1:1";

function openLab(): Promise<BarbicanCloud> {
  const { authUrl, region, password } = theLab();
  const fetchHttp = createFetchHttp({ verify: true });
  let isAway = false;
  const http: HttpFetch = (request, call) => {
    const { pathname } = new URL(request.url);
    const isLost = isAway && pathname.startsWith("/v1/secrets");
    return fetchHttp(isLost ? { ...request, url: NOWHERE + pathname } : request, call);
  };
  return Promise.resolve({
    http,
    clock: systemClock,
    authUrl,
    account: { credentials: passwordOf("jeroboam", password), project: scopeOf("service").project },
    choice: { interface: "public", region },
    person: passwordOf("demo", password),
    project: scopeOf("demo").project,
    wait: () => new Promise((resolve) => setTimeout(resolve, 500)),
    leave: () => {
      isAway = true;
      return () => void (isAway = false);
    },
  });
}

describe.skipIf(!isLabUp)("the real Barbican", { timeout: TEST_WITHIN_MS }, () => {
  testBarbican(openLab);
});
