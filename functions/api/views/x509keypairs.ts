/** What callers see of X.509 key pairs (bay-era sheet 3.8): the private key only where it was opened for them. */
import type { KeyPair } from "@jeroboam/core/certificate/key-pair";
import { itemLinks } from "../links.ts";
import { wireTime } from "../wire/time.ts";

export function viewBriefKeyPair(pair: KeyPair, base: string, privateKey: string | null = null): object {
  return {
    uuid: pair.uuid,
    name: pair.name,
    bay_uuid: pair.bayUuid,
    ca_cert: pair.caCertificate,
    certificate: pair.certificate,
    private_key: privateKey,
    links: itemLinks(base, "x509keypairs", pair.uuid),
  };
}

export function viewKeyPair(pair: KeyPair, base: string, privateKey: string | null = null): object {
  return {
    ...viewBriefKeyPair(pair, base, privateKey),
    created_at: wireTime(pair.createdAtMs),
    updated_at: wireTime(pair.updatedAtMs),
  };
}
