/** The boot scripts of classic Swarm: a master, and a node that joins it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bay, Boot } from "./bay.ts";
import { openBay } from "./bay.ts";
import { expectCertificates, expectSecretsKept, expectSetUp, expectUnits, namesIn } from "./expectations.ts";
import { fedoraAtomic } from "./images.ts";

describe("magnum_vm_atomic_swarm", () => {
  let bay: Bay;
  let master: Boot;
  let node: Boot;
  beforeAll(async () => {
    bay = await openBay("magnum_vm_atomic_swarm", {
      image: fedoraAtomic(),
      bay: () => ({ networkDriver: "flannel", volumeDriver: "rexray" }),
    });
    [master, node] = await Promise.all([bay.boot("master-0"), bay.boot("node-0")]);
  });
  afterAll(() => bay.close());

  test("a master and a node are set up, and say so to Heat and to the service", () => {
    expectSetUp(master);
    expectSetUp(node);
  });

  test("what is secret is kept from all but its owner", () => {
    expectSecretsKept(master);
    expectSecretsKept(node);
    for (const one of [master, node]) expect(one.modeOf("etc/rexray/config.yml")).toBe("600");
  });

  test("certificates are the bay's, for the addresses by which engines and managers call each other", () => {
    for (const one of [master, node]) {
      expectCertificates(bay, one, "etc/docker", { server: "CN = swarm.invalid" });
      expect(namesIn(one.pathOf("etc/docker/server.crt"))).toContain(`IP Address:${one.address}`);
    }
  });

  test("both engines listen to those of the bay alone, and are known in etcd", () => {
    for (const one of [master, node]) {
      expect(one.calls.find((call) => call.startsWith("dockerd "))).toMatch(
        /-H tcp:\/\/0\.0\.0\.0:2375 --tlsverify --tlscacert=\/etc\/docker\/ca\.crt .* -H unix:\/\/\/var\/run\/docker\.sock/,
      );
    }
    const own = [
      "--cacert",
      "/etc/docker/ca.crt",
      "--cert",
      "/etc/docker/server.crt",
      "--key",
      "/etc/docker/server.key",
    ];
    const found = bay.run(
      "node-0",
      "curl",
      "--silent",
      ...own,
      `https://${master.address}:2379/v2/keys/swarm/docker/swarm/nodes`,
    );
    for (const one of [master, node]) expect(found).toContain(`"value":"${one.address}:2375"`);
    expect(() => bay.run("node-0", "curl", "--fail", "--insecure", `https://${master.address}:2375/_ping`)).toThrow(
      /alert/,
    );
  });

  test("the manager leads with its own address, and only on the master", () => {
    expect(master.calls.find((call) => call.startsWith("swarm manage"))).toContain(
      `-H tcp://0.0.0.0:2376 --replication --advertise=${master.address}:2376 --strategy=spread --tlsverify`,
    );
    expect(bay.run("node-0", "cat", "/run/calls")).not.toContain("swarm manage");
  });

  test("units are what systemd takes, and are started at each boot", () => {
    const both = ["docker", "flanneld", "rexray", "metadata-guard", "swarm-agent"];
    expectUnits(bay, "master-0", master, ["etcd", "swarm-manager", ...both]);
    expectUnits(bay, "node-0", node, both);
  });
});
