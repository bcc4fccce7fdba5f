/**
 * A full run of the product, and every secret that it came by searched for in everything it said or kept in the clear:
 * log lines, the table's items, messages, replies and errors, events, what webhooks were sent, and what of stacks all
 * may read. A secret is shown by the one reply that makes it, or by the one that is asked for it.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "@jeroboam/core/json";
import { BAY_MODEL, shown } from "../conformance/api-harness.ts";
import { POD_MANIFEST } from "../conformance/bay-era/world.ts";
import { tell } from "./report.ts";
import { createSightings } from "./sightings.ts";
import type { WatchedProduct } from "./watched-product.ts";
import { createWatchedProduct } from "./watched-product.ts";

const PRIVATE_KEY = "CANARY-private-key-of-a-person";

let product: WatchedProduct;
let token = "";

beforeAll(async () => {
  product = await createWatchedProduct();
  token = await product.logIn("demo");
});
afterAll(async () => {
  const kinds = Map.groupBy(product.sightings.planted, ([, kind]) => kind);
  const planted = Array.from(kinds, ([kind, all]) => `${all.length} of ${kind}`).join(", ");
  const searched = Array.from(product.sightings.counts, ([place, count]) => `${count} ${place}`).join(", ");
  tell(`canaries: ${product.sightings.planted.size} secrets (${planted})`);
  tell(`canaries: searched in ${searched}: ${product.sightings.found().length} found`);
  await product.close();
});

interface Asked {
  readonly body?: unknown;
  /** The one reply that may show a secret, under this attribute; it is planted then. */
  readonly shows?: { readonly attribute: string; readonly kind: string };
  readonly as?: string;
}

async function ask(method: string, path: string, { body, shows, as = token }: Asked = {}): Promise<JsonObject> {
  product.clock.advanceTo(product.clock.nowMs() + 1_000);
  const response = await product.app.request(`http://api.test${path}`, {
    method,
    headers: {
      "x-auth-token": as,
      "openstack-api-version": "container-infra latest",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const read = (text === "" ? {} : JSON.parse(text)) as JsonObject;
  const { sightings } = product;
  if (shows) {
    const { [shows.attribute]: secret, ...rest } = read;
    if (typeof secret !== "string") throw new Error(`${method} ${path}: ${response.status} ${text}`);
    sightings.plant(shows.kind, secret);
    sightings.saw("reply", `to ${method} ${path}`, JSON.stringify(rest));
  } else sightings.saw(response.status < 400 ? "reply" : "error", `to ${method} ${path}`, text);
  sightings.saw("reply", `headers of ${method} ${path}`, JSON.stringify([...response.headers]));
  return { ...read, status_code: response.status };
}

async function make(path: string, asked: Asked): Promise<string> {
  const answer = await ask("POST", path, asked);
  if (answer["status_code"] !== 201 && answer["status_code"] !== 202)
    throw new Error(`POST ${path}: ${JSON.stringify(answer)}`);
  return shown(answer).uuid;
}

test("a bay's whole life, its node groups and credentials, its containers and webhooks, leave no secret in the clear", async () => {
  const { conductToRest, sightings, sandbox } = product;
  sightings.plant("private key", PRIVATE_KEY);
  const webhookKey = { attribute: "secret", kind: "webhook key" };
  const webhook = await make("/v1/webhooks", { body: { url: "https://receiver.example.com/x" }, shows: webhookKey });
  const model = await make("/v1/baymodels", { body: bayModel() });
  const bay = await make("/v1/bays", { body: { name: "blue", baymodel_id: model } });
  await conductToRest();
  expect((await ask("GET", `/v1/bays/${bay}`))["status"]).toBe("CREATE_COMPLETE");
  await make("/v1/hooks", { body: { bay, max_node_count: 5 }, shows: webhookKey });

  await ask("PATCH", `/v1/bays/${bay}`, { body: [{ op: "replace", path: "/node_count", value: 2 }] });
  await conductToRest();
  expect((await ask("GET", `/v1/bays/${bay}`))["status"]).toBe("UPDATE_COMPLETE");

  const group = await make(`/v1/clusters/${bay}/nodegroups`, { body: { name: "gpu" } });
  await conductToRest();
  expect((await ask("GET", `/v1/clusters/${bay}/nodegroups/${group}`))["status"]).toBe("CREATE_COMPLETE");
  const passwords = plantedOf("password");
  expect((await ask("PATCH", `/v1/credentials/${bay}`))["status_code"]).toBe(202);
  await conductToRest();
  expect((await ask("GET", `/v1/bays/${bay}`))["status"]).toBe("UPDATE_COMPLETE");
  // The nodes' user has another one.
  expect(plantedOf("password")).toBe(passwords + 1);

  const pod = await make("/v1/pods", { body: { bay_uuid: bay, manifest: POD_MANIFEST } });
  await conductToRest();
  const pair = { name: "pair", bay_uuid: bay, private_key: PRIVATE_KEY };
  const keyPair = await make("/v1/x509keypairs", {
    body: pair,
    shows: { attribute: "private_key", kind: "private key" },
  });
  await make(`/v1/webhooks/${webhook}/test`, {});
  await ask("POST", `/v1/webhooks/${webhook}/rotate`, { shows: webhookKey });
  await make(`/v1/webhooks/${webhook}/test`, {});
  await conductToRest();

  for (const path of [
    "/v1/bays/detail",
    "/v1/clusters/detail",
    `/v1/clusters/${bay}`,
    `/v1/clusters/${bay}/nodegroups`,
    `/v1/bays/${bay}/events`,
    "/v1/events",
    "/v1/webhooks/detail",
    `/v1/webhooks/${webhook}`,
    `/v1/webhooks/${webhook}/deliveries`,
    "/v1/hooks/detail",
    "/v1/x509keypairs/detail",
    `/v1/certificates/${bay}`,
    `/v1/pods/${pod}?bay_ident=${bay}`,
  ])
    expect([path, (await ask("GET", path))["status_code"]]).toEqual([path, 200]);
  await ask("GET", `/v1/x509keypairs/${keyPair}`, { shows: { attribute: "private_key", kind: "private key" } });

  // What goes wrong says why, and nothing else.
  sandbox.knobs.add({ kind: "request", service: "keystone", effect: "status", status: 500, times: 2 });
  await ask("POST", "/v1/bays", { body: { name: "unlucky", baymodel_id: model } });
  for (const body of [{ private_key: [PRIVATE_KEY] }, { ...pair, bay_uuid: "nowhere" }, [pair], { ...pair, more: 1 }])
    await ask("POST", "/v1/x509keypairs", { body });
  await ask("GET", "/v1/bays", { as: `${token}x` });
  await ask("GET", `/v1/bays?token=${token}`);

  await ask("DELETE", `/v1/clusters/${bay}/nodegroups/${group}`);
  await conductToRest();
  await ask("DELETE", `/v1/pods/${pod}?bay_ident=${bay}`);
  await ask("DELETE", `/v1/bays/${bay}`);
  await conductToRest();
  expect((await ask("GET", `/v1/bays/${bay}`))["status_code"]).toBe(404);

  const kinds = new Set(sightings.planted.values());
  const wanted = [
    "token",
    "password",
    "private key",
    "webhook key",
    "trust id",
    "callback token",
    "key of all secrets",
  ];
  expect(wanted.filter((kind) => !kinds.has(kind))).toEqual([]);
  for (const place of ["log", "table", "queue", "reply", "error", "webhook", "stack"] as const)
    expect([place, sightings.counts.get(place) ?? 0]).toEqual([place, expect.toSatisfy((count) => Number(count) >= 5)]);
  expect([...new Set(sightings.found())]).toEqual([]);
});

function plantedOf(kind: string): number {
  return [...product.sightings.planted.values()].filter((one) => one === kind).length;
}

test("the search finds a secret as it is, in JSON, and in base64 at any place", () => {
  const secret = 'a "quoted" secret/with+signs';
  for (const text of [
    `before ${secret} behind`,
    JSON.stringify({ secret }),
    ...["", "1", "12", "123"].map((before) => Buffer.from(`${before}${secret} and more`).toString("base64")),
  ]) {
    const sightings = createSightings();
    sightings.plant("secret", secret);
    sightings.saw("log", "line", text);
    expect(sightings.found()).toEqual(["log line holds a secret"]);
  }
});

function bayModel(): JsonObject {
  return { ...BAY_MODEL, image_id: "fedora-21-atomic-3", keypair_id: "default", external_network_id: "public" };
}
