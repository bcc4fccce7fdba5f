/**
 * One wrapper around every route: what is acceptable, which version is in force, what was sent, whose record it is,
 * whether policy allows it, and only then the use-case. A route names its policy rule, or it does not compile.
 * The order follows Magnum's (cluster sheet 22): types first (400), then the record (404), then the policy (403).
 */
import { Rejected } from "@jeroboam/core/errors";
import type { Caller } from "@jeroboam/core/identity/caller";
import type { PolicyTarget } from "@jeroboam/core/identity/policy";
import type { Scope } from "@jeroboam/core/identity/scope";
import { limits } from "@jeroboam/core/limits";
import type { KeyedRequestEffect } from "@jeroboam/core/operation/begin-operation";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { underKey } from "./idempotency.ts";
import { linkBase } from "./links.ts";
import type { Minor } from "./microversion.ts";
import { openVersioned } from "./negotiation.ts";
import type { ShapeName } from "./description/shapes.ts";
import type { ApiPorts } from "./ports.ts";
import { routingRefusal, setHeaders } from "./refusal.ts";
import { readJsonBody } from "./wire/json-body.ts";
import type { BodyForm, BodyReader, QueryArguments, QueryParameter, QueryReader } from "./wire/reader.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface ApiEnv {
  Variables: { requestId: string; caller: ProjectCaller };
}

/** A caller with a project to act in. */
export interface ProjectCaller extends Caller {
  readonly projectId: string;
}

/** The request as routes see it. */
export interface ApiRequest {
  readonly ports: ApiPorts;
  readonly caller: ProjectCaller;
  readonly minor: Minor;
  /** Where links begin. */
  readonly base: string;
  /** What the path holds in place of `:ident`. */
  readonly ident: string;
  /** What it holds in place of another name. */
  readonly parameter: (name: string) => string;
  /** What a request under an Idempotency-Key makes or begins; absent: it has none, and does so anew each time. */
  readonly keyed?: KeyedRequestEffect;
  /** Whether the caller may do this, to their own project's records unless a target is named. */
  allows(rule: string, target?: PolicyTarget): boolean;
  /** A header that was sent. */
  header(name: string): string | undefined;
  /** Fires when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** In place of a body: events as the server sends them. */
  readonly eventStream?: ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a 202: nothing goes on after it. */
  readonly isSettled?: boolean;
}

export interface RouteDefinition<Query, Body, Target extends PolicyTarget> {
  readonly method: Method;
  readonly path: string;
  /** The first version that has it; 406 before. Without it, every version does. */
  readonly since?: Minor;
  /** Magnum's name of what is done here. */
  readonly rule: string;
  /** Who passes this rule as well does it in every project (administrators). */
  readonly allProjectsRule?: string | undefined;
  /** Whether it takes an Idempotency-Key although it is no POST, all of which do: what is not the same when done twice. */
  readonly takesKey?: boolean;
  /** Whether it can answer by server-sent events too. */
  readonly streams?: boolean;
  /** Reads the query's arguments; without it, any is refused. */
  readonly query?: QueryReader<Query>;
  /** Reads the body; without it, a body is ignored. Absent bodies arrive as undefined. */
  readonly body?: BodyReader<Body>;
  /** What it answers by when it does what is asked. */
  readonly answers: Answers;
  /** The record in question; throws when the scope has none. Without it the rule is asked about the caller's own project. */
  readonly find?: (request: ApiRequest, scope: Scope, body: Body, query: Query) => Promise<Target>;
  /** Whose record the rule is asked about, when that is not the record's own project. */
  readonly asks?: (request: ApiRequest, target: Target) => PolicyTarget;
  readonly run: (request: ApiRequest, input: RouteInput<Query, Body, Target>) => Promise<Reply>;
}

export interface RouteInput<Query, Body, Target> {
  readonly query: Query;
  readonly body: Body;
  readonly target: Target;
  readonly scope: Scope;
}

/** What the body of each status looks like; null: there is none. Nothing: it always refuses. */
export type Answers = { readonly [Status in 200 | 201 | 202 | 204]?: AnswerShape };
export type AnswerShape = ShapeName | { readonly list: ShapeName; readonly key: string } | null;

export interface Route extends RouteDescription {
  handle(ports: ApiPorts, context: Context<ApiEnv>): Promise<Response>;
}

/** What there is to know of a route without asking it. */
export interface RouteDescription {
  readonly method: Method;
  readonly path: string;
  readonly since: Minor | undefined;
  readonly rules: readonly string[];
  readonly parameters: readonly QueryParameter[];
  readonly form: BodyForm | undefined;
  readonly answers: Answers;
  readonly streams: boolean;
  /** Whether it takes an Idempotency-Key. */
  readonly takesKey: boolean;
}

export function defineRoute<Query, Body, Target extends PolicyTarget>(
  definition: RouteDefinition<Query, Body, Target>,
): Route {
  const { method, path, rule, allProjectsRule } = definition;
  return {
    method,
    path,
    since: definition.since,
    rules: allProjectsRule === undefined ? [rule] : [rule, allProjectsRule],
    parameters: definition.query?.parameters ?? [],
    form: definition.body?.form,
    answers: definition.answers,
    streams: definition.streams ?? false,
    takesKey: takesKey(definition),
    async handle(ports, context) {
      const opened = openVersioned(context, definition.streams ? ["text/event-stream"] : []);
      if (opened.kind === "refused") return opened.response;
      if (definition.since !== undefined && opened.minor < definition.since)
        return routingRefusal(
          context,
          406,
          `${method} ${path} needs API version 1.${definition.since} or later; the request's is 1.${opened.minor}`,
        );
      return send(context, await serve(definition, apiRequest(ports, context, opened.minor), context));
    },
  };
}

function takesKey({
  method,
  takesKey: isNamed = false,
}: {
  readonly method: Method;
  readonly takesKey?: boolean;
}): boolean {
  return method === "POST" || isNamed;
}

async function serve<Query, Body, Target extends PolicyTarget>(
  definition: RouteDefinition<Query, Body, Target>,
  request: ApiRequest,
  context: Context<ApiEnv>,
): Promise<Reply> {
  const query = readQuery(definition, context.req.query(), request.minor);
  const given = definition.body && (await readJsonBody(context.req.raw));
  const body = definition.body?.(given, request);
  const { rule, allProjectsRule } = definition;
  const scope: Scope = {
    projectId: request.caller.projectId,
    allProjects: allProjectsRule !== undefined && request.allows(allProjectsRule),
  };
  const target = await definition.find?.(request, scope, body as Body, query as Query);
  requireRule(request, rule, target && definition.asks ? definition.asks(request, target) : target);
  // What a route does not read it does not get: the types of its `run` follow from what it defines.
  const input = { query, body, target, scope } as RouteInput<Query, Body, Target>;
  if (!takesKey(definition)) return definition.run(request, input);
  const { method } = definition;
  const path = `${context.req.path}${new URL(context.req.url).search}`;
  return underKey(request, { method, path, body: given }, (keyed) => definition.run(keyed, input));
}

/** Refuses with 403, naming the rule, whom it does not let. */
export function requireRule({ ports, caller }: ApiRequest, rule: string, target: PolicyTarget = caller): void {
  const enforced = ports.policy.enforce(rule, caller, target);
  if (enforced.kind === "refused") throw new Rejected(403, enforced.reason);
}

function readQuery<Query>(
  definition: Pick<RouteDefinition<Query, unknown, PolicyTarget>, "query">,
  given: QueryArguments,
  minor: Minor,
): Query | undefined {
  if (definition.query) return definition.query(given, minor);
  refuseArguments(given);
  return undefined;
}

/** For queries that may hold nothing, or nothing more. */
export function refuseArguments(given: QueryArguments): void {
  const [unknown] = Object.keys(given);
  if (unknown !== undefined) throw new Rejected(400, `Unknown argument: "${unknown.slice(0, 100)}"`);
}

function apiRequest(ports: ApiPorts, context: Context<ApiEnv>, minor: Minor): ApiRequest {
  const caller = context.get("caller");
  return {
    ports,
    caller,
    minor,
    base: linkBase(ports.settings.links, context.req.raw),
    ident: context.req.param("ident") ?? "",
    parameter: (name) => context.req.param(name) ?? "",
    allows: (rule, target = caller) => ports.policy.allows(rule, caller, target),
    header: (name) => context.req.header(name),
    signal: context.req.raw.signal,
  };
}

/** When to look what became of what was accepted. */
const RETRY_AFTER = String(Math.ceil(limits.api.acceptedRetryMs / 1_000));

function send(
  context: Context<ApiEnv>,
  { status, body, eventStream, headers = {}, isSettled = false }: Reply,
): Response {
  if (status === 202 && !isSettled) setHeaders(context, { "Retry-After": RETRY_AFTER });
  setHeaders(context, headers);
  if (eventStream) return context.body(eventStream, 200, { "Content-Type": "text/event-stream" });
  return body === undefined ? context.body(null, 204) : context.json(body, status as ContentfulStatusCode);
}
