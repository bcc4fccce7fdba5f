/** The boot scripts of Docker's swarm mode. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
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

  let bay: Bay;
  afterEach(() => bay.close());

  test("managers and workers have Docker of one version, and are one swarm", async () => {
    const { armored, fingerprint } = makeKey();
    bay = await openBay("swarm_mode_ubuntu_v1", {
      image: ubuntu,
      bay: () => ({ masterCount: 2, masterLbEnabled: true, nodeCount: 1 }),
      published: { "download.docker.com/linux/ubuntu/gpg": armored },
      replaced: [[DOCKERS_OWN, fingerprint]],
    });
    const up = [bay.boot("master-0"), bay.boot("master-1"), bay.boot("node-0")] as const;
    const [first, second, worker] = await Promise.all(up);
    for (const one of [first, second, worker]) {
      expectSetUp(one);
      expectSecretsKept(one);
      expectInstalled(one);
      expectUnits(bay, one.name.replace("blue-", ""), one, ["docker", "metadata-guard"]);
    }
    for (const one of [first, second]) {
      expect(one.read("etc/systemd/system/docker.service.d/bay.conf")).toContain(
        "-H tcp://0.0.0.0:2376 --tlsverify --tlscacert=/etc/docker/ca.crt",
      );
      expectCertificates(bay, one, "etc/docker", { server: "CN = swarm.invalid" });
    }
    expect(worker.read("etc/systemd/system/docker.service.d/bay.conf")).not.toContain("tcp://");
    const made = (one: Boot): boolean => one.calls.some((call) => call.startsWith("docker swarm init"));
    expect([first, second, worker].map(made)).toEqual([true, false, false]);
    expect(first.calls).toContain(
      `docker swarm init --advertise-addr ${first.address} --default-addr-pool 10.100.0.0/16`,
    );
    const members = "{{.Hostname}} {{.Status}} {{.ManagerStatus}}";
    expect(
      bay.run("master-1", "/usr/bin/docker", "node", "ls", "--format", members).trim().split("\n").toSorted(),
    ).toEqual(["blue-master-0 Ready Leader", "blue-master-1 Ready Reachable", "blue-node-0 Ready"]);
  });

  test("packages that another key signs are not installed, and Heat hears why", async () => {
    bay = await openBay("swarm_mode_ubuntu_v1", {
      image: ubuntu,
      published: { "download.docker.com/linux/ubuntu/gpg": makeKey().armored },
    });
    const run = await bay.boot("node-0");
    expect(signals(run)).toEqual([
      expect.objectContaining({ status: "FAILURE", reason: expect.stringContaining("is not the one it should be") }),
    ]);
    expect(run.calls.filter((call) => call.startsWith("apt-get"))).toEqual([]);
  });
});
