/** A bay's health from its nodes: good when there is one, and each is ready. No node is no health: nothing could run. */
import type { Health, Listed, Node } from "./container-engine.ts";

export function healthOfNodes(listed: Listed<Node>): Health {
  if (listed.kind === "unreachable") return listed;
  if (listed.kind !== "listed") {
    const reason = listed.kind === "refused" ? listed.reason : "cannot be listed";
    return { kind: "checked", isHealthy: false, reasons: { api: "ok", nodes: reason } };
  }
  const { objects } = listed;
  if (objects.length === 0) return { kind: "checked", isHealthy: false, reasons: { api: "ok", nodes: "none" } };
  const ready = objects.map(({ name, isReady }): [string, string] => [`${name}.Ready`, isReady ? "True" : "False"]);
  return {
    kind: "checked",
    isHealthy: objects.every(({ isReady }) => isReady),
    reasons: { api: "ok", ...Object.fromEntries(ready) },
  };
}
