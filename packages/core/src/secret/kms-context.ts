/** What a KMS ciphertext is for, bound to it as its encryption context: permissions tell the two apart by it. */

/** Variables that functions open when they start. */
export const CONFIGURATION_CONTEXT: Readonly<Record<string, string>> = { "jeroboam-purpose": "configuration" };

/** Data keys of what is sealed in the table. */
export const RECORD_CONTEXT: Readonly<Record<string, string>> = { "jeroboam-purpose": "records" };
