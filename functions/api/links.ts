/**
 * Where links begin (bay-era sheet 1.5, cluster sheet 6.2): the address by which the caller reached us, or a fixed one.
 * Headers of a proxy are believed only when configured, and only when they look like what they should be.
 */

export type LinkSettings =
  | { readonly kind: "fixed"; readonly base: string }
  | { readonly kind: "request"; readonly trustForwarded: boolean };

export interface Link {
  readonly href: string;
  readonly rel: string;
}

const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]{1,64}){1,8}$/;

/** Scheme, host and mount prefix, without a slash at the end. */
export function linkBase(settings: LinkSettings, request: Request): string {
  if (settings.kind === "fixed") return settings.base.replace(/\/+$/, "");
  const url = new URL(request.url);
  if (!settings.trustForwarded) return url.origin;
  const scheme = forwarded(request, "x-forwarded-proto", /^https?$/) ?? url.protocol.slice(0, -1);
  const host = forwarded(request, "x-forwarded-host", HOST) ?? url.host;
  return `${scheme}://${host}${forwarded(request, "x-forwarded-prefix", PREFIX) ?? ""}`;
}

/** The value the nearest proxy to the caller gave, if it has the shape it should. */
function forwarded(request: Request, name: string, shape: RegExp): string | undefined {
  const value = request.headers.get(name)?.split(",")[0]?.trim().replace(/\/$/, "");
  return value !== undefined && shape.test(value) ? value : undefined;
}

/** Self, then bookmark: the same without the version, which is why paths without `/v1` work. */
export function itemLinks(base: string, collection: string, id: string): readonly Link[] {
  return [
    { href: `${base}/v1/${collection}/${id}`, rel: "self" },
    { href: `${base}/${collection}/${id}`, rel: "bookmark" },
  ];
}
