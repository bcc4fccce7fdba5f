/** Docker's containers as they are kept, and what has become of them by now: their state follows from their program and the clock. */
import type { Cloud } from "../../cloud.ts";
import type { JsonMap } from "../../json.ts";
import { groupOf } from "../records.ts";
import type { Engine } from "../records.ts";
import type { Program, Printed } from "./programs.ts";

export interface Container {
  /** 64 hex digits. */
  id: string;
  name: string;
  /** The id of the node that it is on. */
  nodeId: string;
  image: string;
  command: string[] | null;
  entrypoint: string[] | null;
  hostname: string;
  environment: string[];
  labels: Record<string, string>;
  hasTerminal: boolean;
  hostConfig: JsonMap;
  createdAtMs: number;
  /** Of the last start; null before the first. */
  startedAtMs: number | null;
  /** When it was stopped before its program ended. */
  stoppedAtMs: number | null;
  pausedAtMs: number | null;
  /** How long it was paused since its start. */
  frozenMs: number;
  program: Program;
  /** Why it could not be started. */
  error: string;
  exitCode: number;
  /** Printed by earlier starts. */
  earlier: Printed[];
}

export interface Place {
  readonly cloud: Cloud;
  readonly engine: Engine;
}

const COLLECTION = "containers";

export const listContainers = ({ cloud, engine }: Place): Container[] =>
  cloud.engines.objects.group(groupOf(engine.id, COLLECTION)).map(({ object }) => object as unknown as Container);

export function putContainer({ cloud, engine }: Place, container: Container): void {
  cloud.engines.objects.put({
    id: `${engine.id}/${COLLECTION}/${container.id}`,
    engineId: engine.id,
    collection: COLLECTION,
    key: container.id,
    object: container as unknown as JsonMap,
    dueAtMs: null,
  });
}

export const dropContainer = ({ cloud, engine }: Place, container: Container): void =>
  cloud.engines.objects.delete(`${engine.id}/${COLLECTION}/${container.id}`);

/** By its id, a beginning of it that no other has, or its name. */
export function findContainer(place: Place, reference: string): Container | undefined {
  const all = listContainers(place);
  const named = all.find(({ id, name }) => id === reference || name === reference.replace(/^\//, ""));
  if (named || !/^[0-9a-f]+$/.test(reference)) return named;
  const beginning = all.filter(({ id }) => id.startsWith(reference));
  return beginning.length === 1 ? beginning[0] : undefined;
}

export interface State {
  readonly status: "created" | "running" | "paused" | "exited";
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly exitCode: number;
}

/** How long its program has run. */
function ranMs(one: Container, now: number): number {
  if (one.startedAtMs === null) return 0;
  return (one.pausedAtMs ?? one.stoppedAtMs ?? now) - one.startedAtMs - one.frozenMs;
}

export function stateOf(one: Container, now: number): State {
  const { startedAtMs, stoppedAtMs, program } = one;
  if (startedAtMs === null) {
    return { status: "created", startedAtMs, finishedAtMs: null, exitCode: one.exitCode };
  }
  const ends = program.endsAfterMs;
  if (ends !== null && ranMs(one, now) >= ends) {
    return {
      status: "exited",
      startedAtMs,
      finishedAtMs: startedAtMs + one.frozenMs + ends,
      exitCode: program.exitCode,
    };
  }
  if (stoppedAtMs !== null) return { status: "exited", startedAtMs, finishedAtMs: stoppedAtMs, exitCode: one.exitCode };
  return { status: one.pausedAtMs === null ? "running" : "paused", startedAtMs, finishedAtMs: null, exitCode: 0 };
}

/** All that it has printed by now. */
export const printedBy = (one: Container, now: number): Printed[] => {
  const ran = ranMs(one, now);
  return [...one.earlier, ...one.program.printed.filter(({ afterMs }) => one.startedAtMs !== null && afterMs <= ran)];
};

/** Starts its program anew. */
export const started = (one: Container, now: number): Container => ({
  ...one,
  earlier: one.startedAtMs === null ? [] : printedBy(one, now),
  startedAtMs: now,
  stoppedAtMs: null,
  pausedAtMs: null,
  frozenMs: 0,
  exitCode: 0,
  error: "",
});

/** Ends it by a signal; a paused one is thawed first. */
export const stopped = (one: Container, now: number, exitCode: number): Container => ({
  ...one,
  frozenMs: one.pausedAtMs === null ? one.frozenMs : one.frozenMs + now - one.pausedAtMs,
  pausedAtMs: null,
  stoppedAtMs: now,
  exitCode,
});
