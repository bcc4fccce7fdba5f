/**
 * The sealer with its keys in a file, for one machine or for many that share the file. AES-256-GCM; the context is bound
 * as additional data. A sealed text reads `v1.<key id>.<base64url of nonce, ciphertext, tag>`.
 * The file is JSON, `{"current": id, "keys": {id: base64 of 32 bytes}}`, made with mode 0600 when it is missing. Rotating:
 * add a key, name it current; keep the old ones for as long as something sealed by them lives.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { textOf } from "../errors.ts";
import { decrypt, encrypt, isEncrypted, KEY_BYTES } from "./aes-gcm.ts";
import type { Sealer } from "./sealer.ts";

const VERSION = "v1";

const keyFileSchema = z.object({
  current: z.string(),
  keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), z.base64()),
});

interface Keys {
  readonly currentId: string;
  readonly byId: ReadonlyMap<string, Buffer>;
}

/** The sealer over the key file at `path`, which is made when it is missing. Throws when the file cannot serve. */
export async function openFileSealer(path: string): Promise<Sealer> {
  const keys = readKeys(await readOrMake(path), path);
  return {
    async seal(plaintext, context) {
      const key = keyFor(keys, keys.currentId);
      const sealed = encrypt(key, plaintext, additionalData(keys.currentId, context));
      return `${VERSION}.${keys.currentId}.${sealed.toString("base64url")}`;
    },
    async open(sealed, context) {
      const [version, keyId = "", text = "", ...rest] = sealed.split(".");
      const bytes = Buffer.from(text, "base64url");
      if (version !== VERSION || rest.length > 0 || !isEncrypted(bytes)) {
        throw new Error("a sealed secret is not in the form that this version knows");
      }
      const key = keyFor(keys, keyId);
      try {
        return decrypt(key, bytes, additionalData(keyId, context));
      } catch (error) {
        // The tag does not fit: another context, or altered bytes. The cipher's own message says less.
        throw new Error(`a sealed secret does not open for "${context}"`, { cause: error });
      }
    },
  };
}

function keyFor(keys: Keys, id: string): Buffer {
  const key = keys.byId.get(id);
  if (!key) throw new Error(`a secret is sealed by the key "${id}", which the key file does not hold`);
  return key;
}

const additionalData = (keyId: string, context: string): string => `${VERSION}.${keyId}.${context}`;

function readKeys(text: string, path: string): Keys {
  const bad = (what: string): Error => new Error(`the key file ${path} ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, which holds keys.
    throw bad("is not JSON");
  }
  const read = keyFileSchema.safeParse(value);
  if (!read.success) throw bad('has another form than {"current": id, "keys": {id: base64}}');
  const byId = new Map(Object.entries(read.data.keys).map(([id, key]) => [id, Buffer.from(key, "base64")]));
  for (const [id, key] of byId) if (key.length !== KEY_BYTES) throw bad(`has a key "${id}" not of ${KEY_BYTES} bytes`);
  if (!byId.has(read.data.current)) throw bad(`names "${read.data.current}" as current, but has no such key`);
  return { currentId: read.data.current, byId };
}

async function readOrMake(path: string): Promise<string> {
  const found = await readIfThere(path);
  if (found !== undefined) return found;
  await makeKeyFile(path);
  return await readFile(path, "utf8");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw new Error(`the key file cannot be read: ${textOf(error)}`, { cause: error });
  }
}

/** Makes the file whole or not at all, and never over another's: of several processes that start at once, one wins. */
async function makeKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const id = randomBytes(6).toString("hex");
  const content = JSON.stringify({ current: id, keys: { [id]: randomBytes(KEY_BYTES).toString("base64") } });
  const draft = `${path}.${id}.new`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${content}\n`);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    // Another process made it first: its keys are the ones.
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
