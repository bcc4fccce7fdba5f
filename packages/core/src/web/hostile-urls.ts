/**
 * For tests: addresses that lead inside, in every spelling that a URL parser, a resolver or a careless check may take for
 * something else; and the answers of a resolver that belongs to the attacker.
 */

const INSIDE_IPV4 = [
  "127.0.0.1",
  "127.8.9.10",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.254",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "192.0.0.192",
  "198.18.0.1",
  "224.0.0.251",
  "240.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
] as const;

type Parts = readonly [number, number, number, number];

const hex = (value: number): string => value.toString(16);
const octal = (value: number): string => `0${value.toString(8)}`;
const numberOf = ([a, b, c, d]: Parts): number => ((a * 256 + b) * 256 + c) * 256 + d;
const halves = ([a, b, c, d]: Parts): string => `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
const wide = (text: string): string =>
  text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))).replaceAll(".", "。");

const SPELLINGS: readonly ((parts: Parts, text: string) => string)[] = [
  (_, text) => text,
  (_, text) => `${text}.`,
  (parts) => String(numberOf(parts)),
  (parts) => `0x${hex(numberOf(parts))}`,
  (parts) => octal(numberOf(parts)),
  (parts) => parts.map(octal).join("."),
  (parts) => parts.map((part) => `0x${hex(part)}`).join("."),
  ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  ([a, b, c, d]) => `0x${hex(a)}.${b}.${octal(c * 256 + d)}`,
  (_, text) => wide(text),
  (_, text) => text.replaceAll(".", "%2e"),
  (_, text) => `user@${text}`,
  (_, text) => `example.com@${text}`,
  (_, text) => `example.com:80@${text}:80`,
  (parts) => `[::ffff:${halves(parts)}]`,
  (_, text) => `[::ffff:${text}]`,
  (_, text) => `[0:0:0:0:0:ffff:${text}]`,
  (parts) => `[::${halves(parts)}]`,
  (parts) => `[::ffff:0:${halves(parts)}]`,
  (parts) => `[64:ff9b::${halves(parts)}]`,
  (parts) => `[64:ff9b:1::${halves(parts)}]`,
  (parts) => `[2002:${halves(parts)}::1]`,
  (parts) => `[2001:0:${halves(parts)}::1]`,
];

const INSIDE_IPV6 = [
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[fe80::1]",
  "[fec0::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[ff02::1]",
  "[100::1]",
  "[2001:db8::1]",
  "[2001:20::1]",
  "[3fff::1]",
  "[4000::1]",
  "[5f00::1]",
];

const OTHER = [
  "file:///etc/passwd",
  "file://localhost/etc/passwd",
  "ftp://example.com/manifest",
  "gopher://127.0.0.1:6379/_INFO",
  "dict://127.0.0.1:11211/stats",
  "ldap://127.0.0.1/",
  "jar:http://127.0.0.1!/",
  "data:text/plain,kind:%20Pod",
  "javascript:alert(1)",
  "ws://127.0.0.1/",
  "unix:///var/run/docker.sock",
  "//127.0.0.1/",
  "/etc/passwd",
  "127.0.0.1",
  "",
  "http://",
  "https://",
  "http:///",
  "http://[",
  "http://[::1",
  "http://[fe80::1%25eth0]/",
  "http://user:password@example.com/",
  "http://a b/",
  "http:127.0.0.1/",
  "http:\\\\127.0.0.1\\",
  "ht\ntp://127.0.0.1/",
  "http://127.0.0.1\t/",
  "http://127.0.0.1:80\\@example.com/",
  "http://127.0.0.1#@example.com/",
  "http://127.0.0.1?@example.com/",
  `http://example.com/${"a".repeat(3_000)}`,
  "http://127.1/",
  "http://0/",
  "http://0x7f.1/",
  "http://017700000001/",
  "http://①②⑦.⓪.⓪.①/",
];

/** Names that resolve, wholly or in part, to somewhere inside. */
export const HOSTILE_NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ["127.0.0.1", "::1"],
  "localhost.": ["127.0.0.1"],
  "localtest.me": ["127.0.0.1"],
  "127.0.0.1.nip.io": ["127.0.0.1"],
  "metadata.google.internal": ["169.254.169.254"],
  "internal.example.com": ["10.1.2.3"],
  "half-inside.example.com": ["93.184.216.34", "10.1.2.3"],
  "six-inside.example.com": ["93.184.216.34", "fd12::1"],
  "mapped.example.com": ["::ffff:10.1.2.3"],
  "link-local.example.com": ["fe80::1"],
  "many.example.com": Array.from({ length: 100 }, (_, index) => `93.184.216.${index}`),
  "no-address.example.com": ["not an address"],
  "xn--fiqs8s.example.com": ["192.168.0.1"],
};

const insideHosts = INSIDE_IPV4.flatMap((text) => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return SPELLINGS.map((spell) => spell([a, b, c, d], text));
});

export const HOSTILE_URLS: readonly string[] = [
  ...insideHosts.map((host) => `http://${host}/manifest.yaml`),
  ...INSIDE_IPV6.flatMap((host) => [`http://${host}/`, `https://${host}:8443/a?b=c`]),
  ...Object.keys(HOSTILE_NAMES).flatMap((host) => [`http://${host}/`, `https://${host.toUpperCase()}:2375/`]),
  ...OTHER,
];
