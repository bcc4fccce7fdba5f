/** /v1/webhooks: what is taken, what is refused, who sees what, and what is told to whom. */
import type { TOKENS } from "@jeroboam/api/testing/fake-ports";
import { bayShape } from "@jeroboam/core/bay/bay";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { newRecord } from "@jeroboam/core/operation/record-store";
import { HOSTILE_URLS } from "@jeroboam/core/web/hostile-urls";
import { createPublisher } from "@jeroboam/core/webhook/publish";
import { CloudEvent, ValidationError } from "cloudevents";
import { beforeEach, describe, expect, test } from "vitest";
import { newBay } from "../simulated/bays.ts";
import type { Harness } from "./api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, shown, textIn, UNKNOWN_UUID, UUID } from "./api-harness.ts";

const URL = "https://receiver.example.com/hook?key=1";
const BAY = "11111111-1111-4111-8111-111111111111";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});

async function create(body: JsonObject = {}): Promise<JsonObject & { readonly uuid: string }> {
  const answer = await harness.call("POST", "/v1/webhooks", { body: { url: URL, ...body } });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return shown(answer.body);
}

/** Tells an event of a bay of project a as a conductor does. */
async function tell(type: string, { id = "event-1", projectId = "a", uuid = BAY } = {}): Promise<void> {
  const { ports } = harness;
  ports.clock.advance(1);
  const key = { pk: `bay#${uuid}`, sk: `${projectId}#bay` };
  const source = eventSource(bayShape, newRecord(key, newBay({ uuid, projectId })));
  // One that remembers nothing, so that what was made just now is known.
  await createPublisher(ports)(source, [{ id, type, atMs: ports.clock.nowMs(), sequence: 7, data: { reason: "x" } }]);
}

async function deliveries(uuid: string): Promise<readonly JsonObject[]> {
  const { status, body } = await harness.call("GET", `/v1/webhooks/${uuid}/deliveries`);
  expect(status).toBe(200);
  return body["deliveries"] as JsonObject[];
}

async function payload(uuid: string): Promise<JsonObject> {
  const [one] = await deliveries(uuid);
  const { body } = await harness.call("GET", `/v1/webhooks/${uuid}/deliveries/${textIn(one ?? {}, "uuid")}`);
  return body["payload"] as JsonObject;
}

describe("a webhook", () => {
  test("is made with what was asked for, and shows its secret this once", async () => {
    const made = await create({ name: "ops", description: "pages us", events: ["bay.*"], enabled: true });
    expect(made).toMatchObject({
      name: "ops",
      description: "pages us",
      url: URL,
      events: ["bay.*"],
      bay_uuid: null,
      format: "cloudevents",
      enabled: true,
      disabled_reason: null,
      project_id: "a",
    });
    expect(made.uuid).toMatch(UUID);
    expect(made["secret"]).toMatch(/^whsec_[A-Za-z0-9+/=]{32,}$/);
    const shownLater = (await harness.call("GET", "/v1/webhooks/ops")).body;
    const { secret: _secret, ...rest } = made;
    expect(shownLater).toEqual(rest);
    const { body } = await harness.call("GET", "/v1/webhooks");
    expect(body["webhooks"]).toEqual([expect.objectContaining({ uuid: made.uuid, url: URL })]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  test("is told of everything, in CloudEvents, when nothing else is said", async () => {
    expect(await create()).toMatchObject({ name: null, events: ["*"], format: "cloudevents", enabled: true });
  });

  test("keeps no secret in the clear", async () => {
    const secret = textIn(await create(), "secret");
    const sealedFor = harness.ports.table.items().map((item) => JSON.stringify(item.body));
    expect(sealedFor.join("")).not.toContain(JSON.stringify({ plaintext: secret }));
    const item = harness.ports.table.items().find(({ pk }) => pk.startsWith("webhook#"));
    expect(JSON.stringify(item?.body["state"])).toContain("sealed");
  });

  test("is changed by what is to be another", async () => {
    const { uuid } = await create({ name: "ops", description: "d" });
    const path = `/v1/webhooks/${uuid}`;
    const body = { enabled: false, events: ["pod.*"], description: null };
    expect((await harness.call("PATCH", path, { body })).body).toMatchObject({
      enabled: false,
      events: ["pod.*"],
      description: null,
      name: "ops",
      url: URL,
      updated_at: expect.any(String) as string,
    });
    expect((await harness.call("PATCH", path, { body: { enabled: true } })).body).toMatchObject({
      enabled: true,
      events: ["pod.*"],
    });
  });

  test("is deleted, and not found any more", async () => {
    const { uuid } = await create();
    expect((await harness.call("DELETE", `/v1/webhooks/${uuid}`)).status).toBe(204);
    await expectRefusal(harness, 404, uuid, "GET", `/v1/webhooks/${uuid}`);
    await expectRefusal(harness, 404, uuid, "DELETE", `/v1/webhooks/${uuid}`);
  });

  test("may be filtered by a bay, by name or uuid", async () => {
    await harness.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
    const bay = await harness.call("POST", "/v1/clusters", { body: { name: "blue", cluster_template_id: "prod" } });
    expect((await create({ bay: "blue" }))["bay_uuid"]).toBe(bay.body["uuid"]);
    await expectRefusal(harness, 400, "green", "POST", "/v1/webhooks", { body: { url: URL, bay: "green" } });
  });

  test("has its secret replaced, and is told until when the old one signs along", async () => {
    const made = await create();
    const { status, body } = await harness.call("POST", `/v1/webhooks/${made.uuid}/rotate`);
    expect(status).toBe(200);
    expect(body["secret"]).toMatch(/^whsec_/);
    expect(body["previous_secret_valid_until"]).toMatch(/^2026-01-03T/);
  });

  test("has no more brothers than the limit", async () => {
    const wishes = Array.from({ length: limits.webhook.perProject + 5 }, () =>
      harness.call("POST", "/v1/webhooks", { body: { url: URL } }),
    );
    const made = (await Promise.all(wishes)).filter(({ status }) => status === 201);
    expect(made).toHaveLength(limits.webhook.perProject);
    await expectRefusal(harness, 403, "at most 20", "POST", "/v1/webhooks", { body: { url: URL } });
  });

  test.each<[string, Json, string]>([
    ["no body", {}, "url"],
    ["an unknown attribute", { url: URL, colour: "red" }, "colour"],
    ["a secret of one's own", { url: URL, secret: "x" }, "secret"],
    ["no type", { url: URL, events: [] }, "events"],
    ["a type that is none", { url: URL, events: ["bay create"] }, "events"],
    ["a star in the middle", { url: URL, events: ["bay.*.end"] }, "events"],
    ["too many types", { url: URL, events: Array.from({ length: 21 }, () => "bay.*") }, "events"],
    ["a form that is none", { url: URL, format: "xml" }, "format"],
    ["plain http", { url: "http://receiver.example.com/" }, "url"],
    ["no address", { url: "receiver" }, "url"],
    ["a password", { url: "https://me:secret@receiver.example.com/" }, "url"],
    ["a long address", { url: `https://receiver.example.com/${"a".repeat(3_000)}` }, "url"],
  ])("is refused with %s", async (_what, body, says) => {
    await expectRefusal(harness, 400, says, "POST", "/v1/webhooks", { body });
  });

  test("never leads inside, however its address is written", async () => {
    // With https, so that the scheme is not what is refused.
    const urls = HOSTILE_URLS.filter((url) => url !== "").map((url) => url.replace(/^http:/, "https:"));
    expect(urls.length).toBeGreaterThan(200);
    const { uuid } = await create();
    for (const url of urls) {
      const made = await harness.call("POST", "/v1/webhooks", { body: { url } });
      const changed = await harness.call("PATCH", `/v1/webhooks/${uuid}`, { body: { url } });
      expect([url, made.status, changed.status]).toEqual([url, 400, 400]);
    }
  });
});

describe("who may", () => {
  test.each<[keyof typeof TOKENS, number, number]>([
    ["otherMemberA", 200, 202],
    ["readerA", 200, 403],
    ["nodeA", 403, 403],
    ["memberB", 404, 404],
    ["admin", 404, 404],
  ])("%s sees a webhook of project a: %d, and has it tried: %d", async (as, sees, tries) => {
    const { uuid } = await create();
    expect((await harness.call("GET", `/v1/webhooks/${uuid}`, { as })).status).toBe(sees);
    expect((await harness.call("GET", `/v1/webhooks/${uuid}/deliveries`, { as })).status).toBe(sees);
    expect((await harness.call("POST", `/v1/webhooks/${uuid}/test`, { as })).status).toBe(tries);
  });

  test("another webhook's delivery is not found under one's own", async () => {
    const [one, other] = [await create(), await create()];
    const { body } = await harness.call("POST", `/v1/webhooks/${one.uuid}/test`);
    const id = textIn(body, "uuid");
    expect((await harness.call("GET", `/v1/webhooks/${one.uuid}/deliveries/${id}`)).status).toBe(200);
    await expectRefusal(harness, 404, id, "GET", `/v1/webhooks/${other.uuid}/deliveries/${id}`);
    await expectRefusal(harness, 404, "Delivery", "GET", `/v1/webhooks/${one.uuid}/deliveries/${UNKNOWN_UUID}`);
  });
});

describe("an event that is told", () => {
  test("becomes one delivery to each webhook that wants it, however often it is told", async () => {
    const all = await create();
    const creations = await create({ events: ["bay.create.*"] });
    const pods = await create({ events: ["pod.*"] });
    const off = await create({ enabled: false });
    const hints = harness.ports.hints.length;
    for (let times = 0; times < 3; times += 1) await tell("bay.create.end");
    await tell("bay.delete.end", { id: "event-2" });
    const typesOf = async (uuid: string) => (await deliveries(uuid)).map((one) => one["event_type"]);
    expect(await typesOf(all.uuid)).toEqual(["bay.create.end", "bay.delete.end"]);
    expect(await typesOf(creations.uuid)).toEqual(["bay.create.end"]);
    expect(await typesOf(pods.uuid)).toEqual([]);
    expect(await typesOf(off.uuid)).toEqual([]);
    expect(harness.ports.hints.length - hints).toBe(3);
  });

  test("of another bay is not told to a webhook for one", async () => {
    await harness.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
    await harness.call("POST", "/v1/clusters", { body: { name: "blue", cluster_template_id: "prod" } });
    const { uuid, bay_uuid } = await create({ bay: "blue" });
    await tell("bay.create.end");
    expect(await deliveries(uuid)).toEqual([]);
    await tell("bay.create.end", { id: "event-2", uuid: textIn({ bay_uuid: bay_uuid ?? null }, "bay_uuid") });
    expect(await deliveries(uuid)).toHaveLength(1);
  });

  test("of another project is told to nobody here", async () => {
    const { uuid } = await create();
    await tell("bay.create.end", { projectId: "b" });
    expect(await deliveries(uuid)).toEqual([]);
  });

  test("costs a project without webhooks one query of an index, for a while", async () => {
    const { ports } = harness;
    const publish = createPublisher(ports);
    const source = eventSource(bayShape, newRecord({ pk: `bay#${BAY}`, sk: "a#bay" }, newBay({ projectId: "a" })));
    const before = { ...ports.table.counts };
    for (let at = 1; at <= 50; at += 1)
      await publish(source, [{ id: `e${at}`, type: "bay.create.step", atMs: ports.clock.nowMs(), data: {} }]);
    expect(ports.table.counts.queryIndex - before.queryIndex).toBe(1);
    expect(ports.table.counts.get - before.get).toBe(0);
    // The history itself.
    expect(ports.table.counts.put - before.put).toBe(50);
  });

  test("is a CloudEvent that the library takes, with its place among the bay's events", async () => {
    const { uuid } = await create();
    await tell("bay.create.end");
    const sent = await payload(uuid);
    const event = new CloudEvent(sent);
    expect(event.validate()).toBe(true);
    expect(() => new CloudEvent({ ...sent, Bad_Name: 1 })).toThrow(ValidationError);
    expect(sent).toEqual({
      specversion: "1.0",
      id: "event-1",
      source: `/v1/bays/${BAY}`,
      type: "bay.create.end",
      subject: `bay/${BAY}`,
      time: expect.stringMatching(/^2026-01-02T03:04:\d\d\.\d{3}Z$/) as string,
      datacontenttype: "application/json",
      sequence: "0000000007",
      recordsequence: 7,
      projectid: "a",
      bayid: BAY,
      data: { reason: "x", bay: expect.objectContaining({ uuid: BAY, name: "blue", node_count: 1 }) as unknown },
    });
  });

  test("is Magnum's CADF notification to who asked for that, at Magnum's moments alone", async () => {
    const { uuid } = await create({ format: "cadf" });
    await tell("bay.create.step", { id: "step" });
    await tell("bay.create.error");
    expect(await deliveries(uuid)).toHaveLength(1);
    expect(await payload(uuid)).toMatchObject({
      event_type: "magnum.cluster.create",
      priority: "ERROR",
      payload: {
        typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event",
        eventType: "activity",
        action: "create",
        outcome: "failure",
        initiator: { typeURI: "service/security/account/user", user_id: "u1", project_id: "a" },
        target: {
          id: BAY,
          name: "blue",
          typeURI: "service/magnum/cluster",
          attachments: [{ name: "cluster_data", content: { project_id: "a", node_count: 1 } }],
        },
      },
    });
  });

  test.each(["rotate-credential", "rotate-authority"])("tells %s in Magnum's form, as an update", async (kind) => {
    const { uuid } = await create({ format: "cadf" });
    await tell(`bay.${kind}.end`);
    expect(await payload(uuid)).toMatchObject({ event_type: "magnum.cluster.update", payload: { outcome: "success" } });
  });

  test("tells in Magnum's form all of a cluster that Magnum tells, and what it calls an update", async () => {
    const { uuid } = await create({ format: "cadf" });
    const template = { ...CLUSTER_TEMPLATE, keypair_id: "ops", labels: { team: "red" }, flavor_id: "m1.small" };
    await harness.call("POST", "/v1/clustertemplates", { body: template });
    const wish = { name: "blue", cluster_template_id: "prod", create_timeout: 45 };
    const bay = textIn((await harness.call("POST", "/v1/clusters", { body: wish })).body, "uuid");
    await harness.specify(bay, { apiAddress: "https://198.51.100.7:6443", nodeAddresses: ["10.0.0.21"] });
    await tell("bay.upgrade.end", { uuid: bay });
    const sent = (await payload(uuid)) as { event_type: string; payload: { target: { attachments: JsonObject[] } } };
    expect(sent.event_type).toBe("magnum.cluster.update");
    const [{ content } = {}] = sent.payload.target.attachments;
    expect(content).toEqual({
      status: "CREATE_IN_PROGRESS",
      status_reason: null,
      project_id: "a",
      created_at: expect.any(String) as unknown,
      updated_at: null,
      cluster_template_id: newBay({}).bayModelId,
      keypair: "ops",
      "docker_volume_size:": null,
      docker_volume_size: null,
      labels: { team: "red" },
      master_flavor_id: null,
      flavor_id: "m1.small",
      stack_id: null,
      health_status: null,
      create_timeout: 45,
      api_address: "https://198.51.100.7:6443",
      discovery_url: null,
      node_addresses: ["10.0.0.21"],
      master_addresses: [],
      node_count: 1,
      master_count: 1,
    });
  });

  test.each(["bay.drift.end", "bay.health.changed", "node-group.create.end", "bay.create.step"])(
    "has no words in Magnum's form for %s",
    async (type) => {
      const { uuid } = await create({ format: "cadf" });
      await tell(type);
      expect(await deliveries(uuid)).toEqual([]);
    },
  );
});

describe("a delivery", () => {
  test("is shown with its attempts, and begun again on request", async () => {
    const { uuid } = await create();
    const trial = await harness.call("POST", `/v1/webhooks/${uuid}/test`);
    expect(trial.status).toBe(202);
    const path = `/v1/webhooks/${uuid}/deliveries/${textIn(trial.body, "uuid")}`;
    expect((await harness.call("GET", path)).body).toMatchObject({
      event_type: "webhook.test",
      status: "pending",
      attempts: [],
      payload: { type: "webhook.test", data: { webhook: { uuid } } },
    });
    const hints = harness.ports.hints.length;
    expect((await harness.call("POST", `${path}/redeliver`)).status).toBe(202);
    expect(harness.ports.hints.length).toBe(hints + 1);
    await harness.call("PATCH", `/v1/webhooks/${uuid}`, { body: { enabled: false } });
    await expectRefusal(harness, 409, "switched off", "POST", `${path}/redeliver`);
    await expectRefusal(harness, 409, "switched off", "POST", `/v1/webhooks/${uuid}/test`);
  });

  test("is not kept for ever", async () => {
    const { uuid } = await create();
    await harness.call("POST", `/v1/webhooks/${uuid}/test`);
    expect(await deliveries(uuid)).toHaveLength(1);
    harness.ports.clock.advance(limits.webhook.keepMs + 1_000);
    expect(await deliveries(uuid)).toEqual([]);
  });

  test("lists come in pages", async () => {
    const { uuid } = await create();
    for (let at = 0; at < 3; at += 1) await harness.call("POST", `/v1/webhooks/${uuid}/test`);
    const first = await harness.call("GET", `/v1/webhooks/${uuid}/deliveries?limit=2`);
    expect(first.body["deliveries"]).toHaveLength(2);
    const next = textIn(first.body, "next").replace("http://magnum.test:9511", "");
    expect((await harness.call("GET", next)).body["deliveries"]).toHaveLength(1);
  });
});
