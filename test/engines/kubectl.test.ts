/** Debian's kubectl, a client that is nobody's double, against a real Kubernetes and the sandbox's: the same commands, the same expectations. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startKubernetes, whyNoKubernetes, writeKubeconfig } from "./lab/kubernetes.ts";
import { findProgram, until } from "./lab/processes.ts";
import { startSandboxEngine } from "./lab/sandbox.ts";
import { writeClientCertificate } from "./lab/server-certificate.ts";
import { skipOrFail } from "./lab/skip.ts";
import type { Place } from "./place.ts";

const WITHIN_MS = 30_000;
const execute = promisify(execFile);

const MANIFESTS = `
kind: ReplicationController
apiVersion: v1
metadata: {name: web}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "registry.test/web:1"}]}
---
kind: Service
apiVersion: v1
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;

const whyNoKubectl = findProgram("kubectl") ? undefined : "kubectl not found (Debian: kubernetes-client)";

function commandsAgainst(name: string, start: () => Promise<Place>): void {
  describe(`kubectl against ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
    let place: Place;
    let config = "";
    beforeAll(async () => {
      place = await start();
      config = writeKubeconfig({ folder }, place.apiAddress, writeClientCertificate(place.identity, folder));
    }, 150_000);
    afterAll(async () => {
      await place?.close();
      rmSync(folder, { recursive: true });
    });

    const kubectl = async (...options: string[]): Promise<string> => {
      const { stdout } = await execute("kubectl", [
        "--kubeconfig",
        config,
        "--cache-dir",
        join(folder, "cache"),
        ...options,
      ]);
      return stdout;
    };
    const names = async (resource: string): Promise<string[]> =>
      (await kubectl("get", resource, "-o", "name", "-l", "app=web")).split("\n").filter((line) => line !== "");
    const column = async (path: string): Promise<string> =>
      await kubectl("get", "rc", "web", "-o", `jsonpath={${path}}`);
    const untilReady = async (count: number): Promise<void> =>
      await until(`${count} ready`, async () => (await column(".status.readyReplicas")) === String(count), WITHIN_MS);

    test("the nodes are ready", async () => {
      const isReady = async (): Promise<boolean> =>
        /^NAME +STATUS +ROLES +AGE +VERSION\n(\S+ +Ready .*\n){2}$/.test(await kubectl("get", "nodes"));
      await until("two nodes", isReady, WITHIN_MS);
      expect(await kubectl("get", "nodes", "-o", "name")).toMatch(/^(node\/node-\d\n){2}$/);
    });

    test("creates from a file of several, lists them as tables, and is refused what is there already", async () => {
      const file = join(folder, "web.yaml");
      writeFileSync(file, MANIFESTS);
      const created = await kubectl("create", "-f", file);
      expect(created).toBe("replicationcontroller/web created\nservice/web created\n");
      await untilReady(2);
      expect(await kubectl("get", "rc")).toMatch(/^NAME +DESIRED +CURRENT +READY +AGE\nweb +2 +2 +2 +\S+\n$/);
      expect(await kubectl("get", "pods")).toMatch(
        /^NAME +READY +STATUS +RESTARTS +AGE\n(web-\w{5} +1\/1 +Running +0 +\S+\n){2}$/,
      );
      expect(await kubectl("get", "svc", "web")).toMatch(
        /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nweb +ClusterIP +10\.254\.\S+ +<none> +80\/TCP +\S+\n$/,
      );
      await expect(kubectl("create", "-f", file)).rejects.toMatchObject({
        stderr: expect.stringContaining('replicationcontrollers "web" already exists'),
      });
    });

    test("deletes a pod and waits until it is gone; the controller makes another", async () => {
      const [pod = "", ...others] = await names("pods");
      expect(others).toHaveLength(1);
      expect(await kubectl("delete", pod)).toBe(`pod "${pod.replace("pod/", "")}" deleted\n`);
      expect(await names("pods")).not.toContain(pod);
      await untilReady(2);
    });

    test("scales, labels and describes", async () => {
      expect(await kubectl("scale", "rc", "web", "--replicas=3")).toBe("replicationcontroller/web scaled\n");
      await untilReady(3);
      const [pod = ""] = await names("pods");
      expect(await kubectl("label", pod, "tier=front")).toBe(`${pod} labeled\n`);
      expect(await kubectl("get", "pods", "-l", "tier in (front,back)", "-o", "name")).toBe(`${pod}\n`);
      expect(await kubectl("describe", pod)).toMatch(/Controlled By: +ReplicationController\/web/);
    });

    test("tells what is not there, and what is refused with its field", async () => {
      await expect(kubectl("get", "pod", "nope")).rejects.toMatchObject({
        stderr: 'Error from server (NotFound): pods "nope" not found\n',
      });
      const file = join(folder, "wrong.yaml");
      writeFileSync(
        file,
        JSON.stringify({
          kind: "Service",
          apiVersion: "v1",
          metadata: { name: "Wrong" },
          spec: { ports: [{ port: 0 }] },
        }),
      );
      const refused = kubectl("create", "--validate=false", "-f", file);
      await expect(refused).rejects.toMatchObject({
        stderr: expect.stringMatching(
          /The Service "Wrong" is invalid: [^]*metadata\.name: Invalid value: "Wrong"[^]*spec\.ports\[0\]\.port/,
        ),
      });
    });

    test("applies a change to what was created", async () => {
      const file = join(folder, "web.yaml");
      writeFileSync(file, MANIFESTS.replace("replicas: 2", "replicas: 1"));
      expect(await kubectl("apply", "-f", file)).toContain("replicationcontroller/web configured\n");
      await untilReady(1);
    });

    test("deletes the controller with its pods", async () => {
      await kubectl("delete", "rc,svc", "web");
      await until("no pods", async () => (await names("pods")).length === 0, WITHIN_MS);
      expect(await kubectl("get", "rc", "-o", "name")).toBe("");
    });
  });
}

describe.skipIf(skipOrFail("kubectl", whyNoKubectl))("kubectl", () => {
  commandsAgainst("the sandbox's Kubernetes", () => startSandboxEngine("kubernetes"));
  describe.skipIf(skipOrFail("a real Kubernetes, by kubectl,", whyNoKubernetes(), false))("really", () => {
    commandsAgainst("a real Kubernetes", startKubernetes);
  });
});
