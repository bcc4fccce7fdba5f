/**
 * The port of the key that wraps the projects' data keys (data-key.ts) and seals nothing else. It has an id, and another
 * may take its place at any time: from then on that one wraps, while the older ones unwrap for as long as they are kept.
 */

/** What a data key seals. Who may open the one need not be able to open the other. */
export const PURPOSES = ["records", "webhooks"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Bound to the wrapped key: it unwraps for no other project and no other purpose. */
export interface DataKeyName {
  readonly projectId: string;
  readonly purpose: Purpose;
}

export interface WrappedKey {
  /** Of the key that wrapped it. */
  readonly keyId: string;
  readonly text: string;
}

export interface MasterKey {
  /** Of the key that wraps from now on. */
  currentId(): Promise<string>;
  /** A new data key of 32 bytes, in the clear and wrapped. */
  generate(name: DataKeyName): Promise<{ readonly key: Uint8Array; readonly wrapped: WrappedKey }>;
  /** Throws when the key that wrapped it is not known here, or when it is another's. */
  unwrap(wrapped: WrappedKey, name: DataKeyName): Promise<Uint8Array>;
  /** The same data key, wrapped by the current key. */
  rewrap(wrapped: WrappedKey, name: DataKeyName): Promise<WrappedKey>;
  /** Opens what was sealed before projects had data keys, by the master key itself. */
  openDirect(sealed: string, context: string): Promise<string>;
}
