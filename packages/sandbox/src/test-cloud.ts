/** For tests of this package: a sandbox with a clock that is turned by hand and seeded chance, and a client that speaks to it in process. */
import type { Random, Store } from "./ports.ts";
import type { Options } from "./cloud.ts";
import type { Settings } from "./knobs/knobs.ts";
import type { JsonMap } from "./json.ts";
import { createSandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON body; an empty map for none. */
  // A test knows the form of what it asks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface TestCloud {
  readonly sandbox: Sandbox;
  readonly clock: { now(): number; advance(ms: number): void };
  request(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** A token for a seeded user on the project of the same name, or on another. */
  login: (user: string, project?: string) => Promise<string>;
  /** The id of a project by name. */
  projectId: (name: string) => string;
  userId: (name: string) => string;
  /** A client of Heat for a user. */
  heat: (user: string) => Promise<HeatClient>;
}

export interface HeatClient {
  readonly token: string;
  readonly projectId: string;
  send: (method: string, path: string, body?: unknown) => Promise<Answer>;
  create: (name: string, template: string, more?: JsonMap) => Promise<Answer>;
  /** The stack by name, as it is shown; undefined when there is none. */
  // oxlint-disable-next-line typescript/no-explicit-any
  show: (name: string) => Promise<any>;
}

interface TestOptions {
  seed?: number;
  options?: Partial<Options>;
  settings?: Partial<Settings>;
  store?: Store;
  startMs?: number;
}

export function createTestCloud({
  seed = 1,
  options,
  settings,
  store,
  startMs = Date.UTC(2016, 0, 1),
}: TestOptions = {}): TestCloud {
  let nowMs = startMs;
  const sandbox = createSandbox({
    clock: { now: () => nowMs },
    random: seeded(seed),
    ...(options && { options }),
    ...(settings && { settings }),
    ...(store && { store }),
  });
  const cloud: TestCloud = {
    sandbox,
    clock: { now: () => nowMs, advance: (ms) => void (nowMs += ms) },
    async request(method, path, { token, body, headers } = {}) {
      const response = await sandbox.fetch(
        new Request(path.startsWith("http") ? path : `${sandbox.publicUrl}${path}`, {
          method,
          headers: {
            "Content-Type": "application/json",
            ...(token !== undefined && { "X-Auth-Token": token }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          redirect: "manual",
        }),
      );
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : {},
      };
    },
    async login(user, project = user) {
      const answer = await cloud.request("POST", "/v3/auth/tokens", { body: { auth: passwordAuth(user, project) } });
      const token = answer.headers.get("X-Subject-Token");
      if (token === null) throw new Error(`${user} cannot log in: ${answer.status}`);
      return token;
    },
    projectId: (name) => idOf(sandbox.inventory().projects, name),
    userId: (name) => idOf(sandbox.inventory().users, name),
    async heat(user) {
      const token = await cloud.login(user);
      const projectId = cloud.projectId(user);
      const send: HeatClient["send"] = (method, path, body) =>
        cloud.request(method, path.startsWith("http") ? path : `/orchestration/v1/${projectId}${path}`, {
          token,
          ...(body !== undefined && { body }),
        });
      return {
        token,
        projectId,
        send,
        create: (name, template, more = {}) => send("POST", "/stacks", { stack_name: name, template, ...more }),
        async show(name) {
          const found = await send("GET", `/stacks/${name}`);
          if (found.status !== 302) return undefined;
          return (await send("GET", found.headers.get("Location") ?? "")).body.stack;
        },
      };
    },
  };
  return cloud;
}

const idOf = (items: readonly { id: string; name: string }[], name: string): string => {
  const found = items.find((one) => one.name === name);
  if (!found) throw new Error(`nothing is named ${name}`);
  return found.id;
};

export const passwordAuth = (user: string, project?: string, password = "secret") => ({
  identity: { methods: ["password"], password: { user: { name: user, password, domain: { id: "default" } } } },
  ...(project !== undefined && { scope: { project: { name: project, domain: { id: "default" } } } }),
});
