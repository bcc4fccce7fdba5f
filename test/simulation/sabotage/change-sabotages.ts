/** Mistakes in what changes a bay's nodes where they stand: rotations of its authority, upgrades. */
import type { Sabotage } from "./sabotages.ts";

const ROTATE = "functions/conductor/operations/rotate-authority.ts";
const WORDS = "packages/core/src/bay/rotate-authority.ts";
const MASTERS = "functions/conductor/operations/upgrade-masters.ts";
const UPGRADE = "functions/conductor/operations/upgrade-bay.ts";
const GROUP = "functions/conductor/operations/node-group.ts";
const MASTER = "packages/core/src/bay/master-upgrade.ts";

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
    name: "who tells a group's stack takes the tag of its resize away",
    file: "functions/conductor/operations/tell-stacks.ts",
    find: `!isOperationTag(one) || (atWork && one === operationTag(atWork))`,
    put: `!isOperationTag(one) || (atWork && one === "")`,
  },
  {
    name: "a group that joins a rotation is never told",
    file: ROTATE,
    find: `{ ...bay, nodeGroups }, phase, signal`,
    put: `{ ...bay, nodeGroups: [] }, phase, signal`,
  },
  {
    name: "a rotation ends and keeps its phase",
    file: ROTATE,
    find: `if (certificates?.rotation?.phase !== "drop") return {};`,
    put: `if (certificates?.rotation?.phase !== "serve") return {};`,
  },
  {
    name: "a change of nodes ends with addresses of before",
    file: "functions/conductor/operations/tell-stacks.ts",
    find: `await bayStack.keepOutputs(ports, record, stack);`,
    put: "",
  },
  {
    name: "a renewal that is repeated draws the password anew",
    file: "functions/conductor/operations/rotate-credential.ts",
    find: `nodeCredential && nodeCredential.renewedBy !== operation.id`,
    put: `nodeCredential`,
  },
  {
    name: "a renewal tells the bay's own stack alone",
    file: "functions/conductor/operations/rotate-credential.ts",
    find: `return tellStacks(ports, record, bay, { parameters, tag: operationTag(operation) }, signal);`,
    put: `return tellStacks(ports, record, { ...bay, nodeGroups: [] }, { parameters, tag: operationTag(operation) }, signal);`,
  },
  {
    name: "the next master is told before the first one's word",
    file: MASTERS,
    find: `if (nowMs - told.atMs < masterMs) return again(lookMs);`,
    put: `if (nowMs - told.atMs < 30_000) return again(lookMs);
      if (nowMs - told.atMs < masterMs) return markCome(ports, record, master);`,
  },
  {
    name: "who is behind is not written down before masters are told",
    file: UPGRADE,
    find: 'const isNews = mastersFollow && scope !== "workers" && !hasSameLabels(present, labels);',
    put: 'const isNews = mastersFollow && scope === "workers" && !hasSameLabels(present, labels);',
  },
  {
    name: "the first master does not come last",
    file: MASTER,
    find: `return mastersBehind.at(-1);`,
    put: `return mastersBehind[0];`,
  },
  {
    name: "a master that failed has come",
    file: MASTERS,
    find: `if (word?.failure !== undefined) return failed(failureOf(master, specification, word.failure));`,
    put: "",
  },
  {
    name: "a word of an older upgrade is taken",
    file: MASTER,
    find: 'return scope !== "workers" && (mark === undefined || mark === masterMark(upgradeId, node));',
    put: 'return scope !== "workers" && (mark === undefined || mark.split(".")[1] === masterMark(upgradeId, node).split(".")[1]);',
  },
  {
    name: "any master's word is the next one's",
    file: MASTER,
    find: `return (await readWords(table, about(upgradeId))).get(master);`,
    put: `const [word] = (await readWords(table, about(upgradeId))).values();
      return word && { ...word, node: master };`,
  },
  {
    name: "a group that is upgraded stays what it was",
    file: GROUP,
    find: `imageId: model.imageId, labels: upgradedLabels(current.labels, labels, versionLabels),`,
    put: `imageId: model.imageId, labels: upgradedLabels(current.labels, current.labels, versionLabels),`,
  },
  {
    name: "the old workers of a group are left as they are",
    file: GROUP,
    find: `steps: [takeVersions, ...upgradeSteps(upgradable)],`,
    put: `steps: [takeVersions, ...upgradeSteps(upgradable).slice(0, 1)],`,
  },
  {
    name: "an upgrade of masters forgets who was behind",
    file: UPGRADE,
    find: `...(isNews && { mastersBehind: masterNames })`,
    put: `mastersBehind: isNews ? masterNames : []`,
  },
  {
    name: "a conductor changes specifications after its lease has ended",
    file: "functions/conductor/operations/held-specification.ts",
    find: `if (Object.keys(changes).length > 0) await requireHeld(record, ports);`,
    put: `if (Object.keys(changes).length > 1_000) await requireHeld(record, ports);`,
  },
  {
    name: "who slept on its way to Keystone leaves its password there",
    file: "functions/conductor/operations/specification.ts",
    find: `return isLate ? tellKeystone(ports, bay, standing, signal) : told;`,
    put: `return told;`,
  },
  {
    name: "a conductor takes marks away after its lease has ended",
    file: UPGRADE,
    find: `await requireHeld(record, ports); await ports.table.remove(mark, mark.revision);`,
    put: `await ports.table.remove(mark, mark.revision);`,
  },
];
