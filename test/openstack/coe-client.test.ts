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
import type { Shell } from "../e2e/openstack-client.ts";
import { shellOf } from "../e2e/openstack-client.ts";
import type { Lab } from "./lab.ts";
import { environmentOf, isLabUp, theLab } from "./lab.ts";
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
  let demo: Shell;
  let admin: Shell;

  beforeAll(async () => {
    const lab = theLab();
    folder = mkdtempSync(join(tmpdir(), "jeroboam-coe-client-"));
    for (const user of ["demo", "admin"]) writeFileSync(join(folder, user), openrcOf(lab, user, user));
    [demo, admin] = [shellOf(join(folder, "demo")), shellOf(join(folder, "admin"))];
    nodes = await startNodes(openPeople(lab));
    const environment = environmentOf(lab, "jeroboam", "service");
    jeroboam = await startJeroboam({ data: join(folder, "data"), port: lab.jeroboam.port, environment });
  }, TEST_WITHIN_MS);

  afterAll(async () => {
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

  test("the client takes a cluster through its life", { timeout: TEST_WITHIN_MS }, async () => {
    const show = (): Promise<Cluster> => demo.json<Cluster>("coe cluster show first");
    const until = async (status: string): Promise<Cluster> => {
      let cluster = await show();
      await waitFor(async () => !(cluster = await show()).status.endsWith("_IN_PROGRESS"), CHANGE_WITHIN_MS, 3_000);
      expect(cluster).toMatchObject({ status });
      return cluster;
    };
    const words = "--coe kubernetes --image fedora-21-atomic-3 --external-network public --keypair default";
    await demo.openstack(`coe cluster template create k8s ${words} --flavor m1.small --master-flavor m1.small`);
    await demo.openstack("coe cluster create first --cluster-template k8s --node-count 1");
    expect(await demo.json<Cluster[]>("coe cluster list")).toMatchObject([
      { name: "first", node_count: 1, status: "CREATE_IN_PROGRESS" },
    ]);
    const created = await until("CREATE_COMPLETE");
    expect(created.node_addresses).toHaveLength(1);

    await demo.openstack("coe cluster update first replace node_count=2");
    await expectCertificates(created);
    expect((await until("UPDATE_COMPLETE")).node_addresses).toHaveLength(2);

    await demo.openstack("coe cluster delete first");
    const left = (): Promise<unknown[]> => demo.json<unknown[]>("coe cluster list");
    await waitFor(async () => (await left()).length === 0, CHANGE_WITHIN_MS, 3_000);
    await demo.openstack("coe cluster template delete k8s");
    expect(await demo.json("stack list")).toEqual([]);
  });

  test("an administrator sees the conductor at work", { timeout: TEST_WITHIN_MS }, async () => {
    expect(await admin.json("coe service list")).toMatchObject([{ binary: "magnum-conductor", state: "up" }]);
  });

  /** The cluster's authority, a request of our own that it signs, and what kubectl is to be given. */
  async function expectCertificates({ api_address }: Cluster): Promise<void> {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("ca.pem"), await demo.openstack("coe ca show first"));
    await demo.sh(
      `openssl req -new -newkey rsa:2048 -nodes -keyout ${at("key")} -subj /O=system:masters/CN=admin >${at("csr")}`,
    );
    writeFileSync(at("signed.pem"), await demo.openstack(`coe ca sign first ${at("csr")}`));
    expect(await demo.sh(`openssl verify -CAfile ${at("ca.pem")} ${at("signed.pem")}`)).toMatch(/: OK/);
    await demo.sh(`mkdir ${at("config")}`);
    await demo.openstack(`coe cluster config first --dir ${at("config")} --output-certs`);
    expect(readFileSync(at("config/config"), "utf8")).toContain(`server: ${api_address}`);
    expect(readFileSync(at("config/ca.pem"), "utf8").trim()).toBe(readFileSync(at("ca.pem"), "utf8").trim());
    expect(await demo.sh(`openssl verify -CAfile ${at("config/ca.pem")} ${at("config/cert.pem")}`)).toMatch(/: OK/);
  }
});
