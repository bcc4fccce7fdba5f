/**
 * Prints, as JSON, the Heat stack of every bay type in every sample variant: what check-templates.py validates with
 * Heat's own code.
 */
import { fileTemplates } from "@jeroboam/coe/file-templates";
import type { BayType, BayTypeInput } from "@jeroboam/coe/bay-type";
import { SAMPLE_OUTPUTS, sampleBays, sampleGroup } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";

const definitions = seedBayTypes(fileTemplates()).flatMap((bayType) =>
  Object.entries(sampleBays(bayType)).flatMap(([variant, bay]) => {
    const problems = bayType.checkSpec(bay);
    if (problems.length > 0) throw new Error(`${bayType.name}, ${variant}: ${JSON.stringify(problems)}`);
    return [{ bayType: bayType.name, variant, ...bayType.stackFor(bay) }, ...groupOf(bayType, variant, bay)];
  }),
);

/** The stack of a group of workers that joins the bay, where the bay type has such. */
function groupOf({ name, nodeGroups }: BayType, variant: string, bay: BayTypeInput): readonly object[] {
  const stack = nodeGroups?.stackFor(bay, sampleGroup(), SAMPLE_OUTPUTS);
  if (typeof stack === "string") throw new Error(stack);
  return stack ? [{ bayType: name, variant: `node group, ${variant}`, ...stack }] : [];
}

process.stdout.write(JSON.stringify(definitions));
