/** The owner is told of certificates that end soon: once at each threshold, whatever the number of rounds. */
import { createCertificateMaker } from "@jeroboam/conductor/certificate-maker";
import { expect, test } from "vitest";
import { X509Certificate } from "node:crypto";
import { baySpecificationKey, specificationFromItem } from "@jeroboam/core/bay/bay";
import { bayOf } from "../faults/bay-world.ts";
import type { BayWorld } from "../faults/bay-world.ts";
import { settledWorld } from "./settled-world.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

const warnings = ({ told }: BayWorld) => [...told.values()].filter(({ type }) => type === "bay.certificate.expiring");

/** When the first of the bay's certificates ends. */
async function endOf(world: BayWorld): Promise<number> {
  const bay = await bayOf(world);
  const cold = await world.table.get(baySpecificationKey("p1", bay?.uuid ?? ""));
  const certificates = cold && specificationFromItem(cold).certificates;
  if (!certificates) throw new Error("the bay has no certificates");
  const ends = [certificates.caCertificate, certificates.clientCertificate].map((pem) =>
    new X509Certificate(pem).validToDate.getTime(),
  );
  return Math.min(...ends);
}

test("a certificate that ends within 30, 7 and 1 days is told of once each, and in no dry run", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  const endsAtMs = await endOf(world);
  expect((await round("certificate-expiry")).findings).toEqual([]);
  // The authority's and the conductor's were made together.
  const moments = [
    { days: 31, told: 0 },
    { days: 29, told: 2 },
    { days: 20, told: 2 },
    { days: 6, told: 4 },
    { days: 0.5, told: 6 },
  ];
  for (const { days, told } of moments) {
    world.clock.advance(endsAtMs - days * DAY_MS - world.clock.nowMs());
    const before = warnings(world).length;
    await round("certificate-expiry", true);
    expect(warnings(world)).toHaveLength(before);
    await round("certificate-expiry");
    await round("certificate-expiry");
    expect(warnings(world)).toHaveLength(told);
  }
  expect(warnings(world).map(({ data }) => data["days"])).toEqual([30, 30, 7, 7, 1, 1]);
});

test("one that has ended is told as such", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  world.clock.advance((await endOf(world)) + DAY_MS - world.clock.nowMs());
  expect((await round("certificate-expiry")).findings).toMatchObject([
    { what: "certificate-expired", outcome: "done" },
    { what: "certificate-expired", outcome: "done" },
  ]);
});

test("bays with node groups are looked at like others", async () => {
  const { world, acts, settle, round } = await settledWorld(createCertificateMaker);
  await acts.addGroup();
  await settle();
  world.clock.advance((await endOf(world)) - DAY_MS - world.clock.nowMs());
  const { isOver, counts, findings } = await round("certificate-expiry");
  expect({ isOver, bays: counts["bays"], findings: findings.length }).toEqual({ isOver: true, bays: 1, findings: 2 });
});
