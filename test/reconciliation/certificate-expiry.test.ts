/** The owner is told of certificates that end soon: once at each threshold, whatever the number of rounds. */
import { createCertificateMaker } from "@jeroboam/conductor/certificate-maker";
import { expect, test } from "vitest";
import { X509Certificate } from "node:crypto";
import { baySpecificationKey, specificationFromItem } from "@jeroboam/core/bay/bay";
import { bayOf } from "../faults/bay-world.ts";
import type { BayWorld } from "../faults/bay-world.ts";
import { expectWorking } from "../faults/working-certificates.ts";
import { settledWorld } from "./settled-world.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

const warnings = ({ told }: BayWorld) => [...told.values()].filter(({ type }) => type === "bay.certificate.expiring");

const warningsOf = (world: BayWorld, whose: string) => warnings(world).filter(({ data }) => data["whose"] === whose);

/** When the bay's authority ends. */
async function endOf(world: BayWorld): Promise<number> {
  return new X509Certificate((await certificatesOf(world)).caCertificate).validToDate.getTime();
}

async function certificatesOf(world: BayWorld) {
  const bay = await bayOf(world);
  const cold = await world.table.get(baySpecificationKey("p1", bay?.uuid ?? ""));
  const certificates = cold && specificationFromItem(cold).certificates;
  if (!certificates) throw new Error("the bay has no certificates");
  return certificates;
}

test("an authority that ends within 30, 7 and 1 days is told of once each, and in no dry run", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  const endsAtMs = await endOf(world);
  expect((await round("certificate-expiry")).findings).toEqual([]);
  const moments = [
    { days: 31, told: 0 },
    { days: 29, told: 1 },
    { days: 20, told: 1 },
    { days: 6, told: 2 },
    { days: 0.5, told: 3 },
  ];
  for (const { days, told } of moments) {
    world.clock.advance(endsAtMs - days * DAY_MS - world.clock.nowMs());
    // The conductor's own follows it to its end.
    await round("certificate-expiry");
    await round("certificate-expiry", true);
    await round("certificate-expiry");
    expect(warningsOf(world, "authority")).toHaveLength(told);
  }
  expect(warningsOf(world, "authority").map(({ data }) => data["days"])).toEqual([30, 7, 1]);
  // It cannot outlive the authority: of that its owner is told too.
  expect(warningsOf(world, "conductor").map(({ data }) => data["days"])).toEqual([30, 7, 1]);
});

test("no dry run tells anybody anything", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  world.clock.advance((await endOf(world)) - DAY_MS - world.clock.nowMs());
  const before = await certificatesOf(world);
  expect((await round("certificate-expiry", true)).findings.map(({ outcome }) => outcome)).toEqual(["would", "would"]);
  expect(warnings(world)).toEqual([]);
  expect(await certificatesOf(world)).toEqual(before);
});

test("certificates that have ended are told as such", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  world.clock.advance((await endOf(world)) + DAY_MS - world.clock.nowMs());
  expect((await round("certificate-expiry")).findings).toMatchObject([
    { what: "certificate-expired", outcome: "done" },
    { what: "certificate-expired", outcome: "done" },
  ]);
});

test("the conductor's own is renewed two months before its end, once, by the same authority; nobody is bothered", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  const before = await certificatesOf(world);
  const endsAtMs = new X509Certificate(before.clientCertificate).validToDate.getTime();
  world.clock.advance(endsAtMs - 61 * DAY_MS - world.clock.nowMs());
  expect((await round("certificate-expiry")).findings).toEqual([]);
  world.clock.advance(2 * DAY_MS);
  expect((await round("certificate-expiry", true)).findings).toMatchObject([
    { what: "conductor-certificate-renewed", outcome: "would" },
  ]);
  expect(await certificatesOf(world)).toEqual(before);
  expect((await round("certificate-expiry")).findings).toMatchObject([
    { what: "conductor-certificate-renewed", outcome: "done" },
  ]);
  const after = await certificatesOf(world);
  expect((await round("certificate-expiry")).findings).toEqual([]);
  expect(await certificatesOf(world)).toEqual(after);
  expect([after.caCertificate, after.caKeySealed]).toEqual([before.caCertificate, before.caKeySealed]);
  await expectWorking(world);
  expect(new X509Certificate(after.clientCertificate).validToDate.getTime()).toBeGreaterThan(endsAtMs + 300 * DAY_MS);
  expect(warnings(world)).toEqual([]);
});

test("a key that does not open is told of, to the owner too, and ends no round", async () => {
  const { world, round } = await settledWorld(createCertificateMaker);
  const { sealer } = world.ports;
  world.clock.advance(345 * DAY_MS);
  Object.assign(world.ports, { sealer: { ...sealer, open: () => Promise.reject(new Error("it does not open")) } });
  const report = await round("certificate-expiry");
  expect(report.findings).toMatchObject([
    { what: "conductor-certificate-not-renewed", outcome: "told", detail: "it does not open" },
    { what: "certificate-expiring", outcome: "done" },
  ]);
  expect(warnings(world).map(({ data }) => [data["whose"], data["days"]])).toEqual([["conductor", 30]]);
  Object.assign(world.ports, { sealer });
  expect((await round("certificate-expiry")).findings).toMatchObject([{ what: "conductor-certificate-renewed" }]);
  await expectWorking(world);
});

test("bays with node groups are looked at like others", async () => {
  const { world, acts, settle, round } = await settledWorld(createCertificateMaker);
  await acts.addGroup();
  await settle();
  world.clock.advance((await endOf(world)) - DAY_MS - world.clock.nowMs());
  const { isOver, counts, findings } = await round("certificate-expiry");
  expect({ isOver, bays: counts["bays"], findings: findings.length }).toEqual({ isOver: true, bays: 1, findings: 2 });
});
