/** Reading requests: bodies with a limit, query values of a few kinds. */
import type { Context } from "hono";

export type Body =
  | { kind: "json"; value: unknown }
  | { kind: "empty" }
  | { kind: "malformed"; why: string }
  | { kind: "too-large" };

/** The body as JSON. `too-large` is said before it is parsed. */
export async function readJson(c: Context, maxBytes: number): Promise<Body> {
  const text = await c.req.text();
  if (Buffer.byteLength(text) > maxBytes) return { kind: "too-large" };
  if (text.trim() === "") return { kind: "empty" };
  try {
    return { kind: "json", value: JSON.parse(text) as unknown };
  } catch (error) {
    // A body that is no JSON is the caller's mistake; the parser's words go into the answer.
    return { kind: "malformed", why: (error as Error).message };
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a key when it is a map; an empty one otherwise. */
export const recordAt = (value: unknown, key: string): Record<string, unknown> => {
  const inner = isRecord(value) ? value[key] : undefined;
  return isRecord(inner) ? inner : {};
};

export const textAt = (value: unknown, key: string): string | undefined => {
  const inner = isRecord(value) ? value[key] : undefined;
  return typeof inner === "string" ? inner : undefined;
};
