import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overlap, parseNetwork, urlOf } from "./network-address.ts";

describe("parseNetwork", () => {
  test.each(["10.0.0.0/24", "0.0.0.0/0", "192.168.40.0/22", "10.0.0.1/32"])("reads %s", (text) => {
    expect(parseNetwork(text)).toBeDefined();
  });

  test.each([
    "",
    "lan",
    "10.0.0.0",
    "10.0.0.1/24",
    "10.0.0.0/33",
    "10.0.0.256/24",
    "010.0.0.0/24",
    "10.0.0/24",
    "fd00::/8",
  ])("refuses %s", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

describe("overlap", () => {
  const network = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 32 }))
    .map(([first, prefixLength]) => {
      const size = 2 ** (32 - prefixLength);
      return { first: Math.floor((first * 2 ** 24) / size) * size, prefixLength };
    });

  test("is true just when the ranges of addresses meet", () => {
    fc.assert(
      fc.property(network, network, (one, other) => {
        const last = ({ first, prefixLength }: typeof one): number => first + 2 ** (32 - prefixLength) - 1;
        expect(overlap(one, other)).toBe(one.first <= last(other) && other.first <= last(one));
      }),
    );
  });
});

test("an IPv6 address stands in brackets in a URL", () => {
  expect(urlOf("https", "172.24.4.10", 6443)).toBe("https://172.24.4.10:6443");
  expect(urlOf("https", "fd00::1", 6443)).toBe("https://[fd00::1]:6443");
});
