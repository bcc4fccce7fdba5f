import { describe, expect, test } from "vitest";
import { createTestCloud } from "../test-cloud.ts";
import { isCidr, rangeOf, toIpNumber, toIpText } from "./addresses.ts";

const header = "heat_template_version: 2018-08-31\n";

/** Puts a stack through and gives back how it ended. */
async function run(template: string, name = "net") {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  const made = await heat.create(name, header + template);
  if (made.status !== 201) return { cloud, heat, reason: made.body.error.message as string };
  cloud.clock.advance(5_000);
  return { cloud, heat, reason: (await heat.show(name)).stack_status_reason as string };
}

const base = `
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/29}}
`;

describe("addresses", () => {
  test("are texts and numbers", () => {
    expect(toIpText(toIpNumber("172.24.4.255") ?? 0)).toBe("172.24.4.255");
    expect(["10.0.0", "10.0.0.256", "a.b.c.d", ""].map(toIpNumber)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(rangeOf("10.0.0.77/24")).toEqual({ first: toIpNumber("10.0.0.0"), last: toIpNumber("10.0.0.255") });
    expect(["10.0.0.0/33", "10.0.0.0", "fe80::/10", "10.0.0.0/0"].map(isCidr)).toEqual([false, false, true, true]);
  });

  test("are given out once each, the gateway's to nobody, and no more than there are", async () => {
    const { reason, cloud } = await run(`${base}
  ports:
    type: OS::Heat::ResourceGroup
    depends_on: subnet
    properties: {count: 5, resource_def: {type: "OS::Neutron::Port", properties: {network: {get_resource: net}}}}
`);
    expect(reason).toBe("Stack CREATE completed successfully");
    const token = await cloud.login("demo");
    const { ports } = (await cloud.request("GET", "/network/v2.0/ports", { token })).body;
    const given = ports.flatMap((port: { fixed_ips: { ip_address: string }[] }) =>
      port.fixed_ips.map((ip) => ip.ip_address),
    );
    expect(given.toSorted()).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
    const more = await run(`${base}
  ports:
    type: OS::Heat::ResourceGroup
    depends_on: subnet
    properties: {count: 6, resource_def: {type: "OS::Neutron::Port", properties: {network: {get_resource: net}}}}
`);
    expect(more.reason).toMatch(
      /IpAddressGenerationFailureClient: resources\.ports\.resources\[5\]: No more IP addresses available on network/,
    );
  });
});

describe("Neutron refuses", () => {
  test.each([
    [
      "overlapping subnets",
      `${base}  other: {type: OS::Neutron::Subnet, depends_on: subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}\n`,
      /overlaps with another subnet/,
    ],
    [
      "an address that is taken",
      `${base}  a: {type: OS::Neutron::Port, properties: {network: {get_resource: net}, fixed_ips: [{ip_address: 10.0.0.5}]}}\n  b: {type: OS::Neutron::Port, depends_on: a, properties: {network: {get_resource: net}, fixed_ips: [{ip_address: 10.0.0.5}]}}\n`,
      /IP address 10\.0\.0\.5 already allocated/,
    ],
    [
      "an address outside the subnet",
      `${base}  a: {type: OS::Neutron::Port, properties: {network: {get_resource: net}, fixed_ips: [{ip_address: 10.1.0.5}]}}\n`,
      /not a valid IP for any of the subnets/,
    ],
    [
      "a floating address without a way out",
      `${base}  a: {type: OS::Neutron::Port, properties: {network: {get_resource: net}}}\n  fip: {type: OS::Neutron::FloatingIP, properties: {floating_network: public, port_id: {get_resource: a}}}\n`,
      /ExternalGatewayForFloatingIPNotFoundClient: resources\.fip: External network .* is not reachable/,
    ],
    [
      "a gateway on a network that is not external",
      `${base}  r: {type: OS::Neutron::Router, properties: {external_gateway_info: {network: {get_resource: net}}}}\n`,
      /is not an external network/,
    ],
    [
      "the same rule twice",
      "\nresources:\n  sg: {type: OS::Neutron::SecurityGroup, properties: {rules: [{protocol: tcp}, {protocol: tcp}]}}\n",
      /Security group rule already exists/,
    ],
  ])("%s", async (_, template, reason) => {
    expect((await run(template)).reason).toMatch(reason);
  });

  test("to delete what is in use", async () => {
    const { cloud } = await run(
      `${base}  router: {type: OS::Neutron::Router}\n  side: {type: OS::Neutron::RouterInterface, properties: {router: {get_resource: router}, subnet: {get_resource: subnet}}}\n`,
    );
    const token = await cloud.login("demo");
    const { networks, subnets, routers, ports } = cloud.sandbox.inventory();
    const own = <T extends { owner: string; name: string }>(items: readonly T[]) =>
      items.filter((one) => one.owner === "demo" && !one.name.startsWith("private"))[0];
    const remove = async (kind: string, id = "") =>
      (await cloud.request("DELETE", `/network/v2.0/${kind}/${id}`, { token })).body.NeutronError?.type;
    expect(await remove("networks", own(networks)?.id)).toBe("NetworkInUse");
    expect(await remove("subnets", own(subnets)?.id)).toBe("SubnetInUse");
    expect(await remove("routers", own(routers)?.id)).toBe("RouterInUse");
    expect(await remove("ports", ports[0]?.id)).toBe("ServicePortInUse");
    const outside = networks.find((one) => one.name === "public");
    expect(await remove("networks", outside?.id)).toBe("NetworkNotFound");
  });
});

test("lists are filtered by what a network is, and show other projects only what is shared", async () => {
  const cloud = createTestCloud();
  const list = async (user: string, query = "") => {
    const token = await cloud.login(user);
    const { body } = await cloud.request("GET", `/network/v2.0/networks${query}`, { token });
    return body.networks.map((one: { name: string }) => one.name);
  };
  expect(await list("demo")).toEqual(["public", "private"]);
  expect(await list("alt_demo")).toEqual(["public"]);
  expect(await list("demo", "?router:external=True")).toEqual(["public"]);
  expect(await list("demo", "?name=private")).toEqual(["private"]);
  expect(await list("demo", "?name=nothing")).toEqual([]);
});
