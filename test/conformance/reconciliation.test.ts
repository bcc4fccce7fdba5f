/** /v1/actions/reconcile: rounds begun by hand, and what they found; for administrators alone. */
import { JOB_NAMES } from "@jeroboam/core/reconciliation/job-names";
import { listJobs } from "@jeroboam/core/reconciliation/job";
import { expect, test } from "vitest";
import { createHarness, expectRefusal } from "./api-harness.ts";

const PATH = "/v1/actions/reconcile";

test("a round is begun for each job named, all of them when none is", async () => {
  const api = createHarness();
  const one = await api.call("POST", PATH, { as: "admin", body: { jobs: ["drift"], dry_run: true } });
  expect(one).toMatchObject({ status: 202, body: { started: ["drift"], running: [] } });
  const all = await api.call("POST", PATH, { as: "admin" });
  expect(all).toMatchObject({
    status: 202,
    body: { started: ["left-overs", "certificate-expiry", "seals"], running: ["drift"] },
  });
  const [drift] = (await listJobs(api.ports.table)).filter(({ state }) => state.name === "drift");
  expect(drift?.operation).toMatchObject({ kind: "run", input: { isDryRun: true } });
  const { body } = await api.call("GET", PATH, { as: "admin" });
  expect((body as { jobs: { name: string }[] }).jobs.map(({ name }) => name).toSorted()).toEqual(
    [...JOB_NAMES].toSorted(),
  );
  expect(body).toMatchObject({
    jobs: expect.arrayContaining([
      expect.objectContaining({
        name: "drift",
        state: "running",
        round: expect.objectContaining({ dry_run: true, ended_at: null, counts: {}, findings: [] }),
      }),
    ]),
  });
});

test("what runs already is not begun again", async () => {
  const api = createHarness();
  await api.call("POST", PATH, { as: "admin", body: { jobs: ["drift"] } });
  await expectRefusal(api, 409, "goes on already", "POST", PATH, { as: "admin", body: { jobs: ["drift"] } });
});

test.each([
  [{ jobs: ["sweeping"] }, "jobs/0. Value"],
  [{ jobs: [] }, "Value should name a job"],
  [{ jobs: "drift" }, "Value should be a list"],
  [{ dry_run: "perhaps" }, "dry_run"],
  [{ force: true }, "force"],
])("refuses %j and begins nothing", async (body, text) => {
  const api = createHarness();
  await expectRefusal(api, 400, text, "POST", PATH, { as: "admin", body });
});

test("nobody but administrators may look or begin", async () => {
  const api = createHarness();
  for (const method of ["GET", "POST"] as const) await expectRefusal(api, 403, "reconciliation", method, PATH);
});
