/**
 * The types of attributes as they travel, with what Magnum takes for each (cluster sheet 6.1, bay-era sheet 1.3): digits
 * in strings are integers, words are booleans, labels become strings as Python writes them. Messages are for callers; what
 * JSON Schema cannot see in a type stands beside it, for the description (`meta`).
 */
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";

/** Characters, not UTF-16 units; and text that every store can hold. */
export function text(minChars: number, maxChars: number): z.ZodType<string, string> {
  return z
    .string({ error: "Value should be a string" })
    .refine((value) => value.isWellFormed() && !value.includes("\0"), { error: "Value is no proper text" })
    .refine((value) => countChars(value) >= minChars, { error: `Value should have at least ${minChars} characters` })
    .refine((value) => countChars(value) <= maxChars, { error: `Value should have at most ${maxChars} characters` })
    .meta({ minLength: minChars, maxLength: maxChars });
}

function countChars(value: string): number {
  return Array.from(value).length;
}

/** What most attributes are: a name or an id of something. */
export const reference = text(1, limits.api.nameChars);

const DIGITS = /^[+-]?\d{1,15}$/;

/** Fractions are cut toward zero. */
export function integer(min: number, max = 2_147_483_647): z.ZodType<number> {
  const digits = z.string().regex(DIGITS).transform(Number);
  return z
    .union([z.number(), digits], { error: "Value should be an integer" })
    .transform(Math.trunc)
    .refine((value) => value >= min, { error: `Value should be greater or equal to ${min}` })
    .refine((value) => value <= max, { error: `Value should be lower or equal to ${max}` })
    .meta({
      anyOf: [
        { type: "integer", minimum: min, maximum: max },
        { type: "string", pattern: DIGITS.source },
      ],
    });
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "t", "y", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "f", "n", "0"].map((word) => [word, false] as const),
]);

export const boolean: z.ZodType<boolean> = z
  .union([z.boolean(), z.number(), z.string()], { error: "Value should be a boolean" })
  .transform((value, context) => {
    const found = WORDS.get(String(value).trim().toLowerCase());
    if (found !== undefined) return found;
    context.addIssue({ code: "custom", message: "Value should be a boolean" });
    return z.NEVER;
  })
  .meta({
    anyOf: [{ type: "boolean" }, { type: "string", enum: [...WORDS.keys()] }, { type: "integer", enum: [0, 1] }],
  });

/** One of the words of a record's own enumeration. */
export function oneOf<Word extends string>(
  words: z.ZodType<Word> & { readonly options: readonly Word[] },
): z.ZodType<Word> {
  return z
    .custom<Word>((value) => words.safeParse(value).success, {
      error: `Value should be one of: ${words.options.join(", ")}`,
    })
    .meta({ type: "string", enum: [...words.options] });
}

const labelValue = z
  .union([z.string(), z.number(), z.boolean()], { error: "Value should be text, a number or a boolean" })
  .transform((value) => (typeof value === "boolean" ? (value ? "True" : "False") : String(value)))
  .pipe(text(0, limits.api.labelChars));

/** Text to text; numbers and booleans become text as Python writes them. */
export const labels: z.ZodType<Record<string, string>> = z
  .record(reference, labelValue, { error: "Value should be an object" })
  .refine((value) => Object.keys(value).length <= limits.api.labels, {
    error: `Value should have at most ${limits.api.labels} entries`,
  })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= limits.api.labelsBytes, {
    error: `Value should take at most ${limits.api.labelsBytes} bytes`,
  })
  .meta({ maxProperties: limits.api.labels });

const OCTET = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const IPV4_LIST = new RegExp(`^\\s*${OCTET}(?:\\.${OCTET}){3}\\s*(?:,\\s*${OCTET}(?:\\.${OCTET}){3}\\s*){0,7}$`);

/** One IPv4 address, or several with commas between. */
export const addresses = reference
  .refine((value) => IPV4_LIST.test(value), {
    error: "Value should be an IPv4 address, or several separated by commas",
  })
  .meta({ pattern: IPV4_LIST.source });

export const uuid = z
  .string({ error: "Value should be a uuid" })
  .regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, { error: "Value should be a uuid" })
  .transform((value) => value.toLowerCase());

/** Null means absent to all of these; the two ways of saying nothing end as null. */
export function optional<Value, Input>(type: z.ZodType<Value, Input>): z.ZodDefault<z.ZodNullable<typeof type>> {
  return type.nullable().default(null);
}
