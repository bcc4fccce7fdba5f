/**
 * The Heat parameters that every bay type fills the same way (bay-era sheet 7.1). What is null is not passed: then the
 * template's default holds.
 */
import { Buffer } from "node:buffer";
import type { BayTypeInput, HeatParameter } from "./bay-type.ts";
import { dnsServers, ownNetwork } from "./spec-checks.ts";
import { nodeNamePrefix } from "./stack-name.ts";

type Parameters = Readonly<Record<string, HeatParameter>>;

/** Drops what has no value, so that Heat's default applies. */
export function given(parameters: Readonly<Record<string, HeatParameter | null | undefined>>): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, HeatParameter] => (entry[1] ?? null) !== null),
  );
}

/** The bay, its servers, and how long they may take. */
export function serverParameters(input: BayTypeInput): Parameters {
  const timeoutMinutes = input.createTimeoutMinutes ?? 0;
  return given({
    bay_uuid: input.uuid,
    bay_name: nodeNamePrefix(input),
    ssh_key_name: input.keypairId,
    server_image: input.imageId,
    wait_condition_timeout: timeoutMinutes > 0 ? timeoutMinutes * 60 : null,
  });
}

/** `cidr` is the label that names the addresses of a network of the bay's own. */
export function networkParameters(input: BayTypeInput, cidr: string | undefined): Parameters {
  const own = ownNetwork(input, cidr);
  const servers = dnsServers(input);
  return given({
    external_network: input.externalNetworkId,
    ...(own === null
      ? { fixed_network: input.fixedNetwork, fixed_subnet: input.fixedSubnet }
      : { fixed_network_cidr: own }),
    dns_nameserver: servers.length > 0 ? servers : null,
    floating_ip_enabled: input.floatingIpEnabled,
    http_proxy: input.httpProxy,
    https_proxy: input.httpsProxy,
    no_proxy: input.noProxy,
  });
}

/** Only where the bay asks for a volume is one made. */
export function dockerParameters(input: BayTypeInput): Parameters {
  return given({
    docker_volume_size: input.dockerVolumeSizeGb,
    docker_storage_driver: input.dockerStorageDriver,
    insecure_registry: input.insecureRegistry,
  });
}

/** How nodes reach the cloud's endpoints: Heat at the least, whom they tell that they are set up. */
export function endpointParameters(input: BayTypeInput): Parameters {
  return given({
    openstack_ca: input.openstackCa === null ? null : Buffer.from(input.openstackCa).toString("base64"),
    plain_http_allowed: input.plainHttpAllowed,
    completion_url: input.completionUrl,
  });
}

/** Who nodes are to the cloud, and where they say so. Secrets among them: the templates declare them hidden. */
export function credentialParameters(input: BayTypeInput) {
  const { userId, userName, domainId, password, trustId, projectId } = input.nodeCredential;
  if (/['"\\]|[^\x20-\x7e]/.test(password)) {
    throw new Error("a node's password must need no quoting in scripts and JSON");
  }
  return {
    ...given({ region_name: input.regionName }),
    ...(trustId === null ? { trustee_project_id: projectId } : { trust_id: trustId }),
    magnum_url: input.apiUrl,
    auth_url: input.authUrl,
    trustee_user_id: userId,
    trustee_username: userName,
    trustee_domain_id: domainId,
    trustee_password: password,
  };
}
