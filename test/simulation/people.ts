/** Who uses the API: projects with their members, and an administrator; each with a token, which is a secret. */
import { CANARY, nodeUserId } from "./cloud.ts";

export interface Person {
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  readonly isAdmin: boolean;
  /** What nodes are by their token: nobody of the project's. */
  readonly isNode?: true;
  readonly token: string;
}

export interface People {
  readonly all: readonly Person[];
  /** From now on Keystone knows its token. */
  add(person: Person): void;
  readonly projects: readonly string[];
  /** What Keystone says of a token; absent for one that it does not know. */
  tokenBody(token: string): string | undefined;
}

/** A user of a bay's nodes, as Keystone has made it. */
export function nodeUser(userName: string, projectId: string): Person {
  return { ...person(userName, projectId), userId: nodeUserId(userName), isNode: true };
}

export const PROJECTS = ["project-of-a", "project-of-b"] as const;

export function createPeople(): People {
  const members = PROJECTS.flatMap((projectId) => [1, 2].map((number) => person(`${projectId}-${number}`, projectId)));
  const all = [...members, { ...person("admin", "operations"), isAdmin: true }];
  const bodies = new Map(all.map((one) => [one.token, bodyOf(one)]));
  return {
    all,
    projects: PROJECTS,
    add: (one) => bodies.set(one.token, bodyOf(one)),
    tokenBody: (token) => bodies.get(token),
  };
}

function person(name: string, projectId: string): Person {
  return { name, projectId, userId: `user-${name}`, isAdmin: false, token: `${CANARY}-token-${name}` };
}

function bodyOf({ name, projectId, userId, isAdmin, isNode }: Person): string {
  const domain = isNode ? { id: "nodes", name: "Nodes" } : { id: "default", name: "Default" };
  const roles = isNode ? ["nodes"] : ["member", "reader", ...(isAdmin ? ["admin"] : [])];
  return JSON.stringify({
    token: {
      user: { id: userId, name, domain },
      project: { id: projectId, name: `${projectId}-name`, domain },
      roles: roles.map((role) => ({ id: role, name: role })),
      catalog: [],
      expires_at: "2036-01-01T00:00:00Z",
    },
  });
}
