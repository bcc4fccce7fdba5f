/**
 * What an administrator does about bays that are stuck, in the runs that have it: tries again what has failed or goes on,
 * and gives some up; now and then in haste, about a bay that is as it should be.
 */
import { baysIn } from "./change-acts.ts";
import type { ActTools } from "./further-acts.ts";

/** In haste. */
const ANY = 0.3;

export function repairAct({ ask, pick, chance }: ActTools): () => Promise<void> {
  return async () => {
    // The bays of 2015 are those of one's own project, also for an administrator.
    const bays = baysIn(await ask({ method: "GET", path: "/v1/clusters?limit=50" }));
    const failed = bays.filter(({ status }) => status.endsWith("_FAILED"));
    const bay = chance() < ANY ? pick(bays) : pick(failed);
    if (!bay) return;
    const action = chance() < 0.7 ? "retry" : "abandon";
    await ask({ method: "POST", path: `/v1/clusters/${bay.uuid}/actions/${action}` });
  };
}
