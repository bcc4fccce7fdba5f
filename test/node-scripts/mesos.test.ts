/** The boot scripts of Mesos: a master, and a slave that joins it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bay, Boot } from "./bay.ts";
import { openBay } from "./bay.ts";
import { expectSecretsKept, expectSetUp, expectUnits } from "./expectations.ts";
import { ubuntuMesos } from "./images.ts";

describe("magnum_vm_ubuntu_mesos", () => {
  let bay: Bay;
  let master: Boot;
  let slave: Boot;
  beforeAll(async () => {
    bay = await openBay("magnum_vm_ubuntu_mesos", {
      image: ubuntuMesos,
      bay: () => ({ volumeDriver: "rexray", labels: { mesos_slave_image_providers: "docker" } }),
    });
    [master, slave] = await Promise.all([bay.boot("master-0"), bay.boot("slave-0")]);
  });
  afterAll(() => bay.close());

  test("a master and a slave are set up, and say so to Heat and to the service", () => {
    expectSetUp(master);
    expectSetUp(slave);
  });

  test("what is secret is kept from all but its owner", () => {
    expectSecretsKept(master);
    expectSecretsKept(slave);
    expect(slave.modeOf("etc/rexray/config.yml")).toBe("600");
  });

  test("ZooKeeper's one server knows its number, and all find it there", () => {
    expect(master.calls).toContain(`zookeeper is 1: ${master.address}:2888:3888`);
    for (const one of [master, slave]) expect(one.read("etc/mesos/zk")).toBe(`zk://${master.address}:2181/mesos\n`);
  });

  test("the master decides alone, and Marathon runs by it", () => {
    expect(master.read("etc/mesos-master/quorum")).toBe("1\n");
    const settings = [
      {
        master: `zk://${master.address}:2181/mesos`,
        zk: `zk://${master.address}:2181/marathon`,
        hostname: master.address,
      },
      `zk://${master.address}:2181/mesos`,
      `zk://${master.address}:2181/marathon`,
    ];
    const call = master.calls.find((line) => line.startsWith("marathon ")) ?? "";
    expect(JSON.parse(call.replace("marathon ", ""))).toEqual(settings);
  });

  test("the slave offers what the bay's labels say, and the other role's services do not run", () => {
    const call = slave.calls.find((line) => line.startsWith("mesos-slave ")) ?? "";
    expect(JSON.parse(call.replace("mesos-slave ", ""))).toMatchObject({
      ip: slave.address,
      containerizers: "docker,mesos",
      image_providers: "docker",
      executor_registration_timeout: "5mins",
    });
    expect(master.calls).toContain("systemctl disable --now mesos-slave");
    for (const name of ["mesos-master", "marathon", "zookeeper"]) {
      expect(slave.calls).toContain(`systemctl disable --now ${name}`);
    }
  });

  test("units are what systemd takes, and are started at each boot", () => {
    expectUnits(bay, "master-0", master, ["zookeeper", "mesos-master", "marathon"]);
    expectUnits(bay, "slave-0", slave, ["docker", "mesos-slave", "rexray", "metadata-guard"]);
  });
});
