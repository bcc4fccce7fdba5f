/**
 * What each COE can do, so that the API refuses the rest before anything is stored. The engines' own `unsupported`
 * outcomes follow from the same table.
 */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import type { Unsupported } from "./container-engine.ts";

const WORDS = {
  pod: "run pods",
  service: "run services",
  "replication-controller": "run replication controllers",
  container: "run single containers",
  start: "start a container",
  stop: "stop a container",
  reboot: "reboot a container",
  pause: "pause a container",
  unpause: "unpause a container",
  logs: "read a container's logs",
  execute: "execute a command in a container",
  drain: "drain a node",
  forget: "forget a node",
  mark: "label a node",
} as const;

/** Objects of a kind, or something to do with a container. */
export type Ability = keyof typeof WORDS;

const ABILITIES: Readonly<Record<Coe, readonly Ability[]>> = {
  kubernetes: ["pod", "service", "replication-controller", "drain", "forget", "mark"],
  swarm: ["container", "start", "stop", "reboot", "pause", "unpause", "logs", "execute"],
  // A container is a service there: its task may be on any node, out of the manager's reach.
  "swarm-mode": ["container", "start", "stop", "reboot", "logs", "drain", "forget"],
  // Marathon keeps no logs and reaches into no container.
  mesos: ["container", "start", "stop", "reboot"],
};

export const isSupported = (coe: Coe, ability: Ability): boolean => ABILITIES[coe].includes(ability);

export const unsupported = (coe: Coe, ability: Ability): Unsupported => ({
  kind: "unsupported",
  coe,
  action: WORDS[ability],
});

/** `a mesos bay cannot pause a container`. */
export const describeUnsupported = ({ coe, action }: Unsupported): string => `a ${coe} bay cannot ${action}`;
