/** Another authority comes to a bay: two masters, whose etcd must go on, and a worker follow it phase by phase. */
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Bay, Boot } from "./bay.ts";
import { openBay, openssl } from "./bay.ts";
import { withLabels } from "./publishers.ts";

const PHASES = ["trust", "renew", "serve", "drop"] as const;
const OPERATION = "3f0c7c2e-8d3b-4d57-9f0e-5d2b8a6c1e47";
const NODES = ["master-0", "master-1", "minion-0"] as const;
const MASTERS = NODES.slice(0, 2);
const FOLLOW = ["/bin/bash", "/etc/jeroboam/follow.sh"];

describe.each(["k8s_ubuntu_v1", "k8s_fedora_coreos_v1"])("another authority comes to a bay of %s", (name) => {
  const kept = mkdtempSync(join(tmpdir(), "node-scripts-authority-"));
  let bay: Bay;
  const boots = new Map<string, Boot>();
  const said: string[] = [];
  const members: string[] = [];

  /** A file of the node's as it was when it had come to that phase. */
  const fileIn = (phase: string, node: string, ...path: string[]): string => join(kept, phase, node, ...path);

  beforeAll(async () => {
    bay = await openBay(name, {
      bay: (digests) => ({ ...withLabels(digests), masterCount: 2, masterLbEnabled: true }),
    });
    for (const boot of await Promise.all(NODES.map((node) => bay.boot(node)))) boots.set(boot.name, boot);
    for (const phase of PHASES) {
      bay.mark("certificate_rotation", `${OPERATION}.${phase}`);
      for (const node of NODES) {
        // Their environment is a service's; told twice, they do what is to do once.
        const within = ["/usr/bin/env", "PATH=/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin", ...FOLLOW];
        said.push(bay.run(node, ...within), bay.run(node, ...within));
        cpSync(boots.get(`blue-${node}`)?.pathOf("etc/kubernetes") ?? "", join(kept, phase, node), { recursive: true });
      }
      members.push(membersSeenBy("master-0"));
    }
  });
  afterAll(async () => {
    await bay.close();
    rmSync(kept, { recursive: true });
  });

  function membersSeenBy(node: string): string {
    const pki = "/etc/kubernetes/pki";
    const own = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
    const address = boots.get(`blue-${node}`)?.address ?? "";
    return bay.run(node, "curl", "--silent", ...own, `https://${address}:2379/health`);
  }

  const AUTHORITIES = () => ({ old: bay.certificate, next: bay.nextCertificate });
  const squeezed = (text: string): string => text.replaceAll(/\s/g, "");
  /** Which of the two a text of PEM holds. */
  const trustedIn = (file: string): string[] =>
    Object.entries(AUTHORITIES())
      .filter(([, pem]) => squeezed(readFileSync(file, "utf8")).includes(squeezed(pem)))
      .map(([which]) => which);
  /** Which of the two a certificate is of, by OpenSSL's word. */
  const signerOf = (file: string): string[] =>
    Object.entries(AUTHORITIES())
      .filter(([which, pem]) => {
        const authority = join(kept, `${which}.crt`);
        writeFileSync(authority, pem);
        try {
          openssl("verify", "-x509_strict", "-CAfile", authority, file);
          return true;
        } catch {
          return false;
        }
      })
      .map(([which]) => which);

  test.each(NODES)("%s looks by a timer that systemd takes", (node) => {
    const units = ["follow.timer", "follow.service"].map((unit) => `/etc/systemd/system/${unit}`);
    expect(bay.run(node, "systemd-analyze", "verify", ...units)).toBe("");
    expect(bay.run(node, "cat", "/run/calls")).toContain("systemctl enable follow.timer\n");
  });

  test("each node comes to each phase once, and says so itself", () => {
    for (const boot of boots.values()) expect([boot.name, boot.status, boot.log]).toEqual([boot.name, 0, boot.log]);
    expect(said.map((one) => one.match(/coming to \w+/g) ?? [])).toEqual(
      PHASES.flatMap((phase) => NODES.flatMap(() => [[`coming to ${phase}`], []])),
    );
    const told = bay.asked().filter(({ method }) => method === "PUT");
    expect(told.map(({ path, body }) => [path.replace(/.*\/nodes\//, ""), JSON.parse(body) as unknown])).toEqual(
      PHASES.flatMap((phase) =>
        NODES.map((node) => [`blue-${node}`, { certificate_rotation: `${OPERATION}.${phase}` }]),
      ),
    );
  });

  test.each(NODES)("%s trusts both from the first phase to the last, which leaves the new one alone", (node) => {
    const trusted = PHASES.map((phase) => trustedIn(fileIn(phase, node, "pki/ca.crt")));
    expect(trusted).toEqual([["old", "next"], ["old", "next"], ["old", "next"], ["next"]]);
  });

  test.each(NODES)("%s: certificates are signed anew, what clients see a phase later; keys match", (node) => {
    const certificates = node.startsWith("master")
      ? ["server", "apiserver", "front-proxy-client", "admin"]
      : ["server"];
    for (const one of certificates) {
      const signers = PHASES.map((phase) => signerOf(fileIn(phase, node, "pki", `${one}.crt`)));
      expect([one, signers]).toEqual([one, [["old"], [one === "apiserver" ? "old" : "next"], ["next"], ["next"]]]);
      for (const phase of PHASES) {
        const path = fileIn(phase, node, "pki", one);
        expect(openssl("pkey", "-pubout", "-in", `${path}.key`)).toBe(
          openssl("x509", "-noout", "-pubkey", "-in", `${path}.crt`),
        );
        expect((statSync(`${path}.key`).mode & 0o777).toString(8)).toBe("440");
      }
    }
    expect(() => statSync(fileIn("drop", node, "pki/.next"))).toThrow("ENOENT");
  });

  test.each(NODES)("%s gives the kubelet what there is, and starts it anew in every phase", (node) => {
    const calls = bay.run(node, "cat", "/run/calls").split("\n");
    expect(calls.filter((call) => call === "systemctl restart kubelet")).toHaveLength(1 + PHASES.length);
    for (const phase of PHASES) {
      const { clusters, users } = parse(readFileSync(fileIn(phase, node, "kubelet.conf"), "utf8")) as {
        clusters: { cluster: { "certificate-authority-data": string } }[];
        users: { user: { "client-certificate-data": string } }[];
      };
      const pki = (file: string): string => readFileSync(fileIn(phase, node, "pki", file)).toString("base64");
      expect(clusters[0]?.cluster["certificate-authority-data"]).toBe(pki("ca.crt"));
      expect(users[0]?.user["client-certificate-data"]).toBe(pki("server.crt"));
    }
  });

  test("etcd and the control plane go on, and the key of service accounts stays", () => {
    expect(members.map((one) => JSON.parse(one) as unknown)).toEqual(
      PHASES.map(() => expect.objectContaining({ health: "true" })),
    );
    for (const node of MASTERS) {
      for (const phase of PHASES) {
        for (const pod of ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]) {
          const manifest = readFileSync(fileIn(phase, node, "manifests", `${pod}.yaml`), "utf8");
          expect(parse(manifest)).toMatchObject({
            metadata: { name: pod, labels: { component: pod, "jeroboam/authority": `${OPERATION}.${phase}` } },
          });
        }
      }
    }
    const keys = MASTERS.flatMap((node) =>
      PHASES.map((phase) => readFileSync(fileIn(phase, node, "pki/sa.key"), "utf8")),
    );
    expect(new Set(keys).size).toBe(1);
  });

  test("pods of the bay's own are started anew once, by the first master, while both are trusted", () => {
    const patches = NODES.map((node) =>
      bay
        .run(node, "cat", "/run/calls")
        .split("\n")
        .filter((call) => call.includes(" patch daemonset.apps/kube-proxy")),
    );
    expect(patches).toEqual([[expect.stringContaining(`{"jeroboam/authority": "${OPERATION}.renew"}`)], [], []]);
  });
});
