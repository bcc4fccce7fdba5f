/** The real `openstack` client against the served sandbox. Skipped where it is not installed (Debian: python3-openstackclient, python3-heatclient). */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveSandbox } from "./server.ts";
import type { ServedSandbox } from "./server.ts";

const CLIENT = "/usr/bin/openstack";
const isInstalled = existsSync(CLIENT);
if (!isInstalled) console.warn(`${CLIENT} is not installed: the tests with the real client are skipped`);

const template = `
heat_template_version: 2018-08-31
parameters: {count: {type: number, default: 2}}
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: count}
      resource_def:
        type: node.yaml
        properties: {name: "node-%index%"}
outputs:
  names: {value: {get_attr: [group, name]}}
`;
const node = `
heat_template_version: 2018-08-31
parameters: {name: {type: string}}
resources:
  server:
    type: OS::Nova::Server
    properties: {name: {get_param: name}, image: ubuntu-24.04, flavor: m1.small, key_name: default, networks: [{network: private}]}
outputs:
  name: {value: {get_attr: [server, name]}}
`;

type Printed = Record<string, unknown> | unknown[];

/** The JSON documents among the lines: each begins and ends in the first column. */
function documentsIn(out: string): Printed[] {
  const found: Printed[] = [];
  let open: string[] = [];
  for (const line of out.split("\n")) {
    if (open.length === 0 && !/^[[{]["\]}]?[\]}]?$/.test(line)) continue;
    open.push(line);
    if (!/^([\]}]|\[\]|\{\})$/.test(line)) continue;
    found.push(JSON.parse(open.join("\n")) as Printed);
    open = [];
  }
  return found;
}

describe.skipIf(!isInstalled)("the openstack client", () => {
  let served: ServedSandbox;
  let folder: string;
  beforeAll(async () => {
    served = await serveSandbox({
      port: 0,
      settings: { serverMs: 100, resourceMs: 10, bootMs: 100 },
      options: { containerInfraUrl: "http://127.0.0.1:9511/v1" },
    });
    folder = mkdtempSync(join(tmpdir(), "sandbox-client-"));
    writeFileSync(join(folder, "bay.yaml"), template);
    writeFileSync(join(folder, "node.yaml"), node);
  });
  afterAll(async () => {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Runs the client as a user with commands on its standard input, as its interactive mode takes them: one start for all.
   * The JSON that they print comes back in their order, what they complain of beside it.
   */
  async function openstack(user: string, ...commands: string[]): Promise<{ printed: Printed[]; complaints: string }> {
    const child = spawn(CLIENT, [], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: "/usr/bin:/bin",
        HOME: folder,
        OS_AUTH_URL: `${served.url}/v3`,
        OS_IDENTITY_API_VERSION: "3",
        OS_USERNAME: user,
        OS_PASSWORD: "secret",
        OS_PROJECT_NAME: user,
        OS_USER_DOMAIN_NAME: "Default",
        OS_PROJECT_DOMAIN_NAME: "Default",
        OS_REGION_NAME: "RegionOne",
      },
    });
    child.stdin.end(commands.map((command) => `${command}\n`).join(""));
    const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { printed: documentsIn(out), complaints };
  }

  const idOf = (kind: "projects" | "users", name: string): string =>
    served.sandbox.inventory()[kind].find((one) => one.name === name)?.id ?? "";

  test("gets a token and the catalog", async () => {
    const { printed } = await openstack("demo", "token issue -f json", "catalog list -f json");
    expect(printed).toMatchObject([{ project_id: idOf("projects", "demo") }, expect.anything()]);
    const types = (printed[1] as { Type: string }[]).map((one) => one.Type);
    expect(types).toEqual(
      expect.arrayContaining([
        "identity",
        "orchestration",
        "compute",
        "network",
        "image",
        "container-infra",
        "container",
      ]),
    );
  }, 60_000);

  test("creates, lists, shows, scales and deletes a stack of nested templates", async () => {
    const { printed, complaints } = await openstack(
      "demo",
      `stack create -f json -t ${join(folder, "bay.yaml")} --tags one,two --wait bay`,
      "stack list -f json --tags one",
      "stack show -f json bay",
      "stack resource list -f json -n 3 bay",
      "server list -f json",
      "stack update -f json --existing --parameter count=3 --wait bay",
      "server list -f json",
      "stack delete --yes --wait bay",
      "stack list -f json",
    );
    expect(complaints).not.toContain("Error");
    const [made, list, shown, resources, servers, updated, more, none] = printed;
    expect(made).toMatchObject({ stack_status: "CREATE_COMPLETE" });
    expect(list).toMatchObject([{ "Stack Name": "bay", "Stack Status": "CREATE_COMPLETE" }]);
    expect(shown).toMatchObject({ outputs: [{ output_key: "names", output_value: ["node-0", "node-1"] }] });
    const names = (resources as { resource_name: string }[]).map((one) => one.resource_name);
    expect(names.toSorted()).toEqual(["0", "1", "group", "server", "server"]);
    expect(servers).toEqual(
      expect.arrayContaining(
        ["node-0", "node-1"].map((Name) => expect.objectContaining({ Name, Status: "ACTIVE", Flavor: "m1.small" })),
      ),
    );
    expect(updated).toMatchObject({ stack_status: "UPDATE_COMPLETE" });
    expect(more).toHaveLength(3);
    expect(none).toEqual([]);
    expect(served.sandbox.inventory().servers).toEqual([]);
  }, 120_000);

  test("lists images, flavors, networks and key pairs", async () => {
    const { printed } = await openstack(
      "demo",
      "image list -f json",
      "image show -f json coreos-stable",
      "flavor list -f json",
      "network list -f json",
      "network list -f json --external",
      "keypair list -f json",
    );
    const [images, image, flavors, networks, outside, keys] = printed;
    expect(images).toEqual(expect.arrayContaining([expect.objectContaining({ Name: "fedora-21-atomic-3" })]));
    expect(image).toMatchObject({ properties: { os_distro: "coreos" } });
    expect(flavors).toHaveLength(4);
    expect((networks as { Name: string }[]).map((one) => one.Name).toSorted()).toEqual(["private", "public"]);
    expect(outside).toMatchObject([{ Name: "public" }]);
    expect(keys).toMatchObject([{ Name: "default" }]);
  }, 60_000);

  test("manages people and lends rights", async () => {
    const trust = `trust create -f json --project ${idOf("projects", "demo")} --role member --impersonate ${idOf("users", "demo")} ${idOf("users", "jeroboam")}`;
    const lent = await openstack("demo", trust, "application credential create -f json ci");
    expect(lent.printed).toMatchObject([
      { impersonation: true },
      { name: "ci", secret: expect.stringMatching(/^\w{86}$/) as string },
    ]);
    const { printed } = await openstack(
      "admin",
      "user create -f json --domain default --password p guest",
      "user list -f json",
      "project list -f json",
      "role list -f json",
      "role assignment list -f json --user demo --project demo --names",
      "trust list -f json",
    );
    const [guest, users, projects, roles, assignments, trusts] = printed;
    expect(guest).toMatchObject({ name: "guest", enabled: true });
    const names = (users as { Name: string }[]).map((one) => one.Name);
    expect(names).toEqual(expect.arrayContaining(["admin", "demo", "alt_demo", "jeroboam", "guest"]));
    expect(projects).toEqual(expect.arrayContaining([expect.objectContaining({ Name: "service" })]));
    expect(roles).toEqual(expect.arrayContaining([expect.objectContaining({ Name: "heat_stack_owner" })]));
    expect(assignments).toEqual(
      expect.arrayContaining([expect.objectContaining({ Role: "member", Project: "demo@Default" })]),
    );
    expect(trusts).toHaveLength(1);
  }, 60_000);

  test("is told why a template is refused", async () => {
    writeFileSync(
      join(folder, "bad.yaml"),
      "heat_template_version: 2018-08-31\nresources: {a: {type: OS::Nova::Server, properties: {image: nope, flavor: m1.tiny}}}\n",
    );
    const { complaints } = await openstack("demo", `stack create -t ${join(folder, "bad.yaml")} bad`);
    expect(complaints).toContain(
      "Property error: resources.a.properties.image: Error validating value 'nope': No images matching {'name': 'nope'}.",
    );
  }, 60_000);
});
