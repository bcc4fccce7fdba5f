/** What an administrator does about a bay that is stuck. */
import type { Fault } from "./faults.ts";
import type { Script } from "./script.ts";

const stackFails = (place: number): Fault => ({ kind: "stack fails", site: "stack", place, force: 0, choice: 0 });

const replacing = (field: string, value: unknown) => [{ op: "replace", path: `/${field}`, value }];

/** Of the second told, since the first. */
const HEALTH_MS = 300;
/** A conductor has looked for the new stack by then, and is about to make it. */
const MIDST_MS = 4_000;

export const REPAIR_SCRIPTS: readonly Script[] = [
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
