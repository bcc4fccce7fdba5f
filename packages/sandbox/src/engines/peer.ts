/** Who speaks to an engine: what its certificate says, as far as the connection has checked it. */
export type Peer =
  /** A certificate of the bay's authority. */
  | { readonly kind: "known"; readonly commonName: string; readonly organizations: readonly string[] }
  /** A certificate of another authority. */
  | { readonly kind: "foreign" }
  /** No certificate. */
  | { readonly kind: "anonymous" };
