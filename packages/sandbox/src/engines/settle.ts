/** Lets happen in an engine what happens at that moment, and notes when the next thing will. */
import type { Cloud } from "../cloud.ts";
import { settleDocker } from "./docker/settle.ts";
import { settleKubernetes } from "./kubernetes/control.ts";
import { settleMesos } from "./mesos/apps.ts";
import type { Engine } from "./records.ts";

export function settleEngine(cloud: Cloud, engineId: string, at: number): void {
  const engine = cloud.engines.engines.get(engineId);
  const next = engine ? settle(cloud, engine, at) : null;
  if (next === null) cloud.agenda.engines.delete(engineId);
  else cloud.agenda.engines.set(engineId, next);
}

function settle(cloud: Cloud, engine: Engine, at: number): number | null {
  switch (engine.kind) {
    case "kubernetes":
      return settleKubernetes({ cloud, engine }, at);
    case "swarm":
    case "swarm-mode":
      return settleDocker({ cloud, engine }, at);
    case "mesos":
      return settleMesos({ cloud, engine }, at);
    default:
      return engine.kind satisfies never;
  }
}
