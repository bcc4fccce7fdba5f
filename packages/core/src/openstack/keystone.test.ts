import { describe, expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { checkToken, createKeystone, revokeToken } from "./keystone.ts";
import type { Credentials, Scope } from "./keystone.ts";
import { scriptHttp } from "./scripted-http.ts";
import { issued, keystoneError, tokenBody } from "./scripted-keystone.ts";
import { scriptSession } from "./scripted-session.ts";

function setUp(script: Parameters<typeof scriptHttp>[0]) {
  const http = scriptHttp(script);
  return { http, keystone: createKeystone({ http: http.fetch, clock: { nowMs: () => 0 } }, "http://k/v3") };
}

describe("issuing a token", () => {
  const cases: [string, Credentials, Scope, object][] = [
    [
      "a token and a project by name",
      { kind: "token", token: "t" },
      { kind: "project", project: { name: "p", domain: { name: "d" } } },
      {
        identity: { methods: ["token"], token: { id: "t" } },
        scope: { project: { name: "p", domain: { name: "d" } } },
      },
    ],
    [
      "an application credential by id, which brings its project",
      { kind: "application-credential", id: "ac", secret: "s" },
      { kind: "own" },
      { identity: { methods: ["application_credential"], application_credential: { id: "ac", secret: "s" } } },
    ],
    [
      "an application credential by name and user",
      { kind: "application-credential", name: "n", user: { id: "u" }, secret: "s" },
      { kind: "own" },
      {
        identity: {
          methods: ["application_credential"],
          application_credential: { name: "n", user: { id: "u" }, secret: "s" },
        },
      },
    ],
    [
      "a password on a domain",
      { kind: "password", user: { id: "u" }, password: "p" },
      { kind: "domain", domain: { id: "d" } },
      {
        identity: { methods: ["password"], password: { user: { id: "u", password: "p" } } },
        scope: { domain: { id: "d" } },
      },
    ],
  ];
  test.each(cases)("by %s", async (_name, credentials, scope, auth) => {
    const { http, keystone } = setUp({ "POST /v3/auth/tokens": issued("made", { trustId: "tr" }) });
    expect(await keystone.issueToken(credentials, scope)).toMatchObject({
      kind: "issued",
      token: "made",
      facts: { userId: "user-1", projectId: "project-1", trustId: "tr", expiresAtMs: Date.UTC(2026, 0, 1, 1) },
    });
    expect(http.requests[0]?.json).toEqual({ auth });
  });

  test("that is refused tells whether who we are or what we may is at fault", async () => {
    const by = async (status: number) => {
      const { keystone } = setUp({ "POST /v3/auth/tokens": keystoneError(status, "no") });
      return await keystone.issueToken({ kind: "token", token: "t" }, { kind: "own" });
    };
    expect(await by(401)).toMatchObject({ kind: "refused", cause: "unauthorized" });
    expect(await by(404)).toMatchObject({ kind: "refused", cause: "unauthorized" });
    expect(await by(403)).toMatchObject({ kind: "refused", cause: "forbidden" });
  });

  test("without the token or with a body of another form is a fault that may pass", async () => {
    const { keystone, http } = setUp({ "POST /v3/auth/tokens": { status: 201, json: tokenBody() } });
    const issue = () => keystone.issueToken({ kind: "token", token: "t" }, { kind: "own" });
    await expect(issue()).rejects.toThrow(Transient);
    http.answer({ "POST /v3/auth/tokens": { ...issued("t"), json: { token: { expires_at: "soon" } } } });
    await expect(issue()).rejects.toThrow(/identity answered 201 with an unexpected body \(token\./);
  });
});

describe("checking a token", () => {
  test("tells who holds it, bound access rules included", async () => {
    const rules = [{ id: "1", service: "container-infra", method: "GET", path: "/v1/clusters" }];
    const { http, session } = scriptSession({
      "GET /v3/auth/tokens": {
        json: tokenBody({ applicationCredential: { id: "ac", name: "n", restricted: true, access_rules: rules } }),
      },
    });
    expect(await checkToken(session, "theirs")).toMatchObject({
      kind: "valid",
      facts: {
        userName: "name of user-1",
        userDomainId: "default",
        projectName: "name of project-1",
        isSystemScoped: false,
        roles: [{ name: "member" }, { name: "reader" }],
        applicationCredential: { id: "ac", isRestricted: true, accessRules: [{ service: "container-infra" }] },
      },
    });
    expect(http.requests[0]?.headers).toEqual({
      "x-auth-token": "token",
      "x-subject-token": "theirs",
      "openstack-identity-access-rules": "1.0",
    });
  });

  test("tells a bad token from an asker who may not ask", async () => {
    const by = async (status: number) => {
      const { session } = scriptSession({ "GET /v3/auth/tokens": keystoneError(status, "no") });
      return await checkToken(session, "theirs");
    };
    expect(await by(404)).toEqual({ kind: "invalid" });
    expect(await by(401)).toMatchObject({ kind: "refused", cause: "unauthorized" });
    expect(await by(403)).toMatchObject({ kind: "refused", cause: "forbidden" });
    await expect(by(500)).rejects.toThrow(Transient);
  });
});

test("revoking a token that is gone already succeeds", async () => {
  const by = async (status: number) => {
    const { session } = scriptSession({ "DELETE /v3/auth/tokens": keystoneError(status, "no") });
    return (await revokeToken(session, "t")).kind;
  };
  expect([await by(204), await by(404), await by(403)]).toEqual(["revoked", "revoked", "refused"]);
});
