/** A round of reconciliation for the terminal: what was looked at, and a line for each thing that was found. */
import type { Reconciled } from "@jeroboam/local/reconcile-once";

export function describeReconciled({ job, failure, report }: Reconciled): string {
  const counts = Object.entries(report?.counts ?? {}).map(([name, count]) => `${count} ${name}`);
  const findings = (report?.findings ?? []).map(
    ({ what, outcome, projectId, detail }) =>
      `  ${outcome.padEnd(5)}  ${what}  ${detail}${projectId === null ? "" : ` (project ${projectId})`}`,
  );
  const head = `${job}${report?.isDryRun ? " (dry run)" : ""}: ${counts.join(", ") || "nothing to look at"}`;
  return [head, ...(failure === null ? [] : [`  failed: ${failure}`]), ...findings].join("\n");
}
