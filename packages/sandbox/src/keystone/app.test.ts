import { describe, expect, test } from "vitest";
import { createTestCloud, passwordAuth } from "../test-cloud.ts";

describe("a token", () => {
  test("tells who, where, with which roles and which services", async () => {
    const cloud = createTestCloud({ options: { containerInfraUrl: "http://magnum.test/v1" } });
    const answer = await cloud.request("POST", "/v3/auth/tokens", { body: { auth: passwordAuth("demo", "demo") } });
    expect(answer.status).toBe(201);
    const { token } = answer.body;
    expect(token.project).toMatchObject({ name: "demo", domain: { id: "default", name: "Default" } });
    expect(token.roles.map((one: { name: string }) => one.name).toSorted()).toEqual([
      "heat_stack_owner",
      "member",
      "reader",
    ]);
    const types = token.catalog.map((one: { type: string; name: string }) => `${one.type}/${one.name}`);
    expect(types).toEqual(
      expect.arrayContaining(["container-infra/magnum", "container/magnum", "orchestration/heat", "identity/keystone"]),
    );
    expect(token.expires_at).toBe("2016-01-01T01:00:00.000000Z");
  });

  test("is refused for a wrong password, an unknown user and a project without a role, in the same words", async () => {
    const cloud = createTestCloud();
    for (const auth of [
      passwordAuth("demo", "demo", "wrong"),
      passwordAuth("nobody", "demo"),
      passwordAuth("demo", "alt_demo"),
    ]) {
      const answer = await cloud.request("POST", "/v3/auth/tokens", { body: { auth } });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toBe('Keystone uri="http://sandbox.test/v3"');
      expect(answer.body).toEqual({
        error: { code: 401, title: "Unauthorized", message: "The request you have made requires authentication." },
      });
    }
  });

  test("is validated by a service, and is worth nothing after its time, its revocation, its user or its role", async () => {
    const cloud = createTestCloud();
    const service = await cloud.login("jeroboam", "service");
    const admin = await cloud.login("admin");
    const check = (token: string) =>
      cloud.request("GET", "/v3/auth/tokens", { token: service, headers: { "X-Subject-Token": token } });

    const first = await cloud.login("demo");
    expect((await check(first)).status).toBe(200);
    expect(
      (await cloud.request("HEAD", "/v3/auth/tokens", { token: service, headers: { "X-Subject-Token": first } }))
        .status,
    ).toBe(200);
    await cloud.request("DELETE", "/v3/auth/tokens", { token: first, headers: { "X-Subject-Token": first } });
    expect((await check(first)).status).toBe(404);

    const second = await cloud.login("demo");
    await cloud.request("PATCH", `/v3/users/${cloud.userId("demo")}`, {
      token: admin,
      body: { user: { enabled: false } },
    });
    expect((await check(second)).status).toBe(404);
    await cloud.request("PATCH", `/v3/users/${cloud.userId("demo")}`, {
      token: admin,
      body: { user: { enabled: true } },
    });
    expect((await check(second)).status).toBe(404);

    const third = await cloud.login("demo");
    const path = `/v3/projects/${cloud.projectId("demo")}/users/${cloud.userId("demo")}/roles`;
    const held = (await cloud.request("GET", path, { token: admin })).body.roles;
    for (const role of held)
      expect((await cloud.request("DELETE", `${path}/${role.id}`, { token: admin })).status).toBe(204);
    expect((await check(third)).status).toBe(404);

    const fourth = await cloud.login("alt_demo");
    expect((await check(fourth)).status).toBe(200);
    cloud.clock.advance(3_600_000);
    expect((await check(fourth)).status).toBe(401);
    const later = await cloud.login("jeroboam", "service");
    const old = { token: later, headers: { "X-Subject-Token": fourth } };
    expect((await cloud.request("GET", "/v3/auth/tokens", old)).status).toBe(404);
    expect((await cloud.request("GET", "/v3/auth/tokens?allow_expired=1", old)).status).toBe(200);
  });

  test("of somebody else is not a member's to look at", async () => {
    const cloud = createTestCloud();
    const [demo, alt] = [await cloud.login("demo"), await cloud.login("alt_demo")];
    expect(
      (await cloud.request("GET", "/v3/auth/tokens", { token: demo, headers: { "X-Subject-Token": alt } })).status,
    ).toBe(403);
  });
});

/** A trust from demo to jeroboam, and what is needed to use it. */
async function withTrust(more: Record<string, unknown> = {}) {
  const cloud = createTestCloud();
  const demo = await cloud.login("demo");
  const create = (token: string, body: Record<string, unknown>) =>
    cloud.request("POST", "/v3/OS-TRUST/trusts", { token, body: { trust: body } });
  const wanted = {
    trustor_user_id: cloud.userId("demo"),
    trustee_user_id: cloud.userId("jeroboam"),
    project_id: cloud.projectId("demo"),
    impersonation: true,
    roles: [{ name: "member" }],
    ...more,
  };
  const made = await create(demo, wanted);
  const use = (id: string, user = "jeroboam") =>
    cloud.request("POST", "/v3/auth/tokens", {
      body: { auth: { ...passwordAuth(user), scope: { "OS-TRUST:trust": { id } } } },
    });
  return { cloud, demo, create, wanted, made, use };
}

describe("a trust", () => {
  test("lets the trustee act as the trustor, with the lent roles only", async () => {
    const { made, use, cloud } = await withTrust();
    expect(made.status).toBe(201);
    expect(made.body.trust).toMatchObject({ redelegation_count: 0, remaining_uses: null, deleted_at: null });
    const used = await use(made.body.trust.id);
    expect(used.status).toBe(201);
    expect(used.body.token.user.id).toBe(cloud.userId("demo"));
    expect(used.body.token.project.name).toBe("demo");
    expect(used.body.token.roles.map((one: { name: string }) => one.name)).toEqual(["member", "reader"]);
    expect(used.body.token["OS-TRUST:trust"]).toMatchObject({ id: made.body.trust.id, impersonation: true });
  });

  test("is nobody else's to use, nor to make, and lends no role that one has not", async () => {
    const { made, use, create, wanted, demo, cloud } = await withTrust();
    expect((await use(made.body.trust.id, "alt_demo")).status).toBe(403);
    expect((await create(await cloud.login("alt_demo"), wanted)).status).toBe(403);
    expect((await create(demo, { ...wanted, roles: [{ name: "admin" }] })).status).toBe(404);
    expect((await create(demo, { ...wanted, roles: [] })).status).toBe(403);
    expect((await create(demo, { ...wanted, trustee_user_id: "nobody" })).status).toBe(404);
  });

  test("ends with its time, and with its deletion every token of it", async () => {
    const { made, use, demo, cloud } = await withTrust({ expires_at: "2016-01-01T00:30:00Z" });
    const { id } = made.body.trust;
    const token = (await use(id)).headers.get("X-Subject-Token") ?? "";
    const heatPath = `/orchestration/v1/${cloud.projectId("demo")}/stacks`;
    expect((await cloud.request("GET", heatPath, { token })).status).toBe(200);
    expect((await cloud.request("DELETE", `/v3/OS-TRUST/trusts/${id}`, { token: demo })).status).toBe(204);
    expect((await cloud.request("GET", heatPath, { token })).status).toBe(401);
    expect((await use(id)).status).toBe(404);

    const again = await withTrust({ expires_at: "2016-01-01T00:30:00Z" });
    again.cloud.clock.advance(31 * 60_000);
    expect((await again.use(again.made.body.trust.id)).status).toBe(404);
  });

  test("is lent on only when that was allowed, as often as was allowed, and not for longer or for more", async () => {
    const plain = await withTrust();
    const closed = (await plain.use(plain.made.body.trust.id)).headers.get("X-Subject-Token") ?? "";
    const onward = { ...plain.wanted, trustee_user_id: plain.cloud.userId("alt_demo") };
    expect((await plain.create(closed, onward)).status).toBe(403);

    const open = await withTrust({
      allow_redelegation: true,
      redelegation_count: 1,
      expires_at: "2016-01-01T00:30:00Z",
    });
    const token = (await open.use(open.made.body.trust.id)).headers.get("X-Subject-Token") ?? "";
    const next = {
      ...open.wanted,
      trustee_user_id: open.cloud.userId("alt_demo"),
      allow_redelegation: undefined,
      redelegation_count: undefined,
    };
    expect((await open.create(token, { ...next, expires_at: "2016-01-01T02:00:00Z" })).status).toBe(403);
    expect((await open.create(token, { ...next, roles: [{ name: "heat_stack_owner" }] })).status).toBe(403);
    const lent = await open.create(token, next);
    expect(lent.status).toBe(201);
    expect(lent.body.trust.redelegated_trust_id).toBe(open.made.body.trust.id);
    expect(
      (await open.cloud.request("DELETE", `/v3/OS-TRUST/trusts/${open.made.body.trust.id}`, { token: open.demo }))
        .status,
    ).toBe(204);
    expect(open.cloud.sandbox.inventory().trusts).toEqual([]);
  });

  test("gives a token that makes no other token", async () => {
    const { made, use, cloud } = await withTrust();
    const id = (await use(made.body.trust.id)).headers.get("X-Subject-Token") ?? "";
    const auth = {
      identity: { methods: ["token"], token: { id } },
      scope: { project: { id: cloud.projectId("demo") } },
    };
    expect((await cloud.request("POST", "/v3/auth/tokens", { body: { auth } })).status).toBe(403);
  });

  test("is listed to its two parties, without the roles", async () => {
    const { cloud, demo, made } = await withTrust();
    const list = (token: string, query: string) => cloud.request("GET", `/v3/OS-TRUST/trusts?${query}`, { token });
    const own = await list(demo, `trustor_user_id=${cloud.userId("demo")}`);
    expect(own.body.trusts).toMatchObject([{ id: made.body.trust.id }]);
    expect(own.body.trusts[0].roles).toBeUndefined();
    expect((await list(demo, `trustor_user_id=${cloud.userId("alt_demo")}`)).status).toBe(403);
    expect(
      (await list(await cloud.login("jeroboam", "service"), `trustee_user_id=${cloud.userId("jeroboam")}`)).body.trusts,
    ).toHaveLength(1);
  });

  test("is gone when its trustor is, and useless when the trustor lost the role", async () => {
    const { cloud, made, use } = await withTrust();
    const admin = await cloud.login("admin");
    const path = `/v3/projects/${cloud.projectId("demo")}/users/${cloud.userId("demo")}/roles`;
    const member = (await cloud.request("GET", path, { token: admin })).body.roles.find(
      (one: { name: string }) => one.name === "member",
    );
    await cloud.request("DELETE", `${path}/${member.id}`, { token: admin });
    expect((await use(made.body.trust.id)).status).toBe(403);
    await cloud.request("DELETE", `/v3/users/${cloud.userId("demo")}`, { token: admin });
    expect((await use(made.body.trust.id)).status).toBe(404);
  });
});

describe("an application credential", () => {
  const make = async (unrestricted: boolean, options = {}) => {
    const cloud = createTestCloud({ options });
    const token = await cloud.login("demo");
    const path = `/v3/users/${cloud.userId("demo")}/application_credentials`;
    const made = await cloud.request("POST", path, {
      token,
      body: { application_credential: { name: "ci", unrestricted } },
    });
    const { id, secret } = made.body.application_credential;
    const auth = (more = {}) => ({
      auth: { identity: { methods: ["application_credential"], application_credential: { id, secret } }, ...more },
    });
    const login = await cloud.request("POST", "/v3/auth/tokens", { body: auth() });
    return { cloud, path, made, auth, login, credentialToken: login.headers.get("X-Subject-Token") ?? "", token };
  };
  const trustOf = (cloud: Awaited<ReturnType<typeof make>>["cloud"]) => ({
    trust: {
      trustor_user_id: cloud.userId("demo"),
      trustee_user_id: cloud.userId("jeroboam"),
      project_id: cloud.projectId("demo"),
      impersonation: true,
      roles: [{ name: "member" }],
    },
  });

  test("logs in to its own project alone, and says what it is", async () => {
    const { login, cloud, auth } = await make(false);
    expect(login.body.token.project.name).toBe("demo");
    expect(login.body.token.application_credential).toMatchObject({ name: "ci", restricted: true });
    expect(
      (
        await cloud.request("POST", "/v3/auth/tokens", {
          body: auth({ scope: { project: { id: cloud.projectId("demo") } } }),
        })
      ).status,
    ).toBe(401);
  });

  test("makes no trusts and no further credentials when it is restricted", async () => {
    const { cloud, path, credentialToken } = await make(false);
    expect(
      (await cloud.request("POST", "/v3/OS-TRUST/trusts", { token: credentialToken, body: trustOf(cloud) })).status,
    ).toBe(403);
    const body = { application_credential: { name: "more" } };
    expect((await cloud.request("POST", path, { token: credentialToken, body })).status).toBe(403);
  });

  test("makes trusts when it is unrestricted, in a cloud that lets it", async () => {
    const today = await make(true);
    expect(
      (
        await today.cloud.request("POST", "/v3/OS-TRUST/trusts", {
          token: today.credentialToken,
          body: trustOf(today.cloud),
        })
      ).status,
    ).toBe(403);
    const before = await make(true, { applicationCredentialTrusts: "unrestricted" });
    expect(
      (
        await before.cloud.request("POST", "/v3/OS-TRUST/trusts", {
          token: before.credentialToken,
          body: trustOf(before.cloud),
        })
      ).status,
    ).toBe(201);
  });

  test("ends with its deletion, and so do its tokens", async () => {
    const { cloud, path, made, token, credentialToken, auth } = await make(false);
    const heatPath = `/orchestration/v1/${cloud.projectId("demo")}/stacks`;
    expect((await cloud.request("GET", heatPath, { token: credentialToken })).status).toBe(200);
    expect((await cloud.request("DELETE", `${path}/${made.body.application_credential.id}`, { token })).status).toBe(
      204,
    );
    expect((await cloud.request("GET", heatPath, { token: credentialToken })).status).toBe(401);
    expect((await cloud.request("POST", "/v3/auth/tokens", { body: auth() })).status).toBe(404);
  });
});

describe("accounts", () => {
  test("are an administrator's to make, list and remove", async () => {
    const cloud = createTestCloud();
    const [admin, demo] = [await cloud.login("admin"), await cloud.login("demo")];
    expect((await cloud.request("GET", "/v3/users", { token: demo })).status).toBe(403);
    expect((await cloud.request("POST", "/v3/users", { token: demo, body: { user: { name: "x" } } })).status).toBe(403);
    const domain = (await cloud.request("POST", "/v3/domains", { token: admin, body: { domain: { name: "bays" } } }))
      .body.domain;
    const user = await cloud.request("POST", "/v3/users", {
      token: admin,
      body: { user: { name: "trustee", domain_id: domain.id, password: "p" } },
    });
    expect(user.status).toBe(201);
    const again = await cloud.request("POST", "/v3/users", {
      token: admin,
      body: { user: { name: "trustee", domain_id: domain.id } },
    });
    expect(again.status).toBe(409);
    expect(
      (await cloud.request("GET", `/v3/users?name=trustee&domain_id=${domain.id}`, { token: admin })).body.users,
    ).toHaveLength(1);
    expect((await cloud.request("DELETE", `/v3/domains/${domain.id}`, { token: admin })).status).toBe(403);
    expect((await cloud.request("DELETE", `/v3/users/${user.body.user.id}`, { token: admin })).status).toBe(204);
    expect((await cloud.request("GET", `/v3/users/${user.body.user.id}`, { token: admin })).body.error.message).toBe(
      `Could not find user: ${user.body.user.id}.`,
    );
  });

  test("show the versions to everybody", async () => {
    const cloud = createTestCloud();
    expect((await cloud.request("GET", "/")).status).toBe(300);
    expect((await cloud.request("GET", "/v3")).body.version).toMatchObject({ id: "v3.14", status: "stable" });
    expect((await cloud.request("GET", "/v3/users")).status).toBe(401);
  });
});
