/** What was said and kept in the clear, and the secrets that there are to be found in it. */
import { parse } from "yaml";
import type { HttpReply, HttpRequest } from "@jeroboam/core/openstack/http";

/** Where something can be seen. */
export type Place = "log" | "table" | "queue" | "reply" | "error" | "webhook" | "stack";

export interface Sightings {
  saw(place: Place, name: string, text: string): void;
  /** From now on this is a secret. */
  plant(kind: string, secret: string): void;
  readonly planted: ReadonlyMap<string, string>;
  readonly counts: ReadonlyMap<Place, number>;
  /** Each secret that stands somewhere, and where. */
  found(): readonly string[];
}

const LEAST_CHARS = 8;

export function createSightings(): Sightings {
  const seen: { place: Place; name: string; text: string }[] = [];
  const planted = new Map<string, string>();
  const counts = new Map<Place, number>();
  return {
    planted,
    counts,
    saw(place, name, text) {
      seen.push({ place, name, text });
      counts.set(place, (counts.get(place) ?? 0) + 1);
    },
    plant(kind, secret) {
      // Shorter ones would be found in anything.
      if (secret.length < LEAST_CHARS) throw new Error(`${kind} is too short to be looked for`);
      planted.set(secret, kind);
    },
    found() {
      const secrets = [...planted].flatMap(([secret, kind]) => spellings(secret).map((text) => [text, kind] as const));
      return seen.flatMap(({ place, name, text }) =>
        secrets.filter(([secret]) => text.includes(secret)).map(([, kind]) => `${place} ${name} holds a ${kind}`),
      );
    },
  };
}

/** As it is, as it stands in JSON, and as it stands in base64, whatever stands before it. */
function spellings(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inBase64 = ["", "x", "xx"].map((before) => {
    const whole = Buffer.from(before + secret).toString("base64url");
    // The first group holds what stands before, the last what stands behind.
    return whole.slice(before === "" ? 0 : 4, -4);
  });
  return [
    ...new Set([
      secret,
      inJson,
      ...inBase64,
      ...inBase64.map((text) => text.replaceAll("-", "+").replaceAll("_", "/")),
    ]),
  ];
}

type Exchange = (sent: Pick<HttpRequest, "method" | "url" | "json">, reply: HttpReply) => void;

interface SentToCloud {
  readonly user?: { readonly password?: string };
  readonly template?: unknown;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Watches what passes between the product and the cloud: secrets in it, and what of stacks everybody can read. */
export function watchExchanges({ plant, saw }: Pick<Sightings, "plant" | "saw">): Exchange {
  // An update sends no template; the parameters are those of the creation.
  const hidden = new Set<string>();
  return ({ method, url, json }, { headers, body }) => {
    const { pathname } = new URL(url);
    const token = headers["x-subject-token"];
    if (token) plant("token", token);
    if (method === "POST" && pathname.endsWith("/OS-TRUST/trusts"))
      plant("trust id", (JSON.parse(body) as { trust: { id: string } }).trust.id);
    const { user, parameters = {}, ...rest } = (json ?? {}) as SentToCloud;
    if (user?.password) plant("password", user.password);
    if (!pathname.includes("/stacks") || json === undefined) return;
    for (const name of hiddenParameters(rest.template)) hidden.add(name);
    for (const [name, value] of Object.entries(parameters)) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const callback = /\/callbacks\/([\w.-]+)/.exec(text)?.[1];
      if (callback) plant("callback token", callback);
      if (!hidden.has(name)) saw("stack", name, text);
    }
    saw("stack", "its template, files and tags", JSON.stringify(rest));
  };
}

/** The parameters that Heat shows to nobody, by the template itself. */
function hiddenParameters(template: unknown): readonly string[] {
  const read: unknown = typeof template === "string" ? parse(template) : template;
  const { parameters = {} } = (read ?? {}) as { parameters?: Record<string, { hidden?: boolean }> };
  return Object.keys(parameters).filter((name) => parameters[name]?.hidden === true);
}
