/** The lab as a place of bays: our API by the lab's catalog. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Nodes } from "./nodes.ts";
import type { People } from "./people.ts";
import type { Place } from "./place.ts";
import { findBay } from "./place.ts";

const LOOK_EVERY_MS = 500;

export function labPlace(people: People, nodes: Nodes): Place {
  const cloud = people.person("demo", "demo");
  const request: Place["request"] = async (method, path, json) => {
    const reply = await cloud.request("container-infra", { method, path, ...(json !== undefined && { json }) });
    if (reply.kind === "refused") throw new Error(reply.reason);
    return { status: reply.status, body: reply.body === "" ? undefined : JSON.parse(reply.body) };
  };
  return {
    cloud,
    request,
    async settle(uuid) {
      for (;;) {
        const bay = await findBay({ request }, uuid);
        if (!bay?.status.endsWith("_IN_PROGRESS")) return bay;
        await sleep(LOOK_EVERY_MS);
      }
    },
    failNodes: (bayUuid, reason) => nodes.failFromNowOn(bayUuid, reason),
  };
}
