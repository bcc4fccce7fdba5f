/**
 * `npm start` before a real cloud, told of it by OS_* variables alone; and Debian's own client, which logs in at the real
 * Keystone and finds us in its catalog: what an operator and a user do, by what they type.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JeroboamProcess } from "../e2e/jeroboam-process.ts";
import { startJeroboam, waitFor } from "../e2e/jeroboam-process.ts";
import type { Session } from "../e2e/openstack-client.ts";
import { openSession } from "../e2e/openstack-client.ts";
import type { Lab } from "./lab.ts";
import { environmentOf, isLabUp, theLab } from "./lab.ts";
import { certificatesIn } from "./node-certificates.ts";
import type { Nodes } from "./nodes.ts";
import { startNodes } from "./nodes.ts";
import { openPeople } from "./people.ts";

const CHANGE_WITHIN_MS = 10 * 60_000;
const TEST_WITHIN_MS = 40 * 60_000;

interface Template {
  readonly uuid: string;
  readonly name: string;
  readonly coe: string;
  readonly cluster_distro: string;
  readonly flavor_id: string;
}

interface Cluster {
  readonly uuid: string;
  readonly name: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly node_count: number;
  readonly api_address: string;
  readonly node_addresses: readonly string[];
  readonly cluster_template_id: string;
  readonly keypair: string;
}

interface NodeGroup {
  readonly name: string;
  readonly role: string;
  readonly node_count: number;
  readonly image_id: string;
  readonly node_addresses: readonly string[];
}

/** What a person sources to be this user of the lab. */
function openrcOf(lab: Lab, user: string, project: string): string {
  const lines = Object.entries(environmentOf(lab, user, project)).map(([name, value]) => `export ${name}='${value}'`);
  return `${lines.join("\n")}\n`;
}

describe.skipIf(!isLabUp)("npm start before a real cloud", () => {
  let folder: string;
  let jeroboam: JeroboamProcess;
  let nodes: Nodes;
  let demo: Session;
  let admin: Session;

  beforeAll(async () => {
    const lab = theLab();
    folder = mkdtempSync(join(tmpdir(), "jeroboam-coe-client-"));
    for (const user of ["demo", "admin"]) writeFileSync(join(folder, user), openrcOf(lab, user, user));
    [demo, admin] = [openSession(join(folder, "demo")), openSession(join(folder, "admin"))];
    nodes = await startNodes(openPeople(lab));
    const environment = environmentOf(lab, "jeroboam", "service");
    jeroboam = await startJeroboam({ data: join(folder, "data"), port: lab.jeroboam.port, environment });
  }, TEST_WITHIN_MS);

  afterAll(async () => {
    await Promise.all([demo.close(), admin.close()]);
    await jeroboam.stop();
    rmSync(folder, { recursive: true });
    await nodes.stop();
  }, TEST_WITHIN_MS);

  test("says which cloud it serves and how clients find it, and starts no sandbox", () => {
    const { authUrl, jeroboam: own } = theLab();
    expect(jeroboam.keystoneUrl).toBe(authUrl);
    expect(jeroboam.output()).toContain(`endpoint create container-infra public http://${own.host}:${own.port}/v1`);
    expect(jeroboam.output()).not.toMatch(/sandbox/i);
  });

  test("the client makes, lists, shows, changes and deletes a template", { timeout: TEST_WITHIN_MS }, async () => {
    const words = "--coe kubernetes --image fedora-21-atomic-3 --external-network public --flavor m1.small";
    await demo.openstack(`coe cluster template create small ${words}`);
    expect(await demo.json<Template[]>("coe cluster template list")).toMatchObject([{ name: "small" }]);
    const made = await demo.json<Template>("coe cluster template show small");
    expect(made).toMatchObject({ coe: "kubernetes", cluster_distro: "fedora-atomic", flavor_id: "m1.small" });
    await demo.openstack("coe cluster template update small replace flavor_id=m1.medium");
    expect(await demo.json<Template>(`coe cluster template show ${made.uuid}`)).toMatchObject({
      flavor_id: "m1.medium",
    });
    await expect(demo.openstack("coe cluster template update small replace flavor_id=m1.nothing")).rejects.toThrow(
      /m1\.nothing/,
    );
    await demo.openstack("coe cluster template delete small");
    expect(await demo.json("coe cluster template list")).toEqual([]);
  });

  test("an administrator hides a template and shows it again", { timeout: TEST_WITHIN_MS }, async () => {
    const listed = async (): Promise<readonly string[]> =>
      (await demo.json<Template[]>("coe cluster template list")).map(({ name }) => name);
    const words = "--coe kubernetes --image ubuntu-24.04 --external-network public --public --hidden";
    await admin.openstack(`coe cluster template create everybodys ${words}`);
    expect(await listed()).toEqual([]);
    await admin.openstack("coe cluster template update everybodys replace hidden=False");
    expect(await listed()).toEqual(["everybodys"]);
    await admin.openstack("coe cluster template delete everybodys");
    expect(await listed()).toEqual([]);
  });

  test("an administrator sees the conductor at work", { timeout: TEST_WITHIN_MS }, async () => {
    expect(await admin.json("coe service list")).toMatchObject([{ binary: "magnum-conductor", state: "up" }]);
  });

  describe("takes a cluster through its life:", { timeout: TEST_WITHIN_MS }, () => {
    let made: Cluster;
    /** Heat remembers for an hour which image a name is: a name of its own for each run. */
    const patched = `ubuntu-24.04-patched-${process.pid}`;

    const at = (name: string): string => join(folder, name);
    const until = async (status: string): Promise<Cluster> => {
      let cluster = await demo.json<Cluster>("coe cluster show first");
      const isSettled = async (): Promise<boolean> => {
        cluster = await demo.json<Cluster>("coe cluster show first");
        return !cluster.status.endsWith("_IN_PROGRESS");
      };
      await waitFor(isSettled, CHANGE_WITHIN_MS, 1_000);
      expect({ status: cluster.status, reason: cluster.status_reason }).toMatchObject({ status });
      return cluster;
    };
    const group = (name: string): Promise<NodeGroup> => demo.json<NodeGroup>(`coe nodegroup show first ${name}`);
    const authority = (): Promise<string> => demo.openstack("coe ca show first");
    /** The cluster's own and its node groups', among others'. */
    const stacks = (): Promise<unknown[]> => demo.json(`stack list --tags jeroboam-bay-${made.uuid}`);
    const servers = async (): Promise<readonly string[]> =>
      (await demo.json<{ ID: string }[]>("server list --no-name-lookup --name ^first-")).map(({ ID }) => ID).sort();

    test("it is created by a template", async () => {
      const image = `--disk-format raw --container-format bare --property os_distro=ubuntu --file ${at("demo")}`;
      const words = "--coe kubernetes --external-network public --flavor m1.small --master-flavor m1.small";
      await demo.openstack(`image create ${patched} ${image}`);
      await demo.openstack(`coe cluster template create k8s ${words} --image ubuntu-24.04`);
      await demo.openstack(`coe cluster template create newer ${words} --image ${patched}`);
      await demo.openstack("coe cluster create first --cluster-template k8s --keypair default --node-count 2");
      expect(await demo.json<Cluster[]>("coe cluster list")).toMatchObject([
        { name: "first", node_count: 2, status: "CREATE_IN_PROGRESS" },
      ]);
      made = await until("CREATE_COMPLETE");
      expect(made.node_addresses).toHaveLength(2);
      expect(await stacks()).toHaveLength(1);
    });

    test("an administrator counts it and limits how many there may be", async () => {
      const { project_id: project } = await demo.json<{ project_id: string }>("token issue");
      const quota = `--project-id ${project} --resource Cluster`;
      expect(await admin.openstack(`coe quotas create ${quota} --hard-limit 3`)).toMatch(/hard_limit +\| 3 /);
      expect(await admin.openstack("coe quotas list --all-tenants")).toMatch(
        new RegExp(`${project} \\| Cluster +\\| 3 `),
      );
      expect(await admin.openstack(`coe quotas update ${quota} --hard-limit 1`)).toMatch(/hard_limit +\| 1 /);
      expect(await demo.openstack(`coe quotas show ${quota}`)).toMatch(/hard_limit +\| 1 /);
      await expect(
        demo.openstack("coe cluster create second --cluster-template k8s --keypair default"),
      ).rejects.toThrow(/quota|limit/i);
      expect(await admin.openstack(`coe quotas delete ${quota}`)).toMatch(/accepted/);
      expect(await demo.openstack(`coe stats list ${project}`)).toMatch(/clusters +\| 1 [^]*nodes +\| 3 /);
    });

    test("its authority signs, and what kubectl is to be given is written", async () => {
      await demo.openstack("coe cluster update first replace node_count=1");
      writeFileSync(at("ca.pem"), await authority());
      await demo.sh(
        `openssl req -new -newkey rsa:2048 -nodes -keyout ${at("key")} -subj /O=system:masters/CN=admin >${at("csr")}`,
      );
      writeFileSync(at("signed.pem"), await demo.openstack(`coe ca sign first ${at("csr")}`));
      expect(await demo.sh(`openssl verify -CAfile ${at("ca.pem")} ${at("signed.pem")}`)).toMatch(/: OK/);
      await demo.sh(`mkdir ${at("config")}`);
      await demo.openstack(`coe cluster config first --dir ${at("config")} --output-certs`);
      expect(readFileSync(at("config/config"), "utf8")).toContain(`server: ${made.api_address}`);
      expect(readFileSync(at("config/ca.pem"), "utf8").trim()).toBe(readFileSync(at("ca.pem"), "utf8").trim());
      expect(await demo.sh(`openssl verify -CAfile ${at("config/ca.pem")} ${at("config/cert.pem")}`)).toMatch(/: OK/);
    });

    test("it is updated and resized, and gets a node group", async () => {
      expect((await until("UPDATE_COMPLETE")).node_addresses).toHaveLength(1);
      await demo.openstack("coe nodegroup create first gpu --node-count 0 --min-nodes 0 --max-nodes 3 --role gpu");
      await until("UPDATE_COMPLETE");
      expect(await demo.json<NodeGroup[]>("coe nodegroup list first")).toMatchObject([
        { name: "default-master", role: "master", node_count: 1 },
        { name: "default-worker", role: "worker", node_count: 1 },
        { name: "gpu", role: "gpu", node_count: 0 },
      ]);
      expect(await demo.json<NodeGroup[]>("coe nodegroup list first --role gpu")).toHaveLength(1);
      expect(await stacks()).toHaveLength(2);
      await demo.openstack("coe nodegroup update first gpu replace max_node_count=1");
      await until("UPDATE_COMPLETE");
      await expect(demo.openstack("coe cluster resize first 2 --nodegroup gpu")).rejects.toThrow(/from 0 to 1/);
      await demo.openstack("coe cluster resize first 1 --nodegroup gpu");
      expect((await until("UPDATE_COMPLETE")).node_count).toBe(2);
      expect(await group("gpu")).toMatchObject({ node_count: 1, max_node_count: 1, status: "UPDATE_COMPLETE" });
      expect((await group("gpu")).node_addresses).toHaveLength(1);
    });

    test("its authority is replaced with an overlap, and no server with it", async () => {
      nodes.followFromNowOn(made.uuid);
      const [signed] = certificatesIn(readFileSync(at("signed.pem"), "utf8"));
      const before = await authority();
      const running = await servers();
      await demo.openstack("coe ca rotate first");
      const trusted = new Set<string>();
      await waitFor(
        async () => {
          trusted.add(await authority());
          return !(await demo.json<Cluster>("coe cluster show first")).status.endsWith("_IN_PROGRESS");
        },
        CHANGE_WITHIN_MS,
        1_000,
      );
      await until("UPDATE_COMPLETE");
      const after = await authority();
      // Both: first the one signs, then the other.
      expect(trusted).toEqual(
        new Set([`${before.trim()}\n${after.trim()}\n`, `${after.trim()}\n${before.trim()}\n`, after]),
      );
      const verifies = (pem: string): boolean =>
        certificatesIn(pem).some(({ publicKey }) => signed?.verify(publicKey) === true);
      expect([before, after].map(verifies)).toEqual([true, false]);
      expect(await servers()).toEqual(running);
      expect(running).toHaveLength(3);
    });

    test("its workers are upgraded, the others kept", async () => {
      const running = await servers();
      const newer = await demo.json<Template>("coe cluster template show newer");
      await demo.openstack("coe cluster upgrade first newer");
      expect(await until("UPDATE_COMPLETE")).toMatchObject({ cluster_template_id: newer.uuid, node_count: 2 });
      expect(await group("default-worker")).toMatchObject({ image_id: patched, node_count: 1 });
      expect(await group("gpu")).toMatchObject({ image_id: "ubuntu-24.04" });
      const upgraded = await servers();
      expect(upgraded).toHaveLength(3);
      expect(upgraded.filter((id) => running.includes(id))).toHaveLength(2);
    });

    test("its node group and it are deleted, and nothing is left", async () => {
      await demo.openstack("coe nodegroup delete first gpu");
      await waitFor(async () => (await stacks()).length === 1, CHANGE_WITHIN_MS, 1_000);
      await until("UPDATE_COMPLETE");
      await demo.openstack("coe cluster delete first");
      const left = (): Promise<unknown[]> => demo.json<unknown[]>("coe cluster list");
      await waitFor(async () => (await left()).length === 0, CHANGE_WITHIN_MS, 1_000);
      await demo.openstack("coe cluster template delete k8s newer");
      await demo.openstack(`image delete ${patched}`);
      expect(await stacks()).toEqual([]);
      expect(await servers()).toEqual([]);
    });
  });

  test("and so the client has said all that it can say to us", async () => {
    const words = "command list --group openstack.container_infra.v1";
    const [group] = await demo.json<{ Commands: string[] }[]>(words);
    const typed = [...demo.lines, ...admin.lines];
    const isTyped = (command: string): boolean => typed.some((line) => line.startsWith(`${command} `));
    expect(group?.Commands).toContain("coe cluster create");
    expect(group?.Commands.filter((command) => !isTyped(command))).toEqual([]);
  });
});
