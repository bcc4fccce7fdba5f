/**
 * How conductors may act in the cloud for the project that asked, after the request and its token are gone. Obtained at
 * the API while the caller's token is there; stored, sealed, with what it is for; opened by conductors; given back at the
 * end. Two kinds:
 * - `trust`: the caller lets the service's user act as them on their project, with the roles of their token.
 * - `service`: the service's own user, with a role on the project. For callers who may not give trusts (application
 *   credentials), and for operators who prefer stacks that outlive the people who asked for them.
 *
 * What Heat needs (tried against Heat 19 with Keystone 22, `deferred_auth_method = trusts`): of whoever creates a stack
 * Heat makes a trust of its own and keeps it with the stack. From a trust's token it can do so only when the trust may be
 * redelegated once; otherwise creation answers 500. Heat's trust ends with ours, by expiry as by revocation, and from then
 * on Heat answers every update of that stack with 500, whoever asks; deleting it still works. So a delegation by which a
 * stack is created has no expiry and is kept until the stack is gone, and updates act by it; only work that creates
 * no stack may take one that expires. Stacks made by the service's user depend on no one's trust.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { limits } from "../limits.ts";
import { findRole, grantRole } from "../openstack/keystone-directory.ts";
import { createTrust, deleteTrust } from "../openstack/keystone-trusts.ts";
import type { Refusal } from "../openstack/refusal.ts";
import type { CloudSession, Sessions } from "../openstack/session.ts";
import type { Role } from "../openstack/token.ts";
import type { Clock, Log, Random } from "../ports.ts";
import type { Sealer } from "../secret/sealer.ts";
import type { Key } from "../table/table.ts";
import { Transient, textOf } from "../errors.ts";
import type { Caller } from "./caller.ts";
import type { DelegationSettings } from "./delegation-settings.ts";

export const delegationSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("trust"),
    projectId: z.string(),
    trustorUserId: z.string(),
    /** Opens for the context under which it was obtained. */
    sealedTrustId: z.string(),
    /** By which it is recognised among Keystone's trusts without being opened (`trustDigest`). */
    trustDigest: z.string().nullable().default(null),
    expiresAtMs: z.number().nullable(),
  }),
  z.object({ kind: z.literal("service"), projectId: z.string() }),
]);

/** JSON, to be stored with a record. */
export type Delegation = z.output<typeof delegationSchema>;

/** Of a trust's id, which is chance of 128 bits: nothing can be found out from it. */
export function trustDigest(trustId: string): string {
  return createHash("sha256").update(`trust/${trustId}`).digest("hex").slice(0, 32);
}

/** Where the item that holds a delegation stands in the index of names: so a trust's holder is found by one query. */
export function delegationIndexKey(delegation: Delegation, holder: Key): Key | undefined {
  if (delegation.kind !== "trust" || delegation.trustDigest === null) return undefined;
  return { pk: trustHolders(delegation.trustDigest), sk: `${holder.pk} ${holder.sk}` };
}

/** Partition of the name index that holds whoever holds the trust. */
export function trustHolders(digest: string): string {
  return `trust#${digest}`;
}

export interface DelegationPorts {
  readonly sessions: Sessions;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Opened {
  readonly kind: "open";
  readonly session: CloudSession;
}

export interface Delegations {
  /**
   * What the caller lets us do on the project of their token. `context` names what it is for and is needed to open it.
   * Without `expiresAtMs` it lasts until it is given back: needed for what creates a stack.
   */
  obtain(
    caller: Caller,
    purpose: { readonly context: string; readonly expiresAtMs?: number },
  ): Promise<{ readonly kind: "obtained"; readonly delegation: Delegation } | Refusal>;
  /** A session by it. Refused when it has ended: revoked, expired, the person gone or without their role. */
  open(delegation: Delegation, context: string, signal?: AbortSignal): Promise<Opened | Refusal>;
  /**
   * The same for removing what was made: where it has ended, or ends meanwhile, the service's own user acts, and the log
   * says so.
   */
  openForCleanup(delegation: Delegation, context: string, signal?: AbortSignal): Promise<Opened | Refusal>;
  /** Gives it back. One that has ended already counts as given back; `left` is one that Keystone does not let us end. */
  revoke(
    delegation: Delegation,
    context: string,
    signal?: AbortSignal,
  ): Promise<{ readonly kind: "revoked" } | { readonly kind: "left"; readonly reason: string }>;
}

export function createDelegations(ports: DelegationPorts, settings: DelegationSettings): Delegations {
  const open: Delegations["open"] = async (delegation, context, signal) => {
    if (delegation.kind === "service") return await openService(ports, settings, delegation.projectId, signal);
    return await openTrust(ports, delegation, context, signal);
  };
  return {
    async obtain(caller, { context, expiresAtMs }) {
      const { projectId } = caller;
      if (projectId === undefined) return refused("other", "the token is for no project");
      if (settings.mode !== "service") {
        const trust = await obtainTrust(ports, settings, caller, projectId, expiresAtMs);
        if (trust.kind === "obtained") {
          const sealedTrustId = await ports.sealer.seal(trust.trustId, context, projectId);
          const { trustorUserId, endsAtMs } = trust;
          const digest = trustDigest(trust.trustId);
          const trusted = { projectId, trustorUserId, sealedTrustId, trustDigest: digest, expiresAtMs: endsAtMs };
          return { kind: "obtained", delegation: { kind: "trust", ...trusted } };
        }
        // A token that is no longer accepted is the caller's to renew; all else the service's user can do without.
        if (settings.mode === "trust-only" || trust.cause === "unauthorized") return trust;
        ports.log.write("info", "delegation.trust-refused", { projectId, userId: caller.userId, reason: trust.reason });
      }
      const service = await openService(ports, settings, projectId, undefined);
      if (service.kind === "refused") return service;
      return { kind: "obtained", delegation: { kind: "service", projectId } };
    },

    open,

    async openForCleanup(delegation, context, signal) {
      const opened = await open(delegation, context, signal);
      if (delegation.kind === "service") return opened;
      const takeOver = async (reason: string): Promise<Opened | Refusal> => {
        const { projectId, trustorUserId } = delegation;
        const facts = { projectId, trustorUserId, context, reason };
        ports.log.write("warning", "delegation.service-takes-over", facts);
        return await openService(ports, settings, projectId, signal);
      };
      if (opened.kind === "refused") return await takeOver(opened.reason);
      return { kind: "open", session: withSuccessor(opened.session, takeOver) };
    },

    revoke: async (delegation, context, signal) => await revoke(ports, delegation, context, signal),
  };
}

const refused = (cause: Refusal["cause"], reason: string): Refusal => ({ kind: "refused", cause, reason });

interface ObtainedTrust {
  readonly kind: "obtained";
  readonly trustId: string;
  readonly trustorUserId: string;
  readonly endsAtMs: number | null;
}

async function obtainTrust(
  ports: DelegationPorts,
  settings: DelegationSettings,
  caller: Caller,
  projectId: string,
  expiresAtMs: number | undefined,
): Promise<ObtainedTrust | Refusal> {
  // Keystone's own rule, but not one to rely on: with several threads a process, version 22 may look at another request's
  // token for it (the middleware that reads tokens keeps the last one in itself).
  if (caller.facts.applicationCredential?.isRestricted === true) {
    return refused("forbidden", "a restricted application credential gives no trusts");
  }
  const own = await ports.sessions.service().open();
  if (own.kind === "refused") return { ...own, cause: "unavailable" };
  const roles = rolesToTrust(caller.facts.roles, settings.trustedRoles);
  if (roles.length === 0) return refused("forbidden", "the caller has none of the roles that bays need");
  const give = (given: readonly Role[]): Promise<ObtainedTrust | Refusal> =>
    giveTrust(ports, caller, { projectId, trusteeUserId: own.facts.userId, roles: given, expiresAtMs });
  const trust = await give(roles);
  const mayLackRoles = caller.facts.applicationCredential !== undefined || settings.trustedRoles !== undefined;
  if (trust.kind === "refused" || !mayLackRoles) return trust;
  const implied = await impliedRoles(ports, trust.trustId, roles);
  if (implied.length === 0) return trust;
  await deleteTrust(ports.sessions.caller(caller.token, caller.facts), trust.trustId);
  ports.sessions.forgetTrust(trust.trustId);
  return await give([...roles, ...implied]);
}

/**
 * What the trust's token has beyond the trust. Heat hands on every role of a token, Keystone only a trust's own; so a trust
 * that leaves out what its roles imply can create no stack. A person's token lists implied roles, an application
 * credential's and an operator's choice need not.
 */
async function impliedRoles(
  { sessions }: DelegationPorts,
  trustId: string,
  roles: readonly Role[],
): Promise<readonly Role[]> {
  const issued = await sessions.trust(trustId).open();
  // One that does not open shows where it is used, as any other does.
  if (issued.kind === "refused") return [];
  return issued.facts.roles.filter(({ id }) => !roles.some((role) => role.id === id));
}

interface TrustTerms {
  readonly projectId: string;
  readonly trusteeUserId: string;
  readonly roles: readonly Role[];
  readonly expiresAtMs: number | undefined;
}

async function giveTrust(
  ports: DelegationPorts,
  caller: Caller,
  { projectId, trusteeUserId, roles, expiresAtMs }: TrustTerms,
): Promise<ObtainedTrust | Refusal> {
  const session = ports.sessions.caller(caller.token, caller.facts);
  for (let attempt = 1; ; attempt++) {
    const endsAtMs = expiresAtMs === undefined ? null : expiresAtMs + spread(ports.random);
    const made = await createTrust(session, {
      trustorUserId: caller.userId,
      trusteeUserId,
      projectId,
      roles,
      impersonation: true,
      redelegations: 1,
      ...(endsAtMs === null ? {} : { expiresAtMs: endsAtMs }),
    });
    if (made.kind === "found") {
      return { kind: "obtained", trustId: made.value.id, trustorUserId: caller.userId, endsAtMs };
    }
    // Keystone tells trusts between the same two users by their expiry, to the millisecond, deleted ones included.
    const isTaken = made.cause === "conflict" && endsAtMs !== null;
    if (!isTaken || attempt >= limits.identity.trustAttempts) return made;
  }
}

/** Milliseconds by which trusts of one user for one deadline differ. */
const spread = (random: Random): number => Math.floor(random.fraction() * limits.identity.trustSpreadMs);

const rolesToTrust = (roles: readonly Role[], wanted: readonly string[] | undefined): readonly Role[] =>
  wanted === undefined ? roles : roles.filter((role) => wanted.includes(role.name));

async function openTrust(
  ports: DelegationPorts,
  delegation: Extract<Delegation, { kind: "trust" }>,
  context: string,
  signal: AbortSignal | undefined,
): Promise<Opened | Refusal> {
  if (delegation.expiresAtMs !== null && delegation.expiresAtMs <= ports.clock.nowMs()) {
    return refused("unauthorized", `the trust ended at ${new Date(delegation.expiresAtMs).toISOString()}`);
  }
  let trustId: string;
  try {
    trustId = await ports.sealer.open(delegation.sealedTrustId, context);
  } catch (error) {
    if (error instanceof Transient) throw error;
    // Its key is lost, or the record was tampered with. The trust cannot be used; whether another way may is the
    // caller's to decide, so it is no exception.
    return refused("unauthorized", `the trust cannot be unsealed: ${textOf(error)}`);
  }
  const session = ports.sessions.trust(trustId, signal);
  const issued = await session.open();
  if (issued.kind === "issued") return { kind: "open", session };
  return refused(issued.cause, `the trust of user ${delegation.trustorUserId} is no longer accepted: ${issued.reason}`);
}

/** The service's user on the project; it takes its role there when it has none and a role is configured. */
async function openService(
  ports: DelegationPorts,
  settings: DelegationSettings,
  projectId: string,
  signal: AbortSignal | undefined,
): Promise<Opened | Refusal> {
  const session = ports.sessions.serviceIn(projectId, signal);
  const issued = await session.open();
  if (issued.kind === "issued") return { kind: "open", session };
  const { serviceRole } = settings;
  if (serviceRole === undefined) {
    return refused(issued.cause, `the service's user has no role on project ${projectId}: ${issued.reason}`);
  }
  const granted = await takeRole(ports.sessions.service(signal), serviceRole, projectId);
  if (granted) return granted;
  const again = await session.open();
  if (again.kind === "issued") return { kind: "open", session };
  return refused(again.cause, `the service's user cannot act on project ${projectId}: ${again.reason}`);
}

/** Gives the service's user the role on the project; returns what stands in the way. */
async function takeRole(service: CloudSession, roleName: string, projectId: string): Promise<Refusal | undefined> {
  const own = await service.open();
  if (own.kind === "refused") return own;
  const role = await findRole(service, roleName);
  if (role.kind === "refused") return role;
  if (role.kind !== "found") return refused("other", `there is no role named "${roleName}"`);
  const granted = await grantRole(service, { projectId, userId: own.facts.userId, roleId: role.value.id });
  return granted.kind === "refused" ? granted : undefined;
}

/**
 * The session for as long as it is accepted, then the one that takes over: a token kept in memory may be that of a trust
 * which has ended since, and services tell it by 401.
 */
function withSuccessor(first: CloudSession, takeOver: (reason: string) => Promise<Opened | Refusal>): CloudSession {
  let successor: Promise<Opened | Refusal> | undefined;
  const after = async <Outcome>(
    reason: string,
    call: (session: CloudSession) => Promise<Outcome>,
  ): Promise<Outcome | Refusal> => {
    successor ??= takeOver(reason).catch((error: unknown) => {
      // It may pass: the next call tries again.
      successor = undefined;
      throw error;
    });
    const opened = await successor;
    return opened.kind === "open" ? await call(opened.session) : opened;
  };
  const ask = async <Outcome extends { readonly kind: string }>(
    call: (session: CloudSession) => Promise<Outcome | Refusal>,
  ): Promise<Outcome | Refusal> => {
    if (successor) return await after("", call);
    const outcome = await call(first);
    if (isRefusal(outcome) && outcome.cause === "unauthorized") return await after(outcome.reason, call);
    const isRejected = "status" in outcome && outcome.status === 401;
    return isRejected ? await after("its token is no longer accepted", call) : outcome;
  };
  return {
    open: () => ask((session) => session.open()),
    endpoint: (service) => ask((session) => session.endpoint(service)),
    request: (service, request) => ask((session) => session.request(service, request)),
  };
}

const isRefusal = (outcome: { readonly kind: string }): outcome is Refusal => outcome.kind === "refused";

/** By the trust's own token, which acts as the one who gave it; where that no longer opens, by the service's user. */
async function revoke(
  ports: DelegationPorts,
  delegation: Delegation,
  context: string,
  signal: AbortSignal | undefined,
): Promise<{ kind: "revoked" } | { kind: "left"; reason: string }> {
  if (delegation.kind === "service") return { kind: "revoked" };
  let trustId: string;
  try {
    trustId = await ports.sealer.open(delegation.sealedTrustId, context);
  } catch (error) {
    // Without its id it cannot be named to Keystone; cleaning up must go on.
    return left(ports, delegation, `it cannot be unsealed: ${textOf(error)}`);
  }
  const byItself = await deleteTrust(ports.sessions.trust(trustId, signal), trustId);
  ports.sessions.forgetTrust(trustId);
  if (byItself.kind === "deleted") return { kind: "revoked" };
  const byService = await deleteTrust(ports.sessions.service(signal), trustId);
  return byService.kind === "deleted" ? { kind: "revoked" } : left(ports, delegation, byService.reason);
}

function left(
  { log }: DelegationPorts,
  { projectId, trustorUserId, expiresAtMs }: Extract<Delegation, { kind: "trust" }>,
  reason: string,
): { kind: "left"; reason: string } {
  log.write("warning", "delegation.left", { projectId, trustorUserId, expiresAtMs, reason });
  return { kind: "left", reason };
}
