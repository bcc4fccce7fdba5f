/**
 * Heat's stacks. Every status is an outcome: what exists, what is gone, what is busy, what Heat refuses and why; only what
 * may pass is thrown (`Transient`). Nothing is repeated here: a step looks before it makes, and repeats itself.
 * What failed inside a stack is told by `heat-failures.ts`.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { eventSchema, resourceSchema, stackSchema, stackSummarySchema } from "./heat-schemas.ts";
import type { Stack, StackEvent, StackResource, StackSummary } from "./heat-schemas.ts";
import { isSuccess, readJson } from "./http.ts";
import { lookUp } from "./lookup.ts";
import type { Found, Missing } from "./lookup.ts";
import { readError, refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { CloudReply, CloudRequest, CloudSession } from "./session.ts";

/** Heat addresses a stack by both. */
export interface StackRef {
  readonly name: string;
  readonly id: string;
}

export interface StackTemplate {
  /** The template's text, or the object it parses to. */
  readonly template: unknown;
  /** Nested templates and scripts by the names under which the template asks for them. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment?: unknown;
}

export interface NewStack extends StackTemplate {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly tags?: readonly string[];
  /** Without it Heat's own default holds. */
  readonly timeoutMinutes?: number;
  readonly disableRollback: boolean;
}

export interface StackChange {
  /** What of the stack stays as it is: `parameters` not named here, and the template when none is given. */
  readonly keepsExisting: boolean;
  readonly template?: StackTemplate;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Parameters that go back to the template's defaults. */
  readonly clearParameters?: readonly string[];
  readonly tags?: readonly string[];
  readonly timeoutMinutes?: number;
  readonly disableRollback?: boolean;
}

/** Heat found a fault in what it was asked: the template, a parameter, a property. */
export interface RejectedStack {
  readonly kind: "rejected";
  readonly reason: string;
}

/** The stack has an action under way. */
export interface Busy {
  readonly kind: "busy";
  readonly reason: string;
}

export interface StackFilter {
  /** Stacks bearing all of these. */
  readonly tags?: readonly string[];
  readonly status?: string;
  readonly name?: string;
  /** Over all projects: needs Heat's policy to allow it. */
  readonly isGlobal?: boolean;
}

export interface StackPage {
  readonly kind: "page";
  readonly stacks: readonly StackSummary[];
  /** Where the next page begins; undefined after the last. */
  readonly nextMarker: string | undefined;
}

export interface Heat {
  createStack(stack: NewStack): Promise<{ kind: "made"; id: string } | { kind: "exists" } | RejectedStack | Refusal>;
  /**
   * By name or by id. Outputs cost Heat work: they are resolved only when asked for. A stack that was deleted, which Heat
   * shows for a while, is missing.
   */
  findStack(nameOrId: string, options?: { outputs?: boolean }): Promise<Found<Stack> | Missing | Refusal>;
  getStack(ref: StackRef, options?: { outputs?: boolean }): Promise<Found<Stack> | Missing | Refusal>;
  updateStack(
    ref: StackRef,
    change: StackChange,
  ): Promise<{ kind: "accepted" } | Missing | Busy | RejectedStack | Refusal>;
  deleteStack(ref: StackRef): Promise<{ kind: "deleting" } | { kind: "gone" } | Busy | Refusal>;
  /** One page of the project's stacks (or all projects'), nested ones left out, oldest first. */
  listStacks(filter: StackFilter, marker?: string): Promise<StackPage | Refusal>;
  /** The stack's resources and those of the stacks within it. */
  listResources(ref: StackRef, options?: ResourceOptions): Promise<Found<readonly StackResource[]> | Missing | Refusal>;
  /** The newest events, newest first; those of the stacks within included. */
  listEvents(ref: StackRef, limit: number): Promise<Found<readonly StackEvent[]> | Missing | Refusal>;
  /** Sends a resource a signal. */
  signalResource(ref: StackRef, resource: string, data: unknown): Promise<{ kind: "signalled" } | Missing | Refusal>;
}

export interface ResourceOptions {
  /** How many levels of stacks within; all that we know how to make when not given. */
  readonly nestedDepth?: number;
  /** `FAILED` and so on: the second part of the status. */
  readonly status?: string;
}

const part = encodeURIComponent;
const pathOf = (ref: StackRef): string => `/stacks/${part(ref.name)}/${part(ref.id)}`;

export function createHeat(session: CloudSession): Heat {
  const send = (request: CloudRequest): Promise<CloudReply | Refusal> => session.request("orchestration", request);
  const getStack: Heat["getStack"] = async (ref, options = {}) => await show(session, pathOf(ref), options.outputs);

  return {
    getStack,

    async createStack(stack) {
      const reply = await send({ method: "POST", path: "/stacks", json: createBody(stack) });
      if (reply.kind === "refused") return reply;
      if (isSuccess(reply)) {
        const made = readJson(reply, z.object({ stack: z.object({ id: z.string() }) }), "orchestration");
        return { kind: "made", id: made.stack.id };
      }
      return reply.status === 409 ? { kind: "exists" } : rejectionOf(reply);
    },

    async findStack(nameOrId, options = {}) {
      const path = `/stacks/${part(nameOrId)}`;
      const reply = await send({ method: "GET", path });
      if (reply.kind === "refused") return reply;
      if (reply.status === 404) return { kind: "missing" };
      const ref = isRedirect(reply) ? refFromLocation(reply.headers["location"]) : undefined;
      if (ref) return await getStack(ref, options);
      if (!isSuccess(reply)) return refusalOf(reply, "orchestration");
      return unlessDeleted(readJson(reply, oneStackSchema, "orchestration").stack);
    },

    async updateStack(ref, change) {
      const method = change.keepsExisting ? "PATCH" : "PUT";
      const reply = await send({ method, path: pathOf(ref), json: changeBody(change) });
      if (reply.kind === "refused") return reply;
      if (isSuccess(reply)) return { kind: "accepted" };
      if (reply.status === 404) return { kind: "missing" };
      return reply.status === 409 ? busyOf(reply) : rejectionOf(reply);
    },

    async deleteStack(ref) {
      const reply = await send({ method: "DELETE", path: pathOf(ref) });
      if (reply.kind === "refused") return reply;
      if (isSuccess(reply)) return { kind: "deleting" };
      if (reply.status === 404) return { kind: "gone" };
      return reply.status === 409 ? busyOf(reply) : refusalOf(reply, "orchestration");
    },

    listStacks: async (filter, marker) => await listPage(session, filter, marker),
    listResources: async (ref, options = {}) => await listResources(session, ref, options),

    async listEvents(ref, limit) {
      const query = { limit, sort_dir: "desc", nested_depth: limits.openstack.nestedDepth };
      const schema = z.object({ events: z.array(eventSchema) });
      const found = await lookUp(session, "orchestration", `${pathOf(ref)}/events`, schema, query);
      return found.kind === "found" ? { kind: "found", value: found.value.events } : found;
    },

    async signalResource(ref, resource, data) {
      const path = `${pathOf(ref)}/resources/${part(resource)}/signal`;
      const reply = await send({ method: "POST", path, json: data });
      if (reply.kind === "refused") return reply;
      if (isSuccess(reply)) return { kind: "signalled" };
      return reply.status === 404 ? { kind: "missing" } : refusalOf(reply, "orchestration");
    },
  };
}

const oneStackSchema = z.object({ stack: stackSchema });

async function show(
  session: CloudSession,
  path: string,
  outputs: boolean | undefined,
): Promise<Found<Stack> | Missing | Refusal> {
  const query = { resolve_outputs: outputs ?? false };
  const found = await lookUp(session, "orchestration", path, oneStackSchema, query);
  return found.kind === "found" ? unlessDeleted(found.value.stack) : found;
}

const unlessDeleted = (stack: Stack): Found<Stack> | Missing =>
  stack.stack_status === "DELETE_COMPLETE" ? { kind: "missing" } : { kind: "found", value: stack };

async function listPage(
  session: CloudSession,
  filter: StackFilter,
  marker: string | undefined,
): Promise<StackPage | Refusal> {
  const limit = limits.openstack.pageItems;
  const query = {
    limit,
    marker,
    sort_keys: "creation_time",
    sort_dir: "asc",
    tags: filter.tags?.join(","),
    status: filter.status,
    name: filter.name,
    global_tenant: filter.isGlobal ? true : undefined,
  };
  const schema = z.object({ stacks: z.array(stackSummarySchema) });
  const found = await lookUp(session, "orchestration", "/stacks", schema, query);
  if (found.kind === "refused") return found;
  if (found.kind === "missing") return { kind: "page", stacks: [], nextMarker: undefined };
  const { stacks } = found.value;
  return { kind: "page", stacks, nextMarker: stacks.length < limit ? undefined : stacks.at(-1)?.id };
}

async function listResources(
  session: CloudSession,
  ref: StackRef,
  options: ResourceOptions,
): Promise<Found<readonly StackResource[]> | Missing | Refusal> {
  const query = {
    nested_depth: options.nestedDepth ?? limits.openstack.nestedDepth,
    status: options.status,
  };
  const schema = z.object({ resources: z.array(resourceSchema) });
  const found = await lookUp(session, "orchestration", `${pathOf(ref)}/resources`, schema, query);
  return found.kind === "found" ? { kind: "found", value: found.value.resources } : found;
}

const isRedirect = (reply: CloudReply): boolean => [301, 302, 303, 307, 308].includes(reply.status);

/**
 * Name and id out of `…/stacks/<name>/<id>`. The address itself is not followed: behind a proxy it may name a host that
 * we do not know, and our token goes to the catalog's addresses alone.
 */
function refFromLocation(location: string | undefined): StackRef | undefined {
  const [, name, id] = /\/stacks\/([^/?]+)\/([^/?]+)(?:\?.*)?$/.exec(location ?? "") ?? [];
  if (name === undefined || id === undefined) return undefined;
  try {
    return { name: decodeURIComponent(name), id: decodeURIComponent(id) };
  } catch {
    // A location whose percent signs make no text is none of Heat's.
    return undefined;
  }
}

function createBody(stack: NewStack): object {
  return {
    stack_name: stack.name,
    ...templateBody(stack),
    parameters: stack.parameters,
    disable_rollback: stack.disableRollback,
    ...optionsBody(stack),
  };
}

function changeBody(change: StackChange): object {
  return {
    ...(change.template ? templateBody(change.template) : {}),
    parameters: change.parameters,
    ...(change.clearParameters ? { clear_parameters: change.clearParameters } : {}),
    ...(change.disableRollback === undefined ? {} : { disable_rollback: change.disableRollback }),
    ...optionsBody(change),
  };
}

const templateBody = (stack: StackTemplate): object => ({
  template: stack.template,
  files: stack.files,
  ...(stack.environment === undefined ? {} : { environment: stack.environment }),
});

const optionsBody = (stack: Pick<NewStack, "tags" | "timeoutMinutes">): object => ({
  ...(stack.tags === undefined ? {} : { tags: stack.tags.join(",") }),
  ...(stack.timeoutMinutes === undefined ? {} : { timeout_mins: stack.timeoutMinutes }),
});

/** A 400 speaks of what was asked, unless it is a quota that Heat tells by 400. */
function rejectionOf(reply: CloudReply): RejectedStack | Refusal {
  const refusal = refusalOf(reply, "orchestration");
  if (reply.status !== 400 || refusal.cause === "quota") return refusal;
  // Heat joins the places of an error by colons, empty places too.
  return { kind: "rejected", reason: readError(reply).message.replaceAll(": :", ":") };
}

const busyOf = (reply: CloudReply): Busy => ({ kind: "busy", reason: readError(reply).message });
