/** The engine of a bay, from what its record says of it. Opening costs nothing: nothing is asked before a method is called. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import { urlOf } from "../network-address.ts";
import type { ContainerEngine } from "./container-engine.ts";
import type { EngineEndpoint, EngineHttp } from "./engine-http.ts";
import { createKubernetesEngine } from "./kubernetes-engine.ts";
import { createMesosEngine } from "./mesos-engine.ts";
import { createSwarmEngine } from "./swarm-engine.ts";
import { createSwarmModeEngine } from "./swarm-mode-engine.ts";

export interface BayEndpoint {
  readonly coe: Coe;
  /** As the bay's record has it (bay-era sheet 7.2): `https://…`, `http://…`, `tcp://…`, of Mesos a bare address. */
  readonly apiAddress: string;
  readonly masterAddresses: readonly string[];
  /** PEM of the bay's authority; null where the bay has no TLS. */
  readonly authority: string | null;
  readonly client: EngineEndpoint["client"];
}

const MARATHON_PORT = 8080;
const MESOS_PORT = 5050;

export function openEngine(http: EngineHttp, bay: BayEndpoint): ContainerEngine {
  const endpoint: EngineEndpoint = {
    // Without TLS, Docker's tools say tcp and mean HTTP.
    url: bay.apiAddress.replace(/^tcp:/, "http:"),
    authority: bay.authority,
    client: bay.client,
  };
  switch (bay.coe) {
    case "kubernetes":
      return createKubernetesEngine(http, endpoint);
    case "swarm":
      return createSwarmEngine(http, endpoint);
    case "swarm-mode":
      return createSwarmModeEngine(http, endpoint);
    case "mesos":
      return createMesosEngine(http, {
        marathon: plain(bay.apiAddress, MARATHON_PORT),
        masters: [...new Set([...bay.masterAddresses, bay.apiAddress])].map((one) => plain(one, MESOS_PORT)),
      });
    default:
      return bay.coe satisfies never;
  }
}

const plain = (address: string, port: number): EngineEndpoint => ({
  url: urlOf("http", address, port),
  authority: null,
  client: null,
});
