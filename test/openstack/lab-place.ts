/** The lab as a place of bays: our API by the lab's catalog, asked by somebody. */
import { setTimeout as sleep } from "node:timers/promises";
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import type { Nodes } from "./nodes.ts";
import type { Bay, Place } from "./place.ts";
import { findBay } from "./place.ts";

const LOOK_EVERY_MS = 1_500;
/** Heat reads all that is within the stack for it. */
const LOOK_CLOSELY_EVERY_MS = 60_000;
/** A bay of which nothing changes for so long is stuck. How long a change takes altogether is the machine's affair. */
const STUCK_AFTER_MS = 5 * 60_000;

export function labPlace(cloud: CloudSession, nodes: Nodes): Place {
  const request: Place["request"] = async (method, path, json) => {
    const reply = await cloud.request("container-infra", { method, path, ...(json !== undefined && { json }) });
    if (reply.kind === "refused") throw new Error(reply.reason);
    return { status: reply.status, body: reply.body === "" ? undefined : JSON.parse(reply.body) };
  };
  return {
    cloud,
    request,
    settle: async (uuid) => await settle(cloud, () => findBay({ request }, uuid)),
    failNodes: (bayUuid, reason) => nodes.failFromNowOn(bayUuid, { reason, owner: cloud }),
  };
}

/** Looks until nothing is in progress; throws when the bay is stuck, and tells at what. */
async function settle(cloud: CloudSession, find: () => Promise<Bay | undefined>): Promise<Bay | undefined> {
  let [seen, changedAtMs, lookedCloselyAtMs] = ["", performance.now(), performance.now()];
  for (;;) {
    const bay = await find();
    if (!bay?.status.endsWith("_IN_PROGRESS")) return bay;
    const nowMs = performance.now();
    if (nowMs - lookedCloselyAtMs > LOOK_CLOSELY_EVERY_MS) {
      lookedCloselyAtMs = nowMs;
      const now = `${bay.status} ${await resourcesOf(cloud, bay)}`;
      if (now !== seen) [seen, changedAtMs] = [now, nowMs];
      if (nowMs - changedAtMs > STUCK_AFTER_MS) throw new Error(`bay ${bay.uuid} is stuck at ${now}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** What of the bay's stack is not complete, and how many resources are. */
async function resourcesOf(cloud: CloudSession, { stack_id }: Bay): Promise<string> {
  const heat = createHeat(cloud);
  const stack = stack_id === null ? undefined : await heat.findStack(stack_id);
  if (stack?.kind !== "found") return "no stack";
  const found = await heat.listResources({ name: stack.value.stack_name, id: stack.value.id });
  if (found.kind !== "found") return found.kind;
  const isComplete = ({ resource_status }: { resource_status: string }): boolean =>
    resource_status.endsWith("_COMPLETE");
  const others = found.value.filter((resource) => !isComplete(resource));
  const complete = found.value.length - others.length;
  const lines = others.map((one) => `${one.resource_name} ${one.resource_status}`);
  return `${stack.value.stack_status}, ${complete} complete${lines.map((line) => `, ${line}`).join("")}`;
}
