/** What all kinds of container resources have in common: how their operations end, and how they are removed. */
import { ENGINE_KINDS } from "@jeroboam/coe/containers/engine-kinds";
import { manifestsOf } from "@jeroboam/core/container/accept-resource";
import { askForLook } from "@jeroboam/core/container/engine-watch";
import { removeManifests } from "@jeroboam/core/container/manifest-items";
import type { ContainerResource, ContainerResources, ResourceKind } from "@jeroboam/core/container/resource";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { OperationDefinition, Step } from "@jeroboam/core/operation/record";
import { again, done } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../../ports.ts";
import { failedBy, openBay, referenceOf } from "./bay-engine.ts";

/** From now on somebody looks at the bay by schedule. */
export function askForLooks<State extends ContainerResource>(): Step<ConductorPorts, State> {
  return {
    name: "ask-for-looks",
    async run(ports, { state: { bayUuid, projectId } }) {
      await askForLook(ports, { uuid: bayUuid, projectId });
      return done();
    },
  };
}

/** The operation's manifest, and those of the operations that it superseded, are of no use any more. */
export function dropManifest<State extends ContainerResource>(): Step<ConductorPorts, State> {
  return {
    name: "drop-manifest",
    async run({ table }, { key, operation }) {
      for (const id of manifestsOf(operation)) await removeManifests(table, key, id);
      return done();
    },
  };
}

/** `failedStatus`: of one that was never made. */
export function endOf<State extends ContainerResource>(
  failedStatus: string | null,
): OperationDefinition<ConductorPorts, State>["end"] {
  return (state, outcome, nowMs) => {
    if (state.isDeleting) return { kind: "removed" };
    const failure = outcome.kind === "failed" ? outcome.reason : null;
    const status = failure !== null && !state.isMade ? failedStatus : state.status;
    return { kind: "kept", changes: { failure, status, updatedAtMs: nowMs } as Partial<State> };
  };
}

export function removal<Kind extends ResourceKind>(
  kind: Kind,
): OperationDefinition<ConductorPorts, ContainerResources[Kind]> {
  type State = ContainerResources[Kind];
  const removeObject: Step<ConductorPorts, State> = {
    name: "remove-object",
    async run(ports, { state }, { signal }) {
      const opened = await openBay(ports, state);
      if (opened.kind === "gone") return done();
      if (opened.kind === "closed") {
        // Where there never was an engine nothing was made.
        if (!state.isMade) return done();
        throw new Transient(opened.reason);
      }
      // Containers do not wait for their own end, which may never come; pods are asked to end first.
      const isForced = kind === "container";
      const removed = await opened.engine.remove(ENGINE_KINDS[kind], referenceOf(state), { isForced }, signal);
      switch (removed.kind) {
        case "removed":
          return done();
        case "removing":
          return again(limits.container.removingMs);
        case "unsupported":
          return done();
        default:
          return failedBy(removed);
      }
    },
  };
  const dropManifests: Step<ConductorPorts, State> = {
    name: "drop-manifests",
    async run({ table }, { key }) {
      await removeManifests(table, key);
      return done();
    },
  };
  return {
    kind: "delete",
    version: 1,
    steps: [removeObject],
    always: [dropManifests],
    end(_state, outcome, nowMs) {
      if (outcome.kind === "succeeded") return { kind: "removed" };
      const failure = `it could not be removed: ${outcome.reason}`.slice(0, limits.engine.statusReasonChars);
      return { kind: "kept", changes: { isDeleting: false, failure, updatedAtMs: nowMs } as Partial<State> };
    },
  };
}
