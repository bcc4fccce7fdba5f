/** A bay's life through Lambda events: what is deployed to AWS, over emulators of its services. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AwsWorld } from "./aws-world.ts";
import { PASSWORD, startAwsWorld } from "./aws-world.ts";
import { until } from "./until.ts";

let world: AwsWorld;

const model = {
  name: "k8s",
  coe: "kubernetes",
  image_id: "fedora-21-atomic-3",
  external_network_id: "public",
  keypair_id: "default",
  flavor_id: "m1.small",
};

beforeAll(async () => {
  world = await startAwsWorld();
  const made = await world.request("POST", "/v1/baymodels", model);
  expect(made.status).toBe(201);
});
afterAll(() => world.close());

async function createBay(name: string): Promise<string> {
  const { status, body } = await world.request("POST", "/v1/bays", { name, baymodel_id: "k8s", node_count: 2 });
  expect([status, body]).toEqual([201, expect.objectContaining({ name })]);
  return body.uuid;
}

async function statusOf(uuid: string): Promise<string> {
  const { status, body } = await world.request("GET", `/v1/bays/${uuid}`);
  return status === 404 ? "gone" : body.status;
}

const untilStatus = (uuid: string, wanted: string): Promise<void> =>
  until(`the bay is ${wanted}`, async () => (await statusOf(uuid)) === wanted);

/** What lives in the cloud, by the names of the kinds that a bay makes. */
function livingThings(): Readonly<Record<string, readonly string[]>> {
  const inventory = world.sandbox.sandbox.inventory();
  const kinds = ["stacks", "trusts", "users", "servers", "networks", "ports"] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, inventory[kind].map(({ id }) => id).toSorted()]));
}

const stacksMade = (): number => world.sandbox.sandbox.counts()["heat POST /v1/:tenant/stacks"] ?? 0;

describe("on AWS", () => {
  test("a bay is accepted by a few single writes and one hint, and no call to Heat", async () => {
    const before = { table: world.proxies.table.counts(), queue: world.proxies.queue.counts(), stacks: stacksMade() };
    const uuid = await createBay("accepted");
    const { PutItem = 0, DeleteItem = 0 } = world.proxies.table.counts().requests;
    // One of them is the project's data key, which is made once.
    expect(PutItem - (before.table.requests["PutItem"] ?? 0)).toBeLessThanOrEqual(5);
    expect(DeleteItem).toBe(0);
    const { SendMessageBatch = 0 } = world.proxies.queue.counts().requests;
    expect(SendMessageBatch - (before.queue.requests["SendMessageBatch"] ?? 0)).toBe(1);
    expect(stacksMade()).toBe(before.stacks);
    expect(await statusOf(uuid)).toBe("CREATE_IN_PROGRESS");
    await world.request("DELETE", `/v1/bays/${uuid}`);
  });

  test("a bay is created, scaled and deleted, and nothing of it is left behind", async () => {
    const mapping = world.startConductors();
    await until("the bay before is gone", async () => (await world.request("GET", "/v1/bays")).body.bays.length === 0);
    const before = livingThings();
    const [stacks, sealings] = [stacksMade(), world.kms.calls.length];

    const uuid = await createBay("first");
    await untilStatus(uuid, "CREATE_COMPLETE");
    const { body: bay } = await world.request("GET", `/v1/bays/${uuid}`);
    expect(bay).toMatchObject({ api_address: expect.stringMatching(/^https:/), node_count: 2 });
    expect(bay.node_addresses).toHaveLength(2);
    expect(bay.links[0].href).toMatch(/^https:\/\/abc123\.execute-api\./);
    expect(stacksMade() - stacks).toBe(1);

    const patch = [{ op: "replace", path: "/node_count", value: 3 }];
    expect((await world.request("PATCH", `/v1/bays/${uuid}`, patch)).status).toBe(200);
    await untilStatus(uuid, "UPDATE_COMPLETE");
    expect((await world.request("GET", `/v1/bays/${uuid}`)).body.node_addresses).toHaveLength(3);

    expect((await world.request("DELETE", `/v1/bays/${uuid}`)).status).toBe(204);
    await untilStatus(uuid, "gone");
    expect(livingThings()).toEqual(before);
    expect(stacksMade() - stacks).toBe(1);

    await mapping.stop();
    expect(mapping.batches.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(world.sqs.deadLetters("hints")).toEqual([]);
    // Its trust, its keys and its nodes' password were sealed by the key service, with one data key a process.
    expect(world.kms.calls.length - sealings).toBeLessThanOrEqual(4);
    expect(world.kms.calls).toContain("GenerateDataKey");
  });

  test("no secret was stored, sent or logged on the way", () => {
    const { table, queue } = world.proxies;
    const everything = [...table.bodies, ...queue.bodies, ...world.logLines].join("\n");
    expect(everything.length).toBeGreaterThan(10_000);
    for (const secret of [PASSWORD, world.token, "BEGIN PRIVATE KEY"]) expect(everything).not.toContain(secret);
  });

  test("only actions that every engine of DynamoDB's protocol has were used", () => {
    const used = Object.keys(world.proxies.table.counts().requests).toSorted();
    expect(used).toEqual(["DeleteItem", "GetItem", "PutItem", "Query"]);
    expect(world.proxies.table.bodies.join()).not.toContain("ReturnValues");
  });

  test("a bay whose hint was lost is found by the sweep alone", async () => {
    const uuid = await createBay("unheard");
    world.sqs.loseAll();
    await until(
      "the sweep finds it overdue",
      async () => ((await world.sweep()) as { hints: number }).hints > 0,
      40_000,
    );
    expect(world.logLines.some((line) => /"event":"swept","hints":1/.test(line))).toBe(true);
    world.startConductors();
    await untilStatus(uuid, "CREATE_COMPLETE");
  });
});
