/**
 * Which events somebody wants, by their types: `bay.create.end` is that one, `bay.create.*` all that begin so, `*` all.
 * A filter is a list of these; one that fits is enough.
 */

const PATTERN = /^(?:\*|[a-z0-9_-]+(?:\.[a-z0-9_-]+){0,5}(?:\.\*)?)$/;

export function isEventPattern(text: string): boolean {
  return text.length <= 100 && PATTERN.test(text);
}

export function matchesEvent(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === "*" || pattern === type) return true;
    return pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1));
  });
}
