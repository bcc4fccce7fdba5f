import { bayOfSpecificationItem } from "@jeroboam/core/bay/bay";
import { isCold } from "@jeroboam/core/bay/find-bay";
import { baySpecificationOf, waitsForLease } from "../bay-record.ts";
import { ownersOf } from "../cloud.ts";
import type { World } from "../world.ts";
import { specificationOf, standingBays, standingGroups } from "../world.ts";
import type { Invariant } from "./invariant.ts";

export const credentials: Invariant = {
  id: "I5 (credentials)",
  says: "the password of a bay's nodes changes by a renewal alone, once in each; at rest Keystone, the bay and its stacks have the same",
  watch(world, broken) {
    return {
      wrote(item, before) {
        const uuid = isCold(item) ? bayOfSpecificationItem(item) : undefined;
        if (uuid === undefined || !before) return;
        const [is, was] = [baySpecificationOf(item).nodeCredential, baySpecificationOf(before).nodeCredential];
        if (!was || was.passwordSealed === is?.passwordSealed) return;
        const current = world.history.current(uuid);
        const operation = current?.operation;
        const isRenewal = operation?.kind === "rotate-credential" && is?.renewedBy === operation.id;
        if (!isRenewal && !(current && waitsForLease(current))) broken(`the nodes' password of ${uuid} was drawn anew`);
        else if (was.renewedBy === is?.renewedBy) broken(`a renewal drew the nodes' password of ${uuid} twice`);
      },
      rested() {
        const whole = new Set(
          [...standingBays(world), ...standingGroups(world)]
            .filter(({ status }) => status.endsWith("_COMPLETE"))
            .map(({ uuid }) => uuid),
        );
        for (const { uuid, status } of standingBays(world)) {
          const password = passwordOf(world, uuid);
          const users = [...world.cloud.users].find(([name]) => name.includes(uuid));
          if (password === undefined || users === undefined || !status.endsWith("_COMPLETE")) continue;
          if (users[1] !== password) broken(`the nodes' password of ${uuid} is another in Keystone`);
          const other = [...world.cloud.stacks.values()].find(
            (stack) =>
              whole.has(stack.ownerUuid) &&
              ownersOf(stack).includes(uuid) &&
              ![undefined, password].includes(stack.parameters["trustee_password"] as string | undefined),
          );
          if (other) broken(`the nodes' password of ${uuid} is another in stack ${other.name}`);
        }
      },
    };
  },
};

function passwordOf(world: World, uuid: string): string | undefined {
  const sealed = specificationOf(world, uuid)?.nodeCredential?.passwordSealed;
  return sealed === undefined ? undefined : world.secretIn(sealed);
}
