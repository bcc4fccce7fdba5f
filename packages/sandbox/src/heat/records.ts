/** What Heat keeps. */
import type { Json, JsonMap } from "../json.ts";
import type { ResourceFate } from "../knobs/knobs.ts";
import type { Database, Table } from "../state/database.ts";

export type Action = "INIT" | "CREATE" | "UPDATE" | "DELETE" | "ROLLBACK" | "CHECK" | "SUSPEND" | "RESUME";
export type Status = "IN_PROGRESS" | "COMPLETE" | "FAILED";

export interface Environment {
  parameters: JsonMap;
  parameter_defaults: JsonMap;
  resource_registry: JsonMap;
}

/** What a stack is made from. */
export interface Goal {
  template: JsonMap;
  environment: Environment;
  /** Of a root stack: the files that templates name. A nested stack reads its root's. */
  files: Record<string, string>;
}

export interface Stack {
  id: string;
  name: string;
  projectId: string;
  rootId: string;
  /** The stack that this one is nested in. */
  ownerId: string | null;
  /** The name of the resource in the owner whose stack this is. */
  parentResource: string | null;
  depth: number;
  userId: string;
  userName: string;
  action: Action;
  status: Status;
  reason: string;
  createdAtMs: number;
  updatedAtMs: number | null;
  deletedAtMs: number | null;
  goal: Goal;
  /** The goal before the update that is under way, to go back to. */
  previous: Goal | null;
  /** Forward makes the resources as the goal wants them; backward deletes them all. */
  direction: "forward" | "backward";
  /** Counts the actions: a resource that has not the same number is not yet as this action wants it. */
  traversal: number;
  deadlineMs: number | null;
  timeoutMins: number | null;
  disableRollback: boolean;
  tags: string[] | null;
  /** The project of the users through which nodes signal; one for a whole tree. */
  userProjectId: string | null;
  /** The trust by which Heat acts for the one who made the tree; the root's. */
  trustId: string | null;
}

/** An action under way on a resource. */
export interface Work {
  action: Action;
  startedAtMs: number;
  /** Its end is not looked for before this moment; null: whenever something happens in its stack. */
  readyAtMs: number | null;
  /** What the knobs want of it: that it fails when it is ready, or never ends. */
  fate: ResourceFate | null;
}

export interface Resource {
  id: string;
  stackId: string;
  name: string;
  type: string;
  /** The built-in type that the environment made of `type` when it was made; null for a template. */
  builtIn: string | null;
  action: Action;
  status: Status;
  reason: string;
  physicalId: string | null;
  metadata: JsonMap;
  /** What the resource's kind keeps to itself. */
  data: JsonMap;
  /** The resolved properties of its last successful action, to compare with. */
  properties: JsonMap | null;
  /** Names of the resources it was made after. */
  requires: string[];
  /** Out of the stack's goal or replaced: to be deleted at the end of the action. */
  isObsolete: boolean;
  isRetained: boolean;
  traversal: number;
  work: Work | null;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface Event {
  id: string;
  stackId: string;
  resourceName: string;
  resourceType: string;
  physicalId: string;
  action: Action;
  status: Status;
  reason: string;
  atMs: number;
}

export interface SoftwareConfig {
  id: string;
  projectId: string;
  name: string;
  group: string;
  config: Json;
  inputs: Json[];
  outputs: Json[];
  options: JsonMap;
  createdAtMs: number;
}

export interface SoftwareDeployment {
  id: string;
  projectId: string;
  serverId: string;
  configId: string;
  action: string;
  status: Status;
  reason: string;
  inputValues: JsonMap;
  outputValues: JsonMap;
  createdAtMs: number;
  updatedAtMs: number | null;
}

export interface HeatTables {
  /** Grouped by root. */
  stacks: Table<Stack>;
  /** Grouped by stack. */
  resources: Table<Resource>;
  /** Grouped by stack. */
  events: Table<Event>;
  configs: Table<SoftwareConfig>;
  deployments: Table<SoftwareDeployment>;
}

export const openHeatTables = (database: Database): HeatTables => ({
  stacks: database.table("heat.stacks", (one: Stack) => one.rootId),
  resources: database.table("heat.resources", (one: Resource) => one.stackId),
  events: database.table("heat.events", (one: Event) => one.stackId),
  configs: database.table("heat.configs"),
  deployments: database.table("heat.deployments"),
});
