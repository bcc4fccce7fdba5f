/**
 * The README's first bay, by a newcomer's own means: `npm start`, the openrc that it wrote, the real client of Debian and
 * curl. Nothing here knows how the service is built.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { startJeroboam, waitFor } from "./jeroboam-process.ts";
import type { Shell } from "./openstack-client.ts";
import { findOpenstackClient, shellOf } from "./openstack-client.ts";

const BAY_WITHIN_MS = 90_000;
const TEST_WITHIN_MS = 240_000;

let data = "";
let jeroboam: JeroboamProcess;
let shell: Shell;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "jeroboam-e2e-"));
  jeroboam = await startJeroboam({ data });
  shell = shellOf(join(data, "openrc"));
});

afterAll(async () => {
  await jeroboam.stop();
  rmSync(data, { recursive: true });
});

interface Cluster {
  readonly uuid: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly api_address: string | null;
  readonly node_addresses: readonly string[];
  readonly master_addresses: readonly string[];
  readonly node_count: number;
}

const client = findOpenstackClient();
if (!client.isThere) console.warn(`the real client's tests are skipped: ${client.hint}`);

describe.skipIf(!client.isThere)("the openstack client", () => {
  const show = (name: string): Promise<Cluster> => shell.json<Cluster>(`coe cluster show ${name}`);
  const untilStatus = async (name: string, status: string): Promise<Cluster> => {
    let cluster = await show(name);
    await waitFor(
      async () => {
        cluster = await show(name);
        if (cluster.status.endsWith("_FAILED")) throw new Error(`${cluster.status}: ${cluster.status_reason}`);
        return cluster.status === status;
      },
      BAY_WITHIN_MS,
      500,
    );
    return cluster;
  };

  test(
    "makes a template and a cluster, sees it complete with addresses, grows it, and deletes it",
    async () => {
      await shell.openstack(
        "coe cluster template create k8s --coe kubernetes --image fedora-21-atomic-3 --external-network public",
      );
      const asked = await shell.openstack(
        "coe cluster create first --cluster-template k8s --keypair default --node-count 2",
      );
      expect(asked).toMatch(/^Request to create cluster [0-9a-f-]{36} accepted/);

      const listed = await shell.json<unknown>("coe cluster list");
      expect(listed).toMatchObject([{ name: "first", node_count: 2, master_count: 1 }]);

      const made = await untilStatus("first", "CREATE_COMPLETE");
      expect(made.node_addresses).toHaveLength(2);
      expect(made.master_addresses).toHaveLength(1);
      expect(made.api_address).toMatch(/^https:\/\/[\d.]+:6443$/);

      await shell.openstack("coe cluster update first replace node_count=3");
      const grown = await untilStatus("first", "UPDATE_COMPLETE");
      expect(grown.node_count).toBe(3);
      expect(grown.node_addresses).toHaveLength(3);

      await shell.openstack("coe cluster delete first");
      const left = (): Promise<unknown[]> => shell.json<unknown[]>("coe cluster list");
      await waitFor(async () => (await left()).length === 0, BAY_WITHIN_MS, 500);
      expect(await shell.json<unknown>("stack list")).toEqual([]);
    },
    TEST_WITHIN_MS,
  );
});

describe("curl", () => {
  const login = `TOKEN=$(curl -sSi "$OS_AUTH_URL/auth/tokens" -H 'Content-Type: application/json' -d '{"auth": {
      "identity": {"methods": ["password"], "password": {"user":
        {"name": "'$OS_USERNAME'", "domain": {"id": "default"}, "password": "'$OS_PASSWORD'"}}},
      "scope": {"project": {"name": "'$OS_PROJECT_NAME'", "domain": {"id": "default"}}}}}' |
    tr -d '\\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p')`;
  /** curl's answer: the status, then the document. */
  const curl = async (path: string, ...words: readonly string[]): Promise<{ status: number; body: unknown }> => {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const script = `${login}; curl -sS -w '\\n%{http_code}' -H "X-Auth-Token: $TOKEN" ${quoted} '${jeroboam.apiUrl}${path}'`;
    const text = (await shell.sh(script)).trimEnd();
    const [body, status] = [text.slice(0, text.lastIndexOf("\n")), text.slice(text.lastIndexOf("\n") + 1)];
    return { status: Number(status), body: body.trim() === "" ? undefined : (JSON.parse(body) as unknown) };
  };
  const sending = (method: string, body: unknown): readonly string[] => [
    "-X",
    method,
    "-H",
    "Content-Type: application/json",
    "-d",
    JSON.stringify(body),
  ];
  const statusOf = async (uuid: string): Promise<string | undefined> => {
    const { status, body } = await curl(`/bays/${uuid}`);
    if (status === 404) return undefined;
    const bay = body as Cluster;
    if (bay.status.endsWith("_FAILED")) throw new Error(`${bay.status}: ${bay.status_reason}`);
    return bay.status;
  };

  test(
    "makes a bay model and a bay of 2015, sees it complete, grows it, and deletes it",
    async () => {
      const model = await curl(
        "/baymodels",
        ...sending("POST", {
          name: "k8sbaymodel",
          image_id: "fedora-21-atomic-3",
          keypair_id: "default",
          external_network_id: "public",
          coe: "kubernetes",
        }),
      );
      expect(model).toMatchObject({ status: 201, body: { name: "k8sbaymodel", cluster_distro: "fedora-atomic" } });
      const { uuid: baymodel_id } = model.body as { uuid: string };

      const made = await curl("/bays", ...sending("POST", { name: "k8sbay", baymodel_id, node_count: 1 }));
      expect(made).toMatchObject({ status: 201, body: { status: "CREATE_IN_PROGRESS", node_count: 1 } });
      const { uuid } = made.body as { uuid: string };
      await waitFor(async () => (await statusOf(uuid)) === "CREATE_COMPLETE", BAY_WITHIN_MS, 300);
      const complete = (await curl(`/bays/${uuid}`)).body as Cluster;
      expect(complete.node_addresses).toHaveLength(1);
      expect(complete.api_address).not.toBe(null);

      const patch = [{ op: "replace", path: "/node_count", value: 2 }];
      expect((await curl(`/bays/${uuid}`, ...sending("PATCH", patch))).status).toBe(200);
      await waitFor(async () => (await statusOf(uuid)) === "UPDATE_COMPLETE", BAY_WITHIN_MS, 300);

      expect((await curl(`/bays/${uuid}`, "-X", "DELETE")).status).toBe(204);
      await waitFor(async () => (await statusOf(uuid)) === undefined, BAY_WITHIN_MS, 300);
      expect((await curl(`/baymodels/${baymodel_id}`, "-X", "DELETE")).status).toBe(204);
    },
    TEST_WITHIN_MS,
  );
});
