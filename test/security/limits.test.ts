/**
 * Each limit of the API's door, by its name in limits.ts: what is just below is taken, what is just above is refused, and
 * changes nothing. A limit that is added there and not here does not compile.
 */
import { limits } from "@jeroboam/core/limits";
import { listPage } from "@jeroboam/core/listing/page";
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeAll, expect, test } from "vitest";
import { BAY_MODEL, CLUSTER_TEMPLATE } from "../conformance/api-harness.ts";
import type { Outcome, TwoProjects } from "./world.ts";
import { createTwoProjects } from "./world.ts";

let world: TwoProjects;
beforeAll(async () => {
  world = await createTwoProjects();
});

const { api } = limits;
const text = (chars: number): string => "x".repeat(chars);
const post = (path: string, body: Json): Promise<Outcome> => world.ask("owner", "POST", path, { body });
const model = (changes: JsonObject): Promise<Outcome> =>
  post("/v1/baymodels", { ...BAY_MODEL, name: "next", ...changes });

/** One request just within the limit, one just beyond it. */
async function bounds(ask: (size: number) => Promise<Outcome>, limit: number, refusal = 400): Promise<void> {
  const [within, beyond] = [await ask(limit), await ask(limit + 1)];
  expect([within.status < 400, within.text.slice(0, 200)]).toEqual([true, expect.anything()]);
  expect([beyond.status, beyond.isTableUnchanged]).toEqual([refusal, true]);
}

const labelsOf = (count: number, chars: number): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, text(chars)]));

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const DOOR: Readonly<Record<keyof typeof api, () => Promise<void>>> = {
  async bodyBytes() {
    const sent = (bytes: number) =>
      world.ask("owner", "POST", "/v1/nodes", { content: `{"type":"virt"}`.padEnd(bytes, " ") });
    await bounds(sent, api.bodyBytes, 413);
  },
  async pageItems() {
    for (let made = 0; made <= api.pageItems; made += 1)
      await world.ask("owner", "POST", "/v1/nodes", { body: {} }, "keep");
    const page = JSON.parse((await world.ask("owner", "GET", "/v1/nodes?limit=999999")).text) as JsonObject;
    expect((page["nodes"] as Json[]).length).toBe(api.pageItems);
    expect(page["next"]).toContain(`limit=${api.pageItems}`);
  },
  async sortedRecords() {
    const read = (count: number) =>
      listPage(
        {
          find: () => Promise.resolve(undefined),
          async *read() {
            for (let at = 0; at < count; at += 1) yield String(at);
          },
          uuidOf: (entry: string) => entry,
        },
        { limit: 1, descending: false, sortBy: (entry) => entry },
      );
    expect((await read(api.sortedRecords)).kind).toBe("page");
    expect((await read(api.sortedRecords + 1)).kind).toBe("too-many");
  },
  nameChars: () => bounds((chars) => model({ name: text(chars) }), api.nameChars),
  labels: () => bounds((count) => model({ labels: labelsOf(count, 1) }), api.labels),
  labelChars: () => bounds((chars) => model({ labels: { a: text(chars) } }), api.labelChars),
  labelsBytes: () =>
    bounds((bytes) => {
      const labels = labelsOf(17, 3_000);
      const left = bytes - Buffer.byteLength(JSON.stringify(labels)) - '"m":"","n":"","o":"","p":"",'.length;
      const part = Math.floor(left / 4);
      return model({ labels: { ...labels, m: text(part), n: text(part), o: text(part), p: text(left - 3 * part) } });
    }, api.labelsBytes),
  healthReasonBytes: () =>
    bounds((bytes) => {
      const value = { api: text(bytes - '{"api":""}'.length) };
      const body = [{ op: "replace", path: "/health_status_reason", value }];
      return world.ask("owner", "PATCH", `/v1/clusters/${world.ids["blue"]}`, { body });
    }, api.healthReasonBytes),
  sshKeyChars: () => bounds((chars) => model({ ssh_authorized_key: text(chars) }), api.sshKeyChars),
  async urlChars() {
    const url = "https://discovery.example.com/";
    const made = (chars: number) =>
      post("/v1/bays", {
        name: "next",
        baymodel_id: world.ids["model"] ?? "",
        discovery_url: url + text(chars - url.length),
      });
    await bounds(made, api.urlChars);
  },
  patchOperations: () =>
    bounds((count) => {
      const body = Array.from({ length: count }, () => ({ op: "replace", path: "/name", value: "next" }));
      return world.ask("owner", "PATCH", `/v1/baymodels/${world.ids["model"]}`, { body });
    }, api.patchOperations),
  async jsonDepth() {
    const sent = (depth: number) => world.ask("owner", "POST", "/v1/clustertemplates", { content: nested(depth) });
    expect((await sent(api.jsonDepth)).text).not.toContain("nested deeper");
    expect((await sent(api.jsonDepth + 1)).text).toContain("nested deeper");
  },
  async acceptedRetryMs() {
    const body = { ...CLUSTER_TEMPLATE, keypair_id: "ops", name: "next" };
    await world.ask("owner", "POST", "/v1/clustertemplates", { body }, "keep");
    const accepted = await post("/v1/clusters", { name: "next", cluster_template_id: "next" });
    expect([accepted.status, accepted.headers["retry-after"]]).toEqual([202, String(api.acceptedRetryMs / 1_000)]);
  },
  async tokenBytes() {
    const sent = (bytes: number) => world.identities.checkToken(text(bytes));
    expect(await sent(api.tokenBytes + 1)).toEqual({ kind: "refused" });
    expect(await sent(api.tokenBytes)).toEqual({ kind: "refused" });
    expect(world.identities.questions()).toContain(text(api.tokenBytes));
    expect(world.identities.questions()).not.toContain(text(api.tokenBytes + 1));
  },
};

test.each(Object.entries(DOOR))("%s", async (_name, holds) => {
  await expect(holds()).resolves.toBeUndefined();
});
