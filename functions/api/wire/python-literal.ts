/**
 * Reads a Python dict written as text, as magnumclient and Terraform send labels in patches: `{'a': 'b', "n": 1}`. JSON
 * objects are read too: they are written alike, but for true, false and null. Only flat dicts, and lists of them, are wanted
 * here, so nothing else is read.
 */

export type Literal = string | number | boolean | null;

const WORDS: Readonly<Record<string, Literal>> = {
  True: true,
  False: false,
  None: null,
  true: true,
  false: false,
  null: null,
};

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "/": "/",
};

/** One token: a mark, a quoted text (with its prefix u), a number or a word. Each alternative begins differently. */
const TOKEN = /\s*(?:([{}[\]:,])|u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z]+))/sy;

/** The dict, or nothing when the text is not one. */
export function readPythonDict(text: string): Readonly<Record<string, Literal>> | undefined {
  const tokens = tokenise(text.trim());
  return tokens && dictOf(tokens);
}

/** The list of dicts, or nothing when the text is not one. */
export function readPythonList(text: string): Readonly<Record<string, Literal>>[] | undefined {
  const tokens = tokenise(text.trim());
  if (tokens?.[0] !== "[" || tokens.at(-1) !== "]") return undefined;
  const list: Readonly<Record<string, Literal>>[] = [];
  let from = 1;
  while (from < tokens.length - 1) {
    const end = tokens.indexOf("}", from);
    const dict = end === -1 ? undefined : dictOf(tokens.slice(from, end + 1));
    const isLast = end === tokens.length - 2;
    if (!dict || !(isLast || tokens[end + 1] === ",")) return undefined;
    list.push(dict);
    from = end + 2;
  }
  return list;
}

function dictOf(tokens: readonly Token[]): Readonly<Record<string, Literal>> | undefined {
  if (tokens[0] !== "{" || tokens.at(-1) !== "}") return undefined;
  const dict: Record<string, Literal> = {};
  const inner = tokens.slice(1, -1);
  for (let at = 0; at < inner.length; at += 4) {
    const [key, colon, value, comma] = inner.slice(at, at + 4);
    if (typeof key !== "object" || typeof key.value !== "string" || colon !== ":" || typeof value !== "object")
      return undefined;
    if (comma !== undefined && comma !== ",") return undefined;
    Object.defineProperty(dict, key.value, {
      value: value.value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return dict;
}

type Mark = "{" | "}" | "[" | "]" | ":" | ",";
type Token = Mark | { readonly value: Literal };

function tokenise(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [, mark, quoted, number, word] = found;
    if (mark !== undefined) tokens.push(mark as Mark);
    else if (quoted !== undefined) tokens.push({ value: unquote(quoted) });
    else if (number !== undefined) tokens.push({ value: Number(number) });
    else if (word !== undefined && Object.hasOwn(WORDS, word)) tokens.push({ value: WORDS[word] ?? null });
    else return undefined;
  }
  return end === text.length ? tokens : undefined;
}

function unquote(quoted: string): string {
  const escapes = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs;
  return quoted.slice(1, -1).replace(escapes, (whole, wide?: string, narrow?: string, one = "") => {
    const code = wide ?? narrow;
    return code === undefined ? (ESCAPES[one] ?? whole) : String.fromCharCode(Number.parseInt(code, 16));
  });
}
