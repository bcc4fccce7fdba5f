/** What a KMS ciphertext is for, bound to it as its encryption context: permissions tell them apart by it. */

/** Variables that functions open when they start. */
export const CONFIGURATION_CONTEXT: Readonly<Record<string, string>> = { "jeroboam-purpose": "configuration" };

/** Data keys of what is sealed in the table. */
export const RECORD_CONTEXT: Readonly<Record<string, string>> = { "jeroboam-purpose": "records" };

/** Data keys of webhooks' signing keys: the API seals them, and those who deliver open them. */
export const WEBHOOK_CONTEXT: Readonly<Record<string, string>> = { "jeroboam-purpose": "webhooks" };
