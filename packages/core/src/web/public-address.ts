/**
 * Which IP addresses a URL that a user gave may lead to: those of the public internet, and the networks that the
 * operator allows besides. Everything else is refused: private, loopback, link-local (where clouds keep their metadata),
 * shared, multicast and reserved addresses, and IPv6 addresses that wrap an IPv4 one in any way.
 */
import ipaddr from "ipaddr.js";

export interface AddressRule {
  isAllowed(address: string): boolean;
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Given out by the IANA as global unicast; what lies outside is old, special or not yet of any use. */
const GLOBAL_IPV6: Network = ipaddr.parseCIDR("2000::/3");

/** Public by their numbers, and yet a cloud's own inside: Azure's host services. */
const CLOUD_INSIDES: readonly Network[] = ["168.63.129.16/32"].map((one) => ipaddr.parseCIDR(one));

/** Throws on a network that is not in CIDR form: a misspelled permission must not go unnoticed. */
export function createAddressRule(allowedNetworks: readonly string[] = []): AddressRule {
  const allowed = allowedNetworks.map(readNetwork);
  return {
    isAllowed(text) {
      if (!ipaddr.isValid(text)) return false;
      const address = ipaddr.process(text);
      return isPublic(address) || allowed.some((network) => isWithin(address, network));
    },
  };
}

function readNetwork(text: string): Network {
  try {
    return ipaddr.parseCIDR(text);
  } catch (error) {
    // The library's own message does not say which one.
    throw new Error(`"${text}" is no network in CIDR form, such as 10.0.0.0/8`, { cause: error });
  }
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  if (address.kind() === "ipv6") return isWithin(address, GLOBAL_IPV6);
  return !CLOUD_INSIDES.some((network) => isWithin(address, network));
}

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean =>
  address.kind() === network.kind() && address.match(network, bits);
