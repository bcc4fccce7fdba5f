import { beforeEach, describe, expect, test } from "vitest";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import { limits } from "../limits.ts";
import { findRecord } from "../operation/record-store.ts";
import type { MemoryTable } from "../table/memory-table.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { BayModel } from "./bay-model.ts";
import { bayModelKey, bayModelShape, bayModelUseKey } from "./bay-model.ts";
import { findBayModel } from "./find-bay-model.ts";
import { listBayModels } from "./list-bay-models.ts";
import { randomName } from "./random-name.ts";
import { markBayModelUse, unmarkBayModelUse } from "./use-mark.ts";
import type { BayModelAttributes, BayModelPorts } from "./write-bay-model.ts";
import { createBayModel, deleteBayModel, updateBayModel } from "./write-bay-model.ts";

const ATTRIBUTES: BayModelAttributes = {
  name: "small",
  coe: "kubernetes",
  serverType: "vm",
  clusterDistro: "fedora-atomic",
  driver: null,
  imageId: "image",
  keypairId: null,
  flavorId: null,
  masterFlavorId: null,
  dnsNameserver: null,
  externalNetworkId: null,
  fixedNetwork: null,
  fixedSubnet: null,
  networkDriver: "flannel",
  volumeDriver: null,
  apiserverPort: null,
  dockerVolumeSizeGb: null,
  dockerStorageDriver: null,
  sshAuthorizedKey: null,
  httpProxy: null,
  httpsProxy: null,
  noProxy: null,
  registryEnabled: false,
  insecureRegistry: null,
  labels: {},
  tags: null,
  tlsDisabled: false,
  public: false,
  hidden: false,
  masterLbEnabled: false,
  floatingIpEnabled: true,
};

const A = { projectId: "a", allProjects: false };
const B = { projectId: "b", allProjects: false };
const ADMIN = { projectId: "admin", allProjects: true };
const BAY = { uuid: "bay-1", key: { pk: "bay#bay-1", sk: "a#bay" } };

let clock = createTestClock(0);
let table: MemoryTable;
let ports: BayModelPorts;
/** Runs once, before the next call of this kind takes effect: what another does at that moment. */
let meanwhile: { readonly before: string; readonly run: () => Promise<void> } | undefined;

beforeEach(() => {
  clock = createTestClock(1_900_000_000_000);
  meanwhile = undefined;
  table = createMemoryTable({
    clock,
    intercept: async (call, moment) => {
      if (!meanwhile || moment !== "before" || call.operation !== meanwhile.before) return;
      const { run } = meanwhile;
      meanwhile = undefined;
      await run();
    },
  });
  let ids = 0;
  ports = {
    clock,
    table,
    random: {
      uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`,
      fraction: () => 0.99,
      bytes: (length) => new Uint8Array(length),
    },
    log: { write: () => undefined },
    queue: { send: () => Promise.resolve() },
  };
});

async function make(attributes: Partial<BayModelAttributes> = {}, projectId = "a", uuid?: string): Promise<BayModel> {
  clock.advance(1);
  const made = await createBayModel(ports, {
    projectId,
    userId: "u",
    uuid,
    attributes: { ...ATTRIBUTES, ...attributes },
  });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.model;
}

const keyOf = (model: BayModel) => bayModelKey(model.projectId, model.uuid);
const stored = (model: BayModel) => findRecord(table, bayModelShape, keyOf(model));
/** As whoever makes a bay does. */
async function useBy(model: BayModel): ReturnType<typeof markBayModelUse> {
  const usable = await markBayModelUse(ports, model, BAY);
  if (!usable) await unmarkBayModelUse(table, model, BAY);
  return usable;
}

describe("creating", () => {
  test("takes one write, and two reads more when the caller chose the uuid", async () => {
    await make();
    expect(table.counts).toMatchObject({ put: 1, get: 0, query: 0, queryIndex: 0 });
    await make({}, "a", "11111111-1111-4111-8111-111111111111");
    expect(table.counts).toMatchObject({ put: 2, get: 0, query: 2, queryIndex: 0 });
  });

  test("a uuid that any project's model has is refused, also when both choose it at the same moment", async () => {
    const uuid = "11111111-1111-4111-8111-111111111111";
    await make({}, "b", uuid);
    const request = { projectId: "a", userId: "u", attributes: ATTRIBUTES };
    expect(await createBayModel(ports, { ...request, uuid })).toEqual({ kind: "exists" });
    const other = "22222222-2222-4222-8222-222222222222";
    const both = await Promise.all([
      createBayModel(ports, { ...request, uuid: other }),
      createBayModel(ports, { ...request, projectId: "b", uuid: other }),
    ]);
    expect(both.filter((one) => one.kind === "created").length).toBeLessThan(2);
    const left = table.items().filter((item) => item.pk.endsWith(other));
    expect(left).toHaveLength(both.filter((one) => one.kind === "created").length);
  });
});

describe("finding", () => {
  test.each([
    ["own, private", A, { projectId: "a", public: false, hidden: false }, "found"],
    ["own, hidden", A, { projectId: "a", public: false, hidden: true }, "found"],
    ["another's, private", B, { projectId: "a", public: false, hidden: false }, "absent"],
    ["another's, public", B, { projectId: "a", public: true, hidden: false }, "found"],
    ["another's, public and hidden", B, { projectId: "a", public: true, hidden: true }, "absent"],
    ["any, for an administrator", ADMIN, { projectId: "a", public: false, hidden: true }, "found"],
  ])("%s", async (_what, scope, { projectId, ...flags }, outcome) => {
    const model = await make(flags, projectId);
    expect((await findBayModel(table, scope, model.uuid)).kind).toBe(outcome);
    expect((await findBayModel(table, scope, "small")).kind).toBe(outcome);
    const listed = await listBayModels(table, scope, { limit: 10, descending: false });
    expect(listed).toMatchObject({ kind: "page", entries: outcome === "found" ? [model] : [] });
  });

  test("by uuid whatever its case", async () => {
    const model = await make({}, "a", "ABCDEF00-1111-4111-8111-111111111111".toLowerCase());
    expect(await findBayModel(table, A, model.uuid.toUpperCase())).toMatchObject({ kind: "found" });
  });

  test("a name that two visible models bear is ambiguous; others' private ones do not count", async () => {
    await make({}, "b");
    const own = await make();
    expect(await findBayModel(table, A, "small")).toMatchObject({
      kind: "found",
      model: { state: { uuid: own.uuid } },
    });
    await make({ public: true }, "b");
    expect(await findBayModel(table, A, "small")).toEqual({ kind: "ambiguous" });
  });

  test("a name that the index still has and the model no longer bears finds nothing", async () => {
    let lagMs = 0;
    table = createMemoryTable({ clock, indexLagMs: () => lagMs });
    ports = { ...ports, table };
    const model = await make();
    lagMs = 60_000;
    await updateBayModel(ports, keyOf(model), () => Promise.resolve({ ...ATTRIBUTES, name: "other" }));
    expect(await findBayModel(table, A, "small")).toEqual({ kind: "absent" });
  });
});

describe("listing", () => {
  const names = async (request: Partial<Parameters<typeof listBayModels>[2]>, scope = A): Promise<unknown> => {
    const listed = await listBayModels(table, scope, { limit: 100, descending: false, ...request });
    return listed.kind === "page" ? [listed.entries.map((model) => model.name), listed.hasMore] : listed.kind;
  };

  beforeEach(async () => {
    for (const [name, project, shared] of [
      ["1", "a", false],
      ["2", "b", true],
      ["3", "a", true],
      ["4", "b", false],
      ["5", "a", false],
    ] as const)
      await make({ name, public: shared, dockerVolumeSizeGb: 9 - Number(name) }, project);
  });

  test("own and shared models are one list by creation; administrators see all", async () => {
    expect(await names({})).toEqual([["1", "2", "3", "5"], false]);
    expect(await names({ descending: true })).toEqual([["5", "3", "2", "1"], false]);
    expect(await names({}, B)).toEqual([["2", "3", "4"], false]);
    expect(await names({}, ADMIN)).toEqual([["1", "2", "3", "4", "5"], false]);
  });

  test.each([1, 2, 3, 4, 5])(
    "pages of %d put together are the list, each model once, in both directions",
    async (limit) => {
      for (const descending of [false, true]) {
        const seen: (string | null)[] = [];
        let marker: string | undefined;
        for (;;) {
          const page = await listBayModels(table, A, { limit, descending, ...(marker && { marker }) });
          if (page.kind !== "page") throw new Error(page.kind);
          expect(page.entries.length).toBeLessThanOrEqual(limit);
          seen.push(...page.entries.map((model) => model.name));
          marker = page.entries.at(-1)?.uuid;
          if (!page.hasMore) break;
        }
        const all = ["1", "2", "3", "5"];
        expect(seen).toEqual(descending ? all.toReversed() : all);
      }
    },
  );

  test("by an attribute, with a marker", async () => {
    const sortBy = (model: BayModel) => model.dockerVolumeSizeGb;
    expect(await names({ sortBy })).toEqual([["5", "3", "2", "1"], false]);
    expect(await names({ sortBy, descending: true, limit: 2 })).toEqual([["1", "2"], true]);
    const found = await findBayModel(table, A, "3");
    if (found.kind !== "found") throw new Error(found.kind);
    expect(await names({ sortBy, marker: found.model.state.uuid })).toEqual([["2", "1"], false]);
  });

  test("a marker that names nothing the caller may see is unknown", async () => {
    const hidden = await findBayModel(table, B, "4");
    if (hidden.kind !== "found") throw new Error(hidden.kind);
    for (const marker of ["33333333-3333-4333-8333-333333333333", hidden.model.state.uuid]) {
      expect(await names({ marker })).toBe("unknown-marker");
      expect(await names({ marker, sortBy: (model) => model.name })).toBe("unknown-marker");
    }
  });
});

describe("updating", () => {
  const update = (model: BayModel, changes: Partial<BayModelAttributes>) =>
    updateBayModel(ports, keyOf(model), (current) => Promise.resolve({ ...attributesOf(current), ...changes }));

  test("writes what changed and when; nothing when nothing changed", async () => {
    const model = await make();
    clock.advance(5);
    expect(await update(model, { flavorId: "big" })).toMatchObject({
      kind: "updated",
      model: { flavorId: "big", updatedAtMs: clock.nowMs() },
    });
    const writes = table.counts.put;
    expect(await update(model, { flavorId: "big" })).toMatchObject({ kind: "updated" });
    expect(table.counts.put).toBe(writes);
  });

  test.each([
    [{ name: "new" }, "updated"],
    [{ tags: "x" }, "updated"],
    [{ hidden: true }, "updated"],
    [{ public: true }, "updated"],
    [{ name: "new", tags: "x" }, "in-use"],
    [{ flavorId: "big" }, "in-use"],
    [{ labels: { a: "b" } }, "in-use"],
  ])("while a bay uses it, changing %j is %s", async (changes, outcome) => {
    const model = await make();
    await useBy(model);
    const writes = table.counts.put;
    expect((await update(model, changes)).kind).toBe(outcome);
    expect(table.counts.put).toBe(outcome === "updated" ? writes + 1 : writes);
  });

  test("a change between reading and writing is not lost: it is decided anew", async () => {
    const model = await make();
    meanwhile = { before: "put", run: async () => void (await update(model, { flavorId: "big" })) };
    await update(model, { tags: "x" });
    expect((await stored(model))?.state).toMatchObject({ flavorId: "big", tags: "x" });
  });

  test("one that is gone is absent", async () => {
    const model = await make();
    await deleteBayModel(ports, keyOf(model));
    expect(await update(model, { tags: "x" })).toEqual({ kind: "absent" });
  });
});

describe("deleting", () => {
  test("removes a model that nobody uses, with two looks, one mark and one removal", async () => {
    const model = await make();
    expect(await deleteBayModel(ports, keyOf(model))).toEqual({ kind: "deleted" });
    expect(table.items()).toEqual([]);
    expect(table.counts).toMatchObject({ get: 1, query: 2, put: 2, remove: 1 });
    expect(await deleteBayModel(ports, keyOf(model))).toEqual({ kind: "absent" });
  });

  test("refuses while a bay uses it, and writes nothing", async () => {
    const model = await make();
    await useBy(model);
    const writes = table.counts.put;
    expect(await deleteBayModel(ports, keyOf(model))).toEqual({ kind: "in-use" });
    expect(table.counts.put).toBe(writes);
  });

  test("a bay that begins to use it while it is being deleted is refused, or the delete is; never neither", async () => {
    for (const before of ["get", "query", "put", "remove"]) {
      const model = await make();
      let marked: unknown;
      meanwhile = { before, run: async () => void (marked = await useBy(model)) };
      const deleted = await deleteBayModel(ports, keyOf(model));
      const used = marked !== undefined;
      expect([before, deleted.kind]).toEqual([before, used ? "in-use" : "deleted"]);
      expect([before, (await stored(model)) !== undefined]).toEqual([before, used]);
      expect((await stored(model))?.state.deletingSinceMs ?? null).toBeNull();
      const mark = await table.get(bayModelUseKey(model.uuid, BAY.uuid));
      expect([before, mark !== undefined]).toEqual([before, used]);
    }
  });

  test("the mark of a delete that died holds for a minute and is cleared by the next bay; the dead one then cannot go on", async () => {
    const model = await make();
    meanwhile = {
      before: "remove",
      run: async () => {
        expect(await useBy(model)).toBeUndefined();
        clock.advance(limits.bayModel.deletingMs);
        expect(await useBy(model)).toMatchObject({ state: { deletingSinceMs: null } });
      },
    };
    expect(await deleteBayModel(ports, keyOf(model))).toEqual({ kind: "in-use" });
    expect((await stored(model))?.state.deletingSinceMs).toBeNull();
  });
});

test("a name by chance says what it names", () => {
  expect(randomName(ports.random, "template")).toBe("omega-24-template");
  expect(randomName({ ...ports.random, fraction: () => 0 }, "cluster")).toBe("alpha-1-cluster");
});

function attributesOf(model: BayModel): BayModelAttributes {
  const { uuid: _1, projectId: _2, userId: _3, createdAtMs: _4, updatedAtMs: _5, deletingSinceMs: _6, ...rest } = model;
  return rest;
}
