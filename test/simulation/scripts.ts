/** The operations there are, each as a user has it done, and in the company that it may have. */
import type { Fault } from "./faults.ts";
import { HOOK_SCRIPTS } from "./hook-scripts.ts";
import { REPAIR_SCRIPTS } from "./repair-scripts.ts";
import type { Script } from "./script.ts";

const resizeTo = (value: number) => [{ op: "replace", path: "/node_count", value }];
const stackFault = (kind: Fault["kind"], place: number): Fault => ({ kind, site: "stack", place, force: 0, choice: 0 });

/** The conductor looks for the stack some 350 ms after the bay was asked for, and makes it some 600 ms after. */
const BEFORE_HEAT_MS = 300;
const UNDER_WAY_MS = 150;

export const SCRIPTS: readonly Script[] = [
  {
    name: "creating a bay",
    async act({ makeBay, settle }) {
      await makeBay();
      await settle();
    },
  },
  {
    name: "creating a bay whose stack fails",
    faults: [stackFault("stack fails", 1)],
    async act({ makeBay, pause, begin, settle }) {
      await makeBay();
      // What comes before Heat is asked is as it is for a stack that does not fail.
      await pause(BEFORE_HEAT_MS);
      begin();
      await settle();
    },
  },
  {
    name: "resizing a bay",
    isOfBay: true,
    async act({ settle, ask }, uuid) {
      await ask({ method: "PATCH", path: `/v1/bays/${uuid}`, body: resizeTo(3) });
      await settle();
    },
  },
  {
    name: "deleting a bay",
    isOfBay: true,
    async act({ settle, ask }, uuid) {
      await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
      await settle();
    },
  },
  {
    name: "deleting a bay whose stack cannot be deleted at first",
    faults: [stackFault("stack fails", 2)],
    isOfBay: true,
    async act({ settle, ask }, uuid) {
      await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
      await settle();
    },
  },
  {
    name: "deleting a bay whose stack can never be deleted",
    faults: [2, 3, 4, 5, 6, 7, 8, 9, 10].map((place) => stackFault("stack fails", place)),
    isOfBay: true,
    async act({ settle, ask }, uuid) {
      await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
      await settle();
    },
  },
  ...[0, 150, 700].map((afterMs): Script => ({
    name: `deleting a bay ${afterMs} ms after it was asked for`,
    async act({ makeBay, settle, pause, begin, ask }) {
      const uuid = await makeBay();
      // What is over when the delete comes is as it is without one; what is under way then is struck.
      await pause(Math.max(0, afterMs - UNDER_WAY_MS));
      begin();
      await pause(Math.min(afterMs, UNDER_WAY_MS));
      await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
      await settle();
    },
  })),
  ...HOOK_SCRIPTS,
  ...REPAIR_SCRIPTS,
];
