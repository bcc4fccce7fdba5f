/**
 * The people of the lab, as clients of its services: Jeroboam's own clients, but over another HTTP client than
 * Jeroboam's, so that what Jeroboam asks can be counted apart.
 */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { Transient, textOf } from "@jeroboam/core/errors";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import type { Credentials, Keystone, Scope } from "@jeroboam/core/openstack/keystone";
import { createKeystone } from "@jeroboam/core/openstack/keystone";
import type { CloudSession, Sessions } from "@jeroboam/core/openstack/session";
import { createSessions } from "@jeroboam/core/openstack/session";
import type { Lab } from "./lab.ts";

const domain = { name: "Default" };

/** What takes Jeroboam too long is no failure of the test's own: the machine may be busy. */
const ANSWER_WITHIN_MS = 3 * 60_000;

export const testHttp: HttpFetch = async ({ method, url, headers, json, text }) => {
  const body = json === undefined ? text : JSON.stringify(json);
  try {
    const response = await fetch(url, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      headers: {
        accept: "application/json",
        ...(json !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  } catch (thrown) {
    throw new Transient(`${method} ${url}: ${textOf(thrown)}`, { cause: thrown });
  }
};

export interface People {
  readonly keystone: Keystone;
  readonly sessions: Sessions;
  /** Somebody on a project. */
  person(name: string, project: string): CloudSession;
  personBy(credentials: Credentials, scope: Scope): CloudSession;
}

export function passwordOf(name: string, password: string): Credentials {
  return { kind: "password", user: { name, domain }, password };
}

export function scopeOf(project: string): Extract<Scope, { kind: "project" }> {
  return { kind: "project", project: { name: project, domain } };
}

export function openPeople(lab: Lab): People {
  const keystone = createKeystone({ http: testHttp, clock: systemClock }, lab.authUrl);
  const account = { credentials: passwordOf("jeroboam", lab.password), project: scopeOf("service").project };
  const choice = { interface: "public", region: lab.region } as const;
  const sessions = createSessions({ http: testHttp, clock: systemClock, keystone }, account, choice);
  return {
    keystone,
    sessions,
    person: (name, project) => sessions.user(passwordOf(name, lab.password), scopeOf(project)),
    personBy: (credentials, scope) => sessions.user(credentials, scope),
  };
}

/** Asks a service and gives what it answered; throws on anything but the statuses expected. */
export async function ask<Body>(
  session: CloudSession,
  service: Parameters<CloudSession["request"]>[0],
  request: Parameters<CloudSession["request"]>[1],
  ...statuses: readonly number[]
): Promise<Body> {
  const reply = await session.request(service, request);
  if (reply.kind === "refused") throw new Error(`${request.method} ${request.path}: ${reply.reason}`);
  const isExpected = statuses.length > 0 ? statuses.includes(reply.status) : reply.status < 300;
  if (!isExpected)
    throw new Error(`${request.method} ${request.path} answered ${reply.status}: ${reply.body.slice(0, 500)}`);
  return (reply.body === "" ? undefined : JSON.parse(reply.body)) as Body;
}
