/** The boot scripts of Docker's swarm mode. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Bay, Boot } from "./bay.ts";
import { openBay, signals } from "./bay.ts";
import { ubuntu } from "./images.ts";
import { expectCertificates, expectSecretsKept, expectSetUp, expectUnits } from "./expectations.ts";

describe("swarm mode", () => {
  const DOCKERS_OWN = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

  /** A key such as Docker's publisher signs with. */
  function makeKey(): { readonly armored: string; readonly fingerprint: string } {
    const home = mkdtempSync(join(tmpdir(), "node-scripts-gpg-"));
    const gpg = (...words: string[]): string =>
      execFileSync("gpg", ["--homedir", home, "--batch", "--passphrase", "", ...words], {
        encoding: "utf8",
        stdio: "pipe",
      });
    gpg("--quick-generate-key", "docker@example.org", "ed25519", "sign");
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg("--list-keys", "--with-colons"))?.[1] ?? "";
    const armored = gpg("--armor", "--export");
    execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    rmSync(home, { recursive: true, force: true });
    return { armored, fingerprint };
  }

  /** Of its publisher's list, whose key is checked, and of no other. */
  function expectInstalled({ calls, read }: Boot): void {
    expect(read("etc/apt/sources.list.d/docker.list")).toBe(
      "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable\n",
    );
    expect(calls.find((call) => call.startsWith("apt-get") && call.includes(" install "))).toMatch(
      / docker-ce=5:28\.5\.2-1~ubuntu\.24\.04~noble .*containerd\.io=1\.7\.28-1~ubuntu\.24\.04~noble$/,
    );
  }

  /** Three managers, one of which leads, and a worker, none of which is down; a new leader has to hear of each first. */
  async function expectWhole(node: string): Promise<void> {
    const about = "{{.Hostname}} {{.Status}} {{.ManagerStatus}}";
    const members = (): readonly string[] =>
      bay
        .run(node, "/usr/bin/docker", "node", "ls", "--format", about)
        .trim()
        .replace("Leader", "Reachable")
        .split("\n")
        .toSorted();
    await expect
      .poll(members, { timeout: 30_000, interval: 500 })
      .toEqual([
        "blue-master-0 Ready Reachable",
        "blue-master-1 Ready Reachable",
        "blue-master-2 Ready Reachable",
        "blue-node-0 Ready",
      ]);
  }

  let bay: Bay;
  afterAll(() => bay.close());

  test("managers and workers have Docker of one version, and are one swarm", async () => {
    const { armored, fingerprint } = makeKey();
    bay = await openBay("swarm_mode_ubuntu_v1", {
      image: ubuntu,
      bay: () => ({ masterCount: 3, masterLbEnabled: true, nodeCount: 1 }),
      published: { "download.docker.com/linux/ubuntu/gpg": armored },
      replaced: [[DOCKERS_OWN, fingerprint]],
    });
    const servers = ["master-0", "master-1", "master-2", "node-0"];
    const boots = await Promise.all(servers.map((name) => bay.boot(name)));
    for (const [place, one] of boots.entries()) {
      expectSetUp(one);
      expectSecretsKept(one);
      expectInstalled(one);
      expectUnits(bay, servers[place] ?? "", one, ["docker", "metadata-guard"]);
      expectCertificates(bay, one, "etc/docker", { server: "CN = swarm.invalid" });
    }
    const listens = (one: Boot): boolean =>
      one
        .read("etc/systemd/system/docker.service.d/bay.conf")
        .includes("-H tcp://0.0.0.0:2376 --tlsverify --tlscacert=/etc/docker/ca.crt");
    expect(boots.map(listens)).toEqual([true, true, true, false]);
    const made = boots.map(({ calls }) => calls.filter((call) => call.startsWith("docker swarm init")));
    const init = `docker swarm init --advertise-addr ${boots[0]?.address ?? ""} --default-addr-pool 10.100.0.0/16`;
    expect(made).toEqual([[init], [], [], []]);
    await expectWhole("master-1");
  });

  test("a new server in a manager's place is a manager, and its predecessor is forgotten", async () => {
    await bay.remove("master-0");
    const replacement = await bay.boot("master-0");
    expectSetUp(replacement);
    expect(replacement.calls.filter((call) => call.startsWith("docker swarm init"))).toEqual([]);
    await expectWhole("master-0");
  });

  test("packages that another key signs are not installed, and Heat hears why", async () => {
    const other = await openBay("swarm_mode_ubuntu_v1", {
      image: ubuntu,
      published: { "download.docker.com/linux/ubuntu/gpg": makeKey().armored },
    });
    const run = await other.boot("node-0");
    expect(signals(run)).toEqual([
      expect.objectContaining({ status: "FAILURE", reason: expect.stringContaining("is not the one it should be") }),
    ]);
    expect(run.calls.filter((call) => call.startsWith("apt-get"))).toEqual([]);
    await other.close();
  });
});
