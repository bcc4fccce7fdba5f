import { describe, expect, test } from "vitest";
import { createTestCloud } from "../test-cloud.ts";

const empty = "heat_template_version: 2018-08-31\n";
const one = `
heat_template_version: 2018-08-31
description: one thing
parameters:
  length: {type: number, default: 8, description: how long, label: Length, constraints: [{range: {min: 1, max: 9}, description: short}]}
  password: {type: string, hidden: true, default: open}
resources:
  thing: {type: "OS::Heat::RandomString", description: a text, properties: {length: {get_param: length}}}
outputs:
  text: {value: {get_attr: [thing, value]}, description: the text}
`;

async function withHeat(settings = {}) {
  const cloud = createTestCloud({ settings });
  const heat = await cloud.heat("demo");
  return { cloud, heat };
}

describe("creating a stack", () => {
  test.each([
    [
      "1abc",
      'Invalid stack name 1abc must contain only alphanumeric or "_-." characters, must start with alpha and must be 255 characters or less.',
    ],
    [
      "a b",
      'Invalid stack name a b must contain only alphanumeric or "_-." characters, must start with alpha and must be 255 characters or less.',
    ],
    [
      `a${"b".repeat(255)}`,
      `Invalid stack name a${"b".repeat(255)} must contain only alphanumeric or "_-." characters, must start with alpha and must be 255 characters or less.`,
    ],
    [5, "Invalid stack name 5, must be a string"],
  ])("refuses the name %s", async (name, message) => {
    const { heat } = await withHeat();
    const answer = await heat.send("POST", "/stacks", { stack_name: name, template: empty });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      code: 400,
      title: "Bad Request",
      explanation: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
      error: { type: "StackValidationFailed", traceback: null, message },
    });
  });

  test.each([
    [{ stack_name: "a" }, "No template specified"],
    [{ template: empty }, "No stack name specified"],
    [
      { stack_name: "a", template: empty, timeout_mins: "x" },
      "Value 'x' is invalid for 'timeout_mins' which only accepts non-negative integer.",
    ],
    [
      { stack_name: "a", template: empty, disable_rollback: "maybe" },
      'Unrecognized value "maybe" for "disable_rollback", acceptable values are: true, false',
    ],
    [
      { stack_name: "a", template: empty, tags: "x".repeat(81) },
      `Invalid tag, "${"x".repeat(81)}" is longer than 80 characters`,
    ],
    [
      { stack_name: "a", template: empty, environment: "nope: {}" },
      'Environment not in valid format: environment has wrong section "nope"',
    ],
    [
      { stack_name: "a", template: empty, environment: { parameters: null } },
      'Environment not in valid format: environment has empty section "parameters"',
    ],
    [
      { stack_name: "a", template: `${empty}description: ${"x".repeat(600_000)}\n` },
      "Request limit exceeded: Template size (600048 bytes) exceeds maximum allowed size (524288 bytes).",
    ],
    [{ stack_name: "a", template: one, parameters: { length: 10 } }, "Parameter 'length' is invalid: short"],
  ])("refuses a body that is not right (%#)", async (body, message) => {
    const { heat } = await withHeat();
    const answer = await heat.send("POST", "/stacks", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toBe(message);
  });

  test("refuses an alias bomb before it unfolds", async () => {
    const { heat } = await withHeat();
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `  l${level}: &l${level} [${Array(9)
          .fill(level === 0 ? "x" : `*l${level - 1}`)
          .join(", ")}]`,
    );
    const answer = await heat.create("bomb", `${empty}parameters:\n${levels.join("\n")}\n`);
    expect(answer.status).toBe(400);
  });

  test("takes parameters from the environment, from its files in order, and from the request over both", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create("a", one, { environment: "parameters: {length: 3}" });
    await heat.create("b", one, { environment: { parameters: { length: 3 } }, parameters: { length: 4 } });
    const files = {
      "e1.yaml": "parameters: {length: 5}",
      "e2.yaml": "parameter_defaults: {length: 2}\nparameters: {length: 6}",
    };
    await heat.create("c", one, { environment_files: ["e1.yaml", "e2.yaml"], files });
    await heat.create("d", one, { environment: { parameter_defaults: { length: 7 } } });
    cloud.clock.advance(1_000);
    const lengths = await Promise.all(
      ["a", "b", "c", "d"].map(async (name) => (await heat.show(name)).outputs[0].output_value.length),
    );
    expect(lengths).toEqual([3, 4, 6, 7]);
  });

  test("can be previewed without being done", async () => {
    const { heat, cloud } = await withHeat();
    const answer = await heat.send("POST", "/stacks/preview", { stack_name: "a", template: one });
    expect(answer.body.stack).toMatchObject({ stack_name: "a", resources: [{ resource_name: "thing" }] });
    expect(cloud.sandbox.inventory().stacks).toEqual([]);
  });

  test("is for members, not for readers", async () => {
    const { cloud } = await withHeat();
    const token = await cloud.login("demo_reader", "demo");
    const path = `/orchestration/v1/${cloud.projectId("demo")}/stacks`;
    expect((await cloud.request("GET", path, { token })).status).toBe(200);
    expect((await cloud.request("POST", path, { token, body: { stack_name: "a", template: empty } })).status).toBe(403);
    expect((await cloud.request("GET", path)).body.error.title).toBe("Unauthorized");
  });
});

describe("a stack's parts", () => {
  test("are its template, files, environment and outputs, hidden values masked", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create("a", one, { files: { x: "y" }, parameters: { password: "secret" } });
    cloud.clock.advance(1_000);
    const { id } = await heat.show("a");
    const part = async (path: string) => (await heat.send("GET", `/stacks/a/${id}/${path}`)).body;
    expect(await part("template")).toMatchObject({ heat_template_version: "2018-08-31", description: "one thing" });
    expect(await part("files")).toEqual({ x: "y" });
    expect((await part("environment")).parameters).toEqual({ password: "******" });
    expect(await part("outputs")).toEqual({ outputs: [{ output_key: "text", description: "the text" }] });
    expect((await part("outputs/text")).output.output_value).toHaveLength(8);
    expect((await heat.send("GET", `/stacks/a/${id}/outputs/nope`)).body.error.message).toBe(
      "Specified output key nope not found.",
    );
    const resource = await part("resources/thing");
    expect(resource.resource).toMatchObject({
      resource_name: "thing",
      logical_resource_id: "thing",
      resource_status: "CREATE_COMPLETE",
      description: "a text",
    });
    expect((await heat.send("GET", `/stacks/a/${id}/resources/nope`)).body.error).toMatchObject({
      type: "ResourceNotFound",
      message: "The Resource (nope) could not be found in Stack a.",
    });
    expect((await heat.send("GET", `/stacks/a/${id}/resources?nope=1`)).status).toBe(400);
  });

  test("are found by name through a redirect that keeps the query", async () => {
    const { heat } = await withHeat();
    await heat.create("a", one);
    const { id } = await heat.show("a");
    const found = await heat.send("GET", "/stacks/a/resources?nested_depth=1");
    expect(found.status).toBe(302);
    expect(found.headers.get("Location")).toContain(`/stacks/a/${id}/resources?nested_depth=1`);
    expect((await heat.send("GET", "/stacks/nope/events")).body.error).toMatchObject({
      type: "EntityNotFound",
      message: "The Stack (nope) could not be found.",
    });
    expect((await heat.send("DELETE", `/stacks/a`)).status).toBe(302);
    expect((await heat.send("GET", `/stacks/b/${id}`)).status).toBe(404);
  });

  test("have events, in order, by resource and by page", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create("a", one);
    cloud.clock.advance(1_000);
    const { id } = await heat.show("a");
    const events = async (query = "") => (await heat.send("GET", `/stacks/a/${id}/events${query}`)).body.events;
    const all = await events();
    expect(
      all.map(
        (event: { resource_name: string; resource_status: string }) =>
          `${event.resource_name} ${event.resource_status}`,
      ),
    ).toEqual(["a CREATE_IN_PROGRESS", "thing CREATE_IN_PROGRESS", "thing CREATE_COMPLETE", "a CREATE_COMPLETE"]);
    expect(await events(`?limit=1&marker=${all[1].id}`)).toEqual([all[2]]);
    expect((await events("?sort_dir=desc"))[0].id).toBe(all[3].id);
    expect((await heat.send("GET", `/stacks/a/${id}/resources/thing/events`)).body.events).toHaveLength(2);
    expect(
      (await heat.send("GET", `/stacks/a/${id}/resources/thing/events/${all[1].id}`)).body.event.resource_type,
    ).toBe("OS::Heat::RandomString");
  });
});

describe("lists of stacks", () => {
  test("come in pages by marker, newest first or sorted, each once", async () => {
    const { heat, cloud } = await withHeat();
    for (const name of ["c", "a", "d", "b"]) {
      await heat.create(name, empty);
      cloud.clock.advance(1_000);
    }
    const names = (body: { stacks: { stack_name: string }[] }) => body.stacks.map((stack) => stack.stack_name);
    expect(names((await heat.send("GET", "/stacks")).body)).toEqual(["b", "d", "a", "c"]);
    const first = (await heat.send("GET", "/stacks?limit=3&sort_keys=stack_name&sort_dir=asc")).body;
    expect(names(first)).toEqual(["a", "b", "c"]);
    const rest = (await heat.send("GET", first.links[0].href)).body;
    expect(names(rest)).toEqual(["d"]);
    expect(rest.links).toBeUndefined();
    expect((await heat.send("GET", "/stacks?with_count=true&limit=1")).body.count).toBe(4);
  });

  test("of all projects are an administrator's, and tell the project", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create("a", empty, { tags: "bay" });
    expect((await heat.send("GET", "/stacks?global_tenant=true")).status).toBe(403);
    const admin = await cloud.heat("admin");
    expect((await admin.send("GET", "/stacks")).body.stacks).toEqual([]);
    expect((await admin.send("GET", "/stacks?global_tenant=true&tags=bay")).body.stacks).toMatchObject([
      { stack_name: "a", project: heat.projectId },
    ]);
  });

  test("show deleted stacks to those who ask", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create("a", empty);
    cloud.clock.advance(1_000);
    const { id } = await heat.show("a");
    await heat.send("DELETE", `/stacks/a/${id}`);
    cloud.clock.advance(1_000);
    expect((await heat.send("GET", "/stacks")).body.stacks).toEqual([]);
    expect((await heat.send("GET", "/stacks?show_deleted=true")).body.stacks).toMatchObject([
      { stack_status: "DELETE_COMPLETE" },
    ]);
  });
});

describe("templates", () => {
  test("are validated with their parameters told", async () => {
    const { heat } = await withHeat();
    const answer = await heat.send("POST", "/validate", { template: one });
    expect(answer.body).toMatchObject({
      Description: "one thing",
      Parameters: {
        length: {
          Type: "Number",
          Default: 8,
          NoEcho: "false",
          Label: "Length",
          MinValue: 1,
          MaxValue: 9,
          ConstraintDescription: "short",
        },
        password: { NoEcho: "true" },
      },
    });
    const bad = await heat.send("POST", "/validate", {
      template: one.replace("properties: {length", "properties: {lenght"),
    });
    expect(bad.body.error.message).toBe("Property error: resources.thing.properties: Unknown Property lenght");
  });

  test("may use the types and versions that are listed", async () => {
    const { heat } = await withHeat();
    expect((await heat.send("GET", "/resource_types")).body.resource_types).toContain("OS::Nova::Server");
    expect((await heat.send("GET", "/resource_types/OS::Nova::Server")).body.properties.flavor).toMatchObject({
      type: "string",
      required: true,
      update_allowed: true,
    });
    expect((await heat.send("GET", "/resource_types/OS::No::Thing")).status).toBe(404);
    const versions = (await heat.send("GET", "/template_versions")).body.template_versions;
    expect(versions.map((version: { version: string }) => version.version)).toContain(
      "heat_template_version.2018-08-31",
    );
    const functions = (await heat.send("GET", "/template_versions/heat_template_version.2013-05-23/functions")).body
      .template_functions;
    expect(functions.map((fn: { functions: string }) => fn.functions)).not.toContain("repeat");
  });

  test("map types by the environment, and may be types themselves", async () => {
    const { heat, cloud } = await withHeat();
    const template = `${empty}resources:\n  a: {type: My::Node, properties: {size: 3}}\n  b: {type: Gone::Thing, properties: {any: thing}}\noutputs:\n  a: {value: {get_attr: [a, text]}}\n  again: {value: {get_attr: [a, resource.inner.value]}}\n`;
    const node = `${empty}parameters: {size: {type: number}}\nresources:\n  inner: {type: "OS::Heat::RandomString", properties: {length: {get_param: size}}}\noutputs:\n  text: {value: {get_attr: [inner, value]}}\n`;
    const environment = { resource_registry: { "My::Node": "node.yaml", "Gone::*": "OS::Heat::None" } };
    expect((await heat.create("a", template, { files: { "node.yaml": node }, environment })).status).toBe(201);
    cloud.clock.advance(2_000);
    const stack = await heat.show("a");
    expect(stack.stack_status).toBe("CREATE_COMPLETE");
    expect(stack.outputs[0].output_value).toHaveLength(3);
    expect(stack.outputs[1].output_value).toBe(stack.outputs[0].output_value);
  });

  test("leave out what a condition forbids, and an update brings it in", async () => {
    const { heat, cloud } = await withHeat();
    const template = `${empty}parameters: {want: {type: boolean, default: false}}\nconditions: {wanted: {equals: [{get_param: want}, true]}}\nresources:\n  a: {type: "OS::Neutron::Net", condition: wanted, properties: {name: extra}}\n  b: {type: "OS::Heat::TestResource", depends_on: a, properties: {value: {if: [wanted, {get_resource: a}, none]}}}\noutputs:\n  b: {value: {get_attr: [b, output]}}\n`;
    await heat.create("a", template);
    cloud.clock.advance(2_000);
    const stack = await heat.show("a");
    expect(stack.outputs[0].output_value).toBe("none");
    await heat.send("PATCH", `/stacks/a/${stack.id}`, { parameters: { want: true } });
    cloud.clock.advance(2_000);
    const network = cloud.sandbox.inventory().networks.find((found) => found.name === "extra");
    expect((await heat.show("a")).outputs[0].output_value).toBe(network?.id);
  });

  test("may keep a resource beyond its stack", async () => {
    const { heat, cloud } = await withHeat();
    await heat.create(
      "a",
      `${empty}resources:\n  net: {type: "OS::Neutron::Net", deletion_policy: Retain, properties: {name: kept}}\n`,
    );
    cloud.clock.advance(2_000);
    const { id } = await heat.show("a");
    await heat.send("DELETE", `/stacks/a/${id}`);
    cloud.clock.advance(2_000);
    expect(await heat.show("a")).toBeUndefined();
    expect(cloud.sandbox.inventory().networks.map((found) => found.name)).toContain("kept");
  });
});

describe("signals", () => {
  test("are counted by their ids until there are enough, and all must succeed", async () => {
    const { heat, cloud } = await withHeat({ signals: "manual" });
    const template = `${empty}resources:\n  handle: {type: OS::Heat::WaitConditionHandle}\n  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, count: 3, timeout: 60}}\noutputs:\n  data: {value: {get_attr: [wait, data]}}\n`;
    await heat.create("a", template);
    cloud.clock.advance(1_000);
    const { id } = await heat.show("a");
    const signal = (body?: unknown) => heat.send("POST", `/stacks/a/${id}/resources/handle/signal`, body);
    expect((await signal({ id: "x", data: "first" })).status).toBe(200);
    expect((await signal({ id: "x", data: "again" })).status).toBe(200);
    expect((await signal()).status).toBe(200);
    expect((await heat.show("a")).stack_status).toBe("CREATE_IN_PROGRESS");
    expect((await signal({ data: "third" })).status).toBe(200);
    const stack = await heat.show("a");
    expect(stack.stack_status).toBe("CREATE_COMPLETE");
    expect(JSON.parse(stack.outputs[0].output_value)).toEqual({ x: "again", "2": null, "3": "third" });
    expect((await signal({ nope: 1 })).body.error.message).toBe("Metadata format invalid");
  });

  test("run out with a count of what came", async () => {
    const { heat, cloud } = await withHeat({ signals: "manual" });
    const template = `${empty}resources:\n  handle: {type: OS::Heat::WaitConditionHandle}\n  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, count: 2, timeout: 60}}\n`;
    await heat.create("a", template);
    cloud.clock.advance(1_000);
    const { id } = await heat.show("a");
    await heat.send("POST", `/stacks/a/${id}/resources/handle/signal`, { reason: "one is up" });
    cloud.clock.advance(60_000);
    expect((await heat.show("a")).stack_status_reason).toBe(
      "Resource CREATE failed: WaitConditionTimeout: resources.wait: 1 of 2 received - one is up",
    );
  });
});

describe("a nested stack", () => {
  test("may lie five deep, and no deeper", async () => {
    const { heat, cloud } = await withHeat();
    const level = (inner: string) => `${empty}resources:\n  x: {type: ${inner}}\n`;
    const files = Object.fromEntries(
      [1, 2, 3, 4, 5].map((depth) => [
        `l${depth}.yaml`,
        level(depth === 5 ? "OS::Heat::TestResource" : `l${depth + 1}.yaml`),
      ]),
    );
    expect((await heat.create("five", level("l1.yaml"), { files })).status).toBe(201);
    cloud.clock.advance(5_000);
    expect((await heat.show("five")).stack_status).toBe("CREATE_COMPLETE");
    const deeper = { ...files, "l5.yaml": level("l6.yaml"), "l6.yaml": level("OS::Heat::TestResource") };
    const six = await heat.create("six", level("l1.yaml"), { files: deeper });
    expect(six.body.error.message).toMatch(/Recursion depth exceeds 5\.$/);
  });

  test("that is wrong inside is refused with the way to it, before anything is made", async () => {
    const { heat, cloud } = await withHeat();
    const node = `${empty}resources:\n  server: {type: "OS::Nova::Server", properties: {flavour: m1.tiny}}\n`;
    const answer = await heat.create(
      "a",
      `${empty}resources:\n  g: {type: "OS::Heat::ResourceGroup", properties: {count: 2, resource_def: {type: node.yaml}}}\n`,
      { files: { "node.yaml": node } },
    );
    expect(answer.body.error.message).toContain("resources.server.properties: Unknown Property flavour");
    expect(cloud.sandbox.inventory().stacks).toEqual([]);
  });
});
