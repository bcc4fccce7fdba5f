/** AES-256-GCM over bytes: nonce, ciphertext and tag in one, bound to additional data. Keys are the caller's. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function encrypt(key: Uint8Array, plaintext: string, additionalData: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(additionalData, "utf8"));
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

/** Whether this can be what `encrypt` made, by its length alone. */
export function isEncrypted(bytes: Uint8Array): boolean {
  return bytes.length >= NONCE_BYTES + TAG_BYTES;
}

/** Throws when the key, the additional data or a byte differs. */
export function decrypt(key: Uint8Array, bytes: Buffer, additionalData: string): string {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(additionalData, "utf8"));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const plaintext = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
  return Buffer.concat(plaintext).toString("utf8");
}
