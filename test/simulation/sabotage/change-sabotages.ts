/** Mistakes in what changes a bay's nodes where they stand: rotations of its authority. */
import type { Sabotage } from "./sabotages.ts";

const ROTATE = "functions/conductor/operations/rotate-authority.ts";
const WORDS = "packages/core/src/bay/rotate-authority.ts";

export const CHANGE_SABOTAGES: readonly Sabotage[] = [
  {
    name: "a phase is entered without waiting for nodes",
    file: ROTATE,
    find: `if (missing.length === 0) return done<Bay>();`,
    put: `if (missing.length >= 0) return done<Bay>();`,
  },
  {
    name: "one node that has come speaks for all",
    file: ROTATE,
    find: `if (missing.length === 0) return done<Bay>();`,
    put: `if (missing.length === 0 || come.size > 0) return done<Bay>();`,
  },
  {
    name: "who goes on with a rotation makes another authority",
    file: ROTATE,
    find: `if (before.specification.certificates.rotation) return done();`,
    put: `const { rotation } = before.specification.certificates;
      if (rotation?.phase === "trust") {
        const other = await makeIssuer(ports, bay);
        await changeSpecification(ports.table, bay, ({ certificates }) => certificates ? { certificates: { ...certificates, rotation: { phase: "trust", next: other } } } : {});
      }
      if (rotation) return done();`,
  },
  {
    name: "a word of an older rotation is taken",
    file: WORDS,
    find: `const phase = operation?.kind === ROTATE_AUTHORITY ? phaseOfMark(operation.id, mark) : undefined;`,
    put: `const phase = operation?.kind === ROTATE_AUTHORITY ? phaseOfMark(mark.split(".")[0] ?? "", mark) : undefined;`,
  },
  {
    name: "a word of an earlier phase is taken",
    file: WORDS,
    find: `if (!operation || phase === undefined || phase !== bay.specification.certificates?.rotation?.phase) return "taken";`,
    put: `if (!operation || phase === undefined || !bay.specification.certificates?.rotation) return "taken";
      return takeWord(ports, { key, operation }, about(operation.id, bay.specification.certificates.rotation.phase), { node }).then(() => "taken" as const);`,
  },
  {
    name: "nodes are told a phase before it is written down",
    file: ROTATE,
    find: `if (phase === "trust") return done(); const changed`,
    put: `if (phase !== "drop") return done(); const changed`,
  },
  {
    name: "nodes of further groups are not waited for",
    file: WORDS,
    find: `const members = [...workers, ...nodeGroups.flatMap((one) => one.specification.members ?? [])];`,
    put: `const members = nodeGroups.length > 0 ? [...workers] : workers;`,
  },
  {
    name: "a rotation fails by a group that is being deleted",
    file: "functions/conductor/operations/tell-stacks.ts",
    find: `return group && (await isGoing(ports, group)) ? done() : failed(opened.reason);`,
    put: `return failed(opened.reason);`,
  },
  {
    name: "a rotation ends and keeps its phase",
    file: ROTATE,
    find: `if (certificates?.rotation?.phase !== "drop") return {};`,
    put: `if (certificates?.rotation?.phase !== "serve") return {};`,
  },
];
