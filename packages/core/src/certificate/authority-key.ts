/** Which keys bays' authorities may have. Apart from what makes them, which is large and loaded only where it is needed. */
export const AUTHORITY_KEYS = ["ec-p256", "rsa-3072", "rsa-4096"] as const;
export type AuthorityKey = (typeof AUTHORITY_KEYS)[number];
