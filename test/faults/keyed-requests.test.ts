/**
 * Requests under an Idempotency-Key that change what is there (ours): the function dies at each of its moments, whatever
 * else happens happens, and the client asks again. There is one effect, and the answer is the first one's.
 */
import { createApp } from "@jeroboam/api/app";
import type { FakePorts } from "@jeroboam/api/testing/fake-ports";
import { createFakePorts, TOKENS } from "@jeroboam/api/testing/fake-ports";
import type { Bay, BayStatus } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { readHistory, recordHistory } from "@jeroboam/core/event/event-history";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import { nodeGroupShape } from "@jeroboam/core/node-group/node-group";
import type { EnginePorts } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { OperationDefinition, RecordShape, RecordType } from "@jeroboam/core/operation/record";
import { done } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { Table } from "@jeroboam/core/table/table";
import { describe, expect, test } from "vitest";
import { CLUSTER_TEMPLATE } from "../conformance/api-harness.ts";

const KINDS = ["create", "recreate", "update", "upgrade", "rotate-credential", "delete", "abandon", "relabel"] as const;

/** Operations that do nothing, and end as the real ones do. */
function endingAs<State extends { status: BayStatus }>(shape: RecordShape<State>): RecordType<EnginePorts, State> {
  const operations = KINDS.map((kind): OperationDefinition<EnginePorts, State> => ({
    kind,
    version: 1,
    steps: [{ name: "work", run: () => Promise.resolve(done()) }],
    always: [],
    end(state) {
      if (kind === "delete") return { kind: "removed" };
      const ended = { create: "CREATE_COMPLETE", recreate: "CREATE_COMPLETE" }[kind as string] ?? "UPDATE_COMPLETE";
      return { kind: "kept", changes: { ...state, status: ended as BayStatus } };
    },
  }));
  return { ...shape, operations };
}

const TYPES = [endingAs<Bay>(bayShape), endingAs<NodeGroup>(nodeGroupShape)] as const;

class World {
  readonly ports: FakePorts = createFakePorts();
  /** The process dies before its nth call of the table or of Keystone: none that it makes after that is answered. */
  diesAt = Infinity;
  calls = 0;
  uuid = "";
  groupUuid = "";
  readonly #app = createApp({
    ...this.ports,
    table: this.#gated(this.ports.table),
    delegate: (caller, request) => this.#pass(() => this.ports.delegate(caller, request)),
  });

  async #pass<Value>(call: () => Promise<Value>): Promise<Value> {
    this.calls += 1;
    if (this.calls >= this.diesAt) throw new Error("the process died");
    return call();
  }

  #gated(table: Table): Table {
    return {
      get: (key) => this.#pass(() => table.get(key)),
      put: (item, condition) => this.#pass(() => table.put(item, condition)),
      remove: (key, revision) => this.#pass(() => table.remove(key, revision)),
      query: (pk, range) => this.#pass(() => table.query(pk, range)),
      queryIndex: (index, pk, range) => this.#pass(() => table.queryIndex(index, pk, range)),
    };
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<{ status: number; body: JsonObject }> {
    this.ports.clock.advance(1_000);
    this.calls = 0;
    const response = await this.#app.request(`http://magnum.test:9511${path}`, {
      method,
      headers: {
        "x-auth-token": TOKENS.admin,
        "openstack-api-version": "container-infra latest",
        "content-type": "application/json",
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as JsonObject) };
  }

  /** All work is done, and told, as by conductors. */
  async conduct(): Promise<void> {
    const { ports } = this;
    const engine: EnginePorts = {
      ...ports,
      discard: () => Promise.resolve(),
      publish: (source, events) => recordHistory(ports.table, source, events, ports.clock.nowMs()),
    };
    for (let round = 0; round < 50; round += 1) {
      const item = ports.table.items().find(({ pk, indexes }) => pk.startsWith("bay#") && indexes.due !== undefined);
      if (!item) return;
      const dueAtMs = Number.parseInt(item.indexes.due?.sk ?? "0", 10);
      ports.clock.advance(Math.max(0, dueAtMs - ports.clock.nowMs()));
      const types = TYPES as unknown as readonly RecordType<EnginePorts, unknown>[];
      const budget = { endsAtMs: Infinity, signal: new AbortController().signal };
      await conduct({ ports: engine, name: "conductor", types }, { pk: item.pk, sk: item.sk }, budget);
    }
    throw new Error("the work never ends");
  }

  async prepare(status: BayStatus): Promise<void> {
    const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops" };
    await this.call("POST", "/v1/clustertemplates", body);
    await this.call("POST", "/v1/clustertemplates", { ...body, name: "newer" });
    const made = await this.call("POST", "/v1/clusters", { name: "blue", cluster_template_id: "prod", node_count: 2 });
    this.uuid = made.body["uuid"] as string;
    await this.conduct();
    const bay = await findRecord(this.ports.table, bayShape, bayKey("ops", this.uuid));
    if (!bay) throw new Error("the cluster is not there");
    await changeSpecification(this.ports.table, bay.state, () => ({ apiAddress: "https://198.51.100.7:6443" }));
    const group = await this.call("POST", `/v1/clusters/${this.uuid}/nodegroups`, { name: "gpu", node_count: 2 });
    this.groupUuid = group.body["uuid"] as string;
    await this.conduct();
    await changeRecord<Bay, never>(this.ports, bayShape, bayKey("ops", this.uuid), (current) => ({
      kind: "write",
      record: { ...current, state: { ...current.state, status } },
    }));
  }

  /** The operations that were begun since, of the bay and of its groups. */
  async begun(): Promise<ReadonlySet<string>> {
    await this.conduct();
    const history = await readHistory(this.ports.table, bayKey("ops", this.uuid), { limit: 500, descending: false });
    return new Set(history.flatMap(({ id, type }) => (/\.(start|asked)$/.test(type) && id.endsWith(".0") ? [id] : [])));
  }

  async counts(): Promise<readonly (number | undefined)[]> {
    const { body } = await this.call("GET", `/v1/clusters/${this.uuid}/nodegroups`);
    const groups = body["nodegroups"] as { name: string; node_count: number }[];
    return ["default-worker", "gpu"].map((wanted) => groups.find(({ name }) => name === wanted)?.node_count);
  }
}

interface Asked {
  readonly name: string;
  readonly status?: BayStatus;
  readonly method: string;
  readonly path: (world: World) => string;
  readonly body?: unknown;
  readonly answer: number;
}

const cluster = ({ uuid }: World): string => `/v1/clusters/${uuid}`;
const resize = (world: World): string => `${cluster(world)}/actions/resize`;
const upgrade = (world: World): string => `${cluster(world)}/actions/upgrade`;

const REQUESTS: readonly Asked[] = [
  { name: "resize", method: "POST", path: resize, body: { node_count: 5 }, answer: 202 },
  {
    name: "resize of a further group",
    method: "POST",
    path: resize,
    body: { node_count: 4, nodegroup: "gpu" },
    answer: 202,
  },
  { name: "upgrade", method: "POST", path: upgrade, body: { cluster_template: "newer" }, answer: 202 },
  {
    name: "upgrade of a further group",
    method: "POST",
    path: upgrade,
    body: { cluster_template: "prod", nodegroup: "gpu" },
    answer: 202,
  },
  {
    name: "node group",
    method: "POST",
    path: (world) => `${cluster(world)}/nodegroups`,
    body: { name: "more", node_count: 2 },
    answer: 202,
  },
  {
    name: "update of a cluster",
    method: "PATCH",
    path: cluster,
    body: [{ op: "replace", path: "/node_count", value: 5 }],
    answer: 202,
  },
  {
    name: "update of a bay",
    method: "PATCH",
    path: ({ uuid }) => `/v1/bays/${uuid}`,
    body: [{ op: "replace", path: "/node_count", value: 5 }],
    answer: 200,
  },
  { name: "credential", method: "PATCH", path: ({ uuid }) => `/v1/credentials/${uuid}`, answer: 202 },
  {
    name: "retry of a failed update",
    status: "UPDATE_FAILED",
    method: "POST",
    path: (world) => `${cluster(world)}/actions/retry`,
    answer: 202,
  },
  {
    name: "retry of a failed creation",
    status: "CREATE_FAILED",
    method: "POST",
    path: (world) => `${cluster(world)}/actions/retry`,
    answer: 202,
  },
];

/** What may happen between the crash and the repetition. */
const MEANWHILES: readonly { readonly name: string; readonly act: (world: World) => Promise<number> }[] = [
  { name: "nothing", act: () => Promise.resolve(0) },
  {
    name: "conductors end the work",
    async act(world) {
      await world.conduct();
      return 0;
    },
  },
  {
    name: "conductors end the work, and others resize both groups",
    async act(world) {
      await world.conduct();
      const others = await resizeBoth(world);
      await world.conduct();
      return others;
    },
  },
  { name: "others resize both groups at once, if they may", act: resizeBoth },
];

/** How many were accepted. */
async function resizeBoth(world: World): Promise<number> {
  const groups = ["default-worker", "gpu"];
  const bodies = groups.map((nodegroup) => ({ node_count: 7, nodegroup }));
  const answers = [
    await world.call("POST", resize(world), bodies[0]),
    await world.call("POST", resize(world), bodies[1]),
  ];
  return answers.filter(({ status }) => status === 202).length;
}

async function prepared({ status = "CREATE_COMPLETE" }: Asked): Promise<World> {
  const world = new World();
  await world.prepare(status);
  return world;
}

describe.each(REQUESTS)("a $name under a key", (asked) => {
  const { method, path, body, answer } = asked;

  test("asked for again, when its work is over and others changed what it did, begins nothing", async () => {
    const world = await prepared(asked);
    const before = await world.begun();
    const first = await world.call(method, path(world), body, "key");
    expect(first.status).toBe(answer);
    const begun = await world.begun();
    expect(begun.size).toBe(before.size + 1);
    const others = await resizeBoth(world);
    expect(await world.call(method, path(world), body, "key")).toEqual(first);
    expect((await world.begun()).size).toBe(begun.size + others);
  });

  test.each(MEANWHILES)(
    "whose function dies at any moment has one effect when it comes again; then $name",
    async (one) => {
      const world = await prepared(asked);
      const before = await world.begun();
      const start = world.ports.table.items();
      await world.call(method, path(world), body, "key");
      const moments = world.calls;
      for (let dies = 1; dies <= moments; dies += 1) {
        world.ports.table.restore(start);
        world.diesAt = dies;
        expect({ dies, status: (await world.call(method, path(world), body, "key")).status }).toEqual({
          dies,
          status: 500,
        });
        world.diesAt = Infinity;
        const others = await one.act(world);
        const earlier = await begunOf(world, before);
        const counts = await world.counts();
        world.ports.clock.advance(limits.idempotency.leaseMs);
        // What was not begun yet may be refused now, because of what the others do; asked for again it is refused again.
        const again = await world.call(method, path(world), body, "key");
        const isBegun = earlier.size > others;
        const seen = { dies, status: again.status, counts: await world.counts() };
        expect(seen).toEqual(isBegun ? { dies, status: answer, counts } : seen);
        const isDone = again.status === answer;
        expect({ dies, begun: (await begunOf(world, before)).size }).toEqual({
          dies,
          begun: others + (isDone ? 1 : 0),
        });
        const third = await world.call(method, path(world), body, "key");
        expect([third.status, third.body["uuid"]]).toEqual([again.status, again.body["uuid"]]);
        expect((await begunOf(world, before)).size).toBe(others + (isDone ? 1 : 0));
      }
    },
  );
});

/** The operations begun since, without anybody's doing any work meanwhile. */
async function begunOf(world: World, before: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const told = world.ports.table
    .items()
    .filter(({ pk }) => pk === `bay#${world.uuid}`)
    .flatMap(({ body }) => [body, ...((body["outbox"] as JsonObject[] | undefined) ?? [])])
    .filter(({ id, type }) => typeof id === "string" && id.endsWith(".0") && typeof type === "string");
  return new Set(told.map(({ id }) => id as string).filter((id) => !before.has(id)));
}

test("a node group that was deleted before the answer was known is not made anew", async () => {
  const world = await prepared({ name: "", method: "", path: () => "", answer: 0 });
  const [path, body] = [`${cluster(world)}/nodegroups`, { name: "more" }];
  await world.call("POST", path, body, "clean");
  const moments = world.calls;
  world.diesAt = moments; // before the answer is kept
  await world.call("POST", path, { name: "again" }, "key");
  world.diesAt = Infinity;
  await world.conduct();
  expect((await world.call("DELETE", `${path}/again`)).status).toBe(204);
  await world.conduct();
  world.ports.clock.advance(limits.idempotency.leaseMs);
  const again = await world.call("POST", path, { name: "again" }, "key");
  expect(again.status).toBe(409);
  expect(JSON.stringify(again.body)).toContain("has been deleted since");
});

test("a request that slept past its key's time begins nothing: another may have gone on with it", async () => {
  const world = await prepared({ name: "", method: "", path: () => "", answer: 0 });
  const before = await world.begun();
  const { table, clock } = world.ports;
  const slow: FakePorts = {
    ...world.ports,
    table: {
      ...table,
      put(item, condition) {
        const put = table.put(item, condition);
        if (item.pk.startsWith("idempotency#")) clock.advance(limits.idempotency.leaseMs);
        return put;
      },
    },
  };
  const answer = await createApp(slow).request(`http://magnum.test:9511${resize(world)}`, {
    method: "POST",
    headers: {
      "x-auth-token": TOKENS.admin,
      "openstack-api-version": "container-infra latest",
      "content-type": "application/json",
      "idempotency-key": "key",
    },
    body: JSON.stringify({ node_count: 5 }),
  });
  expect(answer.status).toBe(503);
  expect((await begunOf(world, before)).size).toBe(0);
  expect((await world.call("POST", resize(world), { node_count: 5 }, "key")).status).toBe(202);
  expect((await begunOf(world, before)).size).toBe(1);
});
