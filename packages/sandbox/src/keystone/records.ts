/** What Keystone keeps. */
import type { Database, Table } from "../state/database.ts";

export interface Domain {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
}

export interface Project {
  id: string;
  name: string;
  domainId: string;
  description: string;
  enabled: boolean;
  tags: string[];
}

export interface User {
  id: string;
  name: string;
  domainId: string;
  enabled: boolean;
  defaultProjectId: string | null;
  description: string;
  email: string | null;
  /** SHA-256 of the password, hex; null when none was set. */
  passwordHash: string | null;
}

export interface Role {
  id: string;
  name: string;
  domainId: string | null;
  description: string;
  /** Ids of the roles that whoever has this one has too. */
  implies: string[];
}

/** A role that a user has on a project, a domain or the whole system. `id` is made of the parts. */
export interface Assignment {
  id: string;
  userId: string;
  roleId: string;
  projectId: string | null;
  domainId: string | null;
  system: boolean;
}

export interface Trust {
  id: string;
  trustorUserId: string;
  trusteeUserId: string;
  projectId: string | null;
  impersonation: boolean;
  roleIds: string[];
  expiresAtMs: number | null;
  remainingUses: number | null;
  redelegationCount: number;
  redelegatedTrustId: string | null;
}

export interface ApplicationCredential {
  id: string;
  name: string;
  description: string | null;
  userId: string;
  projectId: string;
  secretHash: string;
  roleIds: string[];
  expiresAtMs: number | null;
  unrestricted: boolean;
  accessRules: AccessRule[];
}

export interface AccessRule {
  id: string;
  path: string;
  method: string;
  service: string;
}

export type Scope =
  | { kind: "unscoped" }
  | { kind: "project"; projectId: string }
  | { kind: "domain"; domainId: string }
  | { kind: "system" }
  | { kind: "trust"; trustId: string };

export interface Token {
  id: string;
  userId: string;
  methods: string[];
  scope: Scope;
  applicationCredentialId: string | null;
  auditIds: string[];
  issuedAtMs: number;
  expiresAtMs: number;
}

export interface KeystoneTables {
  domains: Table<Domain>;
  projects: Table<Project>;
  users: Table<User>;
  roles: Table<Role>;
  /** Grouped by user. */
  assignments: Table<Assignment>;
  trusts: Table<Trust>;
  applicationCredentials: Table<ApplicationCredential>;
  /** Grouped by user. */
  tokens: Table<Token>;
}

export const openKeystoneTables = (database: Database): KeystoneTables => ({
  domains: database.table("keystone.domains"),
  projects: database.table("keystone.projects"),
  users: database.table("keystone.users"),
  roles: database.table("keystone.roles"),
  assignments: database.table("keystone.assignments", (one: Assignment) => one.userId),
  trusts: database.table("keystone.trusts"),
  applicationCredentials: database.table("keystone.application-credentials"),
  tokens: database.table("keystone.tokens", (one: Token) => one.userId),
});
