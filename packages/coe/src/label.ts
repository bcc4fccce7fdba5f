/**
 * Labels arrive as texts. A bay type's label schema gives each a type, and refuses what would fail only deep in a stack.
 */
import { z } from "zod";
import { parseNetwork } from "./network-address.ts";

/** true, false, yes, no, 1, 0, in any case (cluster sheet 18). */
export const booleanLabel = z
  .string()
  .regex(/^(true|false|yes|no|on|off|1|0)$/i, "must be true or false")
  .transform((text) => /^(true|yes|on|1)$/i.test(text));

export function integerLabel(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export const networkLabel = z
  .string()
  .refine((text) => parseNetwork(text) !== undefined, "must be an IPv4 network such as 10.100.0.0/16");

/** One line that a shell script can hold in single quotes and Heat can put into a MIME part as it is. */
export const plainText = /^[\x20-\x26\x28-\x7e]*$/;

/** All labels together must fit into a node's user data. */
const TEXT_CHARS = 1000;

export const textLabel = z
  .string()
  .max(TEXT_CHARS, `must have at most ${TEXT_CHARS} characters`)
  .regex(plainText, "must be one line of ASCII without single quotes");

/** A comma-separated list. */
export const listLabel = textLabel.transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** An address that nodes fetch from; what would end a word in their scripts is no part of it. */
export const httpsLabel = z.string().regex(/^https:\/\/[A-Za-z0-9._~:/?#@!$&()*+;=%-]+$/, "must be an https address");
