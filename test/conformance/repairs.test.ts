/** POST …/actions/retry and …/actions/abandon (ours): what an administrator does about what is stuck. */
import type { BayStatus } from "@jeroboam/core/bay/bay";
import { beforeEach, describe, expect, test } from "vitest";
import type { Harness } from "./api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, textIn } from "./api-harness.ts";

let api: Harness;
let uuid = "";

beforeEach(async () => {
  api = createHarness();
  // The administrator's own: bays of 2015 reach no other project's.
  await api.call("POST", "/v1/clustertemplates", { body: CLUSTER_TEMPLATE });
  const body = { name: "blue", cluster_template_id: "prod" };
  uuid = textIn((await api.call("POST", "/v1/clusters", { body })).body, "uuid");
});

const act = (collection: string, action: string, as: "admin" | "memberA" | "memberB" | "readerA" = "admin") =>
  api.call("POST", `/v1/${collection}/${uuid}/actions/${action}`, { as });

describe.each(["clusters", "bays"])("%s", (collection) => {
  test.each(["retry", "abandon"])("%s is for administrators, in every project", async (action) => {
    const refused = `/v1/${collection}/${uuid}/actions/${action}`;
    for (const as of ["memberA", "readerA"] as const)
      await expectRefusal(api, 403, `${collection.slice(0, -1)}:${action}`, "POST", refused, { as });
    await expectRefusal(api, 404, uuid, "POST", refused, { as: "memberB" });
    const { status, body } = await act(collection, action);
    expect({ status, body }).toEqual({ status: 202, body: { uuid } });
  });

  test("retrying what goes on makes it due now, with its time anew", async () => {
    const before = (await api.record(uuid))?.operation;
    api.ports.clock.advance(30 * 60_000);
    await act(collection, "retry");
    const after = await api.record(uuid);
    expect(after?.operation).toMatchObject({ id: before?.id, kind: "create", attempt: 0 });
    expect(after?.dueAtMs).toBe(api.ports.clock.nowMs());
    expect(after?.operation?.deadlineAtMs).toBe(api.ports.clock.nowMs() + 70 * 60_000);
    expect(api.ports.hints.at(-1)).toEqual(after?.key);
  });

  test.each<[BayStatus, kind: string, BayStatus]>([
    ["CREATE_FAILED", "recreate", "CREATE_IN_PROGRESS"],
    ["UPDATE_FAILED", "update", "UPDATE_IN_PROGRESS"],
    ["ROLLBACK_FAILED", "update", "UPDATE_IN_PROGRESS"],
    ["DELETE_FAILED", "delete", "DELETE_IN_PROGRESS"],
  ])("retrying in %s begins %s anew", async (status, kind, then) => {
    await api.settle(uuid, { status, statusReason: "why" });
    expect((await act(collection, "retry")).status).toBe(202);
    expect(await api.record(uuid)).toMatchObject({ operation: { kind }, state: { status: then, statusReason: null } });
  });

  test.each<BayStatus>(["CREATE_COMPLETE", "UPDATE_COMPLETE"])(
    "in %s there is nothing to try again",
    async (status) => {
      await api.settle(uuid, { status });
      await expectRefusal(api, 400, status, "POST", `/v1/${collection}/${uuid}/actions/retry`, { as: "admin" });
    },
  );

  test.each<BayStatus>([
    "CREATE_IN_PROGRESS",
    "CREATE_COMPLETE",
    "UPDATE_FAILED",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
  ])("abandoning is taken in %s, and again changes nothing", async (status) => {
    await api.settle(uuid, { status });
    await act(collection, "abandon");
    const begun = await api.record(uuid);
    expect(begun).toMatchObject({ operation: { kind: "abandon" }, state: { status: "DELETE_IN_PROGRESS" } });
    await act(collection, "abandon");
    expect((await api.record(uuid))?.operation?.id).toBe(begun?.operation?.id);
  });
});
