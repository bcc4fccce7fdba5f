/** Docker's answers: refusals in the form of the version that was asked for, streams in frames (engine sheet 2, 2.4). */
import type { Json } from "../../json.ts";
import type { Printed } from "./programs.ts";

export class DockerFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "DockerFault";
    this.status = status;
  }
}

/** `isText`: before API 1.24, and always of classic Swarm. */
export const refusal = ({ status, message }: DockerFault, isText: boolean): Response =>
  isText
    ? new Response(`${message}\n`, { status, headers: { "Content-Type": "text/plain; charset=utf-8" } })
    : json({ message }, status);

export const json = (body: Json, status = 200): Response =>
  new Response(`${JSON.stringify(body)}\n`, { status, headers: { "Content-Type": "application/json" } });

export const nothing = (status = 204): Response => new Response(null, { status });

const HEADER_BYTES = 8;

/** Each piece with its header; a terminal has no frames and ends its lines its own way. */
export function streamOf(printed: readonly Printed[], hasTerminal: boolean): Uint8Array<ArrayBuffer> {
  if (hasTerminal) return bytesOf(Buffer.from(printed.map(({ text }) => text.replaceAll("\n", "\r\n")).join("")));
  const frames = printed.map(({ stream, text }) => {
    const payload = Buffer.from(text);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(stream, 0);
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  });
  return bytesOf(Buffer.concat(frames));
}

const bytesOf = (buffer: Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);
