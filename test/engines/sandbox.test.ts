import { contractOf } from "./contract.ts";
import { startSandboxEngine } from "./lab/sandbox.ts";

for (const coe of ["kubernetes", "swarm", "swarm-mode", "mesos"] as const) {
  contractOf(`the sandbox's ${coe}`, coe, () => startSandboxEngine(coe));
}
