/**
 * What the clients there are send, and how strictly they read what comes back (cluster sheet 24 to 29): every request of
 * client-requests.ts, as its client writes it (replays/), against a cluster that runs; and how they wait.
 */
import type { Bay } from "@jeroboam/core/bay/bay";
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { Item } from "@jeroboam/core/table/table";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call, Harness } from "../api-harness.ts";
import { textIn } from "../api-harness.ts";
import type { Client } from "./client-requests.ts";
import { CLIENT_REQUESTS } from "./client-requests.ts";
import { gophercloud } from "./replays/gophercloud.ts";
import { magnumclient } from "./replays/magnumclient.ts";
import { magnumUi } from "./replays/magnum-ui.ts";
import { cloudLayer, proxy } from "./replays/openstacksdk.ts";
import type { Replay } from "./replays/replay.ts";
import { goHeaders, LATEST, time } from "./replays/replay.ts";
import { autoHealer, autoscaler } from "./replays/scalers.ts";
import { terraform } from "./replays/terraform.ts";
import type { RunningWorld } from "./replays/world.ts";
import { createRunningWorld } from "./replays/world.ts";

const REPLAYS: Readonly<Record<Client, readonly Replay[]>> = {
  gophercloud,
  terraform,
  "cluster-autoscaler": autoscaler,
  "magnum-auto-healer": autoHealer,
  "openstacksdk 0.101": cloudLayer,
  "openstacksdk HEAD": proxy,
  magnumclient,
  "magnum-ui": magnumUi,
};

let world: RunningWorld;
let api: Harness;

let asPrepared: readonly Item[] = [];

beforeAll(async () => {
  world = await createRunningWorld();
  ({ api } = world);
  asPrepared = api.ports.table.items();
});

beforeEach(() => api.ports.table.restore(asPrepared));

/** With the world's uuids in place of their names. */
function filled(text: string): string {
  const { blue, group, prod, server } = world;
  const names: Readonly<Record<string, string>> = { blue, group, prod, server };
  return text.replaceAll(/\{(blue|group|prod|server)\}/g, (_whole, name: string) => names[name] ?? "");
}

function callOf({ as, headers = {}, body }: Replay): Call {
  return {
    ...(as && { as }),
    headers,
    ...(body !== undefined && { body: JSON.parse(filled(JSON.stringify(body))) as Json }),
  };
}

describe.each(Object.entries(REPLAYS))("%s", (client, replays) => {
  test("has a replay of everything that it asks, and of nothing else", () => {
    const asked: readonly string[] = CLIENT_REQUESTS[client as Client];
    expect([...new Set(replays.map(({ of }) => of))].toSorted()).toEqual(asked.toSorted());
  });

  test.each(replays.map((one) => [one.with === undefined ? one.of : `${one.of}, ${one.with}`, one] as const))(
    "%s",
    async (_name, replay) => {
      const answer = await api.call(replay.method, filled(replay.path), callOf(replay));
      expect({ status: answer.status, body: answer.body, isTaken: replay.ok.includes(answer.status) }).toMatchObject({
        isTaken: true,
      });
      expect(replay.reads?.safeParse(answer.body).error?.issues ?? []).toEqual([]);
      // Go's decoder and Python's read either; a body where there must be none breaks both.
      expect(answer.status === 204 ? answer.body : {}).toEqual({});
    },
  );
});

describe("how Terraform waits: 404 is deleted, a status that it does not await is an end", () => {
  const read = async (path: string): Promise<string> => {
    const { status, body } = await api.call("GET", path, { headers: goHeaders("1.9") });
    return status === 404 ? "DELETE_COMPLETE" : textIn(body, "status");
  };
  const cluster = (): string => `/v1/clusters/${world.blue}`;
  const group = (): string => `${cluster()}/nodegroups/${world.group}`;
  const settle = (changes: Partial<Bay>) => api.settle(world.blue, changes);

  test("a cluster is being made from the answer on, and then complete", async () => {
    const body = { cluster_template_id: "prod", create_timeout: null, name: "tf", keypair: "ops" };
    const made = await api.call("POST", "/v1/clusters", { headers: goHeaders(), body });
    const path = `/v1/clusters/${textIn(made.body, "uuid")}`;
    expect(await read(path)).toBe("CREATE_IN_PROGRESS");
    await api.settle(textIn(made.body, "uuid"), { status: "CREATE_COMPLETE" });
    expect(await read(path)).toBe("CREATE_COMPLETE");
  });

  test.each<[string, string, string, Json, string]>([
    ["its count changes", "PATCH", "", [{ op: "replace", path: "/node_count", value: 3 }], ""],
    ["it is upgraded", "POST", "/actions/upgrade", { cluster_template: "prod", max_batch_size: 1 }, "1.8"],
  ])("a cluster is updated from the answer on when %s", async (_name, method, path, body, version) => {
    // It takes UPDATE_COMPLETE for its own change's end: what was there before must not be told any more.
    await settle({ status: "UPDATE_COMPLETE" });
    const headers = goHeaders(version === "" ? undefined : version);
    expect(await api.call(method, `${cluster()}${path}`, { headers, body })).toMatchObject({ status: 202 });
    expect(await read(cluster())).toBe("UPDATE_IN_PROGRESS");
    await settle({ status: "UPDATE_COMPLETE" });
    expect(await read(cluster())).toBe("UPDATE_COMPLETE");
  });

  test("a cluster is being deleted from the answer on, and 404 when it is gone", async () => {
    expect(await api.call("DELETE", cluster(), { headers: goHeaders() })).toMatchObject({ status: 204 });
    expect(await read(cluster())).toBe("DELETE_IN_PROGRESS");
    const record = await api.record(world.blue);
    const { revision = 0 } = record ?? {};
    await api.ports.table.remove({ pk: `bay#${world.blue}`, sk: "a#bay" }, revision);
    expect(await read(cluster())).toBe("DELETE_COMPLETE");
  });

  test("a node group is made, resized and deleted by the same rule", async () => {
    const made = await api.call("POST", `${cluster()}/nodegroups`, { headers: goHeaders("1.9"), body: { name: "tf" } });
    expect(await read(`${cluster()}/nodegroups/${textIn(made.body, "uuid")}`)).toBe("CREATE_IN_PROGRESS");
    await world.settleGroup({ status: "UPDATE_COMPLETE" });
    const body = { node_count: 3, nodegroup: world.group };
    await api.call("POST", `${cluster()}/actions/resize`, { headers: goHeaders("1.9"), body });
    expect(await read(group())).toBe("UPDATE_IN_PROGRESS");
    await world.settleGroup({ status: "UPDATE_COMPLETE" });
    await api.call("DELETE", group(), { headers: goHeaders("1.9") });
    expect(await read(group())).toBe("DELETE_IN_PROGRESS");
  });

  test("merged labels are told apart in what it compares; merge_labels itself reads false", async () => {
    const body = {
      cluster_template_id: "prod",
      name: "tf",
      keypair: "ops",
      labels: { team: "b", own: "1" },
      merge_labels: true,
    };
    const made = await api.call("POST", "/v1/clusters", { headers: goHeaders(), body });
    expect((await api.call("GET", `/v1/clusters/${textIn(made.body, "uuid")}`)).body).toMatchObject({
      labels: { kube_tag: "v1", team: "b", own: "1" },
      labels_added: { own: "1" },
      labels_overridden: { team: "a" },
      labels_skipped: {},
      merge_labels: false,
    });
  });
});

describe("cluster-autoscaler's loop", () => {
  const resize = (body: JsonObject) =>
    api.call("POST", `/v1/clusters/${world.blue}/actions/resize`, {
      headers: LATEST,
      body: { ...body, nodegroup: world.group },
    });

  test("several resizes in quick succession are all taken; the last count holds", async () => {
    for (const count of [3, 4, 3]) expect(await resize({ node_count: count })).toMatchObject({ status: 202 });
    const { body } = await api.call("GET", `/v1/clusters/${world.blue}/nodegroups/gpu`, { headers: LATEST });
    expect(body).toMatchObject({ node_count: 3, status: "UPDATE_IN_PROGRESS" });
  });

  test("nothing that is beyond the group's limits, or no node of it, is taken", async () => {
    for (const body of [
      { node_count: 5 },
      { node_count: 1, nodes_to_remove: ["0a1b2c3d-0000-4000-8000-0000000000ff"] },
    ])
      expect(await resize(body)).toMatchObject({ status: 400 });
  });
});

describe("what a client reads without asking whether it is there", () => {
  test("magnumclient follows next by what stands behind /v1 in it", async () => {
    const body = { cluster_template_id: "prod", name: "two", keypair: "ops" };
    await api.call("POST", "/v1/clusters", { body });
    const first = await api.call("GET", "/v1/clusters/?limit=1", { headers: LATEST });
    const next = textIn(first.body, "next");
    const path = next.slice(next.indexOf("/v1/"));
    expect((await api.call("GET", path, { headers: LATEST })).body).toMatchObject({ clusters: [{ name: "two" }] });
  });

  test("times have an offset and no more than Go reads; updated_at is null until the first change", async () => {
    const before = (await api.call("GET", "/v1/clustertemplates/shared", { as: "admin" })).body;
    expect(before["updated_at"]).toBeNull();
    const body = [{ op: "add", path: "/tags", value: "x" }];
    const after = (await api.call("PATCH", "/v1/clustertemplates/shared", { as: "admin", body })).body;
    expect(time.safeParse(after["updated_at"]).success).toBe(true);
  });
});
