/** A bay's engine is opened with what the bay's own items say, or not at all. */
import type { BaySpecification } from "@jeroboam/core/bay/bay";
import { expect, test } from "vitest";
import { MODEL_ID, newModel, newSpecification } from "../../../../test/simulated/bays.ts";
import type { EngineEndpoint } from "./engine-http.ts";
import { createOpenBayEngine } from "./open-bay-engine.ts";

const BAY = { uuid: MODEL_ID, status: "CREATE_COMPLETE" } as const;

function specification(changes: Partial<BaySpecification>, tlsDisabled = false): BaySpecification {
  return {
    ...newSpecification({ ...newModel(0), tlsDisabled }),
    delegation: { kind: "service", projectId: "p1" },
    ...changes,
  };
}

const CERTIFICATES = {
  caCertificate: "the authority's",
  caKeySealed: "sealed",
  clientCertificate: "ours",
  clientKeySealed: `sealed for bay/${MODEL_ID}/client-key`,
};

async function endpointOf(opened: BaySpecification): Promise<EngineEndpoint | string> {
  let seen: EngineEndpoint | undefined;
  const open = createOpenBayEngine({
    http: (endpoint) => {
      seen = endpoint;
      return Promise.resolve({ kind: "unreachable", cause: "down", reason: "nobody there" });
    },
    sealer: {
      seal: () => Promise.reject(new Error("nothing is sealed here")),
      open: (sealed, context) =>
        sealed === `sealed for ${context}` ? Promise.resolve("our key") : Promise.reject(new Error("another's secret")),
    },
  });
  const outcome = await open(BAY, opened);
  if (outcome.kind === "closed") return outcome.reason;
  await outcome.engine.readVersion();
  return seen ?? "nothing was asked";
}

test("an engine is asked at the bay's address, trusting the bay's authority alone, with the conductor's certificate", async () => {
  const opened = specification({ apiAddress: "https://172.24.4.10:6443", certificates: CERTIFICATES });
  expect(await endpointOf(opened)).toEqual({
    url: "https://172.24.4.10:6443",
    authority: "the authority's",
    client: { certificate: "ours", privateKey: "our key" },
  });
});

test("without TLS no key is unsealed", async () => {
  const opened = specification({ apiAddress: "http://172.24.4.10:8080", certificates: CERTIFICATES }, true);
  expect(await endpointOf(opened)).toEqual({ url: "http://172.24.4.10:8080", authority: null, client: null });
});

test("a bay without an address or without certificates has no engine yet, and says why", async () => {
  expect(await endpointOf(specification({ certificates: CERTIFICATES }))).toContain("no address yet");
  expect(await endpointOf(specification({ apiAddress: "https://172.24.4.10:6443" }))).toContain("no certificates yet");
});
