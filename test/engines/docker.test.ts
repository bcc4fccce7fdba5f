import { describe } from "vitest";
import { contractOf } from "./contract.ts";
import { startDocker, whyNoDocker } from "./lab/docker.ts";
import { skipOrFail } from "./lab/skip.ts";

describe.skipIf(skipOrFail("a real dockerd", whyNoDocker()))("dockerd", () => {
  contractOf("a real dockerd", "swarm", () => startDocker({ isSwarm: false }));
  contractOf("a real swarm mode", "swarm-mode", () => startDocker({ isSwarm: true }));
});
