import { describe, expect, test } from "vitest";
import {
  createApplicationCredential,
  createUser,
  deleteApplicationCredential,
  deleteUser,
  findApplicationCredential,
  findProject,
  findRole,
  findUser,
  getProject,
  getUser,
  grantRole,
  revokeRole,
  setPassword,
} from "./keystone-directory.ts";
import { keystoneError } from "./scripted-keystone.ts";
import { scriptSession } from "./scripted-session.ts";

const user = { id: "u-1", name: "bay", domain_id: "trustees", enabled: true };
const grant = { projectId: "p", userId: "u", roleId: "r" };

describe("users", () => {
  test("are made in their domain; one of that name is an outcome of its own", async () => {
    const { http, session } = scriptSession({ "POST /v3/users": { status: 201, json: { user } } });
    const wanted = { name: "bay", domainId: "trustees", password: "pw", description: "bay 1" };
    expect(await createUser(session, wanted)).toMatchObject({ kind: "found", value: { id: "u-1" } });
    expect(http.requests[0]?.json).toEqual({
      user: { name: "bay", domain_id: "trustees", password: "pw", description: "bay 1", enabled: true },
    });
    http.answer({ "POST /v3/users": keystoneError(409, "Duplicate entry") });
    expect(await createUser(session, wanted)).toEqual({ kind: "exists" });
    http.answer({ "POST /v3/users": keystoneError(403, "not yours") });
    expect(await createUser(session, wanted)).toMatchObject({ kind: "refused", cause: "forbidden" });
  });

  test("are found by id and by name; a name that two bear is ambiguous", async () => {
    const { http, session } = scriptSession({
      "GET /v3/users/u-1": { json: { user } },
      "GET /v3/users/none": keystoneError(404, "no"),
      "GET /v3/users": { json: { users: [user] } },
    });
    expect(await getUser(session, "u-1")).toMatchObject({ value: { name: "bay" } });
    expect(await getUser(session, "none")).toEqual({ kind: "missing" });
    expect(await findUser(session, "bay", "trustees")).toMatchObject({ kind: "found", value: { id: "u-1" } });
    expect(http.lines().at(-1)).toBe("GET /v3/users?name=bay&domain_id=trustees");
    http.answer({ "GET /v3/users": { json: { users: [] } } });
    expect(await findUser(session, "bay", "trustees")).toEqual({ kind: "missing" });
    http.answer({ "GET /v3/users": { json: { users: [user, { ...user, id: "u-2" }] } } });
    expect(await findUser(session, "bay", "trustees")).toEqual({ kind: "ambiguous", ids: ["u-1", "u-2"] });
  });

  test("get new passwords and go; gone already is fine", async () => {
    const { http, session } = scriptSession({
      "PATCH /v3/users/u": { json: { user } },
      "DELETE /v3/users/u": keystoneError(404, "no"),
    });
    expect(await setPassword(session, "u", "new")).toEqual({ kind: "done" });
    expect(http.requests[0]?.json).toEqual({ user: { password: "new" } });
    expect(await deleteUser(session, "u")).toEqual({ kind: "done" });
  });
});

test("projects and roles are found", async () => {
  const { session } = scriptSession({
    "GET /v3/projects/p": { json: { project: { id: "p", name: "demo" } } },
    "GET /v3/projects?name=demo&domain_id=default": { json: { projects: [{ id: "p", name: "demo" }] } },
    "GET /v3/roles?name=member": { json: { roles: [{ id: "r", name: "member", domain_id: null }] } },
  });
  expect(await getProject(session, "p")).toMatchObject({ value: { name: "demo" } });
  expect(await findProject(session, "demo", "default")).toMatchObject({ value: { id: "p" } });
  expect(await findRole(session, "member")).toEqual({ kind: "found", value: { id: "r", name: "member" } });
});

test("a role is granted and revoked by the same address", async () => {
  const path = "/v3/projects/p/users/u/roles/r";
  const { http, session } = scriptSession({ [`PUT ${path}`]: { status: 204 }, [`DELETE ${path}`]: { status: 204 } });
  expect(await grantRole(session, grant)).toEqual({ kind: "done" });
  expect(await revokeRole(session, grant)).toEqual({ kind: "done" });
  http.answer({ [`PUT ${path}`]: keystoneError(403, "no"), [`DELETE ${path}`]: keystoneError(404, "no") });
  expect(await grantRole(session, grant)).toMatchObject({ kind: "refused", cause: "forbidden" });
  expect(await revokeRole(session, grant)).toEqual({ kind: "done" });
});

test("application credentials are made restricted, found by name, and deleted", async () => {
  const path = "/v3/users/u/application_credentials";
  const made = { id: "ac-1", name: "bay-1", secret: "s", roles: [{ id: "r", name: "member" }] };
  const { http, session } = scriptSession({
    [`POST ${path}`]: { status: 201, json: { application_credential: made } },
    [`GET ${path}?name=bay-1`]: { json: { application_credentials: [{ ...made, secret: undefined }] } },
    [`DELETE ${path}/ac-1`]: { status: 204 },
  });
  const wanted = {
    userId: "u",
    name: "bay-1",
    secret: "s",
    roles: [{ id: "r" }],
    description: "d",
    expiresAtMs: Date.UTC(2026, 1, 1),
  };
  expect(await createApplicationCredential(session, wanted)).toMatchObject({ kind: "found", value: { id: "ac-1" } });
  expect(http.requests[0]?.json).toMatchObject({
    application_credential: { unrestricted: false, roles: [{ id: "r" }], expires_at: "2026-02-01T00:00:00.000" },
  });
  expect(await findApplicationCredential(session, "u", "bay-1")).toMatchObject({ value: { id: "ac-1" } });
  expect(await deleteApplicationCredential(session, "u", "ac-1")).toEqual({ kind: "done" });
  http.answer({ [`POST ${path}`]: keystoneError(409, "Duplicate") });
  expect(await createApplicationCredential(session, wanted)).toEqual({ kind: "exists" });
});
