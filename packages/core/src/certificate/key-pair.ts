/**
 * X.509 key pairs that people keep with a bay: stored as they came, the private key sealed. They go with their bay (the
 * era's servers forgot them: bay-era sheet 16, number 40). Nothing is generated and nothing is parsed.
 */
import { z } from "zod";
import { projectRecordKey, projectRecordSchema, projectRecordShape } from "../listing/project-record.ts";
import type { WorkRecord } from "../operation/record.ts";
import type { StorePorts } from "../operation/record-store.ts";
import { insertRecord, newRecord } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";

export const keyPairSchema = projectRecordSchema.extend({
  name: z.string().nullable(),
  bayUuid: z.string(),
  caCertificate: z.string().nullable(),
  certificate: z.string().nullable(),
  privateKeySealed: z.string().nullable(),
});
export type KeyPair = z.infer<typeof keyPairSchema>;

export const keyPairShape = projectRecordShape("x509keypair", keyPairSchema);

export interface KeyPairPorts extends StorePorts {
  readonly clock: Clock;
  readonly sealer: Sealer;
}

export interface NewKeyPair {
  readonly uuid: string | undefined;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string | null;
  readonly bayUuid: string;
  readonly caCertificate: string | null;
  readonly certificate: string | null;
  readonly privateKey: string | null;
}

export async function createKeyPair(
  ports: KeyPairPorts,
  { privateKey, ...wish }: NewKeyPair,
): Promise<{ readonly kind: "inserted"; readonly record: WorkRecord<KeyPair> } | { readonly kind: "exists" }> {
  const uuid = wish.uuid ?? ports.random.uuid();
  const privateKeySealed =
    privateKey === null ? null : await ports.sealer.seal(privateKey, keyContext(uuid), wish.projectId);
  const state = { ...wish, uuid, privateKeySealed, createdAtMs: ports.clock.nowMs(), updatedAtMs: null };
  return insertRecord(ports, keyPairShape, newRecord(projectRecordKey(keyPairShape, wish.projectId, uuid), state));
}

/** The private key in the clear, for its owner alone. */
export async function openPrivateKey(sealer: Sealer, { uuid, privateKeySealed }: KeyPair): Promise<string | null> {
  return privateKeySealed === null ? null : sealer.open(privateKeySealed, keyContext(uuid));
}

/** What a pair's private key is sealed for. */
export function keyContext(uuid: string): string {
  return `x509keypair/${uuid}/private-key`;
}
