/**
 * The master key in AWS KMS, which it never leaves: data keys are made, unwrapped and wrapped anew there, bound to their
 * purpose and project as KMS's encryption context. KMS rotates the key by itself and still unwraps what its older versions
 * wrapped; a key of another ARN takes over by `rewrap`. Also opens the variables of functions that hold ciphertext.
 */
import { DecryptCommand, GenerateDataKeyCommand, KMSClient, ReEncryptCommand } from "@aws-sdk/client-kms";
import { translateAwsError } from "../aws-error.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import { decrypt, isEncrypted, KEY_BYTES } from "./aes-gcm.ts";
import { CONFIGURATION_CONTEXT, RECORD_CONTEXT, WEBHOOK_CONTEXT } from "./kms-context.ts";
import type { DataKeyName, MasterKey, WrappedKey } from "./master-key.ts";

/** How texts begin that were sealed by a data key that travels with them: `k1.<wrapped key>.<nonce, ciphertext, tag>`. */
const DIRECT = "k1";

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

export interface KmsMasterKeyOptions {
  readonly client: KMSClient;
  readonly keyArn: string;
  /** Keys that wrapped before, for as long as something of theirs is left. */
  readonly oldKeyArns?: readonly string[];
  readonly clock: Clock;
}

export function createKmsMasterKey({ client, keyArn, oldKeyArns = [], clock }: KmsMasterKeyOptions): MasterKey {
  const { dataKeyMs, openedDataKeys } = limits.secret;
  const known = new Set([keyArn, ...oldKeyArns]);
  const openedDirect = createExpiringCache<Uint8Array>(clock, openedDataKeys);
  const check = ({ keyId }: WrappedKey): void => {
    if (!known.has(keyId))
      throw new Error(`a data key is wrapped by ${keyId}, which JEROBOAM_OLD_KEY_ARNS does not name`);
  };
  const openDirectKey = (wrapped: string): Promise<Uint8Array> =>
    openedDirect.get(wrapped, async () => {
      // Which key wrapped it, only KMS can tell; permissions bound which those may be.
      const value = await open(client, undefined, Buffer.from(wrapped, "base64url"), RECORD_CONTEXT);
      return { value, keepUntilMs: clock.nowMs() + dataKeyMs };
    });

  return {
    currentId: () => Promise.resolve(keyArn),
    generate: (name) => generateDataKey(client, keyArn, name),
    async unwrap(wrapped, name) {
      check(wrapped);
      try {
        return await open(client, wrapped.keyId, Buffer.from(wrapped.text, "base64url"), contextOf(name));
      } catch (error) {
        // KMS itself names neither the project nor the key.
        if (error instanceof Transient) throw error;
        const what = `the data key of the project ${name.projectId} for ${name.purpose}`;
        throw new Error(`${what} does not open by ${wrapped.keyId}`, { cause: error });
      }
    },
    async rewrap(wrapped, name) {
      check(wrapped);
      return await reencrypt(client, keyArn, wrapped, name);
    },
    async openDirect(sealed, context) {
      const [version, wrapped = "", text = "", ...rest] = sealed.split(".");
      const bytes = Buffer.from(text, "base64url");
      if (version !== DIRECT || wrapped === "" || rest.length > 0 || !isEncrypted(bytes)) {
        throw new Error("a sealed secret is not in the form that this version knows");
      }
      const key = await openDirectKey(wrapped);
      try {
        return decrypt(key, bytes, `${DIRECT}.${wrapped}.${context}`);
      } catch (error) {
        // The tag does not fit: another context, or altered bytes. The cipher's own message says less.
        throw new Error(`a sealed secret does not open for "${context}"`, { cause: error });
      }
    },
  };
}

/** The project besides, so that the trail of KMS's calls says whose keys were opened. */
function contextOf({ projectId, purpose }: DataKeyName): Readonly<Record<string, string>> {
  return { ...(purpose === "webhooks" ? WEBHOOK_CONTEXT : RECORD_CONTEXT), "jeroboam-project": projectId };
}

async function generateDataKey(
  client: KMSClient,
  keyArn: string,
  name: DataKeyName,
): Promise<{ readonly key: Uint8Array; readonly wrapped: WrappedKey }> {
  const input = { KeyId: keyArn, NumberOfBytes: KEY_BYTES, EncryptionContext: { ...contextOf(name) } };
  try {
    const { Plaintext: key, CiphertextBlob: wrapped } = await client.send(new GenerateDataKeyCommand(input));
    if (!key || !wrapped) throw new Error("KMS gave no data key");
    return { key, wrapped: { keyId: keyArn, text: Buffer.from(wrapped).toString("base64url") } };
  } catch (thrown) {
    throw translateAwsError(thrown, "data key");
  }
}

/** Within KMS: whoever may do this need not be able to open the key. */
async function reencrypt(
  client: KMSClient,
  keyArn: string,
  { keyId, text }: WrappedKey,
  name: DataKeyName,
): Promise<WrappedKey> {
  const context = contextOf(name);
  const command = new ReEncryptCommand({
    CiphertextBlob: Buffer.from(text, "base64url"),
    SourceKeyId: keyId,
    SourceEncryptionContext: { ...context },
    DestinationKeyId: keyArn,
    DestinationEncryptionContext: { ...context },
  });
  try {
    const { CiphertextBlob: wrapped } = await client.send(command);
    if (!wrapped) throw new Error("KMS gave no key");
    return { keyId: keyArn, text: Buffer.from(wrapped).toString("base64url") };
  } catch (thrown) {
    throw translateAwsError(thrown, "wrapping by KMS");
  }
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
  keyArn: string | undefined,
  ciphertext: Uint8Array,
  context: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const input = { ...(keyArn && { KeyId: keyArn }), CiphertextBlob: ciphertext, EncryptionContext: { ...context } };
  try {
    const { Plaintext: plaintext } = await client.send(new DecryptCommand(input));
    if (!plaintext) throw new Error("KMS opened nothing");
    return plaintext;
  } catch (thrown) {
    throw translateAwsError(thrown, "opening by KMS");
  }
}
