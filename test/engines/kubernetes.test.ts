import { describe } from "vitest";
import { contractOf } from "./contract.ts";
import { startKubernetes, whyNoKubernetes } from "./lab/kubernetes.ts";
import { skipOrFail } from "./lab/skip.ts";

describe.skipIf(skipOrFail("a real Kubernetes", whyNoKubernetes(), false))("Kubernetes", () => {
  contractOf("a real Kubernetes", "kubernetes", startKubernetes);
});
