/** Mistakes in what the API does: the order of its writes, whom it shows what, what it promises. */
import type { Sabotage } from "./sabotages.ts";

const CREATE = "packages/core/src/bay/create-bay.ts";
const CHANGE = "packages/core/src/bay/change-bay.ts";
const FIND = "packages/core/src/bay/find-bay.ts";
const STORE = "packages/core/src/bay/specification-store.ts";
const MODEL = "packages/core/src/bay-model/write-bay-model.ts";
const MARK = "packages/core/src/bay-model/use-mark.ts";
const QUOTA = "packages/core/src/quota/quota.ts";
const KEY = "packages/core/src/idempotency/idempotency-key.ts";

export const API_SABOTAGES: readonly Sabotage[] = [
  {
    name: "the API replies before the bay is stored",
    file: CREATE,
    find: `const inserted = await insertRecord(ports, bayShape, withNotices(begun, operation, request));`,
    put: `const fresh = withNotices(begun, operation, request);
      void insertRecord(ports, bayShape, fresh).catch(() => {});
      const inserted = { kind: "inserted", record: fresh };`,
  },
  {
    name: "a bay of which its maker heard late is an error",
    file: CREATE,
    find: `const record = await findRecord(ports.table, bayShape, key); if (!record) throw`,
    put: `const record = request.uuid === undefined ? undefined : await findRecord(ports.table, bayShape, key); if (!record) throw`,
  },
  {
    name: "the bay is stored before its specification",
    file: CREATE,
    find: `if ((await ports.table.put(cold, { absent: true })) === "written") return specification;`,
    put: `queueMicrotask(() => void ports.table.put(cold, { absent: true }).catch(() => {}));
      if (cold) return specification;`,
  },
  {
    name: "a bay's trust is not told to its operation",
    file: CREATE,
    find: `deadlineAtMs: deadlineOf(bay.createdAtMs, specification.createTimeoutMinutes), delegation, };`,
    put: `deadlineAtMs: deadlineOf(bay.createdAtMs, specification.createTimeoutMinutes), };`,
  },
  {
    name: "a specification is never provisional",
    file: CREATE,
    find: `const cold = asProvisional(specificationItem(bay, specification, 1), key, bay.createdAtMs);`,
    put: `const cold = specificationItem(bay, specification, 1);`,
  },
  {
    name: "a resize is taken in any status",
    file: CHANGE,
    find: `const isAllowed = by === "patch" ? isUpdatable : isResizable;`,
    put: `const isAllowed = (status: BayStatus) => by === "patch" || isUpdatable(status) || isResizable(status);`,
  },
  {
    name: "a resize that was refused is told as accepted",
    file: CHANGE,
    find: `case "refused": return { kind: "refused", status: changed.refusal };`,
    put: `case "refused": return { kind: "accepted", bay: { ...state, nodeCount } };`,
  },
  {
    name: "a resize changes the count and begins nothing",
    file: CHANGE,
    find: `return { kind: "write", record: withOperation(bayShape, current, operation, changes) };
      });
      switch (changed.kind) {`,
    put: `return { kind: "write", record: { ...current, state: { ...current.state, nodeCount: operation.input.nodeCount, updatedAtMs: changes.updatedAtMs } } };
      });
      switch (changed.kind) {`,
  },
  {
    name: "a second delete begins anew",
    file: CHANGE,
    find: `if (isBeingDeleted(current.state)) return { kind: "keep" };`,
    put: "",
  },
  {
    name: "a delete goes on under the old operation's id",
    file: CHANGE,
    find: `const operation = { id, kind: "delete", nowMs, deadlineAtMs };`,
    put: `const operation = { id: current.operation?.id ?? id, kind: "delete", nowMs, deadlineAtMs };`,
  },
  {
    name: "a bay is found whoever asks",
    file: FIND,
    find: `if (own.length > 0 || !scope.allProjects) return joinItems(own);`,
    put: `if (own.length > 0) return joinItems(own);`,
  },
  {
    name: "a bay is read from a stale index",
    file: FIND,
    find: `const own = await readItems(table, scope.projectId, uuid);`,
    put: `const stale = await table.queryIndex("project", "bay#" + scope.projectId, {});
      const own = stale.items.filter((item) => item.pk === bayPartition(uuid));`,
  },
  {
    name: "a list shows every project's bays",
    file: "packages/core/src/bay/list-bays.ts",
    find: `const partitions = scope.allProjects`,
    put: `const partitions = scope.allProjects || after === undefined`,
  },
  {
    name: "a specification is written over whatever stands there",
    file: STORE,
    // That a refused write counts as done is no bug while the bay is built: whoever was quicker has written the same.
    find: `if ((await table.put(next, { revision: item.revision })) === "written") return after;`,
    put: `const revision = (await table.get(item))?.revision ?? item.revision;
      if ((await table.put({ ...next, revision: revision + 1 }, { revision })) === "written") return after;`,
  },
  {
    name: "a changed specification stays provisional",
    file: STORE,
    find: `const next = asSettled(specificationItem(bay, after, item.revision + 1));`,
    put: `const next = { ...specificationItem(bay, after, item.revision + 1), indexes: { ...specificationItem(bay, after, 1).indexes, ...(item.indexes.due && { due: item.indexes.due }) } };`,
  },
  {
    name: "a model goes without a second look for bays",
    file: MODEL,
    find: `if (await isBayModelUsed(ports.table, record.state.uuid)) {
        await mark(ports, marked.record, null);`,
    put: `if (record.state.uuid === "") {
        await mark(ports, marked.record, null);`,
  },
  {
    name: "a bay is made from a model that is going",
    file: MARK,
    find: `if (since === null) return model;`,
    put: `if (since === null || model.state.uuid !== "") return model;`,
  },
  {
    name: "a bay does not mark its model",
    file: MARK,
    find: `await ports.table.put(asProvisional(mark, bay.key, ports.clock.nowMs()), { absent: true });`,
    put: `if (bay.uuid === "") await ports.table.put(asProvisional(mark, bay.key, ports.clock.nowMs()), { absent: true });`,
  },
  {
    name: "a health report is written over a bay that others write",
    file: "packages/core/src/bay/report-health.ts",
    find: `{ ...current, state: { ...current.state, healthStatus, updatedAtMs: nowMs } }`,
    put: `{ ...current, state: { ...record.state, healthStatus, updatedAtMs: nowMs } }`,
  },
  {
    name: "a place is taken where there is no room",
    file: QUOTA,
    find: `if (quota.bays.length >= limit) return { kind: "refuse", refusal: { kind: "full", limit } };`,
    put: "",
  },
  {
    name: "a refused write of the quota counts as done",
    file: QUOTA,
    find: `if (outcome === "written") return { kind: "settled", quota: change.quota };`,
    put: `if (outcome) return { kind: "settled", quota: change.quota };`,
  },
  {
    name: "a bay takes no place",
    file: CREATE,
    find: `const place = await takePlace(ports, { projectId, uuid, untilMs, defaultLimit: request.defaultQuota });`,
    put: `const place = uuid === "" ? await takePlace(ports, { projectId, uuid, untilMs, defaultLimit: request.defaultQuota }) : { kind: "taken" };`,
  },
  {
    name: "a bay goes and its place stays",
    file: "functions/conductor/record-types.ts",
    find: `beforeRemoval: (ports, { state: bay }) => releasePlace(ports, bay.projectId, bay.uuid),`,
    put: `beforeRemoval: (ports, { state: bay }) => releasePlace(ports, bay.projectId, "of-" + bay.uuid),`,
  },
  {
    name: "who goes on under a key makes another bay",
    file: KEY,
    find: `uuid: before?.uuid ?? random.uuid(),`,
    put: `uuid: random.uuid(),`,
  },
  {
    name: "a key is good for any request",
    file: KEY,
    find: `if (before && before.fingerprint !== request.fingerprint) return { kind: "other-request" };`,
    put: "",
  },
  {
    name: "a key is begun over another's",
    file: KEY,
    find: `found ? { revision: found.revision } : { absent: true })) === "refused") continue;`,
    put: `found ? { revision: found.revision } : { absent: true })) === "refused") await 0;`,
  },
];
