/**
 * What delegations rest on, asked of a real Keystone and Heat with `deferred_auth_method = trusts`. Runs only when told
 * whom to be: the service's user by OS_* variables (an administrator, who may check tokens and grant roles), the caller as
 * user:password:project of the default domain. For instance:
 *   OS_AUTH_URL=http://127.0.0.1:5000/v3 OS_USERNAME=magnum OS_PASSWORD=secret OS_PROJECT_NAME=service \
 *   JEROBOAM_TEST_CALLER=demo:secret:demo npx vitest run test/openstack
 */
import { callerOf } from "@jeroboam/core/identity/caller";
import type { Caller } from "@jeroboam/core/identity/caller";
import { createDelegations } from "@jeroboam/core/identity/delegation";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { loadCloudConfig, readTlsOptions, systemConfigPlaces } from "@jeroboam/core/openstack/file-cloud-config";
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import { describeFailures, findFailures } from "@jeroboam/core/openstack/heat-failures";
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { Heat, NewStack, StackRef } from "@jeroboam/core/openstack/heat";
import { createApplicationCredential, deleteApplicationCredential } from "@jeroboam/core/openstack/keystone-directory";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import type { Credentials, Scope } from "@jeroboam/core/openstack/keystone";
import { createTrust, deleteTrust, listTrusts } from "@jeroboam/core/openstack/keystone-trusts";
import { createSessions } from "@jeroboam/core/openstack/session";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { systemRandom } from "@jeroboam/core/random/system-random";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import { describe, expect, test } from "vitest";

const [userName = "", password = "", projectName = ""] = (process.env["JEROBOAM_TEST_CALLER"] ?? "").split(":");
const sealer: Sealer = { seal: (text) => Promise.resolve(text), open: (text) => Promise.resolve(text) };
const context = "test";

async function openCloud() {
  const loaded = await loadCloudConfig(systemConfigPlaces());
  if (loaded.kind !== "configured") throw new Error(loaded.kind === "absent" ? "no cloud" : loaded.problems.join("; "));
  const { config } = loaded;
  const ports = { http: createFetchHttp(readTlsOptions(config)), clock: systemClock };
  const keystone = createKeystone(ports, config.authUrl);
  const account = { credentials: config.credentials, ...(config.project ? { project: config.project } : {}) };
  const choice = { interface: config.interface, ...(config.region ? { region: config.region } : {}) };
  const sessions = createSessions({ ...ports, keystone }, account, choice);
  const log = { write: () => undefined };
  const check = createTokenCheck({ clock: systemClock, log, session: sessions.service() });
  const delegations = createDelegations(
    { sessions, sealer, clock: systemClock, random: systemRandom, log },
    { mode: "trust", serviceRole: "member" },
  );
  const callerBy = async (credentials: Credentials, scope: Scope): Promise<Caller> => {
    const issued = await keystone.issueToken(credentials, scope);
    if (issued.kind === "refused") throw new Error(issued.reason);
    const outcome = await check(issued.token);
    if (outcome.kind !== "valid") throw new Error(outcome.kind);
    return outcome.caller;
  };
  const domain = { id: "default" };
  const credentials = { kind: "password", user: { name: userName, domain }, password } as const;
  const caller = await callerBy(credentials, { kind: "project", project: { name: projectName, domain } });
  return { sessions, delegations, check, caller, callerBy };
}

const template = {
  heat_template_version: "2016-10-14",
  parameters: { count: { type: "number", default: 1 }, fails: { type: "boolean", default: false } },
  resources: {
    handle: { type: "OS::Heat::WaitConditionHandle" },
    kube_minions: {
      type: "OS::Heat::ResourceGroup",
      properties: {
        count: { get_param: "count" },
        resource_def: { type: "minion.yaml", properties: { fails: { get_param: "fails" } } },
      },
    },
  },
};
const minion = {
  heat_template_version: "2016-10-14",
  parameters: { fails: { type: "boolean" } },
  resources: {
    "kube-minion": { type: "OS::Heat::TestResource", properties: { value: "x", fail: { get_param: "fails" } } },
  },
};

function newStack(parameters: NewStack["parameters"] = {}): NewStack {
  const name = `jeroboam-test-${systemRandom.uuid()}`;
  const files = { "minion.yaml": JSON.stringify(minion) };
  return { name, template, files, parameters, tags: ["jeroboam-test", name], disableRollback: true };
}

async function settledStatus(heat: Heat, ref: StackRef): Promise<string> {
  const status = async (): Promise<string> => {
    const found = await heat.getStack(ref);
    return found.kind === "found" ? found.value.stack_status : found.kind;
  };
  await expect.poll(status, { timeout: 60_000, interval: 500 }).not.toMatch(/_IN_PROGRESS$/);
  return await status();
}

async function create(heat: Heat, stack: NewStack): Promise<StackRef & { status: string }> {
  const made = await heat.createStack(stack);
  if (made.kind !== "made") throw new Error(JSON.stringify(made));
  const ref = { name: stack.name, id: made.id };
  return { ...ref, status: await settledStatus(heat, ref) };
}

async function grow(heat: Heat, ref: StackRef, count: number): Promise<string> {
  const updated = await heat.updateStack(ref, { keepsExisting: true, parameters: { count } });
  if (updated.kind !== "accepted") return updated.kind;
  // Heat shows the update a moment after it took it.
  const counted = async (): Promise<unknown> => {
    const found = await heat.getStack(ref);
    return found.kind === "found" ? found.value.parameters?.["count"] : undefined;
  };
  await expect.poll(counted, { timeout: 30_000 }).toBe(String(count));
  return await settledStatus(heat, ref);
}

async function remove(heat: Heat, ref: StackRef): Promise<string> {
  const deleted = await heat.deleteStack(ref);
  return deleted.kind === "deleting" ? await settledStatus(heat, ref) : deleted.kind;
}

describe.skipIf(userName === "")("a real Heat", { timeout: 180_000 }, () => {
  const trustsOf = async (session: CloudSession, userId: string): Promise<number> => {
    const found = await listTrusts(session, { trustorUserId: userId });
    return found.kind === "found" ? found.value.length : Number.NaN;
  };

  test("makes, changes and deletes a stack by a delegation, and nothing is left of it", async () => {
    const { sessions, delegations, caller } = await openCloud();
    const own = sessions.caller(caller.token, caller.facts);
    const before = await trustsOf(own, caller.userId);
    const obtained = await delegations.obtain(caller, { context });
    if (obtained.kind === "refused") throw new Error(obtained.reason);
    expect(obtained.delegation.kind).toBe("trust");
    const opened = await delegations.open(obtained.delegation, context);
    if (opened.kind === "refused") throw new Error(opened.reason);
    const heat = createHeat(opened.session);
    const stack = newStack();
    const ref = await create(heat, stack);
    expect(ref.status).toBe("CREATE_COMPLETE");
    expect(await heat.createStack(stack)).toEqual({ kind: "exists" });
    expect(await heat.createStack(newStack({ nonsense: 1 }))).toMatchObject({ kind: "rejected" });
    expect(await heat.findStack(stack.name)).toMatchObject({ kind: "found", value: { id: ref.id, tags: stack.tags } });
    expect(await heat.listStacks({ tags: stack.tags ?? [] })).toMatchObject({ stacks: [{ id: ref.id }] });
    expect(await grow(heat, ref, 3)).toBe("UPDATE_COMPLETE");
    expect(await remove(heat, ref)).toBe("missing");
    expect(await heat.deleteStack(ref)).toEqual({ kind: "gone" });
    expect(await delegations.revoke(obtained.delegation, context)).toEqual({ kind: "revoked" });
    expect(await delegations.revoke(obtained.delegation, context)).toEqual({ kind: "revoked" });
    expect(await trustsOf(own, caller.userId)).toBe(before);
  });

  test("tells of the deepest resources that failed", async () => {
    const { sessions, caller } = await openCloud();
    const heat = createHeat(sessions.caller(caller.token, caller.facts));
    const ref = await create(heat, newStack({ fails: true }));
    expect(ref.status).toBe("CREATE_FAILED");
    const failures = await findFailures(heat, ref);
    expect(failures.kind === "found" && describeFailures(failures.value)).toBe(
      "minion 0: test resource kube-minion: Test Resource failed kube-minion",
    );
    await remove(heat, ref);
  });

  test("cannot make a stack by a trust that may not be handed on", async () => {
    const { sessions, caller } = await openCloud();
    const service = await sessions.service().open();
    if (service.kind === "refused") throw new Error(service.reason);
    const trust = await createTrust(sessions.caller(caller.token, caller.facts), {
      trustorUserId: caller.userId,
      trusteeUserId: service.facts.userId,
      projectId: caller.projectId ?? "",
      roles: caller.facts.roles,
      impersonation: true,
      redelegations: 0,
    });
    if (trust.kind === "refused") throw new Error(trust.reason);
    const session = sessions.trust(trust.value.id);
    await expect(createHeat(session).createStack(newStack())).rejects.toThrow("orchestration answered 500");
    await deleteTrust(session, trust.value.id);
  });

  test("no longer changes a stack once the trust that made it has ended, but deletes it", async () => {
    const { sessions, delegations, caller } = await openCloud();
    const obtained = await delegations.obtain(caller, { context });
    if (obtained.kind === "refused") throw new Error(obtained.reason);
    const opened = await delegations.open(obtained.delegation, context);
    if (opened.kind === "refused") throw new Error(opened.reason);
    const ref = await create(createHeat(opened.session), newStack());
    await delegations.revoke(obtained.delegation, context);
    expect(await delegations.open(obtained.delegation, context)).toMatchObject({ kind: "refused" });
    const owner = createHeat(sessions.caller(caller.token, caller.facts));
    await expect(grow(owner, ref, 2)).rejects.toThrow("orchestration answered 500");
    const cleanup = await delegations.openForCleanup(obtained.delegation, context);
    if (cleanup.kind === "refused") throw new Error(cleanup.reason);
    expect(await remove(createHeat(cleanup.session), ref)).toBe("missing");
  });

  test("serves the service's own user where an application credential may give no trust", async () => {
    const { sessions, delegations, caller, callerBy } = await openCloud();
    const own = sessions.caller(caller.token, caller.facts);
    const secret = systemRandom.uuid();
    const made = await createApplicationCredential(own, {
      userId: caller.userId,
      name: `jeroboam-test-${systemRandom.uuid()}`,
      secret,
      roles: caller.facts.roles.filter((role) => role.name === "member"),
      description: "made by a test",
    });
    if (made.kind !== "found") throw new Error(made.kind);
    const { id } = made.value;
    const restricted = await callerBy({ kind: "application-credential", id, secret }, { kind: "own" });
    expect(restricted.facts.applicationCredential).toMatchObject({ id, isRestricted: true });
    const obtained = await delegations.obtain(restricted, { context });
    const delegation: Delegation = { kind: "service", projectId: caller.projectId ?? "" };
    expect(obtained).toEqual({ kind: "obtained", delegation });
    const opened = await delegations.open(delegation, context);
    if (opened.kind === "refused") throw new Error(opened.reason);
    const heat = createHeat(opened.session);
    const ref = await create(heat, newStack());
    expect(ref.status).toBe("CREATE_COMPLETE");
    expect(await grow(createHeat(own), ref, 2)).toBe("UPDATE_COMPLETE");
    expect(await grow(heat, ref, 1)).toBe("UPDATE_COMPLETE");
    expect(await remove(heat, ref)).toBe("missing");
    await deleteApplicationCredential(own, caller.userId, id);
  });

  test("knows who calls, and that nonsense is no token", async () => {
    const { check, caller } = await openCloud();
    expect(caller).toMatchObject({ userName, projectName });
    expect(await check("nonsense")).toEqual({ kind: "refused" });
    expect(callerOf(caller.token, caller.facts)).toEqual(caller);
  });
});
