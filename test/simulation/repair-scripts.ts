/** What an administrator does about a bay that is stuck. */
import { limits } from "@jeroboam/core/limits";
import { modelBody } from "./change-acts.ts";
import type { Condition, Fault } from "./faults.ts";
import { CHECK_MS } from "./health.ts";
import type { Script } from "./script.ts";

const stackFails = (place: number): Fault => ({ kind: "stack fails", site: "stack", place, force: 0, choice: 0 });

const replacing = (field: string, value: unknown) => [{ op: "replace", path: `/${field}`, value }];

/** Of the second told, since the first. */
const HEALTH_MS = 300;
/** A conductor has looked for the new stack by then, and is about to make it. */
const MIDST_MS = 4_000;

/** Somewhat before the check by which a node has failed for long enough. */
const RIPE_SOON_MS = limits.repair.spanMs - CHECK_MS / 2;

export const REPAIR_SCRIPTS: readonly Script[] = [
  {
    name: "replacing a node that is not ready",
    conditions: ["nodes fail"],
    faults: [{ kind: "node not ready", site: "health", place: 1, force: 0, choice: 0 }],
    async act({ ask, settle, pause, begin }) {
      const model = modelBody(new Set<Condition>(["nodes fail"]), "model-1");
      const { uuid } = await ask({ method: "POST", path: "/v1/clustertemplates", body: model });
      const body = { name: "bay", cluster_template_id: uuid, node_count: 4, create_timeout: 20 };
      await ask({ method: "POST", path: "/v1/clusters", body });
      await settle();
      await pause(RIPE_SOON_MS);
      begin();
      await pause(2 * CHECK_MS);
      await settle();
    },
  },
  {
    name: "telling a bay's health while it is resized",
    isOfBay: true,
    async act({ settle, pause, ask, askAsAdmin }, uuid) {
      await ask({ method: "PATCH", path: `/v1/bays/${uuid}`, body: replacing("node_count", 3) });
      for (const health of ["UNHEALTHY", "HEALTHY"]) {
        await askAsAdmin({
          method: "PATCH",
          path: `/v1/clusters/${uuid}`,
          body: replacing("health_status", health),
        });
        await pause(HEALTH_MS);
      }
      await settle();
    },
  },
  {
    name: "trying a failed creation again",
    faults: [stackFails(1)],
    async act({ makeBay, settle, begin, askAsAdmin }) {
      const uuid = await makeBay();
      await settle();
      begin();
      await askAsAdmin({ method: "POST", path: `/v1/clusters/${uuid}/actions/retry` });
      await settle();
    },
  },
  {
    name: "deleting a bay whose creation is tried again",
    faults: [stackFails(1)],
    async act({ makeBay, settle, pause, begin, ask, askAsAdmin }) {
      const uuid = await makeBay();
      await settle();
      begin();
      await askAsAdmin({ method: "POST", path: `/v1/clusters/${uuid}/actions/retry` });
      await pause(MIDST_MS);
      await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
      await settle();
    },
  },
  {
    name: "giving a bay up",
    isOfBay: true,
    async act({ settle, askAsAdmin }, uuid) {
      await askAsAdmin({ method: "POST", path: `/v1/clusters/${uuid}/actions/abandon` });
      await settle();
    },
  },
];
