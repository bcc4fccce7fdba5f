/** What the steps ask of the cloud, said to OpenStack: delegations opened, Heat spoken to, users of nodes made. */
import { Transient } from "@jeroboam/core/errors";
import type { Delegations } from "@jeroboam/core/identity/delegation";
import { trustDigest } from "@jeroboam/core/identity/delegation";
import { createHeat } from "@jeroboam/core/openstack/heat";
import { deleteTrust, listTrusts } from "@jeroboam/core/openstack/keystone-trusts";
import type { Trust } from "@jeroboam/core/openstack/keystone-trusts";
import type { Found } from "@jeroboam/core/openstack/lookup";
import { deleteKeypair, importKeypair } from "@jeroboam/core/openstack/nova";
import type { Refusal } from "@jeroboam/core/openstack/refusal";
import type { Sessions } from "@jeroboam/core/openstack/session";
import { createStacks, listStacks } from "./heat-stacks.ts";
import type { NodeUserSettings } from "./node-users.ts";
import { ensureNodeUser, listNodeUsers, removeNodeUser } from "./node-users.ts";
import type { Cloud } from "./ports.ts";

export function createOpenStackCloud(
  sessions: Sessions,
  delegations: Delegations,
  settings: { readonly nodeUsers: NodeUserSettings },
): Cloud {
  async function trustsOfService(signal: AbortSignal): Promise<Found<readonly Trust[]> | Refusal> {
    const session = sessions.service(signal);
    const own = await session.open();
    return own.kind === "refused" ? own : await listTrusts(session, { trusteeUserId: own.facts.userId });
  }

  return {
    async stacks({ delegation, context, isCleanup }, signal) {
      const opened = isCleanup
        ? await delegations.openForCleanup(delegation, context, signal)
        : await delegations.open(delegation, context, signal);
      return opened.kind === "refused" ? opened : { kind: "stacks", stacks: createStacks(createHeat(opened.session)) };
    },

    async revoke(delegation, context, signal) {
      // One that Keystone does not let us end is logged there, and looked for by the sweeper.
      await delegations.revoke(delegation, context, signal);
    },

    async ensureNodeUser({ sshPublicKey: publicKey, ...user }, signal) {
      const session = sessions.service(signal);
      const keypair = publicKey ? await importKeypair(session, { name: user.name, publicKey }) : undefined;
      if (keypair?.kind === "refused") return keypair;
      return await ensureNodeUser(session, settings.nodeUsers, user);
    },

    async removeNodeUser({ name, hasKeypair }, signal) {
      const keypair = hasKeypair ? await deleteKeypair(sessions.service(signal), name) : undefined;
      if (keypair?.kind === "refused") throw refusedRemoval(keypair);
      const removed = await removeNodeUser(sessions.service(signal), settings.nodeUsers, name);
      if (removed.kind === "refused") throw refusedRemoval(removed);
    },

    listStacks: (filter, signal) => listStacks(createHeat(sessions.service(signal)), filter, true),

    listNodeUsers: (signal) => listNodeUsers(sessions.service(signal), settings.nodeUsers),

    async listTrusts(signal) {
      const trusts = await trustsOfService(signal);
      if (trusts.kind === "refused") return trusts;
      return { kind: "trusts", trusts: trusts.value.map(({ id }) => ({ id, digest: trustDigest(id) })) };
    },

    async endTrust({ id }, signal) {
      const ended = await deleteTrust(sessions.service(signal), id);
      return ended.kind === "refused" ? ended : { kind: "ended" };
    },
  };
}

/** What cannot be removed now may be when the service's roles are mended; the operation's deadline bounds it. */
function refusedRemoval(refusal: Refusal): Transient {
  return new Transient(`the user of the bay's nodes cannot be removed: ${refusal.reason}`);
}
