/**
 * What our OpenStack clients and delegations ask of a cloud: the same for the sandbox and for real services, so that the
 * one stands for the others. A cloud comes with its services' user (an administrator, who may check tokens and grant
 * roles) and with a person of one of its projects.
 */
import type { Caller } from "@jeroboam/core/identity/caller";
import { callerOf } from "@jeroboam/core/identity/caller";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import { createDelegations } from "@jeroboam/core/identity/delegation";
import { createTokenCheck } from "@jeroboam/core/identity/token-check";
import type { EndpointChoice } from "@jeroboam/core/openstack/catalog";
import { findImage } from "@jeroboam/core/openstack/glance";
import type { Heat, NewStack, StackRef } from "@jeroboam/core/openstack/heat";
import { createHeat } from "@jeroboam/core/openstack/heat";
import { describeFailures, findFailures } from "@jeroboam/core/openstack/heat-failures";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import type { Credentials, Scope } from "@jeroboam/core/openstack/keystone";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import { createApplicationCredential, deleteApplicationCredential } from "@jeroboam/core/openstack/keystone-directory";
import { createTrust, deleteTrust, listTrusts } from "@jeroboam/core/openstack/keystone-trusts";
import { findNetwork } from "@jeroboam/core/openstack/neutron";
import { findFlavor } from "@jeroboam/core/openstack/nova";
import type { CloudSession, ServiceAccount } from "@jeroboam/core/openstack/session";
import { createSessions } from "@jeroboam/core/openstack/session";
import type { Clock } from "@jeroboam/core/ports";
import { systemRandom } from "@jeroboam/core/random/system-random";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import { expect, test } from "vitest";

export interface TestedCloud {
  readonly http: HttpFetch;
  readonly clock: Clock;
  readonly authUrl: string;
  readonly account: ServiceAccount;
  readonly choice: EndpointChoice;
  readonly person: Credentials;
  readonly project: Extract<Scope, { kind: "project" }>["project"];
  /** Lets the cloud work on for a moment. */
  wait(): Promise<void>;
}

export interface CloudTraits {
  /** Heat keeps a trust of its own with each stack, made from the creator's token. */
  readonly heatKeepsTrusts: boolean;
  /** Nova, Glance and Neutron are there, with a flavor m1.small, a network public and this image. */
  readonly image: string | undefined;
}

const sealer: Sealer = { seal: (text) => Promise.resolve(text), open: (text) => Promise.resolve(text) };
const context = "test";

async function enter(cloud: TestedCloud) {
  const { http, clock } = cloud;
  const keystone = createKeystone({ http, clock }, cloud.authUrl);
  const sessions = createSessions({ http, clock, keystone }, cloud.account, cloud.choice);
  const log = { write: () => undefined };
  const check = createTokenCheck({ clock, log, session: sessions.service() });
  const delegations = createDelegations(
    { sessions, sealer, clock, random: systemRandom, log },
    { mode: "trust", serviceRole: "member" },
  );
  const callerBy = async (credentials: Credentials, scope: Scope): Promise<Caller> => {
    const issued = await keystone.issueToken(credentials, scope);
    if (issued.kind === "refused") throw new Error(issued.reason);
    const outcome = await check(issued.token);
    if (outcome.kind !== "valid") throw new Error(outcome.kind);
    return outcome.caller;
  };
  const caller = await callerBy(cloud.person, { kind: "project", project: cloud.project });
  const stacks = stacksOf(cloud);
  return { sessions, delegations, check, caller, callerBy, ...stacks };
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
    "kube-minion": {
      type: "OS::Heat::TestResource",
      properties: { value: "kube-minion", fail: { get_param: "fails" } },
    },
  },
};

function newStack(parameters: NewStack["parameters"] = {}): NewStack {
  const name = `jeroboam-test-${systemRandom.uuid()}`;
  const files = { "minion.yaml": JSON.stringify(minion) };
  return { name, template, files, parameters, tags: ["jeroboam-test", name], disableRollback: true };
}

/** Stacks brought to the end of what they are about. */
function stacksOf(cloud: TestedCloud) {
  const statusOf = async (heat: Heat, ref: StackRef): Promise<string> => {
    const found = await heat.getStack(ref);
    return found.kind === "found" ? found.value.stack_status : found.kind;
  };
  const settle = async (heat: Heat, ref: StackRef): Promise<string> => {
    for (let looks = 0; looks < 240; looks++) {
      const status = await statusOf(heat, ref);
      if (!status.endsWith("_IN_PROGRESS")) return status;
      await cloud.wait();
    }
    throw new Error(`stack ${ref.name} does not settle`);
  };
  return {
    create: async (heat: Heat, stack: NewStack): Promise<StackRef & { status: string }> => {
      const made = await heat.createStack(stack);
      if (made.kind !== "made") throw new Error(JSON.stringify(made));
      const ref = { name: stack.name, id: made.id };
      return { ...ref, status: await settle(heat, ref) };
    },
    grow: async (heat: Heat, ref: StackRef, count: number): Promise<string> => {
      const updated = await heat.updateStack(ref, { keepsExisting: true, parameters: { count } });
      if (updated.kind !== "accepted") return updated.kind;
      for (let looks = 0; looks < 60; looks++) {
        const found = await heat.getStack(ref);
        // Heat shows the update a moment after it took it.
        if (found.kind === "found" && found.value.parameters?.["count"] === String(count)) break;
        await cloud.wait();
      }
      return await settle(heat, ref);
    },
    remove: async (heat: Heat, ref: StackRef): Promise<string> => {
      const deleted = await heat.deleteStack(ref);
      return deleted.kind === "deleting" ? await settle(heat, ref) : deleted.kind;
    },
  };
}

async function countTrusts(session: CloudSession, userId: string): Promise<number> {
  const found = await listTrusts(session, { trustorUserId: userId });
  return found.kind === "found" ? found.value.length : Number.NaN;
}

/** To be called within a `describe` that names the cloud. */
export function testCloud(openCloud: () => Promise<TestedCloud>, traits: CloudTraits): void {
  test("a stack is made, changed and deleted by a delegation, and nothing is left of it", async () => {
    const { sessions, delegations, caller, create, grow, remove } = await enter(await openCloud());
    const own = sessions.caller(caller.token, caller.facts);
    const before = await countTrusts(own, caller.userId);
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
    expect(await countTrusts(own, caller.userId)).toBe(before);
  });

  test("a failed stack tells of the deepest resources that failed", async () => {
    const { sessions, caller, create, remove } = await enter(await openCloud());
    const heat = createHeat(sessions.caller(caller.token, caller.facts));
    const ref = await create(heat, newStack({ fails: true }));
    expect(ref.status).toBe("CREATE_FAILED");
    const failures = await findFailures(heat, ref);
    expect(failures.kind === "found" && describeFailures(failures.value)).toBe(
      "minion 0: test resource kube-minion: Test Resource failed kube-minion",
    );
    await remove(heat, ref);
  });

  test.runIf(traits.heatKeepsTrusts)("no stack is made by a trust that may not be handed on", async () => {
    const { sessions, caller } = await enter(await openCloud());
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

  test.runIf(traits.heatKeepsTrusts)(
    "a stack is no longer changed once the trust that made it has ended, but deleted",
    async () => {
      const { sessions, delegations, caller, create, grow, remove } = await enter(await openCloud());
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
    },
  );

  test("the service's own user acts where an application credential may give no trust", async () => {
    const { sessions, delegations, caller, callerBy, create, grow, remove } = await enter(await openCloud());
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

  test("a caller is known by their token, and nonsense is no token", async () => {
    const { check, caller } = await enter(await openCloud());
    expect(caller.projectId).toBeDefined();
    expect(await check("nonsense")).toEqual({ kind: "refused" });
    expect(callerOf(caller.token, caller.facts)).toEqual(caller);
  });

  test.runIf(traits.image)("flavors, images and networks are found by name and by id", async () => {
    const { sessions, caller } = await enter(await openCloud());
    const session = sessions.caller(caller.token, caller.facts);
    const lookups = [
      [findFlavor, "m1.small"],
      [findImage, traits.image ?? ""],
      [findNetwork, "public"],
    ] as const;
    for (const [find, name] of lookups) {
      const byName = await find(session, name);
      if (byName.kind !== "found") throw new Error(`${name}: ${JSON.stringify(byName)}`);
      expect(await find(session, byName.value.id)).toEqual(byName);
      expect(await find(session, "no such thing")).toEqual({ kind: "missing" });
    }
    expect(await findImage(session, traits.image ?? "")).toMatchObject({ value: { os_distro: "fedora-atomic" } });
  });
}
