/**
 * oslo.policy's rule language, parsed once and then evaluated without side effects:
 *   `@` or nothing  always     `!`  never     `rule:name`  another rule     `role:name`  a role of the caller's
 *   `credential:value` or `'literal':value`, where a value may hold `%(key)s` of the target
 *   joined by `not`, `and`, `or` (binding in this order) and parentheses; or as a list of lists: any of (all of).
 * `http:` checks are not supported and refused at parsing. Two differences, both to the safe side: a rule that cannot be
 * read is an error, where oslo.policy takes it for "never"; a credential that the caller does not have matches nothing,
 * where oslo.policy compares the word `None`.
 */

export type Check =
  | { readonly kind: "always" }
  | { readonly kind: "never" }
  | { readonly kind: "not"; readonly check: Check }
  | { readonly kind: "all" | "any"; readonly checks: readonly Check[] }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "role"; readonly value: Template }
  | { readonly kind: "credential"; readonly path: readonly string[]; readonly value: Template }
  | { readonly kind: "literal"; readonly text: string; readonly value: Template };

/** Texts and, between them, names of the target's values. */
type Template = readonly ({ readonly text: string } | { readonly key: string })[];

/** What the target is or holds; a value that is null reads as Python's `None`. */
export type TargetValues = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What the caller is: texts, truth values, lists and maps of them. */
export type CredentialValues = Readonly<Record<string, unknown>>;

export interface Facts {
  readonly credentials: CredentialValues;
  readonly target: TargetValues;
  /** The check of another rule; undefined when there is none. */
  readonly ruleOf: (name: string) => Check | undefined;
}

/** A rule that cannot be read. The message says where. */
export class PolicySyntaxError extends Error {
  override readonly name = "PolicySyntaxError";
}

/** Reads a rule: a text, or the old form of a list of lists. Throws `PolicySyntaxError`. */
export function parseRule(rule: string | readonly (string | readonly string[])[]): Check {
  if (typeof rule === "string") return parseText(rule);
  if (rule.length === 0) return { kind: "always" };
  const alternatives = rule.map((inner): Check => {
    const checks = (typeof inner === "string" ? [inner] : inner).map(parseCheck);
    return checks.length === 0 ? { kind: "always" } : { kind: "all", checks };
  });
  return { kind: "any", checks: alternatives };
}

export function evaluate(check: Check, facts: Facts): boolean {
  switch (check.kind) {
    case "always":
      return true;
    case "never":
      return false;
    case "not":
      return !evaluate(check.check, facts);
    case "all":
      return check.checks.every((one) => evaluate(one, facts));
    case "any":
      return check.checks.some((one) => evaluate(one, facts));
    case "rule": {
      const rule = facts.ruleOf(check.name);
      return rule !== undefined && evaluate(rule, facts);
    }
    case "role": {
      const wanted = fill(check.value, facts.target)?.toLowerCase();
      const roles: unknown = facts.credentials["roles"];
      return Array.isArray(roles) && roles.some((role) => String(role).toLowerCase() === wanted);
    }
    case "credential":
      return holds(facts.credentials, check.path, fill(check.value, facts.target));
    case "literal":
      return check.text === fill(check.value, facts.target);
    default:
      return check satisfies never;
  }
}

/** The rules that a check leans on. */
export function rulesIn(check: Check): string[] {
  switch (check.kind) {
    case "rule":
      return [check.name];
    case "not":
      return rulesIn(check.check);
    case "all":
    case "any":
      return check.checks.flatMap(rulesIn);
    default:
      return [];
  }
}

/** Python's text of a value, as rules compare it. */
function textOf(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The template with the target's values in it; undefined when the target does not have one. */
function fill(template: Template, target: TargetValues): string | undefined {
  let text = "";
  for (const piece of template) {
    const value = "text" in piece ? piece.text : Object.hasOwn(target, piece.key) ? target[piece.key] : undefined;
    if (value === undefined) return undefined;
    text += textOf(value);
  }
  return text;
}

/** Whether the credential at the path is the value; in a list, any of its members may be. */
function holds(value: unknown, path: readonly string[], wanted: string | undefined): boolean {
  if (wanted === undefined || value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.some((member) => holds(member, path, wanted));
  const [key, ...rest] = path;
  if (key === undefined) return textOf(value) === wanted;
  if (typeof value !== "object" || !Object.hasOwn(value, key)) return false;
  return holds((value as Record<string, unknown>)[key], rest, wanted);
}

function parseText(text: string): Check {
  const words = wordsOf(text);
  if (words.length === 0) return { kind: "always" };
  const reader = { words, at: 0 };
  const check = parseAny(reader);
  const left = reader.words[reader.at];
  if (left !== undefined) throw new PolicySyntaxError(`"${left}" is not expected in "${text}"`);
  return check;
}

interface Reader {
  readonly words: readonly string[];
  at: number;
}

/** Words stand between spaces; parentheses stick to them: those of `%(key)s` stand inside, never at an end. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => {
    const [, open = "", middle = "", close = ""] = /^(\(*)(.*?)(\)*)$/s.exec(word) ?? [];
    return [...open.split(""), ...(middle ? [middle] : []), ...close.split("")];
  });
}

const isWord = (reader: Reader, word: string): boolean => reader.words[reader.at]?.toLowerCase() === word;

function parseAny(reader: Reader): Check {
  const checks = [parseAll(reader)];
  while (isWord(reader, "or")) {
    reader.at++;
    checks.push(parseAll(reader));
  }
  const [only] = checks;
  return checks.length === 1 && only ? only : { kind: "any", checks };
}

function parseAll(reader: Reader): Check {
  const checks = [parseNot(reader)];
  while (isWord(reader, "and")) {
    reader.at++;
    checks.push(parseNot(reader));
  }
  const [only] = checks;
  return checks.length === 1 && only ? only : { kind: "all", checks };
}

function parseNot(reader: Reader): Check {
  if (isWord(reader, "not")) {
    reader.at++;
    return { kind: "not", check: parseNot(reader) };
  }
  if (!isWord(reader, "(")) return parseCheck(reader.words[reader.at++] ?? "");
  reader.at++;
  const check = parseAny(reader);
  if (!isWord(reader, ")")) throw new PolicySyntaxError(`a parenthesis is not closed in "${reader.words.join(" ")}"`);
  reader.at++;
  return check;
}

/** `kind:value`. The kind is a check's name, a literal in quotes, a number or Python's constants, or a credential. */
function parseCheck(word: string): Check {
  if (word === "@") return { kind: "always" };
  if (word === "!") return { kind: "never" };
  const literal = /^(?:'([^']*)'|"([^"]*)"):(.*)$/s.exec(word);
  if (literal) return { kind: "literal", text: literal[1] ?? literal[2] ?? "", value: parseTemplate(literal[3] ?? "") };
  const colon = word.indexOf(":");
  if (colon <= 0) throw new PolicySyntaxError(`"${word}" is no check: expected kind:value, @ or !`);
  const kind = word.slice(0, colon);
  const value = word.slice(colon + 1);
  if (kind === "rule") return { kind: "rule", name: value };
  if (kind === "role") return { kind: "role", value: parseTemplate(value) };
  if (kind === "http" || kind === "https") throw new PolicySyntaxError(`"${word}": checks by HTTP are not supported`);
  if (/^(?:True|False|None|-?\d+)$/.test(kind)) return { kind: "literal", text: kind, value: parseTemplate(value) };
  return { kind: "credential", path: kind.split("."), value: parseTemplate(value) };
}

function parseTemplate(text: string): Template {
  const unquoted = /^'([^']*)'$/.exec(text)?.[1] ?? text;
  const pieces = unquoted.split(/(%\([^)]*\)s)/).filter((piece) => piece !== "");
  return pieces.map((piece) => {
    const key = /^%\((.*)\)s$/.exec(piece)?.[1];
    return key === undefined ? { text: piece } : { key };
  });
}
