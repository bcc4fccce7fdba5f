/** Heat as the steps speak of it. */
import { Transient } from "@jeroboam/core/errors";
import type { Heat } from "@jeroboam/core/openstack/heat";
import { describeFailures, findFailures } from "@jeroboam/core/openstack/heat-failures";
import type { Stack as HeatStack } from "@jeroboam/core/openstack/heat-schemas";
import type { Refusal } from "@jeroboam/core/openstack/refusal";
import type { Refused, Stack, StackAction, Stacks } from "./ports.ts";

export function createStacks(heat: Heat): Stacks {
  return {
    async find(nameOrId) {
      const found = await heat.findStack(nameOrId, { outputs: true });
      switch (found.kind) {
        case "found":
          return stackFrom(found.value);
        case "missing":
          return undefined;
        case "refused":
          throw refusedRead(found);
        default:
          return found satisfies never;
      }
    },

    async create({ name, template, files, environment, parameters, tags, timeoutMinutes }) {
      const limit = timeoutMinutes === undefined ? {} : { timeoutMinutes };
      const made = await heat.createStack({
        name,
        template,
        files,
        environment,
        parameters,
        tags,
        disableRollback: true,
        ...limit,
      });
      return made.kind === "rejected" ? refused(made.reason) : made;
    },

    async update({ id, name }, { parameters, tags }) {
      const updated = await heat.updateStack({ id, name }, { keepsExisting: true, parameters, tags });
      switch (updated.kind) {
        case "missing":
          return refused(`stack ${name} was not found in Heat: somebody deleted it`);
        case "rejected":
          return refused(updated.reason);
        default:
          return updated;
      }
    },

    async remove({ id, name }) {
      const removed = await heat.deleteStack({ id, name });
      return removed.kind === "deleting" || removed.kind === "gone" ? { kind: "accepted" } : removed;
    },

    async failures({ id, name }) {
      const failures = await findFailures(heat, { id, name });
      // The stack's own reason must do when its resources cannot be read.
      return failures.kind === "found" && failures.value.length > 0 ? [describeFailures(failures.value)] : [];
    },
  };
}

function refused(reason: string): Refused {
  return { kind: "refused", reason };
}

/** Being refused a look is a matter of roles or tokens: it may be mended, and the operation's deadline bounds it. */
function refusedRead(refusal: Refusal): Transient {
  return new Transient(refusal.reason);
}

function stackFrom(stack: HeatStack): Stack | undefined {
  const [action, progress] = /^([A-Z]+)_(IN_PROGRESS|COMPLETE|FAILED)$/.exec(stack.stack_status)?.slice(1) ?? [];
  if (action === "DELETE" && progress === "COMPLETE") return undefined;
  return {
    id: stack.id,
    name: stack.stack_name,
    action: actionOf(action),
    // A status that we do not know is none to decide on: wait.
    progress: progress === "COMPLETE" || progress === "FAILED" ? progress : "IN_PROGRESS",
    reason: stack.stack_status_reason ?? "",
    tags: stack.tags ?? [],
    parameters: stack.parameters ?? {},
    outputs: Object.fromEntries(
      (stack.outputs ?? []).map(({ output_key, output_value }) => [output_key, output_value]),
    ),
  };
}

function actionOf(action: string | undefined): StackAction {
  return action === "CREATE" || action === "UPDATE" || action === "DELETE" ? action : "OTHER";
}
