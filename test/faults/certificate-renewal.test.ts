/** Renewing the conductor's certificate, through the harness: one that works, whatever died in between. */
import { X509Certificate } from "node:crypto";
import { createCertificateMaker } from "@jeroboam/conductor/certificate-maker";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { limits } from "@jeroboam/core/limits";
import { startRound } from "@jeroboam/core/reconciliation/job";
import { expect } from "vitest";
import { bayOf, bayScenario } from "./bay-world.ts";
import { describeOperationFaults } from "./harness.ts";
import { expectWorking } from "./working-certificates.ts";

const DAY_MS = 86_400_000;

describeOperationFaults(
  bayScenario(
    "renewing the conductor's certificate",
    { stackMs: 1_500 },
    async (acts, world, settle) => {
      Object.assign(world.ports, { certificates: createCertificateMaker(world.ports) });
      await acts.create(1);
      await settle();
      world.clock.advance(364 * DAY_MS);
      await startRound(world.ports, "certificate-expiry", { isDryRun: false });
    },
    async (world) => {
      await expectWorking(world);
      const bay = await bayOf(world);
      const certificates = bay && (await readSpecification(world.table, bay))?.certificates;
      const { validToDate } = new X509Certificate(certificates?.clientCertificate ?? "");
      expect(validToDate.getTime()).toBeGreaterThan(world.clock.nowMs() + limits.certificate.clientRenewedBeforeMs);
    },
  ),
);
