/** The jobs of reconciliation, by name. */
import type { JobName } from "@jeroboam/core/reconciliation/job";
import { runDriftPage } from "./drift.ts";
import { runExpiryPage } from "./certificate-expiry.ts";
import { runLeftOversPage } from "./left-overs.ts";
import type { RunPage } from "./page.ts";
import { runSealsPage } from "./seals.ts";

export const JOBS: Readonly<Record<JobName, RunPage>> = {
  drift: runDriftPage,
  "left-overs": runLeftOversPage,
  "certificate-expiry": runExpiryPage,
  seals: runSealsPage,
};
