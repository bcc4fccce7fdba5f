import { describe, expect, test } from "vitest";
import { createKeystone } from "../openstack/keystone.ts";
import { Transient } from "../errors.ts";
import type { HttpRequest } from "../openstack/http.ts";
import { scriptHttp } from "../openstack/scripted-http.ts";
import type { TokenBodyOptions } from "../openstack/scripted-keystone.ts";
import { issued, keystoneError, tokenBody } from "../openstack/scripted-keystone.ts";
import { createSessions } from "../openstack/session.ts";
import { factsOf, tokenBodySchema } from "../openstack/token.ts";
import type { Sealer } from "../secret/sealer.ts";
import { callerOf } from "./caller.ts";
import { createDelegations, delegationSchema, trustDigest } from "./delegation.ts";
import type { Delegation } from "./delegation.ts";
import type { DelegationSettings } from "./delegation-settings.ts";

const ISSUE = "POST /v3/auth/tokens";
const TRUST = "POST /v3/OS-TRUST/trusts";
const nowMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

const trustBody = (id: string) => ({
  status: 201,
  json: { trust: { id, trustor_user_id: "alice", trustee_user_id: "service", project_id: "a", impersonation: true } },
});

/** Seals by writing the context before the text, turned around: enough to see what was sealed for what. */
const sealer: Sealer = {
  seal: (text, context) => Promise.resolve(`${context}|${text.split("").toReversed().join("")}`),
  open: (sealed, context) => {
    const [start, text = ""] = sealed.split("|");
    if (start !== context) return Promise.reject(new Error("does not open"));
    return Promise.resolve(text.split("").toReversed().join(""));
  },
};

/** The scope that a request for a token asks for: `trust t`, `project p`, `own`. */
function scopeOf(request: HttpRequest): string {
  const { auth } = request.json as {
    auth: { scope?: { project?: { id: string }; "OS-TRUST:trust"?: { id: string } } };
  };
  if (auth.scope?.["OS-TRUST:trust"]) return `trust ${auth.scope["OS-TRUST:trust"].id}`;
  return auth.scope?.project ? `project ${auth.scope.project.id}` : "own";
}

interface World {
  readonly sealer?: Sealer;
  readonly settings?: Partial<DelegationSettings>;
  readonly script?: Parameters<typeof scriptHttp>[0];
  /** Scopes in which the service's user gets no token. */
  readonly closed?: Set<string>;
}

function setUp({ settings, script = {}, closed = new Set(), sealer: given = sealer }: World = {}) {
  const clock = { nowMs: () => nowMs };
  const lines: { level: string; event: string; facts: unknown }[] = [];
  const log = { write: (level: string, event: string, facts?: unknown) => void lines.push({ level, event, facts }) };
  const http = scriptHttp({
    [ISSUE]: (request) => {
      const scope = scopeOf(request);
      return closed.has(scope)
        ? keystoneError(401, "The request you have made requires authentication.")
        : issued(`token for ${scope}`, { userId: scope.startsWith("trust") ? "alice" : "service" });
    },
    [TRUST]: trustBody("trust-1"),
    ...script,
  });
  const ports = { http: http.fetch, clock };
  const keystone = createKeystone(ports, "http://k/v3");
  const credentials = { kind: "password", user: { id: "service" }, password: "pw" } as const;
  const sessions = createSessions({ ...ports, keystone }, { credentials }, { interface: "public" });
  let fraction = 0;
  const random = { uuid: () => "", bytes: () => new Uint8Array(), fraction: () => (fraction += 0.01) };
  const delegations = createDelegations(
    { sessions, sealer: given, clock, random, log },
    { mode: "trust", ...settings },
  );
  return { http, delegations, lines, closed };
}

const caller = (options: TokenBodyOptions = {}) =>
  callerOf("callers-token", factsOf(tokenBodySchema.parse(tokenBody({ userId: "alice", projectId: "a", ...options }))));

const credential = (of: object): TokenBodyOptions => ({ applicationCredential: { id: "ac", ...of } });

/** The ids of the roles of every trust that was asked for. */
const rolesGiven = (http: ReturnType<typeof scriptHttp>): string[][] =>
  http.requests
    .filter((request) => request.method === "POST" && request.url.endsWith("/OS-TRUST/trusts"))
    .map(({ json }) => (json as { trust: { roles: { id: string }[] } }).trust.roles.map(({ id }) => id));

const context = "bay/1/delegation";
const trustDelegation = async (expiresAtMs: number | null = null): Promise<Delegation> => ({
  kind: "trust",
  projectId: "a",
  trustorUserId: "alice",
  sealedTrustId: await sealer.seal("trust-1", context, "a"),
  trustDigest: trustDigest("trust-1"),
  expiresAtMs,
});

describe("obtaining a delegation", () => {
  test("makes a trust to the service's user: the caller's roles, redelegable once for Heat, without end", async () => {
    const { http, delegations } = setUp();
    const obtained = await delegations.obtain(caller(), { context });
    expect(obtained).toEqual({ kind: "obtained", delegation: await trustDelegation() });
    const made = http.requests.find((request) => request.url.endsWith("/OS-TRUST/trusts"));
    expect(made?.headers?.["x-auth-token"]).toBe("callers-token");
    expect(made?.json).toEqual({
      trust: {
        trustor_user_id: "alice",
        trustee_user_id: "service",
        project_id: "a",
        roles: [{ id: "role-member" }, { id: "role-reader" }],
        impersonation: true,
        allow_redelegation: true,
        redelegation_count: 1,
      },
    });
  });

  test("gives a record that holds no trust's id in the clear and survives being stored", async () => {
    const { delegations } = setUp();
    const obtained = await delegations.obtain(caller(), { context });
    const text = JSON.stringify(obtained);
    expect(text).not.toContain("trust-1");
    expect(text).not.toContain("callers-token");
    if (obtained.kind === "refused") throw new Error(obtained.reason);
    expect(delegationSchema.parse(JSON.parse(JSON.stringify(obtained.delegation)))).toEqual(obtained.delegation);
  });

  test("with an end keeps apart from other trusts for the same moment, and tries another when it is taken", async () => {
    let count = 0;
    const { http, delegations } = setUp({
      script: { [TRUST]: () => (++count < 3 ? keystoneError(409, "Duplicate entry") : trustBody("trust-1")) },
    });
    const obtained = await delegations.obtain(caller(), { context, expiresAtMs: nowMs + hourMs });
    expect(obtained).toMatchObject({ kind: "obtained", delegation: { kind: "trust" } });
    const ends = http.requests
      .filter((request) => request.url.endsWith("/trusts"))
      .map((request) => (request.json as { trust: { expires_at: string } }).trust.expires_at);
    expect(new Set(ends).size).toBe(3);
    for (const end of ends) {
      expect(Date.parse(end)).toBeGreaterThanOrEqual(nowMs + hourMs);
      expect(Date.parse(end)).toBeLessThan(nowMs + hourMs + 60_000);
    }
  });

  test("hands on only the roles that the operator names, and nothing when the caller has none of them", async () => {
    const { http, delegations } = setUp({ settings: { mode: "trust-only", trustedRoles: ["member", "reader"] } });
    await delegations.obtain(caller({ roles: ["admin", "member", "reader"] }), { context });
    expect(rolesGiven(http)).toEqual([["role-member", "role-reader"]]);
    expect(await delegations.obtain(caller({ roles: ["admin"] }), { context })).toEqual({
      kind: "refused",
      cause: "forbidden",
      reason: "the caller has none of the roles that bays need",
    });
  });

  test.each([
    ["an operator's choice of roles", { trustedRoles: ["member"] }, caller()],
    ["an unrestricted application credential", {}, caller({ roles: ["member"], ...credential({ restricted: false }) })],
  ])("of %s hands on implied roles too, without which Heat makes no stack", async (_of, settings, who) => {
    let count = 0;
    const { http, delegations } = setUp({
      settings,
      script: { [TRUST]: () => trustBody(`trust-${++count}`), "DELETE /v3/OS-TRUST/trusts/trust-1": { status: 204 } },
    });
    const obtained = await delegations.obtain(who, { context });
    expect(obtained).toMatchObject({ delegation: { kind: "trust", trustDigest: trustDigest("trust-2") } });
    expect(rolesGiven(http)).toEqual([["role-member"], ["role-member", "role-reader"]]);
    expect(http.lines()).toContain("DELETE /v3/OS-TRUST/trusts/trust-1");
  });

  test("asks no trust of a restricted application credential, even of a Keystone that would give it", async () => {
    const { http, delegations } = setUp();
    const obtained = await delegations.obtain(caller(credential({ restricted: true })), { context });
    expect(obtained).toEqual({ kind: "obtained", delegation: { kind: "service", projectId: "a" } });
    expect(http.lines()).not.toContain(TRUST);
  });

  test("falls back to the service's user where Keystone refuses the trust, and says so in the log", async () => {
    const message = "Using method 'application_credential' is not allowed for managing trusts.";
    const { delegations, lines } = setUp({ script: { [TRUST]: keystoneError(403, message) } });
    expect(await delegations.obtain(caller(), { context })).toEqual({
      kind: "obtained",
      delegation: { kind: "service", projectId: "a" },
    });
    const reason = `identity refused: ${message}`;
    expect(lines).toEqual([
      { level: "info", event: "delegation.trust-refused", facts: { projectId: "a", userId: "alice", reason } },
    ]);
  });

  test("tells the caller when their token is no longer accepted, instead of going round it", async () => {
    const { delegations } = setUp({ script: { [TRUST]: keystoneError(401, "expired") } });
    expect(await delegations.obtain(caller(), { context })).toMatchObject({ kind: "refused", cause: "unauthorized" });
  });

  test("asks for no trust where the operator wants the service's user, and for no other way where not", async () => {
    const { http, delegations } = setUp({ settings: { mode: "service" } });
    expect(await delegations.obtain(caller(), { context })).toMatchObject({ delegation: { kind: "service" } });
    expect(http.lines()).toEqual([ISSUE]);
    const strict = setUp({ settings: { mode: "trust-only" }, script: { [TRUST]: keystoneError(403, "no") } });
    expect(await strict.delegations.obtain(caller(), { context })).toMatchObject({
      kind: "refused",
      cause: "forbidden",
    });
  });

  test("is refused for a token without a project", async () => {
    const { delegations } = setUp();
    expect(await delegations.obtain(caller({ projectId: null }), { context })).toMatchObject({ kind: "refused" });
  });
});

describe("the service's user on a project where it has no role", () => {
  const world = (): World => {
    const closed = new Set(["project a"]);
    return {
      closed,
      settings: { mode: "service" },
      script: {
        "GET /v3/roles?name=member": { json: { roles: [{ id: "role-member", name: "member" }] } },
        "PUT /v3/projects/a/users/service/roles/role-member": () => {
          closed.delete("project a");
          return { status: 204 };
        },
      },
    };
  };

  test("takes the configured role and acts", async () => {
    const { delegations } = setUp({ ...world(), settings: { mode: "service", serviceRole: "member" } });
    expect(await delegations.obtain(caller(), { context })).toMatchObject({ kind: "obtained" });
  });

  test("says what is missing when no role is configured, unknown or not its to give", async () => {
    const plain = setUp(world());
    expect(await plain.delegations.obtain(caller(), { context })).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^the service's user has no role on project a: /),
    });
    const unknown = setUp({ ...world(), settings: { mode: "service", serviceRole: "builder" } });
    unknown.http.answer({ "GET /v3/roles?name=builder": { json: { roles: [] } } });
    expect(await unknown.delegations.obtain(caller(), { context })).toMatchObject({
      reason: 'there is no role named "builder"',
    });
    const forbidden = setUp({ ...world(), settings: { mode: "service", serviceRole: "member" } });
    forbidden.http.answer({ "PUT /v3/projects/a/users/service/roles/role-member": keystoneError(403, "not yours") });
    expect(await forbidden.delegations.obtain(caller(), { context })).toMatchObject({ cause: "forbidden" });
  });
});

describe("opening a delegation", () => {
  test("gives a session by the trust, or of the service's user on the project", async () => {
    const { http, delegations } = setUp();
    const byTrust = await delegations.open(await trustDelegation(), context);
    const byService = await delegations.open({ kind: "service", projectId: "a" }, context);
    expect([byTrust.kind, byService.kind]).toEqual(["open", "open"]);
    expect(http.requests.map(scopeOf)).toEqual(["trust trust-1", "project a"]);
  });

  test("is refused, with the reason, when the trust has ended", async () => {
    const { delegations } = setUp({ closed: new Set(["trust trust-1"]) });
    expect(await delegations.open(await trustDelegation(), context)).toEqual({
      kind: "refused",
      cause: "unauthorized",
      reason:
        "the trust of user alice is no longer accepted: " +
        "identity refused: The request you have made requires authentication.",
    });
    const expired = await trustDelegation(nowMs);
    expect(await delegations.open(expired, context)).toMatchObject({
      reason: "the trust ended at 2026-01-01T00:00:00.000Z",
    });
  });

  test("is refused for another record than the one it was obtained for", async () => {
    const { http, delegations } = setUp();
    expect(await delegations.open(await trustDelegation(), "bay/2/delegation")).toMatchObject({ kind: "refused" });
    expect(http.requests).toHaveLength(0);
  });

  test("throws while Keystone does not answer, for the step to be tried again", async () => {
    const { delegations } = setUp({ script: { [ISSUE]: { status: 503, text: "down" } } });
    await expect(delegations.open(await trustDelegation(), context)).rejects.toThrow("identity answered 503: down");
  });
});

describe("removing what was made", () => {
  test("goes by the trust while it lives", async () => {
    const { delegations, lines } = setUp();
    expect(await delegations.openForCleanup(await trustDelegation(), context)).toMatchObject({ kind: "open" });
    expect(lines).toEqual([]);
  });

  test("goes by the service's user once the trust is dead, and leaves a line in the log", async () => {
    const { http, delegations, lines } = setUp({ closed: new Set(["trust trust-1"]) });
    expect(await delegations.openForCleanup(await trustDelegation(), context)).toMatchObject({ kind: "open" });
    expect(http.requests.map(scopeOf)).toEqual(["trust trust-1", "project a"]);
    expect(lines).toMatchObject([
      {
        level: "warning",
        event: "delegation.service-takes-over",
        facts: { projectId: "a", trustorUserId: "alice", context },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("trust-1");
  });

  test("goes by the service's user from the moment that a service no longer accepts the trust's token", async () => {
    const { http, delegations, closed, lines } = setUp({
      script: {
        "GET /stacks": ({ headers }) =>
          headers?.["x-auth-token"] === "token for trust trust-1" ? { status: 401 } : { json: { stacks: [] } },
      },
    });
    const opened = await delegations.openForCleanup(await trustDelegation(), context);
    if (opened.kind === "refused") throw new Error(opened.reason);
    closed.add("trust trust-1");
    const list = { method: "GET", path: "/stacks" } as const;
    expect(await opened.session.request("orchestration", list)).toMatchObject({ kind: "reply", status: 200 });
    expect(await opened.session.request("orchestration", list)).toMatchObject({ kind: "reply", status: 200 });
    expect(http.requests.at(-1)?.headers?.["x-auth-token"]).toBe("token for project a");
    expect(lines.map((line) => line.event)).toEqual(["delegation.service-takes-over"]);
  });

  test("goes by the service's user when the key that sealed the trust is lost", async () => {
    const { delegations } = setUp();
    expect(await delegations.openForCleanup(await trustDelegation(), "other")).toMatchObject({ kind: "open" });
  });
});

describe("giving a delegation back", () => {
  const DELETE = "DELETE /v3/OS-TRUST/trusts/trust-1";

  test("deletes the trust by its own token; a second time changes nothing", async () => {
    const { http, delegations, closed } = setUp({ script: { [DELETE]: { status: 204 } } });
    expect(await delegations.revoke(await trustDelegation(), context)).toEqual({ kind: "revoked" });
    expect(http.requests.at(-1)?.headers?.["x-auth-token"]).toBe("token for trust trust-1");
    closed.add("trust trust-1");
    http.answer({ [DELETE]: keystoneError(404, "Could not find trust") });
    expect(await delegations.revoke(await trustDelegation(), context)).toEqual({ kind: "revoked" });
  });

  test("uses no token of it afterwards, also where this process has one", async () => {
    const { delegations, closed } = setUp({ script: { [DELETE]: { status: 204 } } });
    const delegation = await trustDelegation();
    expect(await delegations.open(delegation, context)).toMatchObject({ kind: "open" });
    await delegations.revoke(delegation, context);
    closed.add("trust trust-1");
    expect(await delegations.open(delegation, context)).toMatchObject({ kind: "refused" });
  });

  test("leaves a trust that nobody lets us end, and says so without failing", async () => {
    const { delegations, lines } = setUp({
      closed: new Set(["trust trust-1"]),
      script: { [DELETE]: keystoneError(403, "not yours") },
    });
    expect(await delegations.revoke(await trustDelegation(), context)).toEqual({
      kind: "left",
      reason: "identity refused: not yours",
    });
    expect(lines).toMatchObject([{ level: "warning", event: "delegation.left", facts: { trustorUserId: "alice" } }]);
  });

  test("does nothing for the service's user, who keeps its role for the project's other bays", async () => {
    const { http, delegations } = setUp();
    expect(await delegations.revoke({ kind: "service", projectId: "a" }, context)).toEqual({ kind: "revoked" });
    expect(http.requests).toHaveLength(0);
  });
});

test("a key service out of reach is no ended trust: opening is Transient, and nobody takes over", async () => {
  const away = () => Promise.reject(new Transient("no reply"));
  const { delegations, lines } = setUp({ sealer: { seal: away, open: away } });
  const delegation = await trustDelegation();
  await expect(delegations.open(delegation, context)).rejects.toBeInstanceOf(Transient);
  await expect(delegations.openForCleanup(delegation, context)).rejects.toBeInstanceOf(Transient);
  expect(lines).toEqual([]);
});
