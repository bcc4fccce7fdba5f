/**
 * Two projects on one table: project a has a record of every kind, project b a few of its own, the administrator's has
 * none. A case sends one request and puts the table back, so that each begins with the same.
 */
import { createApp } from "@jeroboam/api/app";
import type { FakePorts } from "@jeroboam/api/testing/fake-ports";
import type { Bay } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape, secretContext } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupKey, nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { RecordShape } from "@jeroboam/core/operation/record";
import { changeRecord } from "@jeroboam/core/operation/record-store";
import type { Key } from "@jeroboam/core/table/table";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { createWorld as createProjects } from "../conformance/bay-era/world.ts";
import { BAY_MODEL, shown } from "../conformance/api-harness.ts";
import type { Identities, Who } from "./identities.ts";
import { createIdentities, tokenOf } from "./identities.ts";

/** What one request came to, besides its reply: the calls of the table and the questions to the cloud. */
export interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly tableCalls: Readonly<Record<string, number>>;
  readonly cloudQuestions: number;
  readonly isTableUnchanged: boolean;
}

export interface Sent {
  readonly body?: Json | undefined;
  /** Sent as it is, in place of a body. */
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TwoProjects {
  readonly ports: FakePorts;
  readonly identities: Identities;
  /** Uuids by names. */
  readonly ids: Readonly<Record<string, string>>;
  /** Sends it, tells what came of it, and puts the table back unless told to keep it. */
  readonly ask: (who: Who, method: string, path: string, sent?: Sent, keep?: "keep") => Promise<Outcome>;
}

export async function createTwoProjects(): Promise<TwoProjects> {
  const world = await createProjects();
  const { ports } = world;
  const ids: Record<string, string> = { ...world.ids };
  await addTheRest(world, ids);
  await settle(ports, nodeGroupShape, nodeGroupKey("a", ids["blue"] ?? "", ids["group"] ?? ""));
  // Project b's bay takes containers.
  const bay = await settle(ports, bayShape, bayKey("b", ids["foreign"] ?? ""));
  await changeSpecification(ports.table, bay, () => ({ apiAddress: "https://172.24.4.20:6443" }));
  const identities = createIdentities(ports);
  const app = createApp({ ...ports, checkToken: identities.checkToken });
  let standing = ports.table.items();
  let standingText = recordsOf(standing);
  return {
    ports,
    identities,
    ids,
    async ask(who, method, path, { body, content, headers = {} } = {}, keep) {
      ports.clock.advance(100);
      const text = content ?? (body === undefined ? undefined : JSON.stringify(body));
      const before = { ...ports.table.counts };
      const askedBefore = ports.asked.length;
      const response = await app.request(`http://magnum.test:9511${path}`, {
        method,
        headers: {
          ...(who !== "nobody" && { "x-auth-token": tokenOf(who) }),
          "openstack-api-version": "container-infra latest",
          ...(text !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(text !== undefined && { body: text }),
      });
      const answer = await response.text();
      const counts = Object.entries(ports.table.counts);
      const items = ports.table.items();
      const isTableUnchanged = recordsOf(items) === standingText;
      if (keep) {
        standing = items;
        standingText = recordsOf(items);
      } else ports.table.restore(standing);
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: answer,
        tableCalls: Object.fromEntries(
          counts.map(([name, count]) => [name, count - (before[name as keyof typeof before] ?? 0)]),
        ),
        cloudQuestions: ports.asked.length - askedBefore,
        isTableUnchanged,
      };
    },
  };
}

/** Everything but the answers that were kept for a key: refusals are among them. */
function recordsOf(items: ReturnType<FakePorts["table"]["items"]>): string {
  return JSON.stringify(items.filter(({ pk }) => !pk.startsWith("idempotency#")));
}

type Projects = Awaited<ReturnType<typeof createProjects>>;

/** What the world of 2015 does not have. */
async function addTheRest(projects: Projects, ids: Record<string, string>): Promise<void> {
  const { ports } = projects;
  const make = async (id: string, path: string, body: JsonObject): Promise<void> => {
    const headers = { "openstack-api-version": "container-infra latest" };
    const answer = await projects.call("POST", path, { body, headers });
    if (answer.status >= 300) throw new Error(`${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    ids[id] = shown(answer.body).uuid;
  };
  const bay = { projectId: "a", uuid: ids["blue"] ?? "" };
  const authority = await createAuthority({ clock: ports.clock, random: systemRandom }, "blue");
  await projects.specify(bay.uuid, {
    certificates: {
      caCertificate: authority.certificate,
      caKeySealed: await ports.sealer.seal(authority.privateKey, secretContext(bay, "ca-key"), "a"),
      clientCertificate: "client",
      clientKeySealed: "sealed",
    },
    nodeCredential: {
      user: { id: "user-node", domainId: "jeroboam" },
      userName: `jeroboam-bay-${bay.uuid}`,
      passwordSealed: "sealed",
    },
  });
  await make("model", "/v1/baymodels", { ...BAY_MODEL, name: "unused" });
  await make("group", `/v1/clusters/${bay.uuid}/nodegroups`, { name: "gpu" });
  await make("node", "/v1/nodes", { type: "virt", ironic_node_id: "ironic-of-alice" });
  await make("keypair", "/v1/x509keypairs", { name: "pair", bay_uuid: bay.uuid, private_key: "private-of-alice" });
  await make("webhook", "/v1/webhooks", { name: "pager", url: "https://receiver.example.com/alice" });
  await make("delivery", `/v1/webhooks/${ids["webhook"]}/test`, {});
  await make("hook", "/v1/hooks", { name: "scale", bay: bay.uuid, max_node_count: 5 });
  const limit = await projects.call("POST", "/v1/quotas", { as: "admin", body: { project_id: "a", hard_limit: 15 } });
  if (limit.status !== 201) throw new Error(JSON.stringify(limit.body));
}

/** Ends a record's work, as a conductor does. */
async function settle<State extends Bay | NodeGroup>(
  ports: FakePorts,
  shape: RecordShape<State>,
  key: Key,
): Promise<State> {
  const changed = await changeRecord<State, never>(ports, shape, key, (current) => {
    const { operation: _operation, dueAtMs: _due, ...rest } = current;
    return { kind: "write", record: { ...rest, state: { ...current.state, status: "CREATE_COMPLETE" } } };
  });
  if (changed.kind !== "changed") throw new Error(`${key.pk} is ${changed.kind}`);
  return changed.record.state;
}
