/** The functions of HOT that need nothing but their arguments, already resolved. Error texts are heat's. */
import { createHash, getHashes } from "node:crypto";
import type { Json, JsonMap } from "../../json.ts";
import { dump, isEqual, isMap, pythonType, toText } from "../../json.ts";

/** What a function has against its arguments: their form, which shows when the template is read, or their values. */
export class FunctionError extends Error {
  readonly isMisuse: boolean;

  constructor(message: string, isMisuse = false) {
    super(message);
    this.isMisuse = isMisuse;
  }
}

const fail = (message: string): never => {
  throw new FunctionError(message);
};

const misuse = (message: string): never => {
  throw new FunctionError(message, true);
};

const asList = (value: Json, message: string, refuse = fail): Json[] =>
  Array.isArray(value) ? value : refuse(message);

interface ReplaceStyle {
  /** Whether maps and lists are put in as JSON. */
  json: boolean;
  /** Whether every parameter must occur in the template. */
  strict: boolean;
  /** Whether an empty value is refused. */
  nonEmpty: boolean;
}

function replacement(name: string, key: string, value: Json, style: ReplaceStyle): string {
  const isEmpty = value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  if (style.nonEmpty && isEmpty) {
    fail(`${name} has an undefined or empty value for param ${key}, must be a defined non-empty value`);
  }
  if (value === null) return "";
  if (typeof value !== "object") return toText(value);
  if (!style.json) fail(`"${name}" params must be strings or numbers, param ${key} is not valid`);
  return dump(value);
}

/** Longer keys go first, equal ones by alphabet; what was put in is not looked at again. */
function replaceIn(name: string, template: Json, params: Json, style: ReplaceStyle): string {
  if (typeof template !== "string") return fail(`"${name}" template must be a string`);
  if (!isMap(params)) return fail(`"${name}" params must be a map`);
  const keys = Object.keys(params).toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const unused = new Set(keys);
  const replace = (text: string, [key, ...others]: readonly string[]): string => {
    if (key === undefined) return text;
    const parts = key === "" ? [text] : text.split(key);
    if (parts.length > 1) unused.delete(key);
    return parts.map((part) => replace(part, others)).join(replacement(name, key, params[key] ?? null, style));
  };
  const result = replace(template, keys);
  if (style.strict && unused.size > 0) {
    fail(`The following params were not found in the template: ${keys.filter((key) => unused.has(key)).join(",")}`);
  }
  return result;
}

const strReplace =
  (style: ReplaceStyle) =>
  (name: string, args: Json): Json => {
    if (!isMap(args)) return misuse(`Arguments to "${name}" must be a map`);
    if (!("params" in args) || !("template" in args)) {
      return misuse(
        `"${name}" syntax should be ${name}:\n  template: This is var1 template var2\n  params:\n    var1: a\n    var2: string`,
      );
    }
    return replaceIn(name, args["template"] ?? null, args["params"] ?? null, style);
  };

function joinOne(name: string, args: Json): Json {
  const usage = `Incorrect arguments to "${name}" should be: "${name}" : [ " ", [ "str1", "str2"]]`;
  const list = asList(args, usage, misuse);
  if (list.length !== 2) return misuse(usage);
  const items = asList(list[1] ?? [], `"${name}" must operate on a list`);
  return joinTexts(name, list[0] ?? null, items, false);
}

function joinMany(name: string, args: Json): Json {
  const usage = `Incorrect arguments to "${name}" should be: "${name}" : [ " ", [ "str1", "str2"] ...]`;
  const [delimiter, ...lists] = asList(args, usage, misuse);
  if (delimiter === undefined || lists.length === 0) return misuse(usage);
  const items = lists.flatMap((list) => (isFalsy(list) ? [] : asList(list, `"${name}" must operate on a list`)));
  return joinTexts(name, delimiter, items, true);
}

const isFalsy = (value: Json): boolean => value === null || value === false || value === 0 || value === "";

function joinTexts(name: string, delimiter: Json, items: readonly Json[], takesJson: boolean): string {
  if (typeof delimiter !== "string") return fail(`"${name}" delimiter must be a string`);
  const texts = items.map((item) => {
    if (item === null) return "";
    if (typeof item === "string") return item;
    if (typeof item === "object" && takesJson) return dump(item);
    return fail(
      `Items to join must be ${takesJson ? "string, map or list" : "strings"} not ${toText(item).slice(0, 200)}`,
    );
  });
  return texts.join(delimiter);
}

function substitute(pairs: readonly (readonly [string, Json])[], template: Json): Json {
  if (typeof template === "string") {
    let text = template;
    for (const [key, value] of pairs) {
      text = text.replaceAll(key, () =>
        typeof value === "string" ? value : fail(`replace() argument 2 must be str, not ${pythonType(value)}`),
      );
    }
    return text;
  }
  if (Array.isArray(template)) return template.map((item) => substitute(pairs, item));
  if (!isMap(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [substitute(pairs, key) as string, substitute(pairs, value)]),
  );
}

/** All combinations, the last list varying fastest. */
function product(lists: readonly (readonly Json[])[]): Json[][] {
  return lists.reduce<Json[][]>((found, list) => found.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}

const repeat =
  (takes: { maps: boolean; permutations: boolean }) =>
  (name: string, args: Json): Json => {
    if (!isMap(args)) return misuse(`Arguments to "${name}" must be a map`);
    const { for_each: forEach, template } = args;
    if (forEach === undefined || template === undefined) {
      return misuse(
        "\"repeat\" syntax should be repeat:\n  template: This is %var%\n  for_each:\n    %var%: ['a', 'b', 'c']",
      );
    }
    if (!isMap(forEach)) return misuse(`The "for_each" argument to "${name}" must contain a map`);
    const isNested = takes.permutations ? (args["permutations"] ?? true) : true;
    if (typeof isNested !== "boolean") return fail(`"permutations" should be boolean type for ${name} function.`);
    const keys = Object.keys(forEach);
    const lists = Object.values(forEach).map((value) => {
      if (value === null) return [];
      if (Array.isArray(value)) return value;
      if (takes.maps && isNested && isMap(value)) return Object.keys(value);
      return fail(`The values of the "for_each" argument to "${name}" must be lists${takes.maps ? " or maps" : ""}`);
    });
    if (!isNested && new Set(lists.map((list) => list.length)).size > 1) {
      return fail(`For ${name}, the length of for_each values should be equal if no nested loop.`);
    }
    const rows = isNested
      ? product(lists)
      : (lists[0] ?? []).map((_, index) => lists.map((list) => list[index] ?? null));
    return rows.map((row) =>
      substitute(
        keys.map((key, index) => [key, row[index] ?? null] as const),
        template,
      ),
    );
  };

function digest(name: string, args: Json): Json {
  const list = asList(args, `Argument to function "${name}" must be a list of strings`);
  const [algorithm, value] = list;
  if (list.some((item) => typeof item !== "string")) {
    return fail(`Argument to function "${name}" must be a list of strings`);
  }
  if (list.length !== 2) return fail(`Function "${name}" usage: ["<algorithm>", "<value>"]`);
  const wanted = toText(algorithm).toLowerCase();
  const known = getHashes().map((hash) => hash.toLowerCase());
  if (!known.includes(wanted)) return fail(`Algorithm must be one of ${known.join(", ")}`);
  return createHash(wanted).update(toText(value), "latin1").digest("hex");
}

function strSplit(name: string, args: Json): Json {
  const usage = `"${name}" should be: "${name}" : [ ",", "apples,pears", <index>]`;
  const [delimiter, text, index] = asList(args, `Incorrect arguments to ${usage}`, misuse);
  if (text === null) return null;
  if (typeof delimiter !== "string" || typeof text !== "string") return fail(`Incorrect arguments to ${usage}`);
  const parts = text.split(delimiter);
  if (index === undefined) return parts;
  if (!/^-?\d+$/.test(toText(index))) return fail(`Incorrect index to ${usage}`);
  return parts.at(Number(index)) ?? fail(`Incorrect index to "${name}" should be between 0 and ${parts.length - 1}`);
}

function mapMerge(name: string, args: Json): Json {
  const list = asList(
    args,
    `Incorrect arguments to "${name}" should be: "${name}" : [ { "key1": "val1" }, { "key2": "val2" } ]`,
  );
  return Object.assign(
    {},
    ...list.map((item) => {
      if (item === null) return {};
      return isMap(item) ? item : fail("Incorrect arguments: Items to merge must be maps.");
    }),
  ) as JsonMap;
}

function mapReplace(name: string, args: Json): Json {
  const usage = `Incorrect arguments to "${name}" should be: "${name}" : [ { "key1": "val1" }, {"keys": {"key1": "key2"}, "values": {"val1": "val2"}}]`;
  const [given, change] = asList(args, usage);
  if (!isMap(given) || !isMap(change) || (args as Json[]).length !== 2) return fail(usage);
  if (Object.keys(change).some((key) => key !== "keys" && key !== "values")) return fail(usage);
  const keys = isMap(change["keys"]) ? change["keys"] : {};
  const values = isMap(change["values"]) ? change["values"] : {};
  const result: JsonMap = {};
  for (const [key, value] of Object.entries(given)) {
    const to = typeof keys[key] === "string" ? keys[key] : key;
    if (to !== key && to in given) fail(`key replacement ${to} collides with a key in the input map`);
    if (to in result) fail(`key replacement ${to} collides with a key in the output map`);
    result[to] = typeof value === "string" && value in values ? (values[value] ?? null) : value;
  }
  return result;
}

function filter(name: string, args: Json): Json {
  const list = asList(args, `Argument to "${name}" must be a list`, misuse);
  if (list.length !== 2) {
    return misuse(
      `"${name}" expected 2 arguments of the form [values, sequence] but got ${list.length} arguments instead`,
    );
  }
  const [values = null, sequence = null] = list;
  if (sequence === null) return null;
  const items = asList(sequence, `"${name}" only works with lists`);
  const out = values === null ? [] : asList(values, `"${name}" filters a list of values`);
  return items.filter((item) => !out.some((one) => isEqual(one, item)));
}

const URL_KEYS = ["scheme", "username", "password", "host", "port", "path", "query", "fragment"];

function makeUrl(name: string, args: Json): Json {
  if (!isMap(args)) return misuse(`The arguments to "${name}" must be a map`);
  const unknown = Object.keys(args).filter((key) => !URL_KEYS.includes(key));
  if (unknown.length > 0) return misuse(`Invalid arguments to "${name}": ${unknown.join(", ")}`);
  for (const key of URL_KEYS) {
    const value = args[key];
    if (value === undefined || key === "port") continue;
    if (key === "query" ? !isMap(value) : typeof value !== "string")
      misuse(`The "${key}" argument to "${name}" must be a ${key === "query" ? "map" : "string"}`);
  }
  const text = (key: string): string => (typeof args[key] === "string" ? args[key] : "");
  if (text("scheme").includes(":")) return fail("URL \"scheme\" should not contain ':'");
  const port = args["port"] ?? "";
  if (port !== "" && !/^\d+$/.test(toText(port)))
    return misuse(`Invalid URL port "${toText(port)}" for ${name} called with ${toText(args)}`);
  if (port !== "" && !(Number(port) > 0 && Number(port) <= 65_535))
    return misuse(`Invalid URL port ${toText(port)}, must be in range 1-65535`);
  return joinUrl(text, toText(port), isMap(args["query"]) ? args["query"] : {});
}

/** Percent signs for all but the letters that Python's quote() leaves, and those named. */
const quote = (value: string, safe: string): string =>
  encodeURIComponent(value).replaceAll(/%[0-9A-F]{2}/g, (hex) =>
    safe.includes(decodeURIComponentOf(hex)) ? decodeURIComponentOf(hex) : hex,
  );

const decodeURIComponentOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex.slice(1), 16));

function joinUrl(text: (key: string) => string, port: string, pairs: JsonMap): string {
  const password = text("password") === "" ? "" : `:${quote(text("password"), "")}`;
  const credentials = text("username") + password === "" ? "" : `${quote(text("username"), "")}${password}@`;
  const bare = text("host").replace(/^\[(.*)\]$/, "$1");
  const host = bare.includes(":") ? `[${bare}]` : bare;
  const query = Object.entries(pairs)
    .map(([key, value]) => `${quote(key, "/")}=${quote(toText(value), "/")}`.replaceAll("%20", "+"))
    .join("&");
  const path = quote(text("path"), "/");
  const authority = `${credentials}${host}${port === "" ? "" : `:${port}`}`;
  const rooted = authority !== "" && path !== "" && !path.startsWith("/") ? `/${path}` : path;
  return [
    text("scheme") === "" ? "" : `${text("scheme")}:`,
    authority === "" ? "" : `//${authority}`,
    rooted,
    query === "" ? "" : `?${query}`,
    text("fragment") === "" ? "" : `#${quote(text("fragment"), "/")}`,
  ].join("");
}

function listConcat(name: string, args: Json): Json[] {
  const list = asList(
    args,
    `Incorrect arguments to "${name}" should be: "${name}" : [ [ <value 1>, <value 2> ], [ <value 3>, <value 4> ] ]`,
  );
  return list.flatMap((item) =>
    item === null
      ? []
      : asList(
          item,
          `Incorrect arguments: Items to concat must be lists. ${dump(list)} contains an item that is not a list: ${dump(item)}`,
        ),
  );
}

function contains(name: string, args: Json): Json {
  const list = asList(
    args,
    `Incorrect arguments to "${name}" should be: "${name}" : [ "value1", [ "value1", "value2"]]`,
    misuse,
  );
  if (list.length !== 2) return misuse(`Arguments to "${name}" must be of the form: [value1, [value1, value2]]`);
  const [value = null, sequence] = list;
  if (typeof sequence === "string") return typeof value === "string" && sequence.includes(value);
  return asList(sequence ?? null, `Second argument to "${name}" should be a sequence.`).some((one) =>
    isEqual(one, value),
  );
}

function select(name: string, args: Json): Json {
  const list = asList(args, `Arguments to "${name}" must be of the form [index, collection]`, misuse);
  if (list.length !== 2) return misuse(`Arguments to "${name}" must be of the form [index, collection]`);
  const [index = null, given = null] = list;
  if (given === "" || given === null) return "";
  const from = typeof given === "string" ? parseJson(name, given) : given;
  if (isMap(from)) return typeof index === "string" ? (from[index] ?? "") : fail(`Index to "${name}" must be a string`);
  if (!Array.isArray(from)) return fail(`Arguments to ${name} not fully resolved`);
  return /^-?\d+$/.test(toText(index)) ? (from.at(Number(index)) ?? "") : fail(`Index to "${name}" must be an integer`);
}

function parseJson(name: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // The parser's words are the function's complaint.
    return fail(`"${name}": ${(error as Error).message}`);
  }
}

function splitPair(name: string, args: Json): Json {
  const [delimiter, text] = asList(
    args,
    `Incorrect arguments to "${name}" should be: "${name}" : [ ",", "str1,str2"]]`,
  );
  if (typeof delimiter !== "string") return fail(`Delimiter for ${name} must be string`);
  return typeof text === "string"
    ? text.split(delimiter)
    : fail(`String to split must be string; got ${toText(text ?? null)}`);
}

function replacePair(name: string, args: Json): Json {
  const [params, template] = asList(
    args,
    `Incorrect arguments to "${name}" should be: {"${name}": [ {"$var1": "foo"}, "$var1"]}`,
  );
  return replaceIn(name, template ?? null, params ?? null, { json: false, strict: false, nonEmpty: false });
}

export const valueFunctions = {
  str_replace: strReplace({ json: false, strict: false, nonEmpty: false }),
  str_replace_json: strReplace({ json: true, strict: false, nonEmpty: false }),
  str_replace_strict: strReplace({ json: true, strict: true, nonEmpty: false }),
  str_replace_vstrict: strReplace({ json: true, strict: true, nonEmpty: true }),
  list_join: joinOne,
  list_join_many: joinMany,
  repeat: repeat({ maps: false, permutations: false }),
  repeat_map: repeat({ maps: true, permutations: false }),
  repeat_nested: repeat({ maps: true, permutations: true }),
  digest,
  str_split: strSplit,
  map_merge: mapMerge,
  map_replace: mapReplace,
  filter,
  make_url: makeUrl,
  list_concat: (name: string, args: Json): Json => listConcat(name, args),
  list_concat_unique: (name: string, args: Json): Json =>
    listConcat(name, args).filter((item, index, all) => all.findIndex((one) => isEqual(one, item)) === index),
  contains,
  select,
  split_pair: splitPair,
  replace_pair: replacePair,
  base64: (name: string, args: Json): Json =>
    typeof args === "string" ? args : fail(`"${name}" argument must be a string`),
  get_azs: (): Json => ["nova"],
} satisfies Record<string, (name: string, args: Json) => Json>;
