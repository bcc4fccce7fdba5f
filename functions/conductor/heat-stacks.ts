/** Heat as the steps speak of it. */
import { Transient } from "@jeroboam/core/errors";
import type { Heat } from "@jeroboam/core/openstack/heat";
import { describeFailures, findFailures } from "@jeroboam/core/openstack/heat-failures";
import type { Stack as HeatStack, StackSummary } from "@jeroboam/core/openstack/heat-schemas";
import type { Refusal } from "@jeroboam/core/openstack/refusal";
import type { ListedStack, Refused, Stack, StackAction, StackFilter, StackLookup, StackPage, Stacks } from "./ports.ts";

export function createStacks(heat: Heat): Stacks {
  return {
    async find(stack, { outputsAtWork } = { outputsAtWork: false }) {
      const found = await look(heat, stack, outputsAtWork);
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

    async update({ id, name }, { parameters, tags, template, rollsBack = false }) {
      const updated = await heat.updateStack(
        { id, name },
        { keepsExisting: true, parameters, tags, disableRollback: !rollsBack, ...(template && { template }) },
      );
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

    list: (filter) => listStacks(heat, filter, false),

    async failures({ id, name }) {
      const failures = await findFailures(heat, { id, name });
      // The stack's own reason must do when its resources cannot be read.
      return failures.kind === "found" && failures.value.length > 0 ? [describeFailures(failures.value)] : [];
    },
  };
}

/** A stack at work is looked at again and again, and Heat would work its outputs out each time. */
async function look(heat: Heat, { name, id }: StackLookup, outputsAtWork: boolean): ReturnType<Heat["getStack"]> {
  const options = { outputs: outputsAtWork };
  const found = await (id === null ? heat.findStack(name, options) : heat.getStack({ name, id }, options));
  if (outputsAtWork || found.kind !== "found" || statusFrom(found.value).progress === "IN_PROGRESS") return found;
  return heat.getStack({ name: found.value.stack_name, id: found.value.id }, { outputs: true });
}

/** One page of our stacks: of the session's project, or of all. */
export async function listStacks(
  heat: Heat,
  { tag, marker }: StackFilter,
  isGlobal: boolean,
): Promise<StackPage | Refused> {
  const page = await heat.listStacks({ tags: [tag], isGlobal }, marker);
  if (page.kind === "refused") return refused(page.reason);
  const stacks = page.stacks.filter((stack) => stack.parent === null || stack.parent === undefined);
  return { kind: "page", stacks: stacks.map(listedFrom), nextMarker: page.nextMarker };
}

function listedFrom(stack: StackSummary): ListedStack {
  return {
    id: stack.id,
    name: stack.stack_name,
    ...statusFrom(stack),
    seen: seenFrom(stack),
    tags: stack.tags ?? [],
    projectId: stack.project ?? null,
  };
}

function seenFrom({ stack_status, creation_time, updated_time }: StackSummary): string {
  return `${stack_status} ${updated_time ?? creation_time ?? ""}`;
}

function refused(reason: string): Refused {
  return { kind: "refused", reason };
}

/** Being refused a look is a matter of roles or tokens: it may be mended, and the operation's deadline bounds it. */
function refusedRead(refusal: Refusal): Transient {
  return new Transient(refusal.reason);
}

function stackFrom(stack: HeatStack): Stack | undefined {
  const status = statusFrom(stack);
  if (status.action === "DELETE" && status.progress === "COMPLETE") return undefined;
  return {
    id: stack.id,
    name: stack.stack_name,
    ...status,
    seen: seenFrom(stack),
    reason: stack.stack_status_reason ?? "",
    tags: stack.tags ?? [],
    parameters: stack.parameters ?? {},
    outputs: Object.fromEntries(
      (stack.outputs ?? []).map(({ output_key, output_value }) => [output_key, output_value]),
    ),
  };
}

function statusFrom({ stack_status }: StackSummary): Pick<Stack, "action" | "progress"> {
  const [action, progress] = /^([A-Z]+)_(IN_PROGRESS|COMPLETE|FAILED)$/.exec(stack_status)?.slice(1) ?? [];
  return {
    action: actionOf(action),
    // A status that we do not know is none to decide on: wait.
    progress: progress === "COMPLETE" || progress === "FAILED" ? progress : "IN_PROGRESS",
  };
}

function actionOf(action: string | undefined): StackAction {
  return action === "CREATE" || action === "UPDATE" || action === "ROLLBACK" || action === "DELETE" ? action : "OTHER";
}
