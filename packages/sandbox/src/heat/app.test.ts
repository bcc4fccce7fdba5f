import { describe, expect, test } from "vitest";
import { createTestCloud } from "../test-cloud.ts";

const server = `
heat_template_version: 2018-08-31
parameters:
  image: {type: string, default: fedora-21-atomic-3, constraints: [{custom_constraint: glance.image}]}
  password: {type: string, hidden: true, default: open}
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  handle: {type: OS::Heat::WaitConditionHandle}
  wait:
    type: OS::Heat::WaitCondition
    depends_on: node
    properties: {handle: {get_resource: handle}, timeout: 600}
  node:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: m1.small
      networks: [{network: {get_resource: net}}]
      user_data_format: RAW
      user_data:
        str_replace:
          template: |
            #!/bin/sh
            $NOTIFY --data-binary '{"status": "SUCCESS"}'
          params: {$NOTIFY: {get_attr: [handle, curl_cli]}}
outputs:
  address: {value: {get_attr: [node, first_address]}}
`;

describe("a stack", () => {
  test("is created, shown, and complete when its node has booted", async () => {
    const cloud = createTestCloud();
    const heat = await cloud.heat("demo");
    const made = await heat.create("one", server, { tags: "a,b", timeout_mins: 60 });
    expect(made.status).toBe(201);
    expect(made.headers.get("Location")).toBe(made.body.stack.links[0].href);
    expect(await heat.show("one")).toMatchObject({
      stack_status: "CREATE_IN_PROGRESS",
      stack_status_reason: "Stack CREATE started",
    });

    cloud.clock.advance(1_500);
    expect((await heat.show("one")).stack_status).toBe("CREATE_IN_PROGRESS");
    cloud.clock.advance(5_000);
    const stack = await heat.show("one");
    expect(stack).toMatchObject({
      stack_status: "CREATE_COMPLETE",
      stack_status_reason: "Stack CREATE completed successfully",
      tags: ["a", "b"],
      timeout_mins: 60,
      outputs: [{ output_key: "address", output_value: "10.0.0.2" }],
    });
    expect(stack.parameters).toMatchObject({
      image: "fedora-21-atomic-3",
      password: "******",
      "OS::stack_name": "one",
    });
  });

  test("goes through the same states at the same times whether it is watched or not", async () => {
    const events = async (stepMs: number) => {
      const cloud = createTestCloud();
      const heat = await cloud.heat("demo");
      await heat.create("one", server);
      for (let passed = 0; passed < 10_000; passed += stepMs) {
        cloud.clock.advance(stepMs);
        cloud.sandbox.advance();
      }
      const { id } = await heat.show("one");
      const { body } = await heat.send("GET", `/stacks/one/${id}/events`);
      return body.events.map(
        (one: Record<string, string>) => `${one["event_time"]} ${one["resource_name"]} ${one["resource_status"]}`,
      );
    };
    expect(await events(50)).toEqual(await events(10_000));
  });

  test("is deleted with everything that it made", async () => {
    const cloud = createTestCloud();
    const before = Object.entries(cloud.sandbox.inventory()).map(([kind, items]) => [kind, items.length]);
    const heat = await cloud.heat("demo");
    await heat.create("one", server);
    cloud.clock.advance(10_000);
    const { id } = await heat.show("one");
    expect((await heat.send("DELETE", `/stacks/one/${id}`)).status).toBe(204);
    expect((await heat.show("one")).stack_status).toBe("DELETE_IN_PROGRESS");
    cloud.clock.advance(5_000);
    expect(await heat.show("one")).toBeUndefined();
    expect((await heat.send("GET", `/stacks/one/${id}`)).body.stack.stack_status).toBe("DELETE_COMPLETE");
    expect((await heat.send("DELETE", `/stacks/one/${id}`)).status).toBe(404);
    const after = cloud.sandbox.inventory();
    // The project's default security group was made when the server was, and stays as Neutron's does.
    expect(after.securityGroups.map((one) => one.name)).toEqual(["default"]);
    const rest = Object.entries(after).filter(([kind]) => kind !== "securityGroups");
    expect(rest.map(([kind, items]) => [kind, items.length])).toEqual(
      before.filter(([kind]) => kind !== "securityGroups"),
    );
  });

  test("can be deleted while it is being created", async () => {
    const cloud = createTestCloud();
    const heat = await cloud.heat("demo");
    await heat.create("one", server);
    cloud.clock.advance(400);
    const { id } = await heat.show("one");
    expect((await heat.send("DELETE", `/stacks/one/${id}`)).status).toBe(204);
    cloud.clock.advance(5_000);
    expect(await heat.show("one")).toBeUndefined();
    expect(cloud.sandbox.inventory().servers).toEqual([]);
    expect(cloud.sandbox.inventory().resources).toEqual([]);
  });

  test("is not another project's to see, and its name is free there", async () => {
    const cloud = createTestCloud();
    const demo = await cloud.heat("demo");
    const alt = await cloud.heat("alt_demo");
    await demo.create("one", server);
    const { id } = await demo.show("one");
    expect(await alt.show("one")).toBeUndefined();
    expect((await alt.send("GET", `/stacks/one/${id}`)).status).toBe(404);
    expect(
      (await cloud.request("GET", `/orchestration/v1/${demo.projectId}/stacks`, { token: alt.token })).status,
    ).toBe(403);
    expect((await alt.create("one", "heat_template_version: 2018-08-31\nresources: {}\n")).status).toBe(201);
    expect((await demo.create("one", server)).body).toMatchObject({
      code: 409,
      title: "Conflict",
      error: { type: "StackExists", message: "The Stack (one) already exists." },
    });
  });

  test("times out as a whole", async () => {
    const cloud = createTestCloud({ settings: { signals: "manual" } });
    const heat = await cloud.heat("demo");
    await heat.create("one", server, { timeout_mins: 1 });
    cloud.clock.advance(61_000);
    expect(await heat.show("one")).toMatchObject({ stack_status: "CREATE_FAILED", stack_status_reason: "Timed out" });
  });
});

describe("a wait condition", () => {
  test("is met by a signal with the token that the node was given", async () => {
    const cloud = createTestCloud({ settings: { signals: "manual" } });
    const heat = await cloud.heat("demo");
    await heat.create("one", server);
    cloud.clock.advance(10_000);
    const { id } = await heat.show("one");
    const { body } = await heat.send("GET", `/stacks/one/${id}/resources/handle?with_attr=token&with_attr=endpoint`);
    const { token, endpoint } = body.resource.attributes;
    expect((await cloud.request("POST", endpoint, { body: { status: "SUCCESS" } })).status).toBe(401);
    expect((await cloud.request("POST", endpoint, { token, body: { status: "PERHAPS" } })).status).toBe(400);
    expect(
      (await cloud.request("POST", endpoint, { token, body: { status: "SUCCESS", reason: "up", data: "OK", id: "1" } }))
        .status,
    ).toBe(200);
    expect((await heat.show("one")).stack_status).toBe("CREATE_COMPLETE");
    // The token is good for signals alone.
    expect((await cloud.request("GET", `/orchestration/v1/${heat.projectId}/stacks`, { token })).status).toBe(403);
  });

  test("fails with the node's words", async () => {
    const cloud = createTestCloud();
    cloud.sandbox.knobs.add({ kind: "node", fate: "fails", reason: "no disk" });
    const heat = await cloud.heat("demo");
    await heat.create("one", server);
    cloud.clock.advance(10_000);
    expect(await heat.show("one")).toMatchObject({
      stack_status: "CREATE_FAILED",
      stack_status_reason: "Resource CREATE failed: WaitConditionFailure: resources.wait: no disk",
    });
  });

  test("runs out when the node never boots", async () => {
    const cloud = createTestCloud();
    cloud.sandbox.knobs.add({ kind: "node", fate: "never-boots", times: 1 });
    const heat = await cloud.heat("demo");
    await heat.create("one", server);
    cloud.clock.advance(590_000);
    expect((await heat.show("one")).stack_status).toBe("CREATE_IN_PROGRESS");
    cloud.clock.advance(20_000);
    expect((await heat.show("one")).stack_status_reason).toBe(
      "Resource CREATE failed: WaitConditionTimeout: resources.wait: 0 of 1 received",
    );
  });
});
