/**
 * The framing of Docker's logs and of what commands print (engine sheet 2.4): 8 bytes of header, then the payload. A
 * container with a terminal has no framing; only its configuration says which it is.
 */
const HEADER_BYTES = 8;

/** The text of all streams in the order in which they came; what is cut off in the middle of a frame is given as far as it goes. */
export function textOfStream(bytes: Uint8Array, hasTerminal: boolean): string {
  const buffer = Buffer.from(bytes);
  if (hasTerminal) return buffer.toString("utf8").replaceAll("\r\n", "\n");
  const payloads: Buffer[] = [];
  for (let offset = 0; offset + HEADER_BYTES <= buffer.length;) {
    const length = buffer.readUInt32BE(offset + 4);
    offset += HEADER_BYTES;
    payloads.push(buffer.subarray(offset, offset + length));
    offset += length;
  }
  return Buffer.concat(payloads).toString("utf8");
}
