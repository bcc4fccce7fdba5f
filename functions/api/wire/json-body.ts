/**
 * A request's body as JSON: limited in bytes and in depth before anything looks inside. Which values it may hold is left
 * to the resource (attributes.ts, patch.ts).
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";

/** The body, or nothing when there is none: old clients send DELETE as an empty octet stream. */
export async function readJsonBody(request: Request): Promise<Json | undefined> {
  const bytes = await readBytes(request, limits.api.bodyBytes);
  if (bytes.byteLength === 0) return undefined;
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "" && type !== "application/json") throw new Rejected(400, `Unknown mimetype: ${type.slice(0, 100)}`);
  const text = decode(bytes);
  if (depthOf(text) > limits.api.jsonDepth)
    throw new Rejected(400, `The body is nested deeper than ${limits.api.jsonDepth} levels`);
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's own words quote the body; the caller knows what they sent.
    throw new Rejected(400, "The body is not valid JSON");
  }
}

/** A body's bytes; 413 when there are more. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): Rejected => new Rejected(413, `The body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    // What the header promised is not what counts.
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // A lenient decoder would store replacement characters in place of what was sent.
    throw new Rejected(400, "The body is not UTF-8");
  }
}

/** The deepest nesting of lists and objects, counted without parsing; strings are skipped. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "{" || character === "[") deepest = Math.max(deepest, (depth += 1));
    else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
