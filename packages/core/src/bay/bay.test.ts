import { beforeEach, describe, expect, test } from "vitest";
import { createTestClock } from "../../../../test/contract/test-clock.ts";
import type { BayModel } from "../bay-model/bay-model.ts";
import { bayModelKey, bayModelShape, bayModelUseKey, isBayModelUse } from "../bay-model/bay-model.ts";
import { Rejected, Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { isProvisional, ownerOf, settleProvisional } from "../operation/provisional.ts";
import type { WorkRecord } from "../operation/record.ts";
import { recordFromItem } from "../operation/record.ts";
import { changeRecord, findRecord, insertRecord, newRecord } from "../operation/record-store.ts";
import type { MemoryTable, TableCall } from "../table/memory-table.ts";
import { readQuota, releasePlace, withdrawPlace } from "../quota/quota.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import type { Item, Key } from "../table/table.ts";
import type { Bay, BaySpecification, BayStatus } from "./bay.ts";
import { bayKey, bayOwner, bayShape, baySpecificationKey, bayStatusSchema } from "./bay.ts";
import { deleteBay, resizeBay } from "./change-bay.ts";
import { readSpecification } from "./specification-store.ts";
import type { BayPorts, Delegate, DelegationRequest } from "./create-bay.ts";
import { createBay } from "./create-bay.ts";
import type { BayWithSpecification } from "./find-bay.ts";
import { findBay } from "./find-bay.ts";
import { listBays } from "./list-bays.ts";

const MODEL_ID = "00000000-0000-4000-8000-00000000000a";
const A = { projectId: "a", allProjects: false };
const B = { projectId: "b", allProjects: false };
const ADMIN = { projectId: "admin", allProjects: true };

const snapshot = {
  uuid: MODEL_ID,
  projectId: "a",
  userId: "u",
  name: "small",
  coe: "kubernetes" as const,
  serverType: "vm" as const,
  clusterDistro: "fedora-atomic",
  driver: null,
  imageId: "image",
  keypairId: "ops",
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
  public: true,
  hidden: false,
  masterLbEnabled: false,
  floatingIpEnabled: true,
};

const specification: Omit<BaySpecification, "delegation"> = {
  model: snapshot,
  bayType: "magnum_vm_atomic_k8s",
  keypairId: "ops",
  sshPublicKey: null,
  flavorId: null,
  masterFlavorId: null,
  dockerVolumeSizeGb: null,
  labels: {},
  mergeLabels: false,
  fixedNetwork: null,
  fixedSubnet: null,
  floatingIpEnabled: true,
  masterLbEnabled: false,
  createTimeoutMinutes: 30,
  discoveryUrl: null,
  userName: "alice",
  projectName: "a",
  apiAddress: null,
  nodeAddresses: [],
  masterAddresses: [],
  coeVersion: null,
  containerVersion: null,
  healthStatusReason: {},
  certificates: null,
  nodeCredential: null,
};

let clock = createTestClock(0);
let table: MemoryTable;
let calls: TableCall["operation"][];
let hints: Key[];
let delegations: DelegationRequest[];
let ports: BayPorts;
let model: WorkRecord<BayModel>;
let indexLagMs = 0;
let failAt: number | undefined;
/** What happens while a call of the table, counted from 1, sleeps on its way there. */
let asleep: { readonly at: number; readonly meanwhile: () => Promise<unknown> } | undefined;

const delegate: Delegate = (request) => {
  delegations.push(request);
  return Promise.resolve(trust(delegations.length));
};

const trust = (number: number) => ({
  kind: "trust" as const,
  projectId: "a",
  trustorUserId: "alice",
  sealedTrustId: `trust-${number}`,
  trustDigest: null,
  expiresAtMs: null,
});

beforeEach(async () => {
  clock = createTestClock(1_900_000_000_000);
  calls = [];
  hints = [];
  delegations = [];
  indexLagMs = 0;
  failAt = undefined;
  asleep = undefined;
  table = createMemoryTable({
    clock,
    indexLagMs: () => indexLagMs,
    intercept: async (call, moment) => {
      if (moment === "after") return;
      calls.push(call.operation);
      const sleep = asleep;
      if (sleep?.at === calls.length) {
        asleep = undefined;
        await sleep.meanwhile();
      }
      if (failAt !== undefined && calls.length > failAt) throw new Transient("the process died here");
    },
  });
  let ids = 0;
  ports = {
    clock,
    table,
    random: {
      uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`,
      fraction: () => 0.5,
      bytes: (length) => new Uint8Array(length),
    },
    log: { write: () => undefined },
    queue: { send: (keys) => Promise.resolve(void hints.push(...keys)) },
  };
  const state: BayModel = { ...snapshot, createdAtMs: 1, updatedAtMs: null, deletingSinceMs: null };
  const made = await insertRecord(ports, bayModelShape, newRecord(bayModelKey("a", MODEL_ID), state));
  if (made.kind !== "inserted") throw new Error(made.kind);
  model = made.record;
  calls = [];
});

async function make(name: string | null = "blue", projectId = "a"): Promise<BayWithSpecification> {
  clock.advance(1);
  const request = { projectId, userId: "u", name, nodeCount: 2, masterCount: 1, specification, defaultQuota: 20 };
  const made = await createBay(ports, model, request, delegate);
  if (made.kind !== "created") throw new Error(made.kind);
  return {
    record: made.record,
    specification: { ...specification, delegation: trust(delegations.length) },
    nodeGroups: [],
  };
}

/** An empty quota is kept for a day. */
const lasts = (item: Item): boolean => item.expiresAtSeconds === undefined;

/** As conductors do with a mark: its place goes with it. */
async function discard(item: Item): Promise<void> {
  if (!isBayModelUse(item)) return;
  const { projectId, uuid } = bayOwner(ownerOf(item));
  await withdrawPlace(ports, { projectId, uuid, untilMs: Infinity });
}

/** Puts the bay into the status, as if its conductor had ended. */
async function settle(bay: BayWithSpecification, status: BayStatus): Promise<BayWithSpecification> {
  const settled = await changeRecord(ports, bayShape, bay.record.key, (current) => {
    const { operation: _operation, dueAtMs: _due, ...rest } = current;
    return { kind: "write", record: { ...rest, state: { ...current.state, status } } };
  });
  if (settled.kind !== "changed") throw new Error(settled.kind);
  return { ...bay, record: settled.record };
}

const stored = ({ record }: BayWithSpecification) => findRecord(table, bayShape, record.key);

describe("creating", () => {
  test("is six calls of the table and one delegation; the last call commits, then a hint is sent", async () => {
    const { record } = await make();
    expect(calls).toEqual(["put", "get", "get", "put", "put", "put"]);
    expect(hints).toEqual([record.key]);
    expect(delegations).toEqual([{ context: `bay/${record.state.uuid}/delegation` }]);
    expect((await readSpecification(table, record.state))?.delegation).toEqual(trust(1));
    expect(record).toMatchObject({
      state: { status: "CREATE_IN_PROGRESS", nodeCount: 2, updatedAtMs: null, bayModelId: MODEL_ID },
      operation: {
        kind: "create",
        delegation: trust(1),
        deadlineAtMs: clock.nowMs() + 30 * 60_000 + limits.bay.deadlineMarginMs,
      },
      dueAtMs: clock.nowMs(),
    });
  });

  test("killed before any of its calls it leaves no bay, and what it leaves is swept away", async () => {
    for (let kill = 0; kill < 6; kill += 1) {
      calls = [];
      failAt = kill;
      await expect(make()).rejects.toThrow(Transient);
      failAt = undefined;
      expect(await listBays(table, A, { limit: 10, descending: false })).toMatchObject({ entries: [] });
      for (const item of table.items()) if (isProvisional(item)) await settleProvisional({ table, discard }, item);
      expect((await readQuota(table, "a")).bays).toEqual([]);
      expect(
        table
          .items()
          .filter(lasts)
          .map((item) => item.sk),
      ).toEqual(["model#a"]);
    }
  });

  test("a delegation that is refused leaves nothing, so that the model can be deleted at once", async () => {
    const request = {
      projectId: "a",
      userId: "u",
      name: null,
      nodeCount: 1,
      masterCount: 1,
      specification,
      defaultQuota: 20,
    };
    const refuse: Delegate = () => Promise.reject(new Rejected(403, "no"));
    await expect(createBay(ports, model, request, refuse)).rejects.toThrow(Rejected);
    expect(
      table
        .items()
        .filter(lasts)
        .map((item) => item.sk),
    ).toEqual(["model#a"]);
  });

  test("what was provisional stays for good once the bay is there", async () => {
    const { record } = await make();
    for (const item of table.items())
      if (isProvisional(item)) await settleProvisional({ table, discard: () => Promise.resolve() }, item);
    expect(await findBay(table, A, record.state.uuid)).toMatchObject({ kind: "found" });
    expect(await table.get(bayModelUseKey(MODEL_ID, record.state.uuid))).toBeDefined();
  });

  test("a model that went or changed since it was read refuses the bay, and nothing is left", async () => {
    const request = {
      projectId: "a",
      userId: "u",
      name: null,
      nodeCount: 1,
      masterCount: 1,
      specification,
      defaultQuota: 20,
    };
    const changed = { ...model, revision: 7 };
    expect(await createBay(ports, changed, request, delegate)).toEqual({ kind: "model-changed" });
    const key = bayModelKey("a", MODEL_ID);
    await changeRecord(ports, bayModelShape, key, (current) => ({
      kind: "write",
      record: { ...current, state: { ...current.state, deletingSinceMs: clock.nowMs() } },
    }));
    expect(await createBay(ports, model, request, delegate)).toEqual({ kind: "model-changed" });
    await table.remove(key, 2);
    expect(await createBay(ports, model, request, delegate)).toEqual({ kind: "model-changed" });
    expect(table.items()).toEqual([]);
    expect(delegations).toEqual([]);
  });
});

describe("a keyed request that sleeps past its lease at any of its calls", () => {
  const uuid = "00000000-0000-4000-8000-0000000000ff";
  const key = bayKey("a", uuid);
  const LEASE_MS = limits.idempotency.leaseMs;
  const keyed = { uuid, projectId: "a", userId: "u", name: null, nodeCount: 1, masterCount: 1, specification };
  const ask = (seen = model, by = delegate, defaultQuota = 20) =>
    createBay(ports, seen, { ...keyed, defaultQuota, untilMs: clock.nowMs() + LEASE_MS }, by);
  const refuse: Delegate = () => Promise.reject(new Rejected(403, "no"));
  const stale = (): WorkRecord<BayModel> => ({ ...model, revision: 7 });

  /** Asks, at every moment in which one of its calls sleeps while others do what is given; after each, `check`. */
  async function atEachCall(
    first: () => Promise<unknown>,
    meanwhile: () => Promise<unknown>,
    check: (at: number) => Promise<void>,
  ): Promise<number> {
    for (let at = 1; ; at += 1) {
      calls = [];
      asleep = {
        at,
        meanwhile: async () => {
          clock.advance(LEASE_MS);
          await meanwhile();
        },
      };
      await first().catch((thrown: unknown) => {
        if (!(thrown instanceof Transient || thrown instanceof Rejected)) throw thrown;
      });
      if (asleep !== undefined) return at - 1;
      await check(at);
      await leave();
    }
  }

  /** The bay goes, as conductors make it go: its mark, its cold item, its place, itself. */
  async function leave(): Promise<void> {
    const keys = [bayModelUseKey(MODEL_ID, uuid), baySpecificationKey("a", uuid)];
    for (const one of keys) await table.remove(one, (await table.get(one))?.revision ?? 1);
    await releasePlace(ports, "a", uuid);
    await table.remove(key, (await table.get(key))?.revision ?? 1);
  }

  async function expectNothingLeft(): Promise<void> {
    for (const item of table.items()) if (isProvisional(item)) await settleProvisional({ table, discard }, item);
    if (await table.get(key)) return;
    expect((await readQuota(table, "a")).bays).toEqual([]);
    expect(await table.get(bayModelUseKey(MODEL_ID, uuid))).toBeUndefined();
  }

  test("keeps no place of the bay that its repetition made and its user deleted", async () => {
    const made = async (): Promise<void> => {
      expect(await ask()).toMatchObject({ kind: "created" });
      await leave();
    };
    // The last call is the commit itself (docs/reliability.md, "Not promised yet").
    const moments = await atEachCall(() => ask(), made, expectNothingLeft);
    expect(moments).toBe(7);
  });

  test.each([
    ["its model changed", () => ask(stale()), () => ask(stale())],
    ["there is no room any more", () => ask(), () => ask(model, delegate, 0)],
    ["the delegation is refused", () => ask(), () => ask(model, refuse).catch(() => undefined)],
  ])("keeps no place where its repetition was refused: %s", async (_what, first, repetition) => {
    const moments = await atEachCall(first, repetition, expectNothingLeft);
    expect(moments).toBeGreaterThan(5);
  });

  test.each([
    ["its model changed", () => ask(stale())],
    ["the delegation is refused", () => ask(model, refuse)],
  ])("takes no place from the bay that its repetition made: %s", async (_what, first) => {
    const moments = await atEachCall(
      first,
      () => ask(),
      async () => {
        expect(await table.get(key)).toBeDefined();
        expect((await readQuota(table, "a")).bays).toEqual([uuid]);
      },
    );
    expect(moments).toBeGreaterThan(5);
  });

  test("one that died with a place gives it back when its repetition finds the model going", async () => {
    calls = [];
    failAt = 4;
    await expect(ask()).rejects.toThrow(Transient);
    failAt = undefined;
    expect((await readQuota(table, "a")).bays).toEqual([uuid]);
    await changeRecord(ports, bayModelShape, bayModelKey("a", MODEL_ID), (current) => ({
      kind: "write",
      record: { ...current, state: { ...current.state, deletingSinceMs: clock.nowMs() } },
    }));
    expect(await ask()).toEqual({ kind: "model-changed" });
    expect((await readQuota(table, "a")).bays).toEqual([]);
  });
});

describe("the quota", () => {
  const request = { projectId: "a", userId: "u", name: null, nodeCount: 1, masterCount: 1, specification };
  const makeWithin = (defaultQuota: number) => createBay(ports, model, { ...request, defaultQuota }, delegate);

  test("is exact however many are made at once: as many as there is room for, and no refusal before", async () => {
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => makeWithin(25)));
    expect(outcomes.filter(({ kind }) => kind === "created")).toHaveLength(25);
    expect(outcomes.filter(({ kind }) => kind === "quota-exceeded")).toHaveLength(15);
    const listed = await listBays(table, A, { limit: 100, descending: false });
    const uuids = listed.kind === "page" ? listed.entries.map(({ record }) => record.state.uuid) : [];
    expect((await readQuota(table, "a")).bays.toSorted()).toEqual(uuids.toSorted());
  });

  test("one that is refused leaves nothing, and asks nobody for a delegation", async () => {
    await makeWithin(1);
    const before = table.items().filter(lasts).length;
    delegations = [];
    expect(await makeWithin(1)).toEqual({ kind: "quota-exceeded", limit: 1 });
    expect(table.items().filter(lasts)).toHaveLength(before);
    expect(delegations).toEqual([]);
  });

  test("none at all refuses everything", async () => {
    expect(await makeWithin(0)).toEqual({ kind: "quota-exceeded", limit: 0 });
  });
});

describe("finding", () => {
  test("by uuid is one strong read that holds the project; another project finds nothing, an administrator all", async () => {
    const bay = await make();
    const { record } = bay;
    const { uuid } = record.state;
    calls = [];
    expect(await findBay(table, A, uuid)).toEqual({ kind: "found", bay });
    expect(calls).toEqual(["query"]);
    expect(await findBay(table, B, uuid)).toEqual({ kind: "absent" });
    expect(await findBay(table, ADMIN, uuid)).toMatchObject({ kind: "found", bay: { record: { state: { uuid } } } });
  });

  test("by name, within the project; two of a name are ambiguous", async () => {
    const one = await make("blue");
    await make("blue", "b");
    expect(await findBay(table, A, "blue")).toMatchObject({
      bay: { record: { state: { uuid: one.record.state.uuid } } },
    });
    expect(await findBay(table, ADMIN, "blue")).toEqual({ kind: "ambiguous" });
    expect(await findBay(table, B, "Blue")).toEqual({ kind: "absent" });
    await make("blue");
    expect(await findBay(table, A, "blue")).toEqual({ kind: "ambiguous" });
  });
});

describe("listing", () => {
  const page = async (request: Partial<Parameters<typeof listBays>[2]> = {}, scope = A): Promise<unknown> => {
    const listed = await listBays(table, scope, { limit: 100, descending: false, ...request });
    if (listed.kind !== "page") return listed.kind;
    return [listed.entries.map(({ record }) => record.state.name), listed.hasMore];
  };

  test("a page of a project is one query, whatever the number of other projects' bays", async () => {
    for (const name of ["1", "2", "3", "4"]) await make(name);
    await make("x", "b");
    calls = [];
    expect(await page({ limit: 3 })).toEqual([["1", "2", "3"], true]);
    expect(calls).toEqual(["queryIndex"]);
    expect(await page({}, B)).toEqual([["x"], false]);
    expect(await page({}, ADMIN)).toEqual([["1", "2", "3", "4", "x"], false]);
  });

  test.each([1, 2, 3, 5])(
    "pages of %d put together are the list, also in reverse and across projects",
    async (limit) => {
      const made = [];
      for (const name of ["1", "2", "3", "4", "5"]) made.push(await make(name, name === "3" ? "b" : "a"));
      for (const [scope, all] of [
        [A, ["1", "2", "4", "5"]],
        [ADMIN, ["1", "2", "3", "4", "5"]],
      ] as const) {
        for (const descending of [false, true]) {
          const seen: (string | null)[] = [];
          let marker: string | undefined;
          for (let more = true; more;) {
            const listed = await listBays(table, scope, { limit, descending, ...(marker && { marker }) });
            if (listed.kind !== "page") throw new Error(listed.kind);
            seen.push(...listed.entries.map(({ record }) => record.state.name));
            marker = listed.entries.at(-1)?.record.state.uuid;
            more = listed.hasMore;
          }
          expect(seen).toEqual(descending ? all.toReversed() : all);
        }
      }
    },
  );

  test("a bay whose cold item the index does not show yet is in the list; a cold item without a bay is not", async () => {
    const whole = await make("whole");
    indexLagMs = 60_000;
    const { items } = await table.query(whole.record.key.pk);
    const cold = items.find((item) => item.sk === baySpecificationKey("a", whole.record.state.uuid).sk)!;
    await table.put({ ...cold, revision: 2, indexes: {} }, { revision: 1 });
    indexLagMs = 0;
    clock.advance(60_000);
    await page();
    const lone = { ...cold, pk: "bay#never", revision: 1 };
    await table.put(lone, { absent: true });
    expect(await page()).toEqual([["whole"], false]);
  });

  test("one that is on its way out stands in no list", async () => {
    const bay = await make();
    await changeRecord(ports, bayShape, bay.record.key, (current) => ({
      kind: "write",
      record: { ...current, gone: true },
    }));
    expect(await page()).toEqual([[], false]);
    expect(await findBay(table, A, bay.record.state.uuid)).toEqual({ kind: "absent" });
  });
});

describe("resizing", () => {
  const to = (nodeCount: number) => ({ nodeCount, nodesToRemove: [], rollback: false });

  test.each(bayStatusSchema.options)("from %s", async (status) => {
    const bay = await settle(await make(), status);
    const writes = table.counts.put;
    const outcome = await resizeBay(ports, bay, to(5));
    const refusing = ["CREATE_IN_PROGRESS", "CREATE_FAILED", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"];
    const isAllowed = !refusing.includes(status) && !status.startsWith("DELETE_");
    expect(outcome.kind).toBe(isAllowed ? "accepted" : "refused");
    expect(table.counts.put - writes).toBe(isAllowed ? 1 : 0);
    expect((await stored(bay))?.state.status).toBe(isAllowed ? "UPDATE_IN_PROGRESS" : status);
  });

  test("stores the count, the status and the operation in one write", async () => {
    const bay = await settle(await make(), "CREATE_COMPLETE");
    clock.advance(5);
    await resizeBay(ports, bay, { nodeCount: 5, nodesToRemove: [], rollback: true });
    expect(await stored(bay)).toMatchObject({
      state: { nodeCount: 5, status: "UPDATE_IN_PROGRESS", statusReason: null, updatedAtMs: clock.nowMs() },
      operation: {
        kind: "update",
        input: { nodeCount: 5, previousNodeCount: 2, rollback: true },
      },
    });
    expect(hints.at(-1)).toEqual(bay.record.key);
  });

  test("to the count it has changes nothing, in any status", async () => {
    const bay = await make();
    const writes = table.counts.put;
    expect(await resizeBay(ports, bay, to(2))).toMatchObject({ kind: "accepted" });
    expect(table.counts.put).toBe(writes);
  });

  test("is refused when a delete came between looking and writing", async () => {
    const bay = await settle(await make(), "CREATE_COMPLETE");
    await deleteBay(ports, bay.record);
    const outcome = await resizeBay(ports, bay, to(5));
    expect(outcome).toEqual({ kind: "refused", status: "DELETE_IN_PROGRESS" });
  });
});

describe("deleting", () => {
  test.each(bayStatusSchema.options)("from %s", async (status) => {
    const bay = await settle(await make(), status);
    const writes = table.counts.put;
    expect(await deleteBay(ports, bay.record)).toEqual({ kind: "accepted" });
    expect(table.counts.put - writes).toBe(status === "DELETE_IN_PROGRESS" ? 0 : 1);
    expect((await stored(bay))?.state.status).toBe("DELETE_IN_PROGRESS");
  });

  test("supersedes what goes on, and answers for its delegation", async () => {
    const bay = await make();
    await deleteBay(ports, bay.record);
    const record = await stored(bay);
    expect(record).toMatchObject({ operation: { kind: "delete" } });
    expect(record?.operation?.inherited).toEqual([trust(1)]);
    expect(record?.operation?.id).not.toBe(bay.record.operation?.id);
  });

  test("one that is gone already is absent", async () => {
    const bay = await make();
    await table.remove(bay.record.key, 1);
    expect(await deleteBay(ports, bay.record)).toEqual({ kind: "absent" });
  });
});

test("the hot item stays below its limit, however long the names", async () => {
  const bay = await settle(await make("n".repeat(limits.api.nameChars)), "CREATE_COMPLETE");
  await resizeBay(ports, bay, { nodeCount: 3, nodesToRemove: [], rollback: false });
  const item = (await table.get(bayKey("a", bay.record.state.uuid)))!;
  expect(JSON.stringify(item.body).length).toBeLessThan(limits.table.hotItemBytes);
  expect(recordFromItem<Bay>(bayShape, item).state.name).toHaveLength(limits.api.nameChars);
});
