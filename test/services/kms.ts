/**
 * A KMS to test against: the calls that the product makes or depends on, over its JSON protocol, with KMS's own
 * rules for keys and encryption contexts. No signatures are checked. Keys live as long as the service.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface KmsService {
  readonly endpoint: string;
  readonly keyArn: string;
  /** Another key. */
  readonly otherKeyArn: string;
  /** The calls so far, by action. */
  readonly calls: string[];
  /** What `aws kms encrypt` would print: base64. */
  encrypt(plaintext: string | Uint8Array, context: Readonly<Record<string, string>>): string;
  /** Begins a new version of the key; what the older ones wrapped still opens. */
  rotate(): void;
  close(): Promise<void>;
}

interface Input {
  readonly KeyId?: string;
  readonly NumberOfBytes?: number;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
  readonly SourceKeyId?: string;
  readonly SourceEncryptionContext?: Readonly<Record<string, string>>;
  readonly DestinationKeyId?: string;
  readonly DestinationEncryptionContext?: Readonly<Record<string, string>>;
}

export async function startKms(): Promise<KmsService> {
  const [keyArn, otherKeyArn] = [1, 2].map(
    (last) => `arn:aws:kms:eu-central-1:123456789012:key/0b1c2d3e-0000-4000-8000-00000000000${last}`,
  ) as [string, string];
  /** By the first byte of what they wrapped: the versions of each key. */
  const versions = [{ arn: keyArn, secret: randomBytes(32) }];
  versions.push({ arn: otherKeyArn, secret: randomBytes(32) });
  const calls: string[] = [];

  const wrap = (arn: string | undefined, plaintext: Uint8Array, context: Input["EncryptionContext"]): Buffer => {
    const version = versions.findLastIndex((one) => one.arn === arn);
    if (version < 0) throw new KmsRefusal("NotFoundException");
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", versions[version]!.secret, nonce).setAAD(canonical(context));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([Buffer.from([version]), nonce, ciphertext, cipher.getAuthTag()]);
  };
  /** A key that is named must be the one that wrapped it. */
  const unwrap = (arn: string | undefined, text: string | undefined, context: Input["EncryptionContext"]): Buffer => {
    const bytes = Buffer.from(text ?? "", "base64");
    const version = versions[bytes[0] ?? -1];
    if (!version) throw new KmsRefusal("InvalidCiphertextException");
    if (arn !== undefined && arn !== version.arn) throw new KmsRefusal("IncorrectKeyException");
    try {
      const decipher = createDecipheriv("aes-256-gcm", version.secret, bytes.subarray(1, 13));
      decipher.setAAD(canonical(context)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()]);
    } catch {
      // KMS says no more than this of a wrong context or wrong bytes.
      throw new KmsRefusal("InvalidCiphertextException");
    }
  };
  const answer = (action: string, input: Input): Readonly<Record<string, unknown>> => {
    const { KeyId: arn, EncryptionContext: context } = input;
    switch (action) {
      case "GenerateDataKey": {
        const key = randomBytes(input.NumberOfBytes ?? 32);
        const wrapped = wrap(arn, key, context).toString("base64");
        return { KeyId: arn, Plaintext: key.toString("base64"), CiphertextBlob: wrapped };
      }
      case "Decrypt":
        return { KeyId: arn, Plaintext: unwrap(arn, input.CiphertextBlob, context).toString("base64") };
      case "ReEncrypt": {
        const plaintext = unwrap(input.SourceKeyId, input.CiphertextBlob, input.SourceEncryptionContext);
        const wrapped = wrap(input.DestinationKeyId, plaintext, input.DestinationEncryptionContext);
        return { KeyId: input.DestinationKeyId, CiphertextBlob: wrapped.toString("base64") };
      }
      default:
        throw new KmsRefusal("UnsupportedOperationException");
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const action = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    calls.push(action);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.setHeader("content-type", "application/x-amz-json-1.1");
    try {
      response.end(JSON.stringify(answer(action, JSON.parse(body))));
    } catch (thrown) {
      const type = thrown instanceof KmsRefusal ? thrown.message : "KMSInternalException";
      response.statusCode = thrown instanceof KmsRefusal ? 400 : 500;
      response.end(JSON.stringify({ __type: type }));
    }
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keyArn,
    otherKeyArn,
    calls,
    encrypt: (plaintext, context) => wrap(keyArn, Buffer.from(plaintext), context).toString("base64"),
    rotate: () => void versions.push({ arn: keyArn, secret: randomBytes(32) }),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

class KmsRefusal extends Error {}

const canonical = (context: Input["EncryptionContext"] = {}): Buffer =>
  Buffer.from(
    JSON.stringify(
      Object.keys(context)
        .toSorted()
        .map((name) => [name, context[name]]),
    ),
  );
