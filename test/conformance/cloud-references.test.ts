/**
 * What bays and their models refer to in the cloud is looked up as the caller, at the time of the request, and the answer
 * names the attribute (bay-era sheet 1.10, 3.1 as of 2.0, 16.11, 16.48; cluster sheet 7.4, 8.3).
 */
import type { JsonObject } from "@jeroboam/core/json";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, CLUSTER_TEMPLATE, createHarness, expectRefusal, shown } from "./api-harness.ts";
import type { Harness } from "./api-harness.ts";

let api: Harness;
beforeEach(() => {
  api = createHarness();
});

/** What is wrong with an attribute's value, and how it is told. */
const FINDINGS: readonly [attribute: string, value: string, status: number, says: string][] = [
  ["image_id", "gone", 400, "Image gone could not be found"],
  ["image_id", "twins", 409, "Several are named twins"],
  ["image_id", "locked", 403, "not yours"],
  ["flavor_id", "gone.flavor", 400, "Flavor gone.flavor could not be found"],
  ["flavor_id", "twins", 409, "Several are named twins"],
  ["master_flavor_id", "gone", 400, "Flavor gone could not be found"],
  ["external_network_id", "gone", 400, "Network gone could not be found"],
  ["external_network_id", "twins", 409, "Several are named twins"],
  ["external_network_id", "inside", 400, "Network inside is not an external one"],
  ["external_network_id", "locked", 403, "not yours"],
  ["fixed_network", "gone", 400, "Network gone could not be found"],
  ["fixed_network", "twins", 409, "Several are named twins"],
];

const TEMPLATE_FINDINGS: typeof FINDINGS = [
  ...FINDINGS,
  ["fixed_subnet", "gone", 400, "Subnet gone could not be found"],
  ["fixed_subnet", "twins", 409, "Several are named twins"],
];

describe("a bay model", () => {
  test.each([...FINDINGS, ["keypair_id", "gone", 404, "Key pair gone could not be found"] as const])(
    "whose %s is %s is refused with %d",
    async (attribute, value, status, says) => {
      const body = { ...BAY_MODEL, [attribute]: value };
      await expectRefusal(api, status, status === 403 ? says : `${attribute}. ${says}`, "POST", "/v1/baymodels", {
        body,
      });
    },
  );

  test.each([...FINDINGS, ["keypair_id", "gone", 404, "Key pair gone could not be found"] as const])(
    "is not patched to have %s %s: %d",
    async (attribute, value, status, says) => {
      const { uuid } = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body);
      const body = [{ op: "replace", path: `/${attribute}`, value }];
      await expectRefusal(api, status, says, "PATCH", `/v1/baymodels/${uuid}`, { body });
    },
  );

  test("is looked up as the caller, once each, and a CIDR is not looked for", async () => {
    const body = { ...BAY_MODEL, master_flavor_id: "m1.small", fixed_network: "10.1.0.0/24" };
    expect(await api.call("POST", "/v1/baymodels", { body })).toMatchObject({ status: 201 });
    expect(api.ports.asked.toSorted()).toEqual([
      "user-alice flavor m1.small",
      "user-alice image atomic",
      "user-alice keypair ops",
      "user-alice network public",
    ]);
  });

  test("is renamed without asking the cloud for anything", async () => {
    const { uuid } = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body);
    api.ports.asked.length = 0;
    const body = [{ op: "replace", path: "/name", value: "other" }];
    expect(await api.call("PATCH", `/v1/baymodels/${uuid}`, { body })).toMatchObject({ status: 200 });
    expect(api.ports.asked).toEqual([]);
  });

  test("follows a new image's distribution when it is patched", async () => {
    const { uuid } = shown((await api.call("POST", "/v1/baymodels", { body: BAY_MODEL })).body);
    const body = [{ op: "replace", path: "/image_id", value: "windows" }];
    await expectRefusal(api, 400, "os_distro windows", "PATCH", `/v1/baymodels/${uuid}`, { body });
  });
});

describe("a cluster template", () => {
  test.each(TEMPLATE_FINDINGS)("whose %s is %s is refused with %d", async (attribute, value, status, says) => {
    const body = { ...CLUSTER_TEMPLATE, [attribute]: value };
    await expectRefusal(api, status, says, "POST", "/v1/clustertemplates", { body });
  });

  test("names a key pair that need not be there: it is only a suggestion", async () => {
    const body = { ...CLUSTER_TEMPLATE, keypair_id: "gone" };
    expect(await api.call("POST", "/v1/clustertemplates", { body })).toMatchObject({ status: 201 });
  });

  test("has a subnet of its network", async () => {
    const body = { ...CLUSTER_TEMPLATE, fixed_network: "home", fixed_subnet: "other.subnet" };
    const says = "Subnet other.subnet is not in network home";
    await expectRefusal(api, 400, says, "POST", "/v1/clustertemplates", { body });
    const own = { ...body, fixed_subnet: "home.subnet" };
    expect(await api.call("POST", "/v1/clustertemplates", { body: own })).toMatchObject({ status: 201 });
  });
});

describe("a cluster", () => {
  beforeEach(async () => {
    await api.call("POST", "/v1/clustertemplates", { body: { ...CLUSTER_TEMPLATE, name: "t" } });
  });
  const post = (changes: JsonObject) => ({ body: { name: "c", cluster_template_id: "t", ...changes } });

  test.each<[JsonObject, number, string]>([
    [{ keypair: "gone" }, 404, "Key pair gone could not be found"],
    [{ flavor_id: "gone" }, 400, "flavor_id. Flavor gone could not be found"],
    [{ master_flavor_id: "twins" }, 409, "master_flavor_id. Several are named twins"],
    [{ fixed_network: "gone" }, 400, "fixed_network. Network gone"],
    [{ fixed_network: "home", fixed_subnet: "net.subnet" }, 400, "is not in network home"],
    [{ fixed_network: "home", fixed_subnet: "gone" }, 400, "fixed_subnet. Subnet gone"],
    [{ fixed_subnet: "net.subnet" }, 400, "fixed_subnet"],
    [{ master_count: 3 }, 400, "master_count"],
  ])("with %o is refused with %d", async (changes, status, says) => {
    await expectRefusal(api, status, says, "POST", "/v1/clusters", post(changes));
  });
});

describe("a bay", () => {
  test("has all that its model names looked up again, as the caller", async () => {
    await api.call("POST", "/v1/baymodels", { body: BAY_MODEL });
    api.ports.asked.length = 0;
    expect(
      await api.call("POST", "/v1/bays", { as: "otherMemberA", body: { baymodel_id: "k8s-small" } }),
    ).toMatchObject({ status: 201 });
    expect(api.ports.asked.toSorted()).toEqual([
      "user-amir flavor m1.small",
      "user-amir image atomic",
      "user-amir keypair ops",
      "user-amir network public",
    ]);
  });

  test("of a model whose key pair has gone since is refused, and says which", async () => {
    // A template may name one that is not there.
    await api.call("POST", "/v1/clustertemplates", { body: { ...CLUSTER_TEMPLATE, name: "t", keypair_id: "gone" } });
    const says = "keypair_id. Key pair gone could not be found";
    await expectRefusal(api, 404, says, "POST", "/v1/bays", { body: { baymodel_id: "t" } });
  });

  test("is accepted by four writes, two of them a mark and a place in the quota, and nothing is asked of Heat", async () => {
    await api.call("POST", "/v1/baymodels", { body: BAY_MODEL });
    const before = { ...api.ports.table.counts };
    await api.call("POST", "/v1/bays", { body: { name: "blue", baymodel_id: "k8s-small" } });
    const { counts } = api.ports.table;
    expect(counts.put - before.put).toBe(4);
    expect(counts.remove - before.remove).toBe(0);
    expect(Object.keys(api.ports).filter((port) => /heat|stack/i.test(port))).toEqual([]);
  });
});
