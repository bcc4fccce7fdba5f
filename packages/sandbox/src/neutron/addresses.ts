/** IPv4 addresses as numbers, and subnets as ranges of them. IPv6 subnets are kept but give out no addresses. */

export function toIpNumber(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export const toIpText = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The addresses of a CIDR, network and broadcast address among them; undefined when it is none. */
export function rangeOf(cidr: string): Range | undefined {
  const [address = "", length = ""] = cidr.split("/");
  const base = toIpNumber(address);
  if (base === undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(base / size) * size;
  return { first, last: first + size - 1 };
}

export const isInRange = (address: string, range: Range): boolean => {
  const value = toIpNumber(address);
  return value !== undefined && value >= range.first && value <= range.last;
};

export const isIpv6 = (text: string): boolean => /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && text.split(":").length <= 8;

export function isCidr(text: string): boolean {
  if (rangeOf(text)) return true;
  const [address = "", length = ""] = text.split("/");
  return isIpv6(address) && /^\d{1,3}$/.test(length) && Number(length) <= 128;
}
