/** How callers name records: by uuid, or by name (bay-era sheet 1.12). */

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export type Ident = { readonly kind: "uuid"; readonly uuid: string } | { readonly kind: "name"; readonly name: string };

/** What looks like a uuid is one, in whatever case; everything else is a name. */
export function readIdent(text: string): Ident {
  return isUuid(text) ? { kind: "uuid", uuid: text.toLowerCase() } : { kind: "name", name: text };
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}
