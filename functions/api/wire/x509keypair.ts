/** X.509 key pairs on the wire (bay-era sheet 3.8): texts, of which nothing is asked but that they are not empty. */
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { optional, reference, text, uuid } from "./types.ts";

export interface KeyPairWish {
  readonly uuid: string | undefined;
  readonly name: string | null;
  /** By uuid or name. */
  readonly bay: string;
  readonly caCertificate: string | null;
  readonly certificate: string | null;
  readonly privateKey: string | null;
}

const pem = optional(text(1, limits.certificate.storedChars));

const KEY_PAIR = {
  argument: "x509keypair",
  schema: z.strictObject({
    uuid: uuid.optional(),
    name: optional(reference),
    bay_uuid: reference,
    ca_cert: pem,
    certificate: pem,
    private_key: pem,
  }),
  readOnly: ["links", "created_at", "updated_at"],
};

export const readKeyPairWish = describeBody(
  { kind: "object", schema: KEY_PAIR.schema },
  (given: Json | undefined): KeyPairWish => {
    const { uuid: id, name, bay_uuid, ca_cert, certificate, private_key } = readAttributes(KEY_PAIR, given);
    return { uuid: id, name, bay: bay_uuid, caCertificate: ca_cert, certificate, privateKey: private_key };
  },
);
