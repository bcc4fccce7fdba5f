/**
 * The port that keeps secrets out of the table in the clear. What was sealed opens only by the same key and for the same
 * context: a text that names the record and the field (`delegation/<record's uuid>`), so that a sealed value copied into
 * another record is worthless there. The sealed text is printable and safe to store; it is not a name: sealing the
 * same text twice gives two different ones.
 */
export interface Sealer {
  /** By the project's own key: what is sealed for one opens by no other's. */
  seal(plaintext: string, context: string, projectId: string): Promise<string>;
  /** Throws when the text was not sealed by a key that is known here, or not for this context. */
  open(sealed: string, context: string): Promise<string>;
}
