/** Chance from a seed: the same seed, the same run. Not fit for keys. */
import type { Random } from "@jeroboam/core/ports";

/** mulberry32: small, fast, well spread. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const bytes = (length: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(length).map(() => Math.floor(fraction() * 256));
  return { fraction, bytes, uuid: () => uuidFrom(bytes(16)) };
}

function uuidFrom(bytes: Uint8Array<ArrayBuffer>): string {
  const buffer = Buffer.from(bytes);
  buffer.writeUInt8((buffer.readUInt8(6) & 0x0f) | 0x40, 6);
  buffer.writeUInt8((buffer.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = buffer.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
