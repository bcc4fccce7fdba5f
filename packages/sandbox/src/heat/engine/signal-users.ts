/** The users through which nodes signal: in Heat's own domain, in a project made for the stack, with no right but to signal. */
import { toText } from "../../json.ts";
import { hexId, secret } from "../../ids.ts";
import type { Cloud } from "../../cloud.ts";
import { deleteProject, deleteUser } from "../../keystone/accounts.ts";
import { assignmentOf, domainByName, hashSecret, roleByName } from "../../keystone/directory.ts";
import { issueToken } from "../../keystone/tokens.ts";
import type { Stack } from "../records.ts";
import type { Task } from "../resources/kind.ts";

/** Tokens of signal users outlive any stack's timeout. */
const TOKEN_LIFETIME_MS = 10 * 24 * 3_600_000;

const HEAT_DOMAIN = "heat";
const SIGNAL_ROLE = "heat_stack_user";

/** The project of the tree's signal users; made with its first one. */
function signalProject(cloud: Cloud, stack: Stack): string {
  const root = cloud.heat.stacks.get(stack.rootId) ?? stack;
  if (root.userProjectId !== null) return root.userProjectId;
  const domain = domainByName(cloud, HEAT_DOMAIN);
  if (!domain) throw new Error(`there is no domain ${HEAT_DOMAIN}`);
  const project = {
    id: hexId(cloud.random),
    name: `${root.id}-${root.name}`.slice(0, 64),
    domainId: domain.id,
    description: "Heat stack user project",
    enabled: true,
    tags: [],
  };
  cloud.keystone.projects.put(project);
  root.userProjectId = project.id;
  cloud.heat.stacks.put(root);
  return project.id;
}

export function createSignalUser({ cloud, stack, resource }: Task): {
  userId: string;
  projectId: string;
  token: string;
} {
  const projectId = signalProject(cloud, stack);
  const domainId = cloud.keystone.projects.get(projectId)?.domainId ?? "";
  const user = {
    id: hexId(cloud.random),
    name: `${stack.name}-${resource.name}-${resource.id.slice(0, 13)}`.slice(-255),
    domainId,
    enabled: true,
    defaultProjectId: projectId,
    description: "",
    email: null,
    passwordHash: hashSecret(secret(cloud.random)),
  };
  cloud.keystone.users.put(user);
  const role = roleByName(cloud, SIGNAL_ROLE);
  if (!role) throw new Error(`there is no role ${SIGNAL_ROLE}`);
  cloud.keystone.assignments.put(assignmentOf(user.id, role.id, { projectId }));
  const token = issueToken(cloud, {
    userId: user.id,
    methods: ["password"],
    scope: { kind: "project", projectId },
    expiresAtMs: cloud.clock.now() + TOKEN_LIFETIME_MS,
  });
  return { userId: user.id, projectId, token: token.id };
}

export function deleteSignalUser({ cloud, resource }: Task): void {
  const user = cloud.keystone.users.get(toText(resource.data["userId"] ?? ""));
  if (user) deleteUser(cloud, user);
}

/** With the tree goes its project. */
export function deleteSignalProject(cloud: Cloud, root: Stack): void {
  const project = root.userProjectId === null ? undefined : cloud.keystone.projects.get(root.userProjectId);
  if (project) deleteProject(cloud, project);
  root.userProjectId = null;
}
