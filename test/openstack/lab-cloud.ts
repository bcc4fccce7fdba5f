/** The lab as a cloud that contracts are tried on. */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import type { TestedCloud } from "../contract/cloud-contract.ts";
import type { Lab } from "./lab.ts";
import { passwordOf, scopeOf } from "./people.ts";

export function labCloud({ authUrl, region, password }: Lab, http: HttpFetch): TestedCloud {
  return {
    http,
    clock: systemClock,
    authUrl,
    account: { credentials: passwordOf("jeroboam", password), project: scopeOf("service").project },
    choice: { interface: "public", region },
    person: passwordOf("demo", password),
    project: scopeOf("demo").project,
    wait: () => new Promise((resolve) => setTimeout(resolve, 500)),
  };
}
