/** The machine's own randomness, fit for keys. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Random } from "../ports.ts";

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  fraction: () => Math.random(),
  bytes: (length) => Uint8Array.from(randomBytes(length)),
};
