/** That the conductor can use what a bay's record holds: its certificate is the authority's, and the key is that one's. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { secretContext } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { expect } from "vitest";
import type { BayWorld } from "./bay-world.ts";
import { bayOf } from "./bay-world.ts";

export async function expectWorking(world: BayWorld): Promise<void> {
  const bay = await bayOf(world);
  const certificates = bay && (await readSpecification(world.table, bay))?.certificates;
  if (!certificates) throw new Error("the bay has no certificates");
  const authority = new X509Certificate(certificates.caCertificate);
  const client = new X509Certificate(certificates.clientCertificate);
  const key = await world.ports.sealer.open(certificates.clientKeySealed, secretContext(bay, "client-key"));
  const nowMs = world.clock.nowMs();
  expect({
    isSigned: client.verify(authority.publicKey),
    isItsKey: client.checkPrivateKey(createPrivateKey(key)),
    isValid: client.validFromDate.getTime() <= nowMs && nowMs < client.validToDate.getTime(),
    isWithin: client.validToDate.getTime() <= authority.validToDate.getTime(),
  }).toEqual({ isSigned: true, isItsKey: true, isValid: true, isWithin: true });
}
