/** What a job of reconciliation is: one bounded page of work after another, each of which may run twice. */
import type { JsonObject } from "@jeroboam/core/json";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import type { ConductorPorts } from "../ports.ts";

export interface PageRequest {
  /** Where the page before ended; null: the round begins. */
  readonly cursor: JsonObject | null;
  /** Nothing may be changed; what would be is told. */
  readonly isDryRun: boolean;
  readonly roundId: string;
  readonly signal: AbortSignal;
}

export interface JobPage {
  /** Where the next page begins; null: the round is over. */
  readonly next: JsonObject | null;
  /** What was looked at, by name; findings are counted besides. */
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

export type RunPage = (ports: ConductorPorts, request: PageRequest) => Promise<JobPage>;
