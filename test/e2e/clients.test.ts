/**
 * The clients that Debian packages, against `npm start`: openstacksdk's container-infrastructure calls, and the commands of
 * `openstack coe`, in one Python process each (magnum-clients.py), because starting the client costs seconds.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { plainEnvironment, startJeroboam } from "./jeroboam-process.ts";
import { findOpenstackClient } from "./openstack-client.ts";

const WITHIN_MS = 300_000;
/** A certificate request, as a user of the bay makes it. */
const REQUEST = "openssl req -new -newkey rsa:2048 -nodes -subj /CN=admin -keyout key.pem -out request.csr 2>/dev/null";
const SCRIPT = join(import.meta.dirname, "magnum-clients.py");

/** What was typed behind `openstack`, by all tests. */
const typed: string[] = [];

let data = "";
let jeroboam: JeroboamProcess;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "jeroboam-clients-"));
  jeroboam = await startJeroboam({ data });
});

afterAll(async () => {
  await jeroboam.stop();
  rmSync(data, { recursive: true });
});

/** Runs the script as that user of the sandbox; with what it printed last. */
function drive(what: "coe" | "sdk" | "services", lines: readonly string[] = [], user = "demo"): Promise<unknown> {
  typed.push(...lines);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const script = `. "$0"; export OS_USERNAME=${user} OS_PROJECT_NAME=${user}; ${REQUEST}; exec /usr/bin/python3 -W ignore "$1" ${what}`;
  const options = { env: plainEnvironment(), timeout: WITHIN_MS, cwd: data };
  const child = execFile("sh", ["-c", script, join(data, "openrc"), SCRIPT], options, (error, stdout, stderr) => {
    if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
    else resolve(JSON.parse(stdout.trim().split("\n").at(-1) ?? "null"));
  });
  child.stdin?.end(JSON.stringify(lines));
  return promise;
}

/** Authorities that a configuration trusts. */
function certificatesIn(folder: string): number {
  const [, encoded = ""] =
    /certificate-authority-data: (\S+)/.exec(readFileSync(join(data, folder, "config"), "utf8")) ?? [];
  return (
    Buffer.from(encoded, "base64")
      .toString("utf8")
      .match(/BEGIN CERTIFICATE/g)?.length ?? 0
  );
}

const client = findOpenstackClient();
const hasKubectl = spawnSync("sh", ["-c", "command -v kubectl"], { timeout: 60_000 }).status === 0;
if (!client.isThere) console.warn(`the real clients' tests are skipped: ${client.hint}`);

describe.skipIf(!client.isThere)("Debian's", () => {
  test(
    "openstacksdk makes, lists, shows, changes and deletes templates and clusters",
    { timeout: WITHIN_MS },
    async () => {
      expect(await drive("sdk")).toMatchObject({
        template: "sdk",
        templates: ["sdk"],
        size: 7,
        created: 36,
        complete: [0, "CREATE_COMPLETE"],
        clusters: ["sdk-cluster"],
        nodes: 1,
        authority: "-----BEGIN CERTIFICATE-----",
        signed: "-----BEGIN CERTIFICATE-----",
        updated: [0, "UPDATE_COMPLETE"],
        found: 1,
        deleted: true,
        gone: [0, "GONE"],
        "template deleted": true,
      });
    },
  );

  test("openstacksdk lists an administrator the services", { timeout: WITHIN_MS }, async () => {
    expect(await drive("services", [], "admin")).toEqual([{ binary: "magnum-conductor", state: "up" }]);
  });

  test("openstack coe does what its commands say", { timeout: WITHIN_MS }, async () => {
    const lines: readonly (readonly [line: string, prints: RegExp])[] = [
      [
        "coe cluster template create t --coe kubernetes --image fedora-21-atomic-3 --external-network public",
        /accepted/,
      ],
      ["coe cluster template list -f json", /"name": "t"/],
      ["coe cluster template show t -f json", /"coe": "kubernetes"/],
      ["coe cluster template update t replace docker_volume_size=5", /docker_volume_size/],
      ["coe cluster create c --cluster-template t --keypair default --labels team=a --merge-labels", /accepted/],
      ["coe cluster list -f json", /"name": "c"/],
      ["until c CREATE_COMPLETE", /CREATE_COMPLETE/],
      ["coe cluster show c -f json", /"labels_added": \{\s*"team": "a"/],
      ["coe ca show c", /BEGIN CERTIFICATE/],
      ["coe ca sign c request.csr", /BEGIN CERTIFICATE/],
      ["coe cluster config c --dir .", /KUBECONFIG/],
      ["kubectl get nodes", / Ready /],
      ["coe nodegroup list c -f json", /default-worker/],
      ["coe nodegroup show c default-worker -f json", /"role": "worker"/],
      ["coe cluster update c replace node_count=2", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe cluster resize c 1", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe nodegroup create c extra --node-count 1 --role ingress", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe nodegroup update c extra replace max_node_count=3", /accepted|updated|extra/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe nodegroup list c --role ingress -f json", /"name": "extra"/],
      ["coe cluster resize c 2 --nodegroup extra", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe nodegroup delete c extra", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      [
        "coe cluster template create t2 --coe kubernetes --image fedora-21-atomic-3 --external-network public",
        /accepted/,
      ],
      ["coe cluster upgrade c t2", /accepted/],
      ["until c UPDATE_COMPLETE", /UPDATE_COMPLETE/],
      ["coe quotas show --project-id {project} --resource Cluster", /hard_limit +\| 20/],
      ["coe stats list {project}", /clusters/],
      ["coe cluster delete c", /accepted/],
      ["until c GONE", /GONE/],
      ["coe cluster template delete t", /accepted/],
      ["coe cluster template delete t2", /accepted/],
    ].filter((one): one is [string, RegExp] => hasKubectl || !String(one[0]).startsWith("kubectl"));
    const told = (await drive(
      "coe",
      lines.map(([line]) => line),
    )) as readonly { line: string; code: number; out: string }[];
    const wrong = told.filter(({ code, out }, nth) => code !== 0 || !lines[nth]?.[1].test(out));
    expect(wrong).toEqual([]);
  });

  test.runIf(hasKubectl)(
    "openstack coe ca rotate: configurations of before and of the overlap serve in it, afterwards the former does not",
    { timeout: WITHIN_MS },
    async () => {
      // Long enough to look around in each phase.
      const settings = { method: "PATCH", body: JSON.stringify({ followMs: 4_000 }) };
      expect((await fetch(new URL("/sandbox/settings", jeroboam.keystoneUrl), settings)).status).toBe(200);
      for (const folder of ["before", "overlap", "after"]) mkdirSync(join(data, folder));
      const lines: readonly (readonly [line: string, code: number, prints: RegExp])[] = [
        [
          "coe cluster template create u --coe kubernetes --image ubuntu-24.04 --external-network public",
          0,
          /accepted/,
        ],
        ["coe cluster create r --cluster-template u --keypair default", 0, /accepted/],
        ["until r CREATE_COMPLETE", 0, /CREATE_COMPLETE/],
        ["coe nodegroup create r extra --node-count 1", 0, /accepted/],
        ["until r UPDATE_COMPLETE", 0, /UPDATE_COMPLETE/],
        ["coe cluster config r --dir before", 0, /KUBECONFIG/],
        ["kubectl --kubeconfig before/config get nodes", 0, / Ready /],
        ["signer r", 0, /BEGIN CERTIFICATE/],
        ["coe ca rotate r", 0, /accepted/],
        ["kubectl --kubeconfig before/config get nodes", 0, / Ready /],
        ["another-signer r", 0, /another/],
        ["coe cluster config r --dir overlap", 0, /KUBECONFIG/],
        ["kubectl --kubeconfig overlap/config get nodes", 0, / Ready /],
        ["kubectl --kubeconfig before/config get nodes", 0, / Ready /],
        ["coe cluster show r -f value -c status", 0, /^UPDATE_IN_PROGRESS$/m],
        ["until r UPDATE_COMPLETE", 0, /UPDATE_COMPLETE/],
        ["kubectl --kubeconfig overlap/config get nodes", 0, / Ready /],
        ["coe cluster config r --dir after", 0, /KUBECONFIG/],
        ["kubectl --kubeconfig after/config get nodes", 0, / Ready /],
        ["kubectl --kubeconfig before/config get nodes", 1, /certificate signed by unknown authority|x509/],
        ["coe cluster delete r", 0, /accepted/],
        ["until r GONE", 0, /GONE/],
      ];
      const told = (await drive(
        "coe",
        lines.map(([line]) => line),
      )) as readonly { line: string; code: number; out: string }[];
      expect(told.filter(({ code, out }, nth) => code !== lines[nth]?.[1] || !lines[nth]?.[2].test(out))).toEqual([]);
      expect(certificatesIn("overlap")).toBe(2);
      expect([certificatesIn("before"), certificatesIn("after")]).toEqual([1, 1]);
    },
  );

  test(
    "openstack coe cluster upgrade: masters a minor version further, then workers",
    { timeout: WITHIN_MS },
    async () => {
      const template = (version: string): string =>
        `coe cluster template create ${version} --coe kubernetes --image ubuntu-24.04 --external-network public --master-lb-enabled --labels kube_tag=${version}`;
      const lines: readonly (readonly [line: string, code: number, prints: RegExp])[] = [
        [template("v1.33.8"), 0, /accepted/],
        [template("v1.34.4"), 0, /accepted/],
        [template("v1.35.1"), 0, /accepted/],
        ["coe cluster create m --cluster-template v1.33.8 --keypair default --master-count 3", 0, /accepted/],
        ["until m CREATE_COMPLETE", 0, /CREATE_COMPLETE/],
        ["coe cluster upgrade m v1.35.1", 1, /one minor version further, to v1\.34/],
        ["coe cluster upgrade m v1.34.4 --nodegroup default-worker", 1, /masters are of version v1\.33\.8/],
        ["coe cluster upgrade m v1.34.4", 0, /accepted/],
        ["until m UPDATE_COMPLETE", 0, /UPDATE_COMPLETE/],
        ["coe cluster show m -f json", 0, /"kube_tag": "v1\.34\.4"/],
        ["coe cluster upgrade m v1.35.1 --nodegroup default-master", 0, /accepted/],
        ["until m UPDATE_COMPLETE", 0, /UPDATE_COMPLETE/],
        ["coe cluster show m -f json", 0, /"kube_tag": "v1\.35\.1"/],
        ["coe cluster upgrade m v1.35.1 --nodegroup default-worker", 0, /accepted/],
        ["until m UPDATE_COMPLETE", 0, /UPDATE_COMPLETE/],
        ["coe cluster delete m", 0, /accepted/],
        ["until m GONE", 0, /GONE/],
      ];
      const told = (await drive(
        "coe",
        lines.map(([line]) => line),
      )) as readonly { line: string; code: number; out: string }[];
      expect(told.filter(({ code, out }, nth) => code !== lines[nth]?.[1] || !lines[nth]?.[2].test(out))).toEqual([]);
    },
  );

  test("openstack coe does what it has for administrators", { timeout: WITHIN_MS }, async () => {
    const lines: readonly (readonly [line: string, prints: RegExp])[] = [
      ["coe service list -f json", /magnum-conductor/],
      ["coe stats list {project}", /clusters/],
      ["coe quotas create --project-id {project} --resource Cluster --hard-limit 3", /hard_limit +\| 3/],
      ["coe quotas list --all-tenants", /\| 3/],
      ["coe quotas update --project-id {project} --resource Cluster --hard-limit 4", /hard_limit +\| 4/],
      ["coe quotas show --project-id {project} --resource Cluster", /hard_limit +\| 4/],
      ["coe quotas delete --project-id {project} --resource Cluster", /accepted/],
    ];
    const told = (await drive(
      "coe",
      lines.map(([line]) => line),
      "admin",
    )) as readonly { line: string; code: number; out: string }[];
    expect(told.filter(({ code, out }, nth) => code !== 0 || !lines[nth]?.[1].test(out))).toEqual([]);
  });

  // Without kubectl the rotation is not typed.
  test.runIf(hasKubectl)("openstack coe has said all that it can say to us", { timeout: WITHIN_MS }, async () => {
    const line = "command list --group openstack.container_infra.v1 -f json";
    const [told] = (await drive("coe", [line])) as readonly { out: string }[];
    const [group] = JSON.parse(told?.out ?? "[]") as { Commands: string[] }[];
    expect(group?.Commands).toContain("coe cluster create");
    const isTyped = (command: string): boolean => typed.some((one) => one.startsWith(`${command} `));
    expect(group?.Commands.filter((command) => !isTyped(command))).toEqual([]);
  });
});
