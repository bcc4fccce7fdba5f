import { expect, test } from "vitest";
import { createTrust, deleteTrust, getTrust, listTrusts } from "./keystone-trusts.ts";
import { keystoneError } from "./scripted-keystone.ts";
import { scriptSession } from "./scripted-session.ts";

const trust = {
  id: "trust-1",
  trustor_user_id: "user-1",
  trustee_user_id: "service",
  project_id: "project-1",
  impersonation: true,
  expires_at: "2026-01-01T01:00:00.000000Z",
  redelegation_count: 1,
};
const wanted = {
  trustorUserId: "user-1",
  trusteeUserId: "service",
  projectId: "project-1",
  roles: [{ id: "role-member", name: "member" }],
  impersonation: true,
  expiresAtMs: Date.UTC(2026, 0, 1, 1),
  redelegations: 1,
};

test("a trust is asked for with its roles by id, its end and how often it may be handed on", async () => {
  const { http, session } = scriptSession({ "POST /v3/OS-TRUST/trusts": { status: 201, json: { trust } } });
  expect(await createTrust(session, wanted)).toMatchObject({ kind: "found", value: { id: "trust-1" } });
  expect(http.requests[0]?.json).toEqual({
    trust: {
      trustor_user_id: "user-1",
      trustee_user_id: "service",
      project_id: "project-1",
      roles: [{ id: "role-member" }],
      impersonation: true,
      expires_at: "2026-01-01T01:00:00.000Z",
      allow_redelegation: true,
      redelegation_count: 1,
    },
  });
});

test("a refused trust carries Keystone's reason", async () => {
  const message = "Using method 'application_credential' is not allowed for managing trusts.";
  const { session } = scriptSession({ "POST /v3/OS-TRUST/trusts": keystoneError(403, message) });
  expect(await createTrust(session, wanted)).toEqual({
    kind: "refused",
    cause: "forbidden",
    reason: `identity refused: ${message}`,
  });
});

test("trusts are read one by one and listed by either side", async () => {
  const { http, session } = scriptSession({
    "GET /v3/OS-TRUST/trusts/trust-1": { json: { trust } },
    "GET /v3/OS-TRUST/trusts/gone": keystoneError(404, "no"),
    "GET /v3/OS-TRUST/trusts": { json: { trusts: [trust], links: {} } },
  });
  expect(await getTrust(session, "trust-1")).toMatchObject({ kind: "found", value: { trustor_user_id: "user-1" } });
  expect(await getTrust(session, "gone")).toEqual({ kind: "missing" });
  expect(await listTrusts(session, { trustorUserId: "u&1" })).toMatchObject({ value: [{ id: "trust-1" }] });
  await listTrusts(session, { trusteeUserId: "s" });
  expect(http.lines().slice(-2)).toEqual([
    "GET /v3/OS-TRUST/trusts?trustor_user_id=u%261",
    "GET /v3/OS-TRUST/trusts?trustee_user_id=s",
  ]);
});

test("deleting a trust that is gone already succeeds", async () => {
  const { http, session } = scriptSession({ "DELETE /v3/OS-TRUST/trusts/t": { status: 204 } });
  expect(await deleteTrust(session, "t")).toEqual({ kind: "deleted" });
  http.answer({ "DELETE /v3/OS-TRUST/trusts/t": keystoneError(404, "no") });
  expect(await deleteTrust(session, "t")).toEqual({ kind: "deleted" });
  http.answer({ "DELETE /v3/OS-TRUST/trusts/t": keystoneError(403, "no") });
  expect(await deleteTrust(session, "t")).toMatchObject({ kind: "refused", cause: "forbidden" });
});
