/**
 * Accepting what is asked of a container resource: each is one conditional write, after which conductors do it. A later
 * wish takes the place of an earlier one that is not done yet, and brings along what that had still to do: a changed pod
 * that was never made is made as it is now, an action asked for while its container is being made comes after.
 */
import { z } from "zod";
import { limits } from "../limits.ts";
import { projectRecordKey } from "../listing/project-record.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { insertBegun } from "../operation/begin-operation.ts";
import { withOperation } from "../operation/operation.ts";
import type { Operation, WorkRecord } from "../operation/record.ts";
import { changeRecord, newRecord } from "../operation/record-store.ts";
import type { StorePorts } from "../operation/record-store.ts";
import type { Clock } from "../ports.ts";
import type { Key } from "../table/table.ts";
import { removeManifests, writeManifest } from "./manifest-items.ts";
import type { Container, ContainerAction, ContainerResource, ResourceShape } from "./resource.ts";
import { resourceShapes } from "./resource.ts";

export interface ResourcePorts extends StorePorts {
  readonly clock: Clock;
}

type OwnFields = "uuid" | "createdAtMs" | "updatedAtMs" | "isMade" | "isDeleting" | "statusReason" | "failure";

/** What the one who accepts a creation says. */
export type NewResource<State extends ContainerResource> = Omit<State, OwnFields> & {
  readonly uuid: string | undefined;
};

export async function createResource<State extends ContainerResource>(
  ports: ResourcePorts,
  shape: ResourceShape<State>,
  wish: NewResource<State>,
  manifest: Manifest | undefined,
): Promise<{ readonly kind: "created"; readonly record: WorkRecord<State> } | { readonly kind: "exists" }> {
  const uuid = wish.uuid ?? ports.random.uuid();
  const nowMs = ports.clock.nowMs();
  const own = { isMade: false, isDeleting: false, statusReason: null, failure: null };
  const state = { ...wish, ...own, uuid, createdAtMs: nowMs, updatedAtMs: null } as unknown as State;
  const key = projectRecordKey(shape, state.projectId, uuid);
  const operation = operationOf(ports, "create", nowMs);
  if (manifest) await writeManifest(ports.table, key, operation, manifest);
  const record = withOperation(shape, newRecord(key, state), operation, {});
  const inserted = await insertBegun(ports, shape, record);
  if (inserted.kind === "inserted") return { kind: "created", record: inserted.record };
  await removeManifests(ports.table, key, operation.id);
  return inserted;
}

export type ChangedResource<State> =
  | { readonly kind: "changed"; readonly record: WorkRecord<State> }
  | { readonly kind: "absent" };

/** With a manifest the object is to be as it says; without, only the record changes. */
export async function changeResource<State extends ContainerResource>(
  ports: ResourcePorts,
  shape: ResourceShape<State>,
  key: Key,
  { changes, manifest }: { readonly changes: Partial<State>; readonly manifest: Manifest | undefined },
): Promise<ChangedResource<State>> {
  const nowMs = ports.clock.nowMs();
  const operation = operationOf(ports, "update", nowMs);
  if (manifest) await writeManifest(ports.table, key, operation, manifest);
  return change(ports, shape, key, (record) => {
    const all = { ...changes, updatedAtMs: nowMs } as Partial<State>;
    if (!manifest) return { ...record, state: { ...record.state, ...all } };
    const input = { superseded: manifestsOf(record.operation) };
    return withOperation(shape, record, { ...operation, input }, { ...all, failure: null });
  });
}

/** The operations whose manifests are to be removed with this one's: its own, and those that it superseded. */
export function manifestsOf(operation: Operation | undefined): string[] {
  if (!operation) return [];
  const superseded = z.array(z.string()).safeParse(operation.input["superseded"]);
  return [...(superseded.data ?? []), operation.id];
}

/** Deletes the resource, whatever goes on with it. From now on it is in no list. */
export async function deleteResource<State extends ContainerResource>(
  ports: ResourcePorts,
  shape: ResourceShape<State>,
  key: Key,
): Promise<ChangedResource<State>> {
  const nowMs = ports.clock.nowMs();
  const operation = operationOf(ports, "delete", nowMs);
  const changes = { isDeleting: true, failure: null, updatedAtMs: nowMs } as Partial<State>;
  return change(ports, shape, key, (record) => withOperation(shape, record, operation, changes));
}

/** Has something done to a container, after all that was asked before. `busy`: too much waits already. */
export async function askForAction(
  ports: ResourcePorts,
  key: Key,
  action: ContainerAction,
): Promise<ChangedResource<Container> | { readonly kind: "busy" }> {
  const nowMs = ports.clock.nowMs();
  const shape = resourceShapes.container;
  const operation = operationOf(ports, "act", nowMs);
  const changed = await changeRecord<Container, "deleting" | "busy">(ports, shape, key, (record) => {
    const { isDeleting, asked, doneNumber } = record.state;
    if (isDeleting) return { kind: "refuse", refusal: "deleting" };
    const waiting = asked.filter(({ number }) => number > doneNumber);
    if (waiting.length >= limits.container.waitingActions) return { kind: "refuse", refusal: "busy" };
    const number = Math.max(doneNumber, asked.at(-1)?.number ?? 0) + 1;
    const changes = { asked: [...waiting, { number, action }], failure: null, updatedAtMs: nowMs };
    return { kind: "write", record: withOperation(shape, record, operation, changes) };
  });
  if (changed.kind === "refused") return changed.refusal === "busy" ? { kind: "busy" } : { kind: "absent" };
  return changed.kind === "absent" ? changed : { kind: "changed", record: changed.record };
}

async function change<State extends ContainerResource>(
  ports: ResourcePorts,
  shape: ResourceShape<State>,
  key: Key,
  decide: (record: WorkRecord<State>) => WorkRecord<State>,
): Promise<ChangedResource<State>> {
  const changed = await changeRecord<State, "deleting">(ports, shape, key, (record) =>
    record.state.isDeleting ? { kind: "refuse", refusal: "deleting" } : { kind: "write", record: decide(record) },
  );
  return changed.kind === "absent" || changed.kind === "refused"
    ? { kind: "absent" }
    : { kind: "changed", record: changed.record };
}

function operationOf(ports: ResourcePorts, kind: string, nowMs: number) {
  return { id: ports.random.uuid(), kind, nowMs, deadlineAtMs: nowMs + limits.container.deadlineMs };
}
