/**
 * The sealer by AWS KMS, as envelope encryption: a text is sealed by a data key (AES-256-GCM, bound to its context), and
 * the data key travels with it, wrapped by the key that never leaves KMS. A process asks for one data key an hour and keeps
 * those it has opened, so that sealing and opening rarely cost a call. A sealed text reads
 * `k1.<wrapped data key>.<nonce, ciphertext, tag>`, both base64url. KMS rotates its key by itself: it still opens what
 * its older versions wrapped.
 */
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { translateAwsError } from "../aws-error.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import { decrypt, encrypt, isEncrypted, KEY_BYTES } from "./aes-gcm.ts";
import { CONFIGURATION_CONTEXT, RECORD_CONTEXT } from "./kms-context.ts";
import type { Sealer } from "./sealer.ts";

const VERSION = "k1";

/** A client by the SDK's own environment variables, with bounded requests. */
export function createKmsClient(): KMSClient {
  const { requestTimeoutMs, requestAttempts } = limits.secret;
  return new KMSClient({
    maxAttempts: requestAttempts,
    requestHandler: {
      connectionTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}

export interface KmsSealerOptions {
  readonly client: KMSClient;
  readonly keyArn: string;
  readonly clock: Clock;
}

interface DataKey {
  readonly wrapped: string;
  readonly key: Uint8Array;
}

export function createKmsSealer({ client, keyArn, clock }: KmsSealerOptions): Sealer {
  const { dataKeyMs, openedDataKeys } = limits.secret;
  const current = createExpiringCache<DataKey>(clock, 1);
  const opened = createExpiringCache<Uint8Array>(clock, openedDataKeys);

  const currentKey = (): Promise<DataKey> =>
    current.get("", async () => {
      const value = await generateDataKey(client, keyArn);
      return { value, keepUntilMs: clock.nowMs() + dataKeyMs };
    });
  const openKey = (wrapped: string): Promise<Uint8Array> =>
    opened.get(wrapped, async () => {
      const value = await openDataKey(client, keyArn, wrapped);
      return { value, keepUntilMs: clock.nowMs() + dataKeyMs };
    });

  return {
    async seal(plaintext, context) {
      const { wrapped, key } = await currentKey();
      const sealed = encrypt(key, plaintext, additionalData(wrapped, context));
      return `${VERSION}.${wrapped}.${sealed.toString("base64url")}`;
    },
    async open(sealed, context) {
      const [version, wrapped = "", text = "", ...rest] = sealed.split(".");
      const bytes = Buffer.from(text, "base64url");
      if (version !== VERSION || wrapped === "" || rest.length > 0 || !isEncrypted(bytes)) {
        throw new Error("a sealed secret is not in the form that this version knows");
      }
      const key = await openKey(wrapped);
      try {
        return decrypt(key, bytes, additionalData(wrapped, context));
      } catch (error) {
        // The tag does not fit: another context, or altered bytes. The cipher's own message says less.
        throw new Error(`a sealed secret does not open for "${context}"`, { cause: error });
      }
    },
  };
}

const additionalData = (wrapped: string, context: string): string => `${VERSION}.${wrapped}.${context}`;

async function generateDataKey(client: KMSClient, keyArn: string): Promise<DataKey> {
  const input = { KeyId: keyArn, NumberOfBytes: KEY_BYTES, EncryptionContext: { ...RECORD_CONTEXT } };
  try {
    const { Plaintext: key, CiphertextBlob: wrapped } = await client.send(new GenerateDataKeyCommand(input));
    if (!key || !wrapped) throw new Error("KMS gave no data key");
    return { key, wrapped: Buffer.from(wrapped).toString("base64url") };
  } catch (thrown) {
    throw translateAwsError(thrown, "data key");
  }
}

async function openDataKey(client: KMSClient, keyArn: string, wrapped: string): Promise<Uint8Array> {
  return await open(client, keyArn, Buffer.from(wrapped, "base64url"), RECORD_CONTEXT);
}

/**
 * The variables with those opened that hold ciphertext: `NAME_CIPHERTEXT`, base64 of what the key encrypted, becomes
 * `NAME`. So nobody who may read a function's configuration reads its secrets.
 */
export async function openVariables(
  client: KMSClient,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const keyArn = variables["JEROBOAM_KEY_ARN"];
  const sealed = Object.entries(variables).filter(([name, value]) => name.endsWith(SUFFIX) && value);
  if (sealed.length > 0 && !keyArn) throw new Error(`JEROBOAM_KEY_ARN is missing, by which ${sealed[0]?.[0]} opens`);
  const opened = await Promise.all(
    sealed.map(async ([name, value = ""]) => {
      return [name.slice(0, -SUFFIX.length), await openVariable(client, keyArn ?? "", name, value)] as const;
    }),
  );
  return { ...variables, ...Object.fromEntries(opened) };
}

const SUFFIX = "_CIPHERTEXT";

async function openVariable(client: KMSClient, keyArn: string, name: string, ciphertext: string): Promise<string> {
  try {
    const plaintext = await open(client, keyArn, Buffer.from(ciphertext, "base64"), CONFIGURATION_CONTEXT);
    return Buffer.from(plaintext).toString("utf8");
  } catch (error) {
    // For whoever deployed it: KMS itself names neither the variable nor the key.
    throw error instanceof Transient ? error : new Error(`${name} does not open by ${keyArn}`, { cause: error });
  }
}

async function open(
  client: KMSClient,
  keyArn: string,
  ciphertext: Uint8Array,
  context: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const input = { KeyId: keyArn, CiphertextBlob: ciphertext, EncryptionContext: { ...context } };
  try {
    const { Plaintext: plaintext } = await client.send(new DecryptCommand(input));
    if (!plaintext) throw new Error("KMS opened nothing");
    return plaintext;
  } catch (thrown) {
    throw translateAwsError(thrown, "opening by KMS");
  }
}
