/** Idempotency-Key on every POST (ours): the same answer and one effect, whatever dies in between. */
import { createApp } from "@jeroboam/api/app";
import type { FakePorts } from "@jeroboam/api/testing/fake-ports";
import { createFakePorts, TOKENS } from "@jeroboam/api/testing/fake-ports";
import { discardProvisional } from "@jeroboam/conductor/discard";
import { Transient } from "@jeroboam/core/errors";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { isProvisional, settleProvisional } from "@jeroboam/core/operation/provisional";
import { readQuota } from "@jeroboam/core/quota/quota";
import type { Table } from "@jeroboam/core/table/table";
import { beforeEach, describe, expect, test } from "vitest";
import { BAY_MODEL, CLUSTER_TEMPLATE } from "./api-harness.ts";

let ports: FakePorts;
/** The process dies before its nth call of the table or of Keystone: none that it makes after that is answered. */
let diesAt = Infinity;
let calls = 0;
/** Told instead of the call's outcome, which there is all the same. */
let losesReplyOf = Infinity;

class Killed extends Error {}

async function pass<Value>(call: () => Promise<Value>): Promise<Value> {
  calls += 1;
  const number = calls;
  if (number >= diesAt) throw new Killed("the process died");
  const value = await call();
  if (number === losesReplyOf) throw new Transient("the reply was lost");
  return value;
}

function gated(table: Table): Table {
  return {
    get: (key) => pass(() => table.get(key)),
    put: (item, condition) => pass(() => table.put(item, condition)),
    remove: (key, revision) => pass(() => table.remove(key, revision)),
    query: (pk, range) => pass(() => table.query(pk, range)),
    queryIndex: (index, pk, range) => pass(() => table.queryIndex(index, pk, range)),
  };
}

let app: ReturnType<typeof createApp>;

beforeEach(() => {
  ports = createFakePorts();
  [diesAt, losesReplyOf, calls] = [Infinity, Infinity, 0];
  const delegate: FakePorts["delegate"] = (caller, request) => pass(() => ports.delegate(caller, request));
  app = createApp({ ...ports, table: gated(ports.table), delegate });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

async function post(path: string, body: Json, key?: string, as: keyof typeof TOKENS = "memberA"): Promise<Answer> {
  ports.clock.advance(1_000);
  const response = await app.request(`http://magnum.test:9511${path}`, {
    method: "POST",
    headers: {
      "x-auth-token": TOKENS[as],
      "content-type": "application/json",
      ...(key !== undefined && { "idempotency-key": key }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

async function get(path: string, as: keyof typeof TOKENS = "memberA"): Promise<JsonObject> {
  const response = await app.request(`http://magnum.test:9511${path}`, { headers: { "x-auth-token": TOKENS[as] } });
  return (await response.json()) as JsonObject;
}

const CLUSTER = { name: "blue", cluster_template_id: "prod" };
const REQUESTS: readonly [path: string, body: JsonObject, collection: string, as?: keyof typeof TOKENS][] = [
  ["/v1/clusters", CLUSTER, "clusters"],
  ["/v1/bays", { name: "blue", baymodel_id: "prod" }, "bays"],
  ["/v1/clustertemplates", { ...CLUSTER_TEMPLATE, name: "blue" }, "clustertemplates"],
  ["/v1/clustertemplates", { ...CLUSTER_TEMPLATE, uuid: "11111111-1111-4111-8111-111111111111" }, "clustertemplates"],
  ["/v1/baymodels", { ...BAY_MODEL, name: "blue" }, "baymodels"],
  ["/v1/nodes", { type: "virt", image_id: "atomic", ironic_node_id: "22222222-2222-4222-8222-222222222222" }, "nodes"],
  ["/v1/x509keypairs", { name: "pair", bay_uuid: "base", private_key: "secret" }, "x509keypairs"],
  ["/v1/quotas", { project_id: "ops", hard_limit: 7 }, "quotas", "admin"],
];

async function prepare(): Promise<void> {
  await post("/v1/clustertemplates", CLUSTER_TEMPLATE);
  await post("/v1/clusters", { name: "base", cluster_template_id: "prod" });
  calls = 0;
}

describe.each(REQUESTS)("POST %s %j", (path, body, collection, as = "memberA") => {
  const count = async () => ((await get(`/v1/${collection}`, as))[collection] as Json[]).length;
  beforeEach(prepare);

  test("again under the same key answers the same, and says so, and changes nothing", async () => {
    const first = await post(path, body, "key-1", as);
    expect(first.status).toBeLessThan(300);
    const made = await count();
    const items = JSON.stringify(ports.table.items());
    const again = await post(path, body, '"key-1"', as);
    expect({ status: again.status, body: again.body }).toEqual({ status: first.status, body: first.body });
    for (const name of ["location", "content-type", "retry-after"])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(JSON.stringify(ports.table.items())).toBe(items);
    expect(await count()).toBe(made);
  });

  test("with another body is refused with 422", async () => {
    await post(path, body, "key-1", as);
    const made = await count();
    expect((await post(path, { ...body, project_id: "b", name: "other" }, "key-1", as)).status).toBeGreaterThanOrEqual(
      400,
    );
    expect(await count()).toBe(made);
  });

  test("whose process dies before any of its calls has one effect when it comes again, and leaves nothing", async () => {
    const before = await count();
    calls = 0;
    await post(path, body, "clean", as);
    const needed = calls;
    let effects = 1;
    for (let dies = 1; dies <= needed; dies += 1) {
      if (path !== "/v1/clusters" && path !== "/v1/bays") await emptied(collection, as);
      else effects += 1;
      calls = 0;
      diesAt = dies;
      expect((await post(path, body, `key-${dies}`, as)).status).toBe(500);
      diesAt = Infinity;
      ports.clock.advance(limits.idempotency.leaseMs);
      const again = await post(path, body, `key-${dies}`, as);
      expect({ dies, status: again.status }).toMatchObject({ dies, status: path === "/v1/clusters" ? 202 : 201 });
      expect((await post(path, body, `key-${dies}`, as)).body).toEqual(again.body);
    }
    await sweepProvisional();
    const made = await count();
    expect(made).toBe(path === "/v1/clusters" || path === "/v1/bays" ? before + effects : before + 1);
    const isOfBays = collection === "clusters" || collection === "bays";
    expect((await readQuota(ports.table, "a")).bays).toHaveLength(isOfBays ? made : 1);
  });

  test("whose reply from the table was lost has one effect when it comes again", async () => {
    calls = 0;
    await post(path, body, "clean", as);
    const needed = calls;
    for (let lost = 1; lost <= needed; lost += 1) {
      if (path !== "/v1/clusters" && path !== "/v1/bays") await emptied(collection, as);
      const before = await count();
      calls = 0;
      losesReplyOf = lost;
      const first = await post(path, body, `key-${lost}`, as);
      losesReplyOf = Infinity;
      ports.clock.advance(limits.idempotency.leaseMs);
      const again = await post(path, body, `key-${lost}`, as);
      expect({ lost, status: again.status }).toMatchObject({ status: path === "/v1/clusters" ? 202 : 201 });
      expect(first.status < 300 ? first.body : again.body).toEqual(again.body);
      expect(await count()).toBe(before + 1);
    }
  });

  /** Takes away what the request made, so that it can make it again. */
  async function emptied(of: string, caller: keyof typeof TOKENS): Promise<void> {
    const all = (await get(`/v1/${of}`, caller))[of] as { uuid?: string; name?: string; project_id?: string }[];
    for (const { uuid, name, project_id: project } of all) {
      if (name === CLUSTER_TEMPLATE["name"] && of === "clustertemplates" && !uuid?.startsWith("1111")) continue;
      const item = of === "quotas" ? `${project}/Cluster` : uuid;
      await app.request(`http://magnum.test:9511/v1/${of}/${item}`, {
        method: "DELETE",
        headers: { "x-auth-token": TOKENS[caller] },
      });
    }
  }
});

async function sweepProvisional(): Promise<void> {
  const { table, clock } = ports;
  const cloud = { revoke: () => Promise.resolve() } as unknown as Parameters<typeof discardProvisional>[0]["cloud"];
  const discard = (item: Parameters<typeof isProvisional>[0]) => discardProvisional({ table, clock, cloud }, item);
  for (const item of table.items()) if (isProvisional(item)) await settleProvisional({ table, discard }, item);
}

describe("a key", () => {
  beforeEach(prepare);

  test("is a user's own, in their project", async () => {
    const first = await post("/v1/clusters", CLUSTER, "key");
    const other = await post("/v1/clusters", CLUSTER, "key", "otherMemberA");
    expect(other.body["uuid"]).not.toBe(first.body["uuid"]);
    expect((await get("/v1/clusters"))["clusters"]).toHaveLength(3);
  });

  test("is of one request: another path or body is refused with 422, whatever the first one's answer", async () => {
    await post("/v1/clusters", CLUSTER, "key");
    for (const [path, body] of [
      ["/v1/clusters", { ...CLUSTER, name: "red" }],
      ["/v1/clusters?x=1", CLUSTER],
      ["/v1/bays", { name: "blue", baymodel_id: "prod" }],
    ] as const) {
      const { status, body: answer } = await post(path, body, "key");
      expect([400, 422]).toContain(status);
      expect(JSON.stringify(answer)).toMatch(status === 422 ? /given to another request/ : /Unknown argument/);
    }
    expect((await get("/v1/clusters"))["clusters"]).toHaveLength(2);
  });

  test("keeps a refusal too: the same is said again, and nothing is tried", async () => {
    const bad = { ...CLUSTER, flavor_id: "gone" };
    const first = await post("/v1/clusters", bad, "key");
    const asked = ports.asked.length;
    const again = await post("/v1/clusters", bad, "key");
    expect([first.status, again.status]).toEqual([400, 400]);
    expect(again.body["fault"]).toEqual(first.body["fault"]);
    expect(ports.asked).toHaveLength(asked);
  });

  test("of a request that was refused before it was looked at is free again", async () => {
    expect((await post("/v1/clusters", { ...CLUSTER, node_count: -1 }, "key")).status).toBe(400);
    expect((await post("/v1/clusters", CLUSTER, "key")).status).toBe(202);
  });

  test("whose request is still being answered is refused with 409 and when to come again", async () => {
    diesAt = 5;
    await post("/v1/clusters", CLUSTER, "key");
    diesAt = Infinity;
    const busy = await post("/v1/clusters", CLUSTER, "key");
    expect(busy.status).toBe(409);
    expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(50);
  });

  test("asked for twenty times at once makes one cluster; all who get an answer get the same", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post("/v1/clusters", CLUSTER, "key")));
    const done = answers.filter(({ status }) => status === 202);
    expect(done.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 202 && status !== 409)).toEqual([]);
    expect((await post("/v1/clusters", CLUSTER, "key")).body).toEqual(done[0]?.body);
    expect((await get("/v1/clusters"))["clusters"]).toHaveLength(2);
  });

  test("whose cluster was deleted before the answer was known makes no second one", async () => {
    calls = 0;
    await post("/v1/clusters", CLUSTER, "clean");
    const needed = calls;
    calls = 0;
    diesAt = needed; // before the answer is kept
    await post("/v1/clusters", CLUSTER, "key");
    diesAt = Infinity;
    const made = ports.table
      .items()
      .filter(({ sk }) => sk === "a#bay")
      .at(-1)!;
    await ports.table.put(
      {
        ...made,
        sk: `~history#a#bay#1`,
        revision: 1,
        body: { id: "1", type: "bay.delete.end", atMs: 1, data: {} },
        indexes: {},
      },
      { absent: true },
    );
    await ports.table.remove(made, made.revision);
    ports.clock.advance(limits.idempotency.leaseMs);
    const again = await post("/v1/clusters", CLUSTER, "key");
    expect(again.status).toBe(409);
    expect(JSON.stringify(again.body)).toContain("has been deleted since");
  });

  test("whose request slept until another may go on with it makes no cluster any more: that one might be gone", async () => {
    const { delegate } = ports;
    ports = {
      ...ports,
      delegate(caller, request) {
        ports.clock.advance(limits.idempotency.leaseMs);
        return delegate(caller, request);
      },
    };
    expect((await post("/v1/clusters", CLUSTER, "key")).status).toBe(503);
    expect((await get("/v1/clusters"))["clusters"]).toHaveLength(1);
    ports = { ...ports, delegate };
    expect((await post("/v1/clusters", CLUSTER, "key")).status).toBe(202);
    expect((await get("/v1/clusters"))["clusters"]).toHaveLength(2);
  });

  test("is forgotten after a day", async () => {
    const first = await post("/v1/clusters", CLUSTER, "key");
    ports.clock.advance(limits.idempotency.keepMs);
    expect((await post("/v1/clusters", CLUSTER, "key")).body["uuid"]).not.toBe(first.body["uuid"]);
  });

  test("and its answer stand in the table as nobody can read them", async () => {
    await post("/v1/x509keypairs", { name: "pair", bay_uuid: "base", private_key: "CANARY" }, "canary-key");
    const kept = ports.table.items().find(({ pk }) => pk.startsWith("idempotency#"));
    expect(JSON.stringify(kept)).not.toContain("canary-key");
    // The tests' sealer leaves its texts readable, and names what they are sealed for.
    expect(kept?.body["answerSealed"]).toContain(`"context":"${kept?.pk}/${kept?.sk}"`);
  });

  test.each(["", " ", "ü", "a b", "x".repeat(256)])("of the form %j is refused with 400", async (key) => {
    const { status } = await post("/v1/clusters", CLUSTER, key);
    expect(status).toBe(400);
  });
});
