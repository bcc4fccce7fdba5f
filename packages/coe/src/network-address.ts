/** IPv4 networks as the API's fields and labels write them. */

export interface Network {
  /** The first address, as a number. */
  readonly first: number;
  readonly prefixLength: number;
}

/** Reads `10.0.0.0/24`; undefined for anything else, also for a network with bits set beyond its prefix. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = "", prefix = ""] = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text) ?? [];
  const first = parseAddress(address);
  const prefixLength = Number(prefix);
  if (first === undefined || prefix === "" || prefixLength > 32) return undefined;
  return first % 2 ** (32 - prefixLength) === 0 ? { first, prefixLength } : undefined;
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split(".");
  const isValid = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  return isValid ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : undefined;
}

export function overlap(one: Network, other: Network): boolean {
  const wider = Math.min(one.prefixLength, other.prefixLength);
  const size = 2 ** (32 - wider);
  return Math.floor(one.first / size) === Math.floor(other.first / size);
}

/** `https://host:port`, with the brackets an IPv6 address needs. */
export function urlOf(scheme: string, address: string, port: number): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
