/** The bays' engines as the sandbox shows them to whoever holds it: a simulation, or the adapter with the sockets. */
import type { Cloud } from "../cloud.ts";
import { advance, finishSetup } from "../heat/engine/advance.ts";
import { endFollowing, listenersOf } from "./bays.ts";
import type { Listener } from "./bays.ts";
import { isCertificateRefused } from "./faults.ts";
import { pendingFollowers } from "./follow.ts";
import type { Follower } from "./follow.ts";
import { askEngine, listenerAt } from "./gate.ts";
import type { EngineReply } from "./gate.ts";
import type { SetupOutcome } from "./node-setup.ts";
import type { Peer } from "./peer.ts";
import type { EngineNode, NodeCertificate } from "./records.ts";

export interface Engines {
  /** Every address at which an engine answers now. */
  listeners: () => Listener[];
  /** Answers a request to the engine that listens there. */
  handle: (address: string, port: number, request: Request, peer: Peer) => Promise<EngineReply>;
  /** Counts what changed about listeners and setups: as long as it is the same, nothing did. */
  changes: () => number;
  /** Nodes that are up but for their certificate. */
  pendingSetups: () => EngineNode[];
  isCertificateRefused: (node: EngineNode) => boolean;
  endSetup: (nodeId: string, outcome: SetupOutcome) => void;
  /** Nodes that have not come to what their metadata says. */
  pendingFollowers: () => Follower[];
  /** It has: what it shows and trusts from now on. */
  endFollowing: (follower: Follower, certificate: NodeCertificate) => void;
}

export const createEngines = (cloud: Cloud): Engines => ({
  listeners: () => listenersOf(cloud),
  async handle(address, port, request, peer) {
    advance(cloud);
    const listener = listenerAt(cloud, address, port);
    const reply: EngineReply = listener ? await askEngine(cloud, listener, request, peer) : { kind: "refused" };
    advance(cloud);
    cloud.database.commit();
    return reply;
  },
  changes: () => cloud.agenda.engineChanges,
  pendingSetups: () => [...cloud.engines.nodes.values()].filter(({ setup }) => setup === "pending"),
  isCertificateRefused(node) {
    const engine = cloud.engines.engines.get(node.engineId);
    return engine !== undefined && isCertificateRefused(cloud, engine, node);
  },
  endSetup(nodeId, outcome) {
    advance(cloud);
    finishSetup(cloud, nodeId, outcome, cloud.clock.now());
    advance(cloud);
    cloud.database.commit();
  },
  pendingFollowers: () => pendingFollowers(cloud),
  endFollowing(follower, certificate) {
    endFollowing(cloud, follower, certificate);
    cloud.database.commit();
  },
});
