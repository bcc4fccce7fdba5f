/** The whole `magnum` command of both client versions against the service: each subcommand gets what it needs. */
import { createAuthority } from "@jeroboam/core/certificate/authority";
import { secretContext } from "@jeroboam/core/bay/bay";
import type { Json } from "@jeroboam/core/json";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { beforeEach, describe, expect, test } from "vitest";
import { CSR } from "../certificate-request.ts";
import type { ClientVersion, Printed } from "./magnum-client.ts";
import { createMagnumClient } from "./magnum-client.ts";
import type { World } from "./world.ts";
import { createWorld, named, POD_MANIFEST, RC_MANIFEST, SERVICE_MANIFEST } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = await createWorld();
  const [blue = ""] = [world.ids["blue"]];
  const authority = await createAuthority({ clock: world.ports.clock, random: systemRandom }, "blue");
  const caKeySealed = await world.ports.sealer.seal(authority.privateKey, secretContext({ uuid: blue }, "ca-key"), "a");
  const pair = { caCertificate: authority.certificate, caKeySealed };
  await world.specify(blue, { certificates: { ...pair, clientCertificate: "client", clientKeySealed: "sealed" } });
});

const EVERYWHERE =
  "baymodel-create baymodel-list baymodel-show baymodel-update baymodel-delete bay-create bay-list bay-show bay-update bay-delete ca-show ca-sign pod-create pod-list pod-show pod-update pod-delete coe-service-create coe-service-list coe-service-show coe-service-update coe-service-delete rc-create rc-list rc-show rc-update rc-delete container-create container-list container-show container-start container-stop container-reboot container-pause container-unpause container-logs container-exec container-delete service-list".split(
    " ",
  );

describe.each<ClientVersion>(["1.1.0", "2.0.0"])("the magnum client %s", (version) => {
  const used = new Set<string>();

  async function magnum(line: string, options: Readonly<Record<string, Json>> = {}): Promise<Printed> {
    const [word = "", ...words] = line.split(" ");
    const client = createMagnumClient(world, version, word === "service-list" ? "admin" : "memberA");
    const command = client.commands[word];
    if (!command) throw new Error(`the client has no ${word}`);
    used.add(word);
    return command(...words)(options);
  }
  /** A property of a table. */
  const property = (printed: Printed, name: string): string | undefined =>
    typeof printed === "string" ? undefined : printed.find(([one]) => one === name)?.[1];
  const names = (printed: Printed): string[] =>
    typeof printed === "string" ? [] : printed.map(([, name = ""]) => name).toSorted();

  test("keeps bay models", async () => {
    const wanted = {
      name: "mine",
      image_id: "atomic",
      keypair_id: "ops",
      external_network_id: "public",
      coe: "kubernetes",
    };
    const size = version === "1.1.0" ? "5" : 5;
    const made = await magnum("baymodel-create", { ...wanted, docker_volume_size: size, labels: { a: "b" } });
    expect(property(made, "docker_volume_size")).toBe("5");
    expect(property(made, "links")).toBeUndefined();
    expect(names(await magnum("baymodel-list"))).toContain("mine");
    expect(
      names(
        await magnum("baymodel-list", version === "2.0.0" ? { limit: "1", sort_key: "name", sort_dir: "desc" } : {}),
      ),
    ).toContain(version === "2.0.0" ? "model-swarm" : "mine");
    expect(property(await magnum("baymodel-show mine"), "cluster_distro")).toBe("fedora-atomic");
    expect(property(await magnum("baymodel-update mine replace flavor_id=m1.large labels/a=c"), "flavor_id")).toBe(
      "m1.large",
    );
    expect(property(await magnum("baymodel-update mine remove dns_nameserver"), "dns_nameserver")).toBe("None");
    expect(property(await magnum("baymodel-update mine replace tls_disabled=False"), "tls_disabled")).toBe("false");
    await magnum("baymodel-delete mine");
    await expect(magnum("baymodel-show mine")).rejects.toThrow("Baymodel mine could not be found. (HTTP 404)");
  });

  test("builds, shows, grows and deletes bays", async () => {
    const made = await magnum("bay-create", { name: "mine", baymodel: "model-kubernetes" });
    expect([property(made, "status"), property(made, "node_count")]).toEqual(["CREATE_IN_PROGRESS", "1"]);
    const uuid = property(made, "uuid") ?? "";
    await world.settle(uuid, { status: "CREATE_COMPLETE" });
    expect(names(await magnum("bay-list"))).toEqual(["blue", "green", "grey", "growing", "mine", "red"]);
    expect(property(await magnum("bay-show mine"), "baymodel_id")).toBe(world.ids["model-kubernetes"]);
    expect(property(await magnum("bay-update mine replace node_count=2"), "node_count")).toBe("2");
    await expect(magnum("bay-update mine replace name=other")).rejects.toThrow("Cannot change bay property(ies) name");
    await magnum("bay-delete mine grey");
    await expect(magnum("baymodel-delete model-kubernetes")).rejects.toThrow("(HTTP 400)");
  });

  test("shows and signs certificates", async () => {
    expect(await magnum("ca-show", { bay: "blue" })).toContain("BEGIN CERTIFICATE");
    expect(await magnum("ca-sign", { bay: "blue", csr: CSR })).toContain("BEGIN CERTIFICATE");
  });

  test.each([
    ["pod", "web", POD_MANIFEST, '"nginx"', '"httpd"'],
    ["coe-service", "fe", SERVICE_MANIFEST, "8080", "8081"],
    ["rc", "fe", RC_MANIFEST, '"replicas":2', '"replicas":3'],
  ])("makes, lists, shows, changes and deletes a %s", async (word, name, manifest, before, after) => {
    const made = await magnum(`${word}-create`, { bay: "blue", manifest: named(manifest, "other") });
    expect(property(made, "name")).toBe("other");
    expect(property(made, "links") === undefined).toBe(word === "pod");
    await world.conduct();
    expect(names(await magnum(`${word}-list blue`))).toEqual([name, "other"].toSorted());
    expect(property(await magnum(`${word}-show other blue`), "uuid")).toBe(property(made, "uuid"));
    const file = { "new.json": manifest.replace(before, after) };
    const changed = await magnum(`${word}-update ${name} blue replace manifest=new.json`, file);
    expect(property(changed, "manifest")).toContain(after);
    await magnum(`${word}-delete ${name} blue`);
    await world.conduct();
    expect(names(await magnum(`${word}-list blue`))).toEqual(["other"]);
    await expect(magnum(`${word}-show ${name} blue`)).rejects.toThrow("could not be found. (HTTP 404)");
  });

  test("runs containers, and has done to them what there is", async () => {
    const made = await magnum("container-create", { bay: "green", image: "nginx", name: "mine", memory: "64m" });
    const uuid = property(made, "uuid") ?? "";
    await world.conduct();
    const status = async (): Promise<string | undefined> => property(await magnum(`container-show ${uuid}`), "status");
    for (const [action, becomes] of [
      ["start", "Running"],
      ["pause", "Paused"],
      ["unpause", "Running"],
      ["reboot", "Running"],
      ["stop", "Stopped"],
    ]) {
      await magnum(`container-${action} mine`);
      await world.conduct();
      expect(await status()).toBe(becomes);
    }
    expect(await magnum("container-logs mine")).toBe("log of mine\n");
    expect(await magnum("container-exec mine", { command: "ls -l /" })).toBe("ls -l /\n");
    expect(names(await magnum("container-list"))).toEqual(["box", "mine", "task"]);
    expect(names(await magnum("container-list green"))).toContain("mine");
    await magnum("container-delete mine box");
    expect(names(await magnum("container-list"))).toEqual(["task"]);
  });

  test("lists the service's own processes, and keeps nodes where it knows them", async () => {
    expect(await magnum("service-list")).toEqual([]);
    if (version === "2.0.0") return;
    expect(property(await magnum("node-create", { type: "virt", image_id: "f21" }), "type")).toBe("virt");
    expect(await magnum("node-list")).toHaveLength(1);
  });

  test("has no subcommand that is not tried here", () => {
    expect([...used].toSorted()).toEqual(
      [...EVERYWHERE, ...(version === "1.1.0" ? ["node-create", "node-list"] : [])].toSorted(),
    );
  });
});
