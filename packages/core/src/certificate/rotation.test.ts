/** What is trusted and what signs, phase by phase. */
import { expect, test } from "vitest";
import type { BayCertificates, Issuer } from "./rotation.ts";
import { inPhase, isPast, phaseOfMark, rotationMark, trustedAuthorities } from "./rotation.ts";

const issuer = (name: string): Issuer => ({
  caCertificate: `${name} authority\n`,
  caKeySealed: `${name} key`,
  clientCertificate: `${name} client`,
  clientKeySealed: `${name} client key`,
});

test("each phase trusts what the phase beside it shows, and the key of what signs no more is gone", () => {
  const trust: BayCertificates = { ...issuer("old"), rotation: { phase: "trust", next: issuer("new") } };
  const renew = inPhase(trust, "renew");
  const serve = inPhase(renew, "serve");
  const drop = inPhase(serve, "drop");
  expect([trust, renew, serve, drop].map(({ caKeySealed }) => caKeySealed)).toEqual([
    "old key",
    "new key",
    "new key",
    "new key",
  ]);
  expect([issuer("old"), trust, renew, serve, drop].map(trustedAuthorities)).toEqual([
    "old authority\n",
    "old authority\nnew authority",
    "new authority\nold authority",
    "new authority\nold authority",
    "new authority\n",
  ]);
  for (const later of [renew, serve, drop]) expect(JSON.stringify(later)).not.toContain("old key");
});

test("coming to a phase again, or to one that is past, changes nothing; none is left out", () => {
  const trust: BayCertificates = { ...issuer("old"), rotation: { phase: "trust", next: issuer("new") } };
  const serve = inPhase(inPhase(trust, "renew"), "serve");
  expect(inPhase(serve, "serve")).toBe(serve);
  expect(inPhase(serve, "renew")).toBe(serve);
  expect(inPhase(trust, "drop")).toBe(trust);
  expect(inPhase(issuer("old"), "renew")).toEqual(issuer("old"));
  expect([isPast(serve, "renew"), isPast(serve, "serve"), isPast(issuer("old"), "trust")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a mark is its operation's alone", () => {
  expect(phaseOfMark("one", rotationMark("one", "serve"))).toBe("serve");
  for (const mark of [rotationMark("other", "serve"), "one.anything", ""])
    expect(phaseOfMark("one", mark)).toBeUndefined();
});
