/**
 * What a server's user data says that it is to be: the `NAME='value'` lines of its heat-params and node-params, wherever
 * in the user data they are. A server without them is no node of a bay.
 */
import type { Server } from "../nova/records.ts";
import { decoded, stackIdsIn } from "../heat/engine/nodes.ts";
import type { EngineKind } from "./records.ts";

export interface NodePlan {
  /** A stack of the tree that the server is in. */
  readonly stackId: string;
  readonly kind: EngineKind;
  readonly role: "master" | "worker";
  readonly port: number;
  readonly isTls: boolean;
  readonly params: Record<string, string>;
}

const MARATHON_PORT = 8080;

export function planOf(server: Server): NodePlan | undefined {
  const text = decoded(server.userData);
  const [stackId] = stackIdsIn(text);
  if (stackId === undefined) return undefined;
  const params = paramsIn(text);
  const { NODE_ROLE: role, TLS_DISABLED: tlsDisabled } = params;
  if (role !== "master" && role !== "worker") return undefined;
  const engine = engineOf(params);
  if (!engine) return undefined;
  const isTls = engine.kind !== "mesos" && !/^(true|1|yes|on)$/i.test(tlsDisabled ?? "");
  return { stackId, role, isTls, params, ...engine };
}

function paramsIn(text: string): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(/^\s*([A-Z][A-Z0-9_]*)='((?:[^'\n]|'\\'')*)'\s*$/gm)) {
    params[name] = value.replaceAll(`'\\''`, "'");
  }
  return params;
}

function engineOf(params: Readonly<Record<string, string>>): { kind: EngineKind; port: number } | undefined {
  if (params["KUBE_API_PORT"] !== undefined) return { kind: "kubernetes", port: Number(params["KUBE_API_PORT"]) };
  if (params["SWARM_PORT"] !== undefined) {
    // Classic Swarm comes as an image; swarm mode is in the engine.
    const kind = params["SWARM_IMAGE"] === undefined ? "swarm-mode" : "swarm";
    return { kind, port: Number(params["SWARM_PORT"]) };
  }
  if (params["MESOS_MASTERS"] !== undefined) return { kind: "mesos", port: MARATHON_PORT };
  return undefined;
}
