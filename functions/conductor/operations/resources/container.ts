/**
 * What happens to a container: it is made, then whatever was asked for is done to it, in the order in which it was asked.
 * An action that comes while the container is being made supersedes its making and goes on with it.
 */
import { splitCommand } from "@jeroboam/coe/engines/command-words";
import { parseMemoryBytes } from "@jeroboam/coe/engines/memory-size";
import { missing, observers } from "@jeroboam/coe/containers/observe";
import type { Container } from "@jeroboam/core/container/resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import type { OperationDefinition, RecordType } from "@jeroboam/core/operation/record";
import { again, done, failed } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../../ports.ts";
import { failedBy, referenceOf, withEngine } from "./bay-engine.ts";
import { askForLooks, endOf, removal } from "./shared-steps.ts";

const makeContainer = withEngine<Container>("make-container", async ({ record: { state }, engine, signal }) => {
  if (state.isMade) return done();
  const { uuid, name, image, environment } = state;
  const command = wordsOf(state.command);
  const memoryBytes = state.memory === null ? null : parseMemoryBytes(state.memory);
  const written = await engine.createContainer({ uuid, name, image, command, memoryBytes, environment }, signal);
  switch (written.kind) {
    case "written":
      return done(observers.container(written.object));
    case "taken":
      return failed(written.reason);
    default:
      return failedBy(written);
  }
});

/** It was found to be proper when it was accepted. */
function wordsOf(command: string | null): readonly string[] | null {
  const split = command === null ? undefined : splitCommand(command);
  return split?.kind === "words" ? split.words : null;
}

const doAsked = withEngine<Container>("do-asked", async ({ record: { state }, engine, signal }) => {
  const next = state.asked.find(({ number }) => number > state.doneNumber);
  if (!next) return done();
  const acted = await engine.act(next.action, referenceOf(state), signal);
  switch (acted.kind) {
    case "done":
      return again(0, { doneNumber: next.number });
    case "missing":
      return failed("it is not in the bay any more", missing.container);
    default:
      return failedBy(acted);
  }
});

/** How it is after all that. */
const readBack = withEngine<Container>("read-back", async ({ record: { state }, engine, signal }) => {
  const found = await engine.find("container", referenceOf(state), signal);
  switch (found.kind) {
    case "found":
      return done(observers.container(found.object));
    case "missing":
      return failed("it is not in the bay any more", missing.container);
    default:
      return failedBy(found);
  }
});

/** What was asked and could not be done is not done later: who asked looks, and asks again. */
const end: OperationDefinition<ConductorPorts, Container>["end"] = (state, outcome, nowMs) => {
  const ending = endOf<Container>("Error")(state, outcome, nowMs);
  if (ending.kind === "removed") return ending;
  return { kind: "kept", changes: { ...ending.changes, doneNumber: state.asked.at(-1)?.number ?? state.doneNumber } };
};

const work = { version: 1, steps: [makeContainer, doAsked, readBack, askForLooks<Container>()], always: [], end };

export const containerType: RecordType<ConductorPorts, Container> = {
  ...resourceShapes.container,
  operations: [{ kind: "create", ...work }, { kind: "act", ...work }, removal("container")],
};
