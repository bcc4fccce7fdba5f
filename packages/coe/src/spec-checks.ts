/**
 * Checks that bay types share. Each returns reasons to refuse a bay before anything exists, in words for the person who
 * asked; they need nothing but the bay itself.
 */
import type { z } from "zod";
import type { BaySpec, SpecProblem } from "./bay-type.ts";
import { devicemapperVolumeMinGb, hasRoomForStorageDriver } from "./driver-rules.ts";
import { plainText } from "./label.ts";
import type { Network } from "./network-address.ts";
import { overlap, parseAddress, parseNetwork } from "./network-address.ts";

/** The parsed labels, or why they cannot be. Labels the schema does not name are left alone. */
export function checkLabels<Schema extends z.ZodObject>(
  schema: Schema,
  labels: Readonly<Record<string, string>>,
): { readonly values: z.infer<Schema> | undefined; readonly problems: readonly SpecProblem[] } {
  const parsed = schema.safeParse(labels);
  if (parsed.success) return { values: parsed.data, problems: [] };
  return {
    values: undefined,
    problems: parsed.error.issues.map((issue) => ({
      field: `labels.${issue.path.join(".")}`,
      message: `label ${issue.path.join(".")} ${issue.message}`,
    })),
  };
}

/** The labels of a bay whose `checkSpec` found nothing. */
export function parseLabels<Schema extends z.ZodObject>(
  schema: Schema,
  labels: Readonly<Record<string, string>>,
): z.infer<Schema> {
  return schema.parse(labels);
}

export function unknownLabels(schema: z.ZodObject, labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels).filter((label) => !Object.hasOwn(schema.shape, label));
}

/** Free texts end in a shell script on the nodes, within single quotes. */
export function checkTexts(spec: BaySpec): readonly SpecProblem[] {
  const texts = {
    http_proxy: spec.httpProxy,
    https_proxy: spec.httpsProxy,
    no_proxy: spec.noProxy,
    insecure_registry: spec.insecureRegistry,
    docker_storage_driver: spec.dockerStorageDriver,
    discovery_url: spec.discoveryUrl,
    fixed_subnet: spec.fixedSubnet,
  };
  return Object.entries(texts)
    .filter(([, text]) => text !== null && !plainText.test(text))
    .map(([field]) => ({ field, message: `${field} must be one line of ASCII without single quotes` }));
}

/** What the bay's own network is to be, if it gets one: null where it joins an existing network. */
export function ownNetwork(spec: BaySpec, cidr: string | undefined): string | null {
  if (spec.fixedNetwork === null) return cidr ?? DEFAULT_FIXED_NETWORK;
  return parseNetwork(spec.fixedNetwork) ? spec.fixedNetwork : null;
}

const DEFAULT_FIXED_NETWORK = "10.0.0.0/24";

export function checkNetwork(spec: BaySpec, cidr: string | undefined, floats: boolean): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  const own = ownNetwork(spec, cidr);
  if (own === null && spec.fixedNetwork?.includes("/")) {
    problems.push({
      field: "fixed_network",
      message: `fixed_network ${spec.fixedNetwork} is neither an IPv4 network nor a name`,
    });
  }
  if (own !== null && spec.fixedSubnet !== null) {
    problems.push({ field: "fixed_subnet", message: "fixed_subnet needs fixed_network to name the network it is in" });
  }
  if (spec.externalNetworkId === null && (own !== null || floats)) {
    problems.push({
      field: "external_network_id",
      message: "external_network_id is needed for the router of the bay's network and for floating IPs",
    });
  }
  for (const server of dnsServers(spec)) {
    if (parseAddress(server) === undefined) {
      problems.push({ field: "dns_nameserver", message: `dns_nameserver ${server} is not an IPv4 address` });
    }
  }
  return problems;
}

export function dnsServers(spec: Pick<BaySpec, "dnsNameserver">): readonly string[] {
  return (spec.dnsNameserver ?? "")
    .split(",")
    .map((server) => server.trim())
    .filter((server) => server !== "");
}

/** Networks that one packet could belong to at once make a bay whose nodes cannot talk. */
export function checkOverlap(networks: Readonly<Record<string, string | null>>): readonly SpecProblem[] {
  const parsed = Object.entries(networks)
    .map(([field, text]) => ({ field, text, network: text === null ? undefined : parseNetwork(text) }))
    .filter((one): one is { field: string; text: string; network: Network } => one.network !== undefined);
  return parsed.flatMap((one, index) =>
    parsed
      .slice(index + 1)
      .filter((other) => overlap(one.network, other.network))
      .map((other) => ({
        field: other.field,
        message: `${other.field} ${other.text} overlaps ${one.field} ${one.text}`,
      })),
  );
}

/** Several masters need one address before them. */
export function checkMasters(spec: BaySpec): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  if (spec.masterCount > 1 && !spec.masterLbEnabled) {
    problems.push({ field: "master_count", message: "master_count above 1 needs master_lb_enabled" });
  }
  const hasLoadBalancer = spec.masterCount > 1 || spec.masterLbEnabled;
  const joinsNetwork = spec.fixedNetwork !== null && !parseNetwork(spec.fixedNetwork);
  if (hasLoadBalancer && joinsNetwork && spec.fixedSubnet === null) {
    problems.push({ field: "fixed_subnet", message: "a load balancer in an existing network needs fixed_subnet" });
  }
  return problems;
}

export function checkDrivers(
  spec: BaySpec,
  known: { readonly network: readonly string[]; readonly volume: readonly string[] },
): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  if (spec.networkDriver !== null && !known.network.includes(spec.networkDriver)) {
    problems.push({
      field: "network_driver",
      message: `network_driver ${spec.networkDriver} is not one this bay type can build: ${known.network.join(", ")}`,
    });
  }
  if (spec.volumeDriver !== null && !known.volume.includes(spec.volumeDriver)) {
    const alternatives = known.volume.length > 0 ? known.volume.join(", ") : "none";
    problems.push({
      field: "volume_driver",
      message: `volume_driver ${spec.volumeDriver} is not one this bay type can build: ${alternatives}`,
    });
  }
  if (!hasRoomForStorageDriver(spec.dockerStorageDriver, spec.dockerVolumeSizeGb)) {
    problems.push({
      field: "docker_volume_size",
      message: `docker_storage_driver devicemapper needs a docker_volume_size of at least ${devicemapperVolumeMinGb}`,
    });
  }
  return problems;
}

/** For bay types that have no registry of their own. */
export function checkNoRegistry({ registryEnabled }: BaySpec): readonly SpecProblem[] {
  if (!registryEnabled) return [];
  return [{ field: "registry_enabled", message: "registry_enabled: this bay type has no registry of its own" }];
}
