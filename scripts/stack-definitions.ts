/**
 * Prints, as JSON, the Heat stack of every bay type in every sample variant that it can build: what check-templates.py
 * validates with Heat's own code. The service's own types can build all of theirs; the documentation's example, what it
 * is made for.
 */
import { readBayTypes } from "@jeroboam/coe/file-bay-types";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import type { BayType, BayTypeInput } from "@jeroboam/coe/bay-type";
import { SAMPLE_OUTPUTS, sampleBays, sampleGroup } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";

const own = seedBayTypes(fileTemplates()).flatMap((bayType) =>
  Object.entries(sampleBays(bayType)).flatMap(([variant, bay]) => {
    const problems = bayType.checkSpec(bay);
    if (problems.length > 0) throw new Error(`${bayType.name}, ${variant}: ${JSON.stringify(problems)}`);
    return stacksOf(bayType, variant, bay);
  }),
);
const examples = (await readBayTypes("docs/examples/bay-types")).flatMap((bayType) =>
  Object.entries(sampleBays(bayType))
    .filter(([, bay]) => bayType.checkSpec(bay).length === 0)
    .flatMap(([variant, bay]) => stacksOf(bayType, variant, bay)),
);
process.stdout.write(JSON.stringify([...own, ...examples]));

function stacksOf(bayType: BayType, variant: string, bay: BayTypeInput): readonly object[] {
  return [{ bayType: bayType.name, variant, ...bayType.stackFor(bay) }, ...groupOf(bayType, variant, bay)];
}

/** The stack of a group of workers that joins the bay, where the bay type has such. */
function groupOf({ name, nodeGroups }: BayType, variant: string, bay: BayTypeInput): readonly object[] {
  const stack = nodeGroups?.stackFor(bay, sampleGroup(), SAMPLE_OUTPUTS);
  if (typeof stack === "string") throw new Error(stack);
  return stack ? [{ bayType: name, variant: `node group, ${variant}`, ...stack }] : [];
}
