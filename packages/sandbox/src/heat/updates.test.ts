import { describe, expect, test } from "vitest";
import { createTestCloud } from "../test-cloud.ts";
import type { TestCloud } from "../test-cloud.ts";

const node = `
heat_template_version: 2018-08-31
parameters:
  flavor: {type: string}
  name: {type: string}
resources:
  port: {type: OS::Neutron::Port, properties: {network: private}}
  server:
    type: OS::Nova::Server
    properties:
      name: {get_param: name}
      image: cirros-0.3.4-x86_64-uec
      flavor: {get_param: flavor}
      networks: [{port: {get_resource: port}}]
outputs:
  ip: {value: {get_attr: [port, fixed_ips, 0, ip_address]}}
  OS::stack_id: {value: {get_attr: [port, fixed_ips, 0, ip_address]}}
`;

const bay = `
heat_template_version: 2018-08-31
parameters:
  count: {type: number, default: 3}
  flavor: {type: string, default: m1.small}
  remove: {type: comma_delimited_list, default: []}
  mode: {type: string, default: append}
  secret: {type: string, hidden: true, default: s3cret, immutable: true}
resources:
  nodes:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      removal_policies: [{resource_list: {get_param: remove}}]
      removal_policies_mode: {get_param: mode}
      resource_def:
        type: node.yaml
        properties: {flavor: {get_param: flavor}, name: "node-%index%"}
outputs:
  ips: {value: {get_attr: [nodes, ip]}}
  refs: {value: {get_attr: [nodes, refs]}}
  refs_map: {value: {get_attr: [nodes, refs_map]}}
  by_name: {value: {get_attr: [nodes, attributes, ip]}}
  first: {value: {get_attr: [nodes, resource.0.ip]}}
  removed: {value: {get_attr: [nodes, removed_rsrc_list]}}
`;

async function withBay(more = {}) {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  const made = await heat.create("bay", bay, { files: { "node.yaml": node }, ...more });
  expect(made.status).toBe(201);
  const settle = async () => {
    cloud.clock.advance(30_000);
    return heat.show("bay");
  };
  expect((await settle()).stack_status).toBe("CREATE_COMPLETE");
  return {
    cloud,
    heat,
    settle,
    outputs: async () => {
      const { outputs } = await heat.show("bay");
      return Object.fromEntries(
        outputs.map((one: { output_key: string; output_value: unknown }) => [one.output_key, one.output_value]),
      );
    },
    patch: async (parameters: object, body: object = {}): Promise<number> => {
      const { id } = await heat.show("bay");
      return (await heat.send("PATCH", `/stacks/bay/${id}`, { parameters, ...body })).status;
    },
  };
}

const servers = (cloud: TestCloud) =>
  cloud.sandbox
    .inventory()
    .servers.map((one) => one.name)
    .toSorted();

describe("a resource group", () => {
  test("tells its members' attributes as a list, by name and one by one", async () => {
    const { outputs } = await withBay();
    expect(await outputs()).toEqual({
      ips: ["127.24.128.2", "127.24.128.3", "127.24.128.4"],
      refs: ["127.24.128.2", "127.24.128.3", "127.24.128.4"],
      refs_map: { "0": "127.24.128.2", "1": "127.24.128.3", "2": "127.24.128.4" },
      by_name: { "0": "127.24.128.2", "1": "127.24.128.3", "2": "127.24.128.4" },
      first: "127.24.128.2",
      removed: [],
    });
  });

  test("grows by new members and leaves the old ones alone", async () => {
    const { cloud, patch, settle } = await withBay();
    const before = cloud.sandbox.inventory().servers.map((one) => one.id);
    expect(await patch({ count: 5 })).toBe(202);
    expect(await settle()).toMatchObject({
      stack_status: "UPDATE_COMPLETE",
      stack_status_reason: "Stack UPDATE completed successfully",
    });
    expect(servers(cloud)).toEqual(["node-0", "node-1", "node-2", "node-3", "node-4"]);
    expect(cloud.sandbox.inventory().servers.map((one) => one.id)).toEqual(expect.arrayContaining(before));
  });

  test("shrinks from its highest index", async () => {
    const { cloud, patch, settle } = await withBay();
    expect(await patch({ count: 1 })).toBe(202);
    expect((await settle()).stack_status).toBe("UPDATE_COMPLETE");
    expect(servers(cloud)).toEqual(["node-0"]);
    expect(cloud.sandbox.inventory().ports.filter((one) => one.owner === "demo")).toHaveLength(1);
  });

  test.each([["1"], ["127.24.128.3"]])(
    "gives up the member that the removal policy names, by %s, and never uses its name again",
    async (named) => {
      const { cloud, patch, settle, outputs } = await withBay();
      expect(await patch({ count: 2, remove: named })).toBe(202);
      await settle();
      expect(servers(cloud)).toEqual(["node-0", "node-2"]);
      expect((await outputs())["removed"]).toEqual(["1"]);
      expect(await patch({ count: 3, remove: "" })).toBe(202);
      await settle();
      expect(servers(cloud)).toEqual(["node-0", "node-2", "node-3"]);
    },
  );

  test("replaces a member that is named although the count stays", async () => {
    const { cloud, patch, settle } = await withBay();
    await patch({ remove: "0" });
    await settle();
    expect(servers(cloud)).toEqual(["node-1", "node-2", "node-3"]);
  });

  test("forgets what it skipped when it is told to", async () => {
    const { cloud, patch, settle } = await withBay();
    await patch({ remove: "0" });
    await settle();
    await patch({ remove: "", mode: "update" });
    await settle();
    expect(servers(cloud)).toEqual(["node-0", "node-1", "node-2"]);
  });
});

describe("an update", () => {
  test("changes in place what can be changed, and replaces what cannot", async () => {
    const { cloud, heat, settle, patch } = await withBay();
    const before = cloud.sandbox.inventory();
    await patch({ flavor: "m1.large" });
    await settle();
    // A flavor is changed by resizing.
    expect(cloud.sandbox.inventory().servers).toEqual(before.servers);
    const { id } = await heat.show("bay");
    const files = {
      "node.yaml": node
        .replace("cirros-0.3.4-x86_64-uec", "ubuntu-24.04")
        .replace("flavor: {get_param: flavor}\n", "flavor: {get_param: flavor}\n      key_name: default\n"),
    };
    await heat.send("PATCH", `/stacks/bay/${id}`, { files });
    await settle();
    const after = cloud.sandbox.inventory();
    expect(after.servers.map((one) => one.name)).toEqual(before.servers.map((one) => one.name));
    expect(after.servers.some((one) => before.servers.some((old) => old.id === one.id))).toBe(false);
    expect(after.ports).toEqual(before.ports);
  });

  test("deletes what the template no longer has and makes what it newly has", async () => {
    const { cloud, heat, settle } = await withBay();
    const { id } = await heat.show("bay");
    const template =
      "heat_template_version: 2018-08-31\nresources:\n  net: {type: OS::Neutron::Net, properties: {name: only}}\n";
    expect((await heat.send("PUT", `/stacks/bay/${id}`, { template })).status).toBe(202);
    expect((await settle()).stack_status).toBe("UPDATE_COMPLETE");
    expect(servers(cloud)).toEqual([]);
    expect(cloud.sandbox.inventory().networks.map((one) => one.name)).toContain("only");
  });

  test("keeps the template, the files and the parameters that a patch does not name; a put does not", async () => {
    const { heat, settle, patch } = await withBay({ parameters: { count: 2 }, tags: "mine" });
    await patch({ flavor: "m1.medium" });
    const patched = await settle();
    expect(patched.parameters).toMatchObject({ count: "2", flavor: "m1.medium" });
    expect(patched.tags).toEqual(["mine"]);
    const { id } = patched;
    await heat.send("PUT", `/stacks/bay/${id}`, { template: bay, files: { "node.yaml": node } });
    const put = await settle();
    expect(put.parameters).toMatchObject({ count: "3", flavor: "m1.small" });
    expect(put.tags).toBeNull();
  });

  test("is refused while another is under way, for parameters that are unknown, and for immutable ones", async () => {
    const { heat, patch, settle } = await withBay();
    const { id } = await heat.show("bay");
    expect(await patch({ count: 4 })).toBe(202);
    const busy = await heat.send("PATCH", `/stacks/bay/${id}`, { parameters: { count: 5 } });
    expect(busy.body).toMatchObject({
      code: 409,
      error: { type: "ActionInProgress", message: "Stack bay already has an action (UPDATE) in progress." },
    });
    await settle();
    const unknown = await heat.send("PUT", `/stacks/bay/${id}`, {
      template: bay,
      files: { "node.yaml": node },
      parameters: { nope: 1 },
    });
    expect(unknown.body.error).toMatchObject({
      type: "UnknownUserParameter",
      message: "The Parameter (nope) was not defined in template.",
    });
    const immutable = await heat.send("PATCH", `/stacks/bay/${id}`, { parameters: { secret: "other" } });
    expect(immutable.body.error).toMatchObject({
      type: "ImmutableParameterModified",
      message: "The following parameters are immutable and may not be updated: secret",
    });
  });

  test("that fails leaves the stack failed, and the next one mends it", async () => {
    const { cloud, settle, patch } = await withBay();
    cloud.sandbox.knobs.add({ kind: "resource", type: "OS::Nova::Server", reason: "no valid host", times: 1 });
    await patch({ count: 4 });
    const failed = await settle();
    expect(failed.stack_status).toBe("UPDATE_FAILED");
    expect(failed.stack_status_reason).toBe(
      "Resource UPDATE failed: resources.nodes: Resource CREATE failed: ResourceInError: resources[3].resources.server: no valid host",
    );
    await patch({ count: 4 });
    expect((await settle()).stack_status).toBe("UPDATE_COMPLETE");
    expect(servers(cloud)).toEqual(["node-0", "node-1", "node-2", "node-3"]);
  });

  test("that fails goes back to what was there, when that is wanted", async () => {
    const { cloud, heat, settle, patch } = await withBay({ disable_rollback: false });
    cloud.sandbox.knobs.add({ kind: "resource", type: "OS::Nova::Server", times: 1 });
    await patch({ count: 4 });
    expect(await settle()).toMatchObject({ stack_status: "ROLLBACK_COMPLETE", parameters: { count: "3" } });
    expect(servers(cloud)).toEqual(["node-0", "node-1", "node-2"]);
    expect((await heat.show("bay")).stack_status_reason).toBe("Stack ROLLBACK completed successfully");
  });

  test("replaces a resource that was marked unhealthy", async () => {
    const { cloud, heat, settle, patch } = await withBay();
    const group = await heat.show("bay");
    const list = await heat.send("GET", `/stacks/bay/${group.id}/resources?nested_depth=2`);
    const member = list.body.resources.find(
      (one: { resource_name: string; parent_resource?: string }) =>
        one.resource_name === "server" && one.parent_resource === "1",
    );
    const stackUrl = member.links.find((one: { rel: string }) => one.rel === "stack").href;
    const before = cloud.sandbox.inventory().servers;
    const mark = await heat.send("PATCH", `${stackUrl}/resources/server`, {
      mark_unhealthy: true,
      resource_status_reason: "kubelet is dead",
    });
    expect(mark.status).toBe(200);
    await patch({});
    await settle();
    const after = cloud.sandbox.inventory().servers;
    expect(after.map((one) => one.name).toSorted()).toEqual(before.map((one) => one.name).toSorted());
    expect(after.filter((one) => !before.some((old) => old.id === one.id)).map((one) => one.name)).toEqual(["node-1"]);
  });
});

describe("a create", () => {
  test("that fails names the place in the nested stacks, stops there, and can be deleted", async () => {
    const cloud = createTestCloud();
    cloud.sandbox.knobs.add({
      kind: "resource",
      type: "OS::Neutron::Port",
      stack: "bay-nodes-*",
      reason: "no more addresses",
    });
    const heat = await cloud.heat("demo");
    await heat.create("bay", bay, { files: { "node.yaml": node } });
    cloud.clock.advance(30_000);
    const failed = await heat.show("bay");
    expect(failed.stack_status).toBe("CREATE_FAILED");
    expect(failed.stack_status_reason).toMatch(
      /^Resource CREATE failed: ResourceInError: resources\.nodes\.resources\[\d\]\.resources\.port: no more addresses$/,
    );
    await heat.send("DELETE", `/stacks/bay/${failed.id}`);
    cloud.clock.advance(30_000);
    expect(await heat.show("bay")).toBeUndefined();
    expect(cloud.sandbox.inventory()).toMatchObject({ servers: [], resources: [], stacks: [] });
  });

  test("that fails and is to be rolled back leaves an empty stack", async () => {
    const cloud = createTestCloud();
    cloud.sandbox.knobs.add({ kind: "resource", type: "OS::Nova::Server" });
    const heat = await cloud.heat("demo");
    await heat.create("bay", bay, { files: { "node.yaml": node }, disable_rollback: false });
    cloud.clock.advance(30_000);
    expect((await heat.show("bay")).stack_status).toBe("ROLLBACK_COMPLETE");
    expect(cloud.sandbox.inventory().servers).toEqual([]);
  });
});

describe("a delete", () => {
  test("that fails says which resource, and works when it is tried again", async () => {
    const { cloud, heat, settle } = await withBay();
    cloud.sandbox.knobs.add({
      kind: "resource",
      type: "OS::Neutron::Port",
      action: "DELETE",
      reason: "in use",
      times: 1,
    });
    const { id } = await heat.show("bay");
    await heat.send("DELETE", `/stacks/bay/${id}`);
    const failed = await settle();
    expect(failed.stack_status).toBe("DELETE_FAILED");
    expect(failed.stack_status_reason).toMatch(
      /^Resource DELETE failed: ResourceInError: resources\.nodes\.resources\[\d\]\.resources\.port: in use$/,
    );
    await heat.send("DELETE", `/stacks/bay/${id}`);
    expect(await settle()).toBeUndefined();
    expect(cloud.sandbox.inventory()).toMatchObject({ servers: [], resources: [] });
  });
});
