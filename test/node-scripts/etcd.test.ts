/** Three masters of a bay: their etcd forms one cluster, and a new server in a master's place joins it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bay, Boot } from "./bay.ts";
import { openBay, openssl } from "./bay.ts";
import { expectSetUp } from "./expectations.ts";
import { withLabels } from "./publishers.ts";

const PKI = "/etc/kubernetes/pki";
const MASTERS = ["master-0", "master-1", "master-2"];

interface Member {
  readonly ID: number;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs?: readonly string[];
}

describe("three masters of k8s_ubuntu_v1", () => {
  let bay: Bay;
  let masters: readonly Boot[];
  beforeAll(async () => {
    bay = await openBay("k8s_ubuntu_v1", {
      bay: (digests) => ({ ...withLabels(digests), masterCount: 3, masterLbEnabled: true }),
    });
    // The third finds a cluster that most of the masters have made without it.
    const first = await Promise.all([bay.boot("master-0"), bay.boot("master-1")]);
    masters = [...first, await bay.boot("master-2")];
  });
  afterAll(() => bay.close());

  const etcdctl = (node: string, ...words: string[]): string => {
    const own = [`--cacert=${PKI}/ca.crt`, `--cert=${PKI}/server.crt`, `--key=${PKI}/server.key`];
    const endpoints = `--endpoints=${masters.map(({ address }) => `https://${address}:2379`).join(",")}`;
    return bay.run(node, "env", "ETCDCTL_API=3", "etcdctl", ...own, endpoints, "--write-out=json", ...words);
  };
  const membersBy = (node: string): readonly Member[] =>
    (JSON.parse(etcdctl(node, "member", "list")) as { members: Member[] }).members;

  /** All three are members, have started, and answer. */
  function expectWhole(): void {
    const addresses = masters.map(({ address }) => address).toSorted();
    for (const node of MASTERS) {
      const members = membersBy(node);
      expect(members.map(({ name }) => name).toSorted()).toEqual(addresses);
      for (const { name, peerURLs, clientURLs } of members) {
        expect([peerURLs, clientURLs]).toEqual([[`https://${name}:2380`], [`https://${name}:2379`]]);
      }
    }
    const health = JSON.parse(etcdctl("master-0", "endpoint", "health")) as { endpoint: string; health: boolean }[];
    expect(health.map((one) => one.health)).toEqual([true, true, true]);
  }
  const keyOf = (boot: Boot | undefined): string => boot?.read(`${PKI}/sa.key`) ?? "none";

  test("are set up, and their etcd is one cluster of three that answer", () => {
    for (const master of masters) expectSetUp(master);
    expectWhole();
  });

  test("speak to each other by certificates of the bay, and to nobody without one", () => {
    for (const { address } of masters) {
      for (const port of [2379, 2380]) {
        const to = ["-connect", `${address}:${port}`, "-verify_return_error", "-verify_ip", address];
        const call = (...own: string[]): string =>
          bay.run("master-0", "sh", "-c", `openssl s_client ${to.join(" ")} ${own.join(" ")} </dev/null 2>&1 || :`);
        const client = ["-CAfile", `${PKI}/ca.crt`, "-cert", `${PKI}/server.crt`, "-key", `${PKI}/server.key`];
        expect(call(...client)).toContain("Verify return code: 0 (ok)");
        const stranger = ["--silent", "--show-error", "--insecure", "--tls-max", "1.2"];
        expect(() => bay.run("master-0", "curl", ...stranger, `https://${address}:${port}/version`)).toThrow(
          /alert bad certificate/,
        );
      }
    }
  });

  test("sign the tokens of service accounts with one key", () => {
    openssl("rsa", "-check", "-noout", "-in", masters[0]?.pathOf(`${PKI}/sa.key`) ?? "");
    expect(new Set(masters.map(keyOf)).size).toBe(1);
  });

  test.each(["master-1", "master-0"])("take a new server in the place of %s in", async (name) => {
    const key = keyOf(masters[2]);
    const place = MASTERS.indexOf(name);
    const before = membersBy("master-2").find((member) => member.name === masters[place]?.address)?.ID;
    await bay.remove(name);
    const replacement = await bay.boot(name);
    expectSetUp(replacement);
    masters = masters.with(place, replacement);
    expectWhole();
    expect(membersBy("master-2").find((member) => member.name === replacement.address)?.ID).not.toBe(before);
    expect(keyOf(replacement)).toBe(key);
  });
});
