/** What an upgrade is to do, as its operation carries it. */
import { z } from "zod";

export const upgradeInputSchema = z.object({
  bayModelId: z.string(),
  /** Workers that may be out at one time. */
  maxBatchSize: z.number().int().min(1),
  /** By which its work on a stack is known, also when it begins again under another operation's id. */
  upgradeId: z.string(),
});

export type UpgradeWish = Omit<z.infer<typeof upgradeInputSchema>, "upgradeId">;

type Labels = Readonly<Record<string, string>>;

/** An upgrade changes what names versions, and nothing else: those are the newer model's, or none where it has none. */
export function upgradedLabels(own: Labels, newer: Labels, versionLabels: readonly string[]): Record<string, string> {
  const kept = Object.entries(own).filter(([name]) => !versionLabels.includes(name));
  const versions = Object.entries(newer).filter(([name]) => versionLabels.includes(name));
  return Object.fromEntries([...kept, ...versions]);
}
