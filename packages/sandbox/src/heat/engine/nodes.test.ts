import { expect, test } from "vitest";
import { createTestCloud } from "../../test-cloud.ts";

const wait = (userData: string, more = "") => `
heat_template_version: 2018-08-31
resources:
  net: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: net}, cidr: 10.0.0.0/24}}
  handle: {type: OS::Heat::WaitConditionHandle}
  cfn: {type: AWS::CloudFormation::WaitConditionHandle}
  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, timeout: 100}}
  node:
    type: OS::Nova::Server
    properties:
      image: ubuntu-24.04
      flavor: m1.tiny
      user_data_format: RAW
      networks: [{network: {get_resource: net}}]
      user_data: ${userData}
${more}`;

const plain = "{str_replace: {template: 'curl NOTIFY', params: {NOTIFY: {get_attr: [handle, curl_cli]}}}}";
const inMime = "{get_resource: mime}";
const mime = `  mime:
    type: OS::Heat::MultipartMime
    properties: {parts: [{config: {list_join: [' ', ['#!/bin/sh', 'grüße', {get_attr: [handle, endpoint]}]]}}]}
`;
const quiet = "'#!/bin/true'";

test.each([
  ["in plain text", wait(plain)],
  ["in a MIME part that is encoded", wait(inMime, mime)],
])("a node that never boots leaves the handle unsignalled that its user data names %s", async (_, template) => {
  const cloud = createTestCloud();
  cloud.sandbox.knobs.add({ kind: "node", fate: "never-boots" });
  const heat = await cloud.heat("demo");
  expect((await heat.create("a", template)).body.error).toBeUndefined();
  cloud.clock.advance(101_000);
  expect((await heat.show("a")).stack_status_reason).toBe(
    "Resource CREATE failed: WaitConditionTimeout: resources.wait: 0 of 1 received",
  );
});

test("a node signals when it is up, not before", async () => {
  const cloud = createTestCloud({ settings: { serverMs: 3_000, bootMs: 20_000, resourceMs: 0 } });
  const heat = await cloud.heat("demo");
  await heat.create("a", wait(plain));
  cloud.clock.advance(22_900);
  expect((await heat.show("a")).stack_status).toBe("CREATE_IN_PROGRESS");
  cloud.clock.advance(200);
  expect((await heat.show("a")).stack_status).toBe("CREATE_COMPLETE");
});

test("a handle that no node names is signalled after the usual boot time", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  await heat.create("a", wait(quiet));
  cloud.clock.advance(5_000);
  expect((await heat.show("a")).stack_status).toBe("CREATE_COMPLETE");
});

test("one that comes after a server waits for that server's node", async () => {
  const cloud = createTestCloud();
  cloud.sandbox.knobs.add({ kind: "node", fate: "boots", bootMs: 50_000 });
  const heat = await cloud.heat("demo");
  await heat.create(
    "a",
    wait(quiet).replace("WaitCondition, properties", "WaitCondition, depends_on: node, properties"),
  );
  cloud.clock.advance(45_000);
  expect((await heat.show("a")).stack_status).toBe("CREATE_IN_PROGRESS");
  cloud.clock.advance(10_000);
  expect((await heat.show("a")).stack_status).toBe("CREATE_COMPLETE");
});
