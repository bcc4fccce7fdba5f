/** The knobs of engines: what is wrong with one, as long as a rule says so. */
import type { Cloud } from "../cloud.ts";
import type { Engine, EngineNode } from "./records.ts";

/** Since when the node's agent has not been heard of; null while it is. */
export const agentStopped = (cloud: Cloud, engine: Engine, node: EngineNode): number | null =>
  cloud.knobs.engineFault("agent-stopped", { stack: engine.stackName, name: node.name })?.sinceMs ?? null;

export interface EngineFaults {
  readonly isDown: boolean;
  readonly hasWrongCertificate: boolean;
}

export function faultsOf(cloud: Cloud, engine: Engine, node: EngineNode): EngineFaults {
  const at = { stack: engine.stackName, name: node.name };
  return {
    isDown: cloud.knobs.engineFault("down", at) !== undefined,
    hasWrongCertificate: cloud.knobs.engineFault("wrong-certificate", at) !== undefined,
  };
}

/** Whether the node is kept from its certificate. */
export const isCertificateRefused = (cloud: Cloud, engine: Engine, node: EngineNode): boolean =>
  cloud.knobs.engineFault("no-certificate", { stack: engine.stackName, name: node.name }) !== undefined;

/** How much later than usual the node answers this request. */
export const delayOf = (cloud: Cloud, engine: Engine, node: EngineNode): number =>
  cloud.knobs.engineFault("slow", { stack: engine.stackName, name: node.name })?.delayMs ?? 0;
