/** The resources of core v1 that the sandbox has. */
export interface ResourceType {
  readonly name: string;
  readonly singular: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly shortNames: readonly string[];
  readonly verbs: readonly string[];
  readonly isInAll: boolean;
}

const ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;
const CHANGING_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"] as const;

export const RESOURCES: Readonly<Record<string, ResourceType>> = {
  pods: {
    name: "pods",
    singular: "pod",
    kind: "Pod",
    isNamespaced: true,
    shortNames: ["po"],
    verbs: ALL_VERBS,
    isInAll: true,
  },
  services: {
    name: "services",
    singular: "service",
    kind: "Service",
    isNamespaced: true,
    shortNames: ["svc"],
    verbs: CHANGING_VERBS,
    isInAll: true,
  },
  replicationcontrollers: {
    name: "replicationcontrollers",
    singular: "replicationcontroller",
    kind: "ReplicationController",
    isNamespaced: true,
    shortNames: ["rc"],
    verbs: ALL_VERBS,
    isInAll: true,
  },
  nodes: {
    name: "nodes",
    singular: "node",
    kind: "Node",
    isNamespaced: false,
    shortNames: ["no"],
    verbs: ["get", "list", "watch"],
    isInAll: false,
  },
  namespaces: {
    name: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    isNamespaced: false,
    shortNames: ["ns"],
    verbs: ["create", "delete", "get", "list", "watch"],
    isInAll: false,
  },
  events: {
    name: "events",
    singular: "event",
    kind: "Event",
    isNamespaced: true,
    shortNames: ["ev"],
    verbs: ["list", "watch"],
    isInAll: false,
  },
};
