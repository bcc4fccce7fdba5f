/**
 * Access rules of application credentials: the only requests that such a credential may make, as its owner wrote them
 * into Keystone. Services enforce them; the pattern language is keystonemiddleware's: `*` and `{name}` stand for some
 * characters of one part of the path, `**` for anything.
 */
import type { AccessRule, TokenFacts } from "../openstack/token.ts";

/** The names under which rules may mean this service. */
const OUR_TYPES: ReadonlySet<string> = new Set([
  "container-infra",
  "container-infrastructure-management",
  "container-infrastructure",
]);

/** Whether the token lets its holder make this request at all. `path` is the URL's, without its query. */
export function isRequestAllowed(
  facts: Pick<TokenFacts, "applicationCredential">,
  method: string,
  path: string,
): boolean {
  const rules = facts.applicationCredential?.accessRules;
  if (!rules) return true;
  return rules.some((rule) => OUR_TYPES.has(rule.service) && rule.method === method && matches(rule, path));
}

type Piece = { readonly kind: "text"; readonly text: string } | { readonly kind: "part" } | { readonly kind: "any" };

/**
 * Follows the pattern piece by piece, holding every place in the path that it may have come to: the time grows with the
 * pattern's length times the path's, however many wildcards there are.
 */
function matches(rule: AccessRule, path: string): boolean {
  let places = new Set([0]);
  for (const piece of piecesOf(rule.path)) {
    const next = new Set<number>();
    for (const place of places) for (const end of endsOf(piece, path, place, next)) next.add(end);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(path.length);
}

function piecesOf(pattern: string): Piece[] {
  const pieces = pattern.match(/\*\*|\*|\{[^{}]*\}|[^*{}]+|[{}]/g) ?? [];
  return pieces.map((text) => {
    if (text === "**") return { kind: "any" };
    return text === "*" || /^\{.*\}$/.test(text) ? { kind: "part" } : { kind: "text", text };
  });
}

/** Where a piece that begins at `start` may end. Ends known already need not be gone over again. */
function* endsOf(piece: Piece, path: string, start: number, known: ReadonlySet<number>): Generator<number> {
  switch (piece.kind) {
    case "text":
      if (path.startsWith(piece.text, start)) yield start + piece.text.length;
      return;
    case "part":
      for (let end = start + 1; end <= path.length && path[end - 1] !== "/"; end++) {
        if (known.has(end)) return;
        yield end;
      }
      return;
    case "any":
      for (let end = start; end <= path.length; end++) {
        if (known.has(end)) return;
        yield end;
      }
      return;
    default:
      piece satisfies never;
  }
}
