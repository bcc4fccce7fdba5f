/** What many runs were, together: the line that a CI run ends with. */
import type { FaultKind } from "./faults.ts";
import type { RunResult } from "./run.ts";
import { LEAST_BAYS, LEAST_FAULTS } from "./run.ts";
import type { Gap } from "./world.ts";

export interface Summary {
  seeds: number;
  steps: number;
  simulatedMs: number;
  bays: number;
  requests: number;
  /** Seeds with fewer bays or faults than a run is to have. */
  short: number;
  faults: Partial<Record<FaultKind, number>>;
  /** Seeds in which each was seen. */
  gaps: Partial<Record<Gap, number>>;
  violations: { seed: number; id: string; how: string }[];
}

export function emptySummary(): Summary {
  return {
    seeds: 0,
    steps: 0,
    simulatedMs: 0,
    bays: 0,
    requests: 0,
    short: 0,
    faults: {},
    gaps: {},
    violations: [],
  };
}

export function addRun(summary: Summary, result: RunResult): void {
  summary.seeds += 1;
  summary.steps += result.steps;
  summary.simulatedMs += result.simulatedMs;
  summary.bays += result.bays;
  summary.requests += result.requests;
  if (result.violation) summary.violations.push({ seed: result.seed, ...result.violation });
  else if (result.bays < LEAST_BAYS || result.struck.length < LEAST_FAULTS) summary.short += 1;
  for (const gap of result.gaps) summary.gaps[gap] = (summary.gaps[gap] ?? 0) + 1;
  for (const { kind } of result.struck) summary.faults[kind] = (summary.faults[kind] ?? 0) + 1;
}

export function addSummary(summary: Summary, other: Summary): void {
  for (const field of ["seeds", "steps", "simulatedMs", "bays", "requests", "short"] as const)
    summary[field] += other[field];
  addCounts(summary.faults, other.faults);
  addCounts(summary.gaps, other.gaps);
  summary.violations.push(...other.violations);
}

function addCounts<Name extends string>(
  counts: Partial<Record<Name, number>>,
  others: Partial<Record<Name, number>>,
): void {
  for (const name of Object.keys(others) as Name[]) counts[name] = (counts[name] ?? 0) + (others[name] ?? 0);
}

/** Whether the runs kept every promise, and were put through enough to say so. */
export function isGood({ seeds, violations, short }: Summary): boolean {
  return seeds > 0 && violations.length === 0 && short === 0;
}

export function describeSummary(summary: Summary): string {
  const { seeds, simulatedMs, steps, bays, requests, faults, violations, short } = summary;
  const kinds = Object.entries(faults).sort(([, one], [, other]) => other - one);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  return [
    `simulation: ${seeds} seeds, ${(simulatedMs / 86_400_000).toFixed(1)} virtual days, ${steps} steps, ${bays} bays, ${requests} requests; ${short} seeds with fewer than ${LEAST_BAYS} bays or ${LEAST_FAULTS} faults`,
    `  ${total} faults: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(", ")}`,
    `  known gaps, in seeds: ${
      Object.entries(summary.gaps)
        .map(([gap, count]) => `${gap} ${count}`)
        .join(", ") || "none"
    }`,
    `  violations: ${violations.length}`,
  ].join("\n");
}
