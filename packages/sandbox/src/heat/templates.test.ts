import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTestCloud } from "../test-cloud.ts";
import type { TestCloud } from "../test-cloud.ts";

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");

const kubeFiles = {
  "kubenode.yaml": fixture("kubenode.yaml"),
  "write-heat-params.yaml":
    '#cloud-config\nwrite_files:\n  - path: /etc/sysconfig/heat-params\n    content: |\n      KUBE_API="$API_ADDRESS"\n      TLS_DISABLED="$TLS_DISABLED"\n      USER_TOKEN="$USER_TOKEN"\n',
};
const kubeParameters = {
  ssh_key_name: "default",
  number_of_masters: "2",
  number_of_minions: "3",
  discovery_url: "https://discovery.test/abc",
  user_token: "secret-token",
  bay_uuid: "5d12f6fd-a196-4bf0-ae4c-1f639a523a52",
  tls_disabled: "True",
};

const outputsOf = (stack: { outputs: { output_key: string; output_value: unknown }[] }) =>
  Object.fromEntries(stack.outputs.map((one) => [one.output_key, one.output_value]));

const count = (cloud: TestCloud) => {
  const { servers, ports, floatingIps, volumes, balancers, stacks, networks } = cloud.sandbox.inventory();
  return [servers, ports, floatingIps, volumes, balancers, stacks, networks].map((items) => items.length);
};

describe("a bay of the old kind", () => {
  test("comes up with its masters before its minions, and tells their addresses", async () => {
    const cloud = createTestCloud();
    const before = count(cloud);
    const heat = await cloud.heat("demo");
    const made = await heat.create("k8s-abc", fixture("kubecluster.yaml"), {
      files: kubeFiles,
      parameters: kubeParameters,
      timeout_mins: 60,
    });
    expect(made.body.error).toBeUndefined();
    cloud.clock.advance(3_000);
    expect(cloud.sandbox.inventory().servers).toHaveLength(2);
    cloud.clock.advance(20_000);
    const stack = await heat.show("k8s-abc");
    expect(stack.stack_status_reason).toBe("Stack CREATE completed successfully");
    const outputs = outputsOf(stack) as Record<string, string[]>;
    expect(outputs["api_address"]).toMatch(/^127\.24\./);
    expect(outputs["kube_masters"]).toHaveLength(2);
    expect(outputs["kube_minions_private"]).toHaveLength(3);
    expect(new Set(Object.values(outputs).flat()).size).toBe(11);
    expect(stack.parameters.user_token).toBe("******");
    expect(cloud.sandbox.inventory().balancers).toHaveLength(2 + 5);

    // What the nodes were told: booleans as Python spells them.
    const detail = await heat.send("GET", `/software_configs`);
    const params = detail.body.software_configs.find((one: { name: string }) => one.name.includes("write_heat_params"));
    const config = await heat.send("GET", `/software_configs/${params.id}`);
    expect(config.body.software_config.config).toContain('TLS_DISABLED="True"');

    await heat.send("DELETE", `/stacks/k8s-abc/${stack.id}`);
    cloud.clock.advance(20_000);
    expect(await heat.show("k8s-abc")).toBeUndefined();
    expect(count(cloud)).toEqual(before);
  });

  test("gives up the minion that is named by its private address", async () => {
    const cloud = createTestCloud();
    const heat = await cloud.heat("demo");
    await heat.create("k8s-abc", fixture("kubecluster.yaml"), { files: kubeFiles, parameters: kubeParameters });
    cloud.clock.advance(30_000);
    const stack = await heat.show("k8s-abc");
    const { kube_minions_private: minions } = outputsOf(stack) as { kube_minions_private: string[] };
    await heat.send("PATCH", `/stacks/k8s-abc/${stack.id}`, {
      parameters: { number_of_minions: "2", minions_to_remove: minions[1] },
    });
    cloud.clock.advance(30_000);
    const after = await heat.show("k8s-abc");
    expect(after.stack_status).toBe("UPDATE_COMPLETE");
    expect(outputsOf(after)["kube_minions_private"]).toEqual([minions[0], minions[2]]);
  });

  test("fails as a whole when one node never boots, saying which", async () => {
    const cloud = createTestCloud({ settings: { tokenLifetimeMs: 10_000_000 } });
    cloud.sandbox.knobs.add({ kind: "node", stack: "*kube_minions*", fate: "never-boots", times: 1 });
    const heat = await cloud.heat("demo");
    await heat.create("k8s-abc", fixture("kubecluster.yaml"), { files: kubeFiles, parameters: kubeParameters });
    cloud.clock.advance(6_100_000);
    const stack = await heat.show("k8s-abc");
    expect(stack.stack_status).toBe("CREATE_FAILED");
    expect(stack.stack_status_reason).toMatch(
      /^Resource CREATE failed: WaitConditionTimeout: resources\.kube_minions\.resources\[\d\]\.resources\.wait_condition: 0 of 1 received$/,
    );
  });

  test("reads its nested stacks the way an autoscaler does", async () => {
    const cloud = createTestCloud();
    const heat = await cloud.heat("demo");
    await heat.create("k8s-abc", fixture("kubecluster.yaml"), { files: kubeFiles, parameters: kubeParameters });
    cloud.clock.advance(30_000);
    const { id } = await heat.show("k8s-abc");
    const group = await heat.send("GET", `/stacks/k8s-abc/${id}/resources/kube_minions`);
    const nested = group.body.resource.links.find((one: { rel: string }) => one.rel === "nested").href;
    expect(nested).toContain(group.body.resource.physical_resource_id);
    const byId = await heat.send("GET", `/stacks/${group.body.resource.physical_resource_id}`);
    expect(byId.headers.get("Location")).toBe(nested);
    const stack = (await heat.send("GET", nested)).body.stack;
    expect(stack.parent).toBe(id);
    expect(Object.keys(outputsOf(stack)["refs_map"] as object)).toEqual(["0", "1", "2"]);
    const members = await heat.send("GET", `${nested}/resources`);
    expect(members.body.resources.map((one: { resource_name: string }) => one.resource_name)).toEqual(["0", "1", "2"]);
    const all = await heat.send("GET", `/stacks/k8s-abc/${id}/resources?nested_depth=2&type=OS::Nova::Server`);
    expect(all.body.resources).toHaveLength(5);
  });

  test("lists its nested stacks only to those who ask for them", async () => {
    const cloud = createTestCloud();
    const heat = await cloud.heat("demo");
    await heat.create("k8s-abc", fixture("kubecluster.yaml"), {
      files: kubeFiles,
      parameters: kubeParameters,
      tags: "jeroboam,one",
    });
    cloud.clock.advance(30_000);
    const list = async (query: string) => (await heat.send("GET", `/stacks?${query}`)).body.stacks.length;
    expect(await list("")).toBe(1);
    expect(await list("show_nested=true")).toBe(1 + 2 + 5);
    expect(await list("tags=jeroboam,one")).toBe(1);
    expect(await list("tags=jeroboam,two")).toBe(0);
    expect(await list("tags_any=one,two")).toBe(1);
    expect(await list("not_tags=jeroboam")).toBe(0);
    expect(await list("status=COMPLETE")).toBe(1);
    expect(await list("status=CREATE_FAILED")).toBe(0);
    expect(await list("name=k8s-abc")).toBe(1);
  });
});

describe("a stack of every type", () => {
  test("comes up, answers all outputs and goes without a trace", async () => {
    const cloud = createTestCloud();
    const before = count(cloud);
    const heat = await cloud.heat("demo");
    const made = await heat.create("check", fixture("check.yaml"));
    expect(made.body.error).toBeUndefined();
    cloud.clock.advance(20_000);
    const stack = await heat.show("check");
    expect(stack.stack_status_reason).toBe("Stack CREATE completed successfully");
    const outputs = outputsOf(stack);
    expect(outputs).toMatchObject({ address: "10.0.0.2", status: 0 });
    expect(outputs["random"]).toMatch(/^\d{12}$/);
    expect(outputs["handle"]).toContain("/waitcondition/");
    const resources = (await heat.send("GET", `/stacks/check/${stack.id}/resources`)).body.resources;
    expect(resources.filter((one: { resource_status: string }) => one.resource_status !== "CREATE_COMPLETE")).toEqual(
      [],
    );
    await heat.send("DELETE", `/stacks/check/${stack.id}`);
    cloud.clock.advance(20_000);
    expect(await heat.show("check")).toBeUndefined();
    expect(count(cloud)).toEqual(before);
  });

  test("is answered by hand through signed addresses, where nodes do not signal", async () => {
    const cloud = createTestCloud({ settings: { signals: "manual" } });
    const heat = await cloud.heat("demo");
    await heat.create("check", fixture("check.yaml"));
    cloud.clock.advance(10_000);
    const stack = await heat.show("check");
    const handle = String(outputsOf(stack)["handle"]);
    expect((await cloud.request("PUT", handle.replace("Signature=", "Signature=x"), { body: {} })).status).toBe(403);
    const signal = { Status: "SUCCESS", Reason: "Setup complete", Data: "OK", UniqueId: "00000" };
    expect((await cloud.request("PUT", handle, { body: signal })).status).toBe(201);
    const path = `/stacks/check/${stack.id}/resources`;
    expect((await heat.send("POST", `${path}/wait_handle/signal`, { status: "SUCCESS" })).status).toBe(200);
    expect((await heat.send("POST", `${path}/deploy/signal`, { deploy_status_code: 0 })).status).toBe(200);
    expect((await heat.send("POST", `${path}/net/signal`, {})).status).toBe(400);
    const open = await heat.send("GET", "/software_deployments");
    const waiting = open.body.software_deployments.filter((one: { status: string }) => one.status === "IN_PROGRESS");
    expect(waiting).toHaveLength(2);
    for (const one of waiting)
      expect((await heat.send("PUT", `/software_deployments/${one.id}`, { status: "COMPLETE" })).status).toBe(200);
    expect((await heat.show("check")).stack_status).toBe("CREATE_COMPLETE");
  });
});

test("a list reaches a nested template's json parameter as JSON, and a list parameter with commas", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  const child = {
    heat_template_version: "2018-08-31",
    parameters: { networks: { type: "json" }, groups: { type: "comma_delimited_list" } },
    outputs: {
      networks: { value: { get_param: "networks" } },
      groups: { value: { get_param: "groups" } },
    },
  };
  const properties = { networks: [{ port: "one" }, { port: "two" }], groups: ["a", "b"] };
  const template = {
    heat_template_version: "2018-08-31",
    resources: { child: { type: "child.yaml", properties } },
    outputs: {
      networks: { value: { get_attr: ["child", "networks"] } },
      groups: { value: { get_attr: ["child", "groups"] } },
    },
  };
  await heat.create("lists", JSON.stringify(template), { files: { "child.yaml": JSON.stringify(child) } });
  cloud.clock.advance(10_000);
  expect(outputsOf(await heat.show("lists"))).toEqual(properties);
});
