/** Mistakes in the steps of the operations: what they make, look at, wait for and take away. */
import type { Sabotage } from "./sabotages.ts";

const STACK = "functions/conductor/operations/stack-steps.ts";
const SPECIFICATION = "functions/conductor/operations/specification.ts";
const DELETE = "functions/conductor/operations/delete-bay.ts";
const DELEGATION = "functions/conductor/operations/delegation.ts";

export const STEP_SABOTAGES: readonly Sabotage[] = [
  {
    name: "a stack's name ends by chance",
    file: STACK,
    find: `const name = subject.nameOf(ports, state);`,
    put: `const name = subject.nameOf(ports, state) + ports.random.uuid().slice(0, 8);`,
  },
  {
    name: "a conductor changes stacks after its lease has ended",
    file: STACK,
    find: `if (await isOurs()) return await change(); throw leaseEnded();`,
    put: `return await change();`,
  },
  {
    name: "a stack is made without looking for it",
    file: STACK,
    find: `if (found) return subject.isOurs(ports, state, found) ? done(asChanges({ stackId: found.id })) : failed(foreignStack(subject, name));`,
    put: "",
  },
  {
    name: "a stack is adopted by its name only",
    file: STACK,
    find: `if (found) return subject.isOurs(ports, state, found) ? done(asChanges({ stackId: found.id })) : failed(foreignStack(subject, name));`,
    put: `if (found) return done(asChanges({ stackId: found.id }));`,
  },
  {
    name: "a stack is deleted by its name only",
    file: STACK,
    find: `if (!stack || !subject.isOurs(ports, state, stack)) return done();`,
    put: `if (!stack) return done();`,
  },
  {
    name: "a bay is complete while its stack is being made",
    file: STACK,
    find: `case "IN_PROGRESS": { const notes = {`,
    put: `case "IN_PROGRESS": { if (stack.id) return done(asChanges({ stackId: stack.id })); const notes = {`,
  },
  {
    name: "a failed stack counts as complete",
    file: STACK,
    find: `return failed(await failureOf(stacks, stack), asChanges({ ...seen, ...status }));`,
    put: `return done(asChanges({ stackId: stack.id, ...status }));`,
  },
  {
    name: "an update's old success is trusted",
    file: STACK,
    find: `if (stack && tag !== undefined && !stack.tags.includes(tag)) return again(POLL_LEAST_MS);`,
    put: "",
  },
  {
    name: "an update that was made is not recognised",
    file: STACK,
    find: `if (stack.tags.includes(operationTag(operation))) return done();`,
    put: "",
  },
  {
    name: "an update does not say whose it is",
    file: STACK,
    find: `{ ...change, tags: [...change.tags, tag] }`,
    put: `{ ...change, tags: change.tags }`,
  },
  {
    name: "a busy stack counts as updated",
    file: STACK,
    find: `switch (updated.kind) { case "accepted": return done(); case "busy": return again(BUSY_MS);`,
    put: `switch (updated.kind) { case "accepted": return done(); case "busy": return done();`,
  },
  {
    name: "a stack is looked for by its id only",
    file: STACK,
    find: `return known ?? stacks.find({ name, id: null });`,
    put: `return known;`,
  },
  {
    name: "a delete ends when Heat has been asked",
    file: STACK,
    find: `switch (removed.kind) { case "accepted": return again(BUSY_MS, {}, { deleteAsked: true });`,
    put: `switch (removed.kind) { case "accepted": return done();`,
  },
  {
    name: "a stack that could not be deleted counts as gone",
    file: STACK,
    find: `if (failures >= DELETE_FAILURES) return failed(await failureOf(stacks, stack));`,
    put: `if (failures >= 1) return done();`,
  },
  {
    name: "a delete that fails is tried for ever",
    file: STACK,
    find: `if (failures >= DELETE_FAILURES) return failed(await failureOf(stacks, stack));`,
    put: `if (failures >= 1_000_000) return failed(await failureOf(stacks, stack));`,
  },
  {
    name: "a delete waits for a trust that was revoked",
    file: STACK,
    find: `const access = { ...subject.access(record.state, specification), isCleanup };`,
    put: `const access = { ...subject.access(record.state, specification), isCleanup: isCleanup && false };`,
  },
  {
    name: "certificates are made anew by each run",
    file: SPECIFICATION,
    // Without the look alone nothing would be lost: the write keeps what is there.
    find: `if (specification.certificates) return done();
      const made = await makeIssuer(ports, bay);
      // Another conductor's, if it was quicker, are as good.
      await changeSpecification(ports.table, bay, (current) => (current.certificates ? {} : { certificates: made }));`,
    put: `const made = await makeIssuer(ports, bay);
      await changeSpecification(ports.table, bay, () => ({ certificates: made }));`,
  },
  {
    name: "another conductor's certificates are overwritten",
    file: SPECIFICATION,
    find: `(current) => (current.certificates ? {} : { certificates: made })`,
    put: `() => ({ certificates: made })`,
  },
  {
    name: "a key is stored in the clear",
    file: SPECIFICATION,
    find: `caKeySealed: await sealer.seal(authority.privateKey, secretContext(bay, "ca-key"), bay.projectId),`,
    put: `caKeySealed: authority.privateKey,`,
  },
  {
    name: "the nodes' password is drawn anew by each run",
    file: SPECIFICATION,
    find: `current.nodeCredential ? {} : { nodeCredential: { user: null, userName, passwordSealed } },`,
    put: `current.nodeCredential?.user ? {} : { nodeCredential: { user: null, userName, passwordSealed } },`,
  },
  {
    name: "the nodes' user is made before its password is kept",
    file: SPECIFICATION,
    find: `const specification = await changeSpecification(table, bay, (current) =>
        current.nodeCredential ? {} :`,
    put: `await cloud.ensureNodeUser({ name: userName, password: fresh, projectId: bay.projectId }, signal);
      const specification = await changeSpecification(table, bay, (current) =>
        current.nodeCredential ? {} :`,
  },
  {
    name: "a delete does not revoke first",
    file: DELEGATION,
    find: `for (const delegation of operation.inherited) {`,
    put: `for (const delegation of operation.inherited.slice(1)) {`,
  },
  {
    name: "a bay's delegation is not given back",
    file: DELEGATION,
    find: `if (specification) await cloud.revoke(`,
    put: `if (specification && bay.name === null) await cloud.revoke(`,
  },
  {
    name: "the nodes' user stays behind",
    file: DELETE,
    find: `await removeUser(ports, bay, await readSpecification(ports.table, bay), signal);`,
    put: `if (signal.aborted) await removeUser(ports, bay, await readSpecification(ports.table, bay), signal);`,
  },
  {
    name: "a bay goes and its items stay",
    file: DELETE,
    find: `await removeSpecification(table, bay);`,
    put: `if (bay.stackId === null) await removeSpecification(table, bay);`,
  },
  {
    name: "a bay goes and its mark on the model stays",
    file: DELETE,
    find: `if (mark && (await table.remove(mark, mark.revision)) === "refused") return again(0);`,
    put: `if (!mark) return again(0);`,
  },
  {
    name: "a delete takes the items away first",
    file: DELETE,
    find: `steps: [revokeSuperseded, removeNodeGroups, ensureStackGone, removeNodeCredential, revokeDelegation, removeItems],`,
    put: `steps: [revokeSuperseded, removeItems, ensureStackGone, removeNodeCredential, revokeDelegation],`,
  },
  {
    name: "a delete does not wait for the stack",
    file: DELETE,
    find: `steps: [revokeSuperseded, removeNodeGroups, ensureStackGone, removeNodeCredential, revokeDelegation, removeItems],`,
    put: `steps: [revokeSuperseded, removeNodeCredential, revokeDelegation, removeItems],`,
  },
  {
    name: "a failed update ends as complete",
    file: "functions/conductor/operations/ended.ts",
    find: "status: isRolledBack ? status : `${verb}_FAILED`",
    put: "status: isRolledBack ? status : `${verb}_COMPLETE`",
  },
  {
    name: "the bay is complete before its stack is awaited",
    file: "functions/conductor/operations/create-bay.ts",
    find: `ensureStack, awaitStackCreated,`,
    put: `ensureStack,`,
  },
];
