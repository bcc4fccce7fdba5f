/** /v1/mservices: the conductors that were seen working (bay-era sheet 3.10, 15 number 13; cluster sheet 16). */
import { createReport } from "@jeroboam/core/service-record/service-record";
import { expect, test } from "vitest";
import { createHarness, expectRefusal } from "../api-harness.ts";

const conductor = (host: string) => ({ host, binary: "magnum-conductor" });

test("nothing is told of conductors that nobody saw", async () => {
  const api = createHarness();
  expect((await api.call("GET", "/v1/mservices", { as: "admin" })).body).toEqual({ mservices: [] });
});

test("a conductor that reports is up, and down when it has not for three minutes", async () => {
  const api = createHarness();
  const report = createReport(api.ports, conductor("ctl1"));
  await report();
  api.ports.clock.advance(60_000);
  await report();
  const { body } = await api.call("GET", "/v1/mservices", { as: "admin" });
  expect(body).toEqual({
    mservices: [
      {
        id: 1,
        host: "ctl1",
        binary: "magnum-conductor",
        state: "up",
        report_count: 2,
        disabled: false,
        disabled_reason: null,
        created_at: "2026-01-02T03:04:05+00:00",
        updated_at: "2026-01-02T03:05:05+00:00",
      },
    ],
  });
  api.ports.clock.advance(178_000);
  expect((await api.call("GET", "/v1/mservices", { as: "admin" })).body).toMatchObject({
    mservices: [{ state: "up" }],
  });
  expect((await api.call("GET", "/v1/mservices", { as: "admin" })).body).toMatchObject({
    mservices: [{ state: "down" }],
  });
});

test("reporting often writes once a minute", async () => {
  const api = createHarness();
  const report = createReport(api.ports, conductor("ctl1"));
  await report();
  const before = api.writes();
  for (let times = 0; times < 50; times += 1) {
    api.ports.clock.advance(1_000);
    await report();
  }
  expect(api.writes()).toBe(before);
});

test("hosts have a row each, numbered as they came, and keep it when they start again", async () => {
  const api = createHarness();
  for (const host of ["b", "a", "b"]) await createReport(api.ports, conductor(host))();
  const { body } = await api.call("GET", "/v1/mservices", { as: "admin" });
  expect(body).toMatchObject({
    mservices: [
      { id: 1, host: "b", report_count: 2 },
      { id: 2, host: "a", report_count: 1 },
    ],
  });
});

test("a report that fails is logged and troubles nobody", async () => {
  const api = createHarness();
  const table = { ...api.ports.table, get: () => Promise.reject(new Error("no table")) };
  await createReport({ ...api.ports, table }, conductor("ctl1"))();
  expect(api.ports.log.lines).toContainEqual(expect.objectContaining({ level: "warning", event: "report-failed" }));
});

test("administrators alone see them", async () => {
  const api = createHarness();
  for (const as of ["memberA", "readerA"] as const)
    await expectRefusal(api, 403, "magnum-service:get_all", "GET", "/v1/mservices", { as });
});

test("arguments of pages change nothing; others are refused; nothing can be done to them", async () => {
  const api = createHarness();
  await createReport(api.ports, conductor("ctl1"))();
  for (const path of ["/v1/mservices/", "/v1/mservices/detail", "/v1/mservices?limit=1&sort_key=id", "/mservices"])
    expect((await api.call("GET", path, { as: "admin" })).body).toMatchObject({ mservices: [{ id: 1 }] });
  await expectRefusal(api, 400, "Unknown argument", "GET", "/v1/mservices?colour=red", { as: "admin" });
  for (const method of ["POST", "PATCH", "DELETE"])
    await expectRefusal(api, 405, "", method, "/v1/mservices", { as: "admin" });
  await expectRefusal(api, 404, "", "GET", "/v1/mservices/1", { as: "admin" });
});
