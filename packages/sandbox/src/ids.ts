/** Ids, tokens and texts made from the chance that was handed in. */
import type { Random } from "./ports.ts";

const HEX = "0123456789abcdef";
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function pick(random: Random, alphabet: string, length: number): string {
  let text = "";
  for (let index = 0; index < length; index += 1) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}

/** 32 hex digits that make a version 4 uuid without its dashes: Keystone's form of an id. */
export function hexId(random: Random): string {
  const digits = pick(random, HEX, 32);
  return `${digits.slice(0, 12)}4${digits.slice(13, 16)}${"89ab".charAt(Math.floor(random() * 4))}${digits.slice(17)}`;
}

/** A version 4 uuid with dashes. */
export function uuid(random: Random): string {
  const id = hexId(random);
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join("-");
}

/** An opaque bearer token, of the alphabet and about the length of a Fernet token. */
export const tokenId = (random: Random): string => `gAAAAAB${pick(random, `${ALPHANUMERIC}-_`, 120)}`;

/** The 12 lower-case letters and digits that Heat ends a physical name with. */
export const shortId = (random: Random): string => pick(random, "abcdefghijklmnopqrstuvwxyz234567", 12);

export const secret = (random: Random, length = 32): string => pick(random, ALPHANUMERIC, length);

export const isUuidLike = (text: string): boolean =>
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text);
