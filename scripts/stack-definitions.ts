/**
 * Prints, as JSON, the Heat stack of every bay type in every sample variant: what check-templates.py validates with
 * Heat's own code.
 */
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { sampleBays } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";

const definitions = seedBayTypes(fileTemplates()).flatMap((bayType) =>
  Object.entries(sampleBays(bayType)).map(([variant, bay]) => {
    const problems = bayType.checkSpec(bay);
    if (problems.length > 0) throw new Error(`${bayType.name}, ${variant}: ${JSON.stringify(problems)}`);
    return { bayType: bayType.name, variant, ...bayType.stackFor(bay) };
  }),
);
process.stdout.write(JSON.stringify(definitions));
