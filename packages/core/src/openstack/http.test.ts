import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Transient } from "../errors.ts";
import { readJson, retryAfterMs } from "./http.ts";

const reply = (body: string, headers: Record<string, string> = {}) => ({ status: 200, headers, body });

describe("a reply's body", () => {
  const schema = z.object({ stack: z.object({ id: z.string() }) });

  test("is read by the schema, keys that it does not know left out", () => {
    expect(readJson(reply('{"stack":{"id":"1","extra":2}}'), schema, "heat")).toEqual({ stack: { id: "1" } });
  });

  test("of another shape is the other side's fault, told without its values", () => {
    const read = (): unknown => readJson(reply('{"stack":{"id":{"secret":"s3cr3t"}}}'), schema, "orchestration");
    expect(read).toThrow(Transient);
    expect(read).toThrow(/^orchestration answered 200 with an unexpected body \(stack\.id: /);
    expect(read).not.toThrow(/s3cr3t/);
    expect(() => readJson(reply("<html>"), schema, "orchestration")).toThrow(/something that is not JSON/);
  });
});

test("Retry-After is read as seconds and as a date, and ignored when it is neither", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  expect(retryAfterMs(reply("", { "retry-after": "7" }), nowMs)).toBe(7_000);
  expect(retryAfterMs(reply("", { "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }), nowMs)).toBe(30_000);
  expect(retryAfterMs(reply("", { "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }), nowMs)).toBe(0);
  expect(retryAfterMs(reply("", { "retry-after": "soon" }), nowMs)).toBeUndefined();
  expect(retryAfterMs(reply(""), nowMs)).toBeUndefined();
});
