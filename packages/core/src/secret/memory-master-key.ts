/** A master key that lives as long as its process, for tests: the file's, without the file. */
import { createHash } from "node:crypto";
import { createFileMasterKey } from "./file-master-key.ts";
import type { MasterKey } from "./master-key.ts";

export interface MemoryMasterKey extends MasterKey {
  /** Another key wraps from now on. */
  use(id: string): void;
  /** Another key's data keys can no longer be unwrapped. */
  remove(id: string): void;
}

export function createMemoryMasterKey(): MemoryMasterKey {
  const keys = new Map([["first", keyNamed("first")]]);
  let currentId = "first";
  const masterKey = createFileMasterKey({
    current: () => Promise.resolve({ id: currentId, key: keyNamed(currentId) }),
    find: (id) => Promise.resolve(keys.get(id)),
  });
  return {
    ...masterKey,
    use(id) {
      keys.set(id, keyNamed(id));
      currentId = id;
    },
    remove: (id) => void keys.delete(id),
  };
}

/** The same in every process of a test. */
export const keyNamed = (id: string): Uint8Array => createHash("sha256").update(id).digest();
