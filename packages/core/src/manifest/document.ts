/**
 * A manifest's text as one JSON value: JSON when it begins with a brace, else YAML as the Kubernetes tools read it (YAML
 * 1.1 without its sexagesimal numbers and dates). Safe on hostile text: its size is checked before the scanner runs, its
 * tokens before the parser does, its aliases before they unfold, and the value's depth and size before anybody walks it.
 * What the value means is for manifest.ts.
 */
import { isScalar, Lexer, parseAllDocuments } from "yaml";
import type { Document, Tags, YAMLError } from "yaml";
import { textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import { findValueProblem } from "./bounded-value.ts";

export interface ManifestProblem {
  /** `line 3, column 5` of the text, or the field: `spec.containers[0].image`. Empty: the manifest as a whole. */
  readonly place: string;
  readonly message: string;
}

export type DocumentReading =
  | { readonly kind: "document"; readonly value: unknown }
  | { readonly kind: "invalid"; readonly problem: ManifestProblem };

export function readDocument(text: string): DocumentReading {
  if (Buffer.byteLength(text) > limits.manifest.bytes) {
    return invalid("", `it is longer than ${limits.manifest.bytes} bytes`);
  }
  if (text.trim() === "") return invalid("", "it is empty");
  const reading = text.trimStart().startsWith("{") ? readJson(text) : readYaml(text);
  if (reading.kind === "invalid") return reading;
  const problem = findValueProblem(reading.value, limits.manifest);
  return problem ? { kind: "invalid", problem } : reading;
}

function readJson(text: string): DocumentReading {
  try {
    return { kind: "document", value: JSON.parse(text) };
  } catch (error) {
    // Flow-style YAML begins with a brace too.
    const yaml = readYaml(text);
    return yaml.kind === "document" ? yaml : invalid("", `it is not valid JSON: ${textOf(error)}`);
  }
}

function readYaml(text: string): DocumentReading {
  if (!hasFewTokens(text)) return invalid("", `it has more than ${limits.manifest.tokens} parts`);
  try {
    const documents = parseAllDocuments(text, {
      version: "1.1",
      stringKeys: true,
      logLevel: "error",
      customTags: (tags) => tags.filter(isKubernetesTag),
    });
    const written = [...documents].filter(isWritten);
    const [document, second] = written;
    if (!document) return invalid("", "it is empty");
    for (const one of written) {
      const [error] = one.errors;
      if (error) return invalid(placeOf(error), yamlFault(error.message));
    }
    if (second) {
      return invalid(lineOf(text, second.range[0]), `it holds ${written.length} documents: send one at a time`);
    }
    return { kind: "document", value: document.toJS({ maxAliasCount: limits.manifest.aliases }) };
  } catch (error) {
    // Aliases that unfold without end or lead nowhere are thrown by toJS; nesting beyond measure ends the stack.
    return invalid("", yamlFault(textOf(error)));
  }
}

/** Scanning is quick; parsing is not, and some texts take it the square of their length. */
function hasFewTokens(text: string): boolean {
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > limits.manifest.tokens) return false;
  }
  return true;
}

/** Kubernetes' reader knows no `12:30` that is 750, and no dates, sets or binaries: their texts stay as they are. */
function isKubernetesTag(tag: Tags[number]): boolean {
  if (typeof tag === "string") return false;
  const isScalar = /:(null|bool|int|float|str|map|seq|merge)$/.test(tag.tag);
  return isScalar && tag.format !== "TIME";
}

/** A text that ends in `---` has an empty document behind it, which nobody wrote. */
function isWritten({ contents, errors }: Document): boolean {
  const isBlank = contents === null || (isScalar(contents) && contents.value === null);
  return !isBlank || errors.length > 0;
}

const yamlFault = (message: string): string =>
  message.includes("call stack") ? "it is nested too deeply" : `it is not valid YAML: ${firstLine(message)}`;

const invalid = (place: string, message: string): DocumentReading => ({ kind: "invalid", problem: { place, message } });

const placeOf = ({ linePos }: YAMLError): string => {
  const [start] = linePos ?? [];
  return start ? `line ${start.line}, column ${start.col}` : "";
};

const lineOf = (text: string, offset: number): string => `line ${text.slice(0, offset).split("\n").length}`;

/** Without the drawing of the place that follows, and the place itself, which is told apart. */
const firstLine = (message: string): string =>
  (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
