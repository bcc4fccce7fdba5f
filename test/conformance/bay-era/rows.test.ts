/**
 * The rows of the sheet's sections 15, 16 and 17, each by its number: a case (contradictions.ts, bugs.ts, facts.ts), or the
 * test elsewhere that holds it.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BUGS } from "./bugs.ts";
import { describeCases } from "./cases.ts";
import { CONTRADICTIONS } from "./contradictions.ts";
import { FACTS } from "./facts.ts";

describeCases("15", CONTRADICTIONS);
describeCases("16", BUGS);
describeCases("17", FACTS);

/** What is held by another test: its file, and its title. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, title: string]>> = {
  "15.18": ["test/e2e/first-bay.test.ts", "makes a template and a cluster, sees it complete with addresses"],
  "16.3": ["test/conformance/bay-era/baymodels.test.ts", "the brief form has ten attributes, with the true flags"],
  "16.4": ["test/conformance/bay-era/bays.test.ts", "a public one is used"],
  "16.13": ["test/faults/bay.test.ts", "creating a bay"],
  "16.14": ["test/faults/bay.test.ts", "deleting a bay whose stack was removed by hand"],
  "16.15": ["test/faults/harness.ts", "comes to the same end after a ${kind} at every moment"],
  "16.16": ["test/faults/bay.test.ts", "a creation that was never committed"],
  "16.17": ["test/faults/bay.test.ts", "deleting a bay"],
  "16.18": ["packages/coe/src/choose-workers.test.ts", "those with the least to do, where none is named"],
  "16.19": ["packages/coe/src/choose-workers.test.ts", "the newest, where the engine says nothing"],
  "16.21": [
    "test/conformance/bay-era/containers.test.ts",
    "that is changed by a new manifest keeps what the manifest says",
  ],
  "16.28": ["packages/coe/src/engines/open-bay-engine.test.ts", "without certificates has no engine yet"],
  "16.31": ["packages/coe/src/engines/swarm-engine.test.ts", "Error"],
  "16.32": ["test/conformance/bay-era/containers.test.ts", "a list asks each bay's engine once a while"],
  "16.33": ["test/conformance/bay-era/containers.test.ts", "that runs is removed all the same"],
  "16.35": ["test/conformance/bay-era/certificates.test.ts", "the user of a bay's nodes does nothing else"],
  "16.36": ["packages/coe/src/seed-bay-types.test.ts", "gives each nested template just the parameters it declares"],
  "16.38": ["packages/coe/src/seed-bay-types.test.ts", "uses every parameter it declares"],
  "16.40": [
    "test/conformance/bay-era/x509keypairs.test.ts",
    "never in a list, and never lies in the table in the clear",
  ],
  "16.41": ["functions/api/app.test.ts", "a bug is 500 whose text tells nothing but the request's id"],
  "16.44": ["test/conformance/bay-era/bays.test.ts", "by uuid in either case"],
  "16.45": ["test/conformance/bay-era/bays.test.ts", "pages, with a next that leads on and ends"],
  "16.48": [
    "test/conformance/cloud-references.test.ts",
    "of a model whose key pair has gone since is refused, and says which",
  ],
  "16.51": ["packages/coe/src/engines/swarm-engine.test.ts", "info"],
  "17.22": ["packages/coe/src/kubernetes/kubernetes.test.ts", "6443"],
  "17.23": ["test/conformance/bay-era/certificates.test.ts", "before the authority is made the answer says so"],
};

test.each([
  [15, 23],
  [16, 51],
  [17, 25],
])("each row of section %d is held", (section, rows) => {
  const here = [...CONTRADICTIONS, ...BUGS, ...FACTS].map(({ name }) => name.split(" ")[0]);
  const numbers = Array.from({ length: rows }, (_, index) => `${section}.${index + 1}`);
  expect(numbers.filter((number) => !here.includes(number) && !(number in ELSEWHERE))).toEqual([]);
});

test.each(Object.entries(ELSEWHERE))("%s is held elsewhere", (_row, [file, title]) => {
  expect(readFileSync(file, "utf8")).toContain(title);
});
