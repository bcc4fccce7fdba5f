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
  fewestFaults: number;
  fewestBays: number;
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
    fewestFaults: Infinity,
    fewestBays: Infinity,
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
  else {
    summary.fewestFaults = Math.min(summary.fewestFaults, result.struck.length);
    summary.fewestBays = Math.min(summary.fewestBays, result.bays);
  }
  for (const gap of result.gaps) summary.gaps[gap] = (summary.gaps[gap] ?? 0) + 1;
  for (const { kind } of result.struck) summary.faults[kind] = (summary.faults[kind] ?? 0) + 1;
}

export function addSummary(summary: Summary, other: Summary): void {
  for (const field of ["seeds", "steps", "simulatedMs", "bays", "requests"] as const) summary[field] += other[field];
  for (const field of ["fewestFaults", "fewestBays"] as const) summary[field] = Math.min(summary[field], other[field]);
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
export function isGood({ seeds, violations, fewestBays, fewestFaults }: Summary): boolean {
  return seeds > 0 && violations.length === 0 && fewestBays >= LEAST_BAYS && fewestFaults >= LEAST_FAULTS;
}

export function describeSummary(summary: Summary): string {
  const { seeds, simulatedMs, steps, bays, requests, faults, violations, fewestBays, fewestFaults } = summary;
  const kinds = Object.entries(faults).sort(([, one], [, other]) => other - one);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  return [
    `simulation: ${seeds} seeds, ${(simulatedMs / 86_400_000).toFixed(1)} virtual days, ${steps} steps, ${bays} bays (at least ${fewestBays} a seed), ${requests} requests`,
    `  ${total} faults (at least ${fewestFaults} a seed): ${kinds.map(([kind, count]) => `${kind} ${count}`).join(", ")}`,
    `  known gaps, in seeds: ${
      Object.entries(summary.gaps)
        .map(([gap, count]) => `${gap} ${count}`)
        .join(", ") || "none"
    }`,
    `  violations: ${violations.length}`,
  ].join("\n");
}
