/**
 * The master key in a file, for one machine or for many that have the same file. The file is JSON,
 * `{"current": id, "keys": {id: base64 of 32 bytes}}`, made with mode 0600 when it is missing, and read again when a key
 * is asked for that was not in it before: so a rotation (file-keys.ts) needs no restart.
 */
import { randomBytes } from "node:crypto";
import { decrypt, encrypt, isEncrypted, KEY_BYTES } from "./aes-gcm.ts";
import { openKeyFile } from "./file-keys.ts";
import type { KeyFile } from "./file-keys.ts";
import type { DataKeyName, MasterKey, WrappedKey } from "./master-key.ts";

/** How texts begin that the file's keys sealed themselves: `v1.<key id>.<base64url of nonce, ciphertext, tag>`. */
const DIRECT = "v1";

/** The master key in the file at `path`, which is made when it is missing. Throws when the file cannot serve. */
export async function openFileMasterKey(path: string): Promise<MasterKey> {
  return createFileMasterKey(await openKeyFile(path));
}

export function createFileMasterKey(file: KeyFile): MasterKey {
  const wrap = async (dataKey: string, name: DataKeyName): Promise<WrappedKey> => {
    const { id, key } = await file.current();
    return { keyId: id, text: encrypt(key, dataKey, wrapping(id, name)).toString("base64url") };
  };
  const unwrap = async ({ keyId, text }: WrappedKey, name: DataKeyName): Promise<string> => {
    const key = await file.find(keyId);
    if (!key) throw unknownKey(keyId);
    return openBytes(key, text, wrapping(keyId, name), `the project ${name.projectId}`);
  };
  return {
    currentId: async () => (await file.current()).id,
    async generate(name) {
      const key = randomBytes(KEY_BYTES);
      return { key, wrapped: await wrap(key.toString("base64"), name) };
    },
    unwrap: async (wrapped, name) => Buffer.from(await unwrap(wrapped, name), "base64"),
    rewrap: async (wrapped, name) => await wrap(await unwrap(wrapped, name), name),
    async openDirect(sealed, context) {
      const [version, keyId = "", text = "", ...rest] = sealed.split(".");
      if (version !== DIRECT || rest.length > 0) throw unknownForm();
      const key = await file.find(keyId);
      if (!key) throw unknownKey(keyId);
      return openBytes(key, text, `${DIRECT}.${keyId}.${context}`, context);
    },
  };
}

const wrapping = (keyId: string, { projectId, purpose }: DataKeyName): string =>
  `data-key.${keyId}.${purpose}.${projectId}`;

const unknownForm = (): Error => new Error("a sealed secret is not in the form that this version knows");

const unknownKey = (keyId: string): Error =>
  new Error(`a secret is sealed by the key "${keyId}", which the key file does not hold`);

function openBytes(key: Uint8Array, text: string, additionalData: string, what: string): string {
  const bytes = Buffer.from(text, "base64url");
  if (!isEncrypted(bytes)) throw unknownForm();
  try {
    return decrypt(key, bytes, additionalData);
  } catch (error) {
    // The tag does not fit: another context, or altered bytes. The cipher's own message says less.
    throw new Error(`a sealed secret does not open for "${what}"`, { cause: error });
  }
}
