import { describe, expect, test } from "vitest";
import { createTestCloud, passwordAuth } from "../../test-cloud.ts";

const template = "heat_template_version: 2018-08-31\nresources: {one: {type: OS::Heat::TestResource}}\n";

describe("a Heat that acts by trusts", () => {
  test("takes one with the stack and gives it back with it, also when its maker is gone", async () => {
    const cloud = createTestCloud({ options: { heatDelegation: "trusts" } });
    const heat = await cloud.heat("demo");
    await heat.create("one", template);
    await heat.create("two", template);
    expect(cloud.sandbox.inventory().trusts.map((one) => one.name)).toEqual(["demo to heat", "demo to heat"]);
    const { id } = await heat.show("one");
    await heat.send("DELETE", `/stacks/one/${id}`);
    cloud.clock.advance(5_000);
    expect(cloud.sandbox.inventory().trusts).toHaveLength(1);

    const two = (await heat.show("two")).id;
    const admin = await cloud.login("admin");
    await cloud.request("DELETE", `/v3/users/${cloud.userId("demo")}`, { token: admin });
    const path = `/orchestration/v1/${heat.projectId}/stacks/two/${two}`;
    expect((await cloud.request("DELETE", path, { token: admin })).status).toBe(204);
    cloud.clock.advance(5_000);
    expect(cloud.sandbox.inventory()).toMatchObject({ trusts: [], stacks: [], resources: [] });
  });

  test("takes none from a caller that acts by a trust, and refuses one that may not make any", async () => {
    const cloud = createTestCloud({ options: { heatDelegation: "trusts" } });
    const token = await cloud.login("demo");
    const send = (by: string, name: string) =>
      cloud.request("POST", `/orchestration/v1/${cloud.projectId("demo")}/stacks`, {
        token: by,
        body: { stack_name: name, template },
      });
    const parties = {
      trustor_user_id: cloud.userId("demo"),
      trustee_user_id: cloud.userId("jeroboam"),
      project_id: cloud.projectId("demo"),
    };
    const lent = {
      trust: { ...parties, impersonation: true, roles: [{ name: "member" }, { name: "heat_stack_owner" }] },
    };
    const { id } = (await cloud.request("POST", "/v3/OS-TRUST/trusts", { token, body: lent })).body.trust;
    const used = await cloud.request("POST", "/v3/auth/tokens", {
      body: { auth: { ...passwordAuth("jeroboam"), scope: { "OS-TRUST:trust": { id } } } },
    });
    expect((await send(used.headers.get("X-Subject-Token") ?? "", "by-trust")).status).toBe(201);
    expect(cloud.sandbox.inventory().trusts).toHaveLength(1);

    const path = `/v3/users/${cloud.userId("demo")}/application_credentials`;
    const made = await cloud.request("POST", path, { token, body: { application_credential: { name: "ci" } } });
    const { id: credentialId, secret } = made.body.application_credential;
    const identity = { methods: ["application_credential"], application_credential: { id: credentialId, secret } };
    const login = await cloud.request("POST", "/v3/auth/tokens", { body: { auth: { identity } } });
    const refused = await send(login.headers.get("X-Subject-Token") ?? "", "by-credential");
    expect(refused.body).toMatchObject({ code: 403, title: "Forbidden" });
    expect(cloud.sandbox.inventory().stacks.map((one) => one.name)).toEqual(["by-trust"]);
  });
});

test("deleted stacks are remembered by id, but not for ever", async () => {
  const cloud = createTestCloud({ settings: { resourceMs: 0, tokenLifetimeMs: 100_000_000 } });
  const heat = await cloud.heat("demo");
  const ids: string[] = [];
  for (let index = 0; index < 505; index += 1) {
    const made = await heat.create("one", "heat_template_version: 2018-08-31\n");
    const { id } = made.body.stack;
    ids.push(id);
    await heat.send("DELETE", `/stacks/one/${id}`);
    cloud.clock.advance(1);
  }
  expect((await heat.send("GET", "/stacks?show_deleted=true")).body.stacks).toHaveLength(500);
  expect((await heat.send("GET", `/stacks/one/${ids[0]}`)).status).toBe(404);
  expect((await heat.send("GET", `/stacks/one/${ids.at(-1)}`)).body.stack.stack_status).toBe("DELETE_COMPLETE");
});

test("a server that cannot have all its ports leaves none behind", async () => {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  await heat.create(
    "one",
    `
heat_template_version: 2018-08-31
resources:
  bare: {type: OS::Neutron::Net}
  node:
    type: OS::Nova::Server
    properties:
      image: ubuntu-24.04
      flavor: m1.tiny
      networks: [{network: private}, {network: {get_resource: bare}, fixed_ip: 10.9.9.9}]
`,
  );
  cloud.clock.advance(5_000);
  expect((await heat.show("one")).stack_status).toBe("CREATE_FAILED");
  expect(cloud.sandbox.inventory().ports).toEqual([]);
});

test("the catalog follows a Jeroboam that listens later", async () => {
  const cloud = createTestCloud();
  const types = async () => {
    const { body } = await cloud.request("POST", "/v3/auth/tokens", { body: { auth: passwordAuth("demo", "demo") } });
    return body.token.catalog.map((one: { type: string }) => one.type);
  };
  expect(await types()).not.toContain("container-infra");
  cloud.sandbox.setContainerInfraUrl("http://127.0.0.1:9511/v1");
  expect(await types()).toEqual(expect.arrayContaining(["container-infra", "container"]));
});
