/** What an upgrade is to do, as its operation carries it. */
import { z } from "zod";

export const upgradeInputSchema = z.object({
  bayModelId: z.string(),
  /** Workers that may be out at one time. */
  maxBatchSize: z.number().int().min(1),
  /** Of masters alone, who is there stays the worker that it is, and new workers are of the newer kind. */
  scope: z.enum(["bay", "masters", "workers"]).default("workers"),
  /** By which its work on a stack is known, also when it begins again under another operation's id. */
  upgradeId: z.string(),
});

export type UpgradeWish = Omit<z.infer<typeof upgradeInputSchema>, "upgradeId">;

type Labels = Readonly<Record<string, string>>;

export type UpgradeScope = UpgradeWish["scope"];

/** Whether two bays' labels are the same, in whatever order. */
export function hasSameLabels(one: Labels, other: Labels): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

/** An upgrade changes what names versions, and nothing else: those are the newer model's, or none where it has none. */
export function upgradedLabels(own: Labels, newer: Labels, versionLabels: readonly string[]): Record<string, string> {
  const kept = Object.entries(own).filter(([name]) => !versionLabels.includes(name));
  const versions = Object.entries(newer).filter(([name]) => versionLabels.includes(name));
  return Object.fromEntries([...kept, ...versions]);
}
