/**
 * The way to a bay's engine: by the address and the port at which it listens. Sockets and TLS are serve-engines.ts's; a
 * simulation calls this as it is.
 */
import type { Cloud } from "../cloud.ts";
import { listenersOf } from "./bays.ts";
import type { Listener } from "./bays.ts";
import { delayOf } from "./faults.ts";
import { serveDocker } from "./docker/api.ts";
import { serveKubernetes } from "./kubernetes/api.ts";
import { serveMarathon } from "./mesos/marathon.ts";
import { MESOS_PORT, serveMesosMaster } from "./mesos/master.ts";
import type { Peer } from "./peer.ts";

export type EngineReply =
  | { readonly kind: "response"; readonly response: Response }
  /** Nobody listens there. */
  | { readonly kind: "refused" };

export const listenerAt = (cloud: Cloud, address: string, port: number): Listener | undefined =>
  listenersOf(cloud).find((one) => one.address === address && one.port === port);

/** The caller has brought the cloud up to the present. */
export async function askEngine(cloud: Cloud, listener: Listener, request: Request, peer: Peer): Promise<EngineReply> {
  const { engine, node } = listener;
  const delayMs = delayOf(cloud, engine, node);
  if (delayMs > 0) await cloud.sleep?.(delayMs);
  if (!cloud.engines.engines.get(engine.id)) return { kind: "refused" };
  return { kind: "response", response: await serve(cloud, listener, request, peer) };
}

async function serve(cloud: Cloud, { engine, node, port }: Listener, request: Request, peer: Peer): Promise<Response> {
  switch (engine.kind) {
    case "kubernetes":
      return await serveKubernetes({ cloud, engine }, request, peer);
    case "swarm":
    case "swarm-mode":
      return await serveDocker({ cloud, engine }, request);
    case "mesos":
      return port === MESOS_PORT
        ? serveMesosMaster({ cloud, engine }, node, request)
        : await serveMarathon({ cloud, engine }, request);
    default:
      return engine.kind satisfies never;
  }
}
