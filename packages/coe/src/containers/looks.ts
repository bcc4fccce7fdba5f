/**
 * Looking at bays because somebody asks: at most one look a bay in a while, however many ask and in however many
 * processes. Who claims the look gets what it saw; all others, and those whose look fails, have what the records say.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import type { WatchPorts, WatchedBay } from "@jeroboam/core/container/engine-watch";
import { claimLook, postponeLook } from "@jeroboam/core/container/engine-watch";
import type { ContainerResource } from "@jeroboam/core/container/resource";
import { limits } from "@jeroboam/core/limits";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import type { ContainerEngine } from "../engines/container-engine.ts";
import type { OpenBayEngine } from "../engines/open-bay-engine.ts";
import { lookAtBay } from "./look.ts";

export interface LooksPorts extends WatchPorts {
  readonly openEngine: OpenBayEngine;
}

/** Records that were seen anew, by uuid. */
export type Seen = ReadonlyMap<string, WorkRecord<ContainerResource>>;

export type LookAt = (bays: readonly WatchedBay[]) => Promise<Seen>;

/** Bays that one process remembers. */
const REMEMBERED = 10_000;

export function createLooks(ports: LooksPorts): LookAt {
  /** When each bay was looked at, or found looked at, last: what was is not even asked for. */
  const lookedAtMs = new Map<string, number>();

  const isRecent = ({ uuid }: WatchedBay, nowMs: number): boolean =>
    nowMs - (lookedAtMs.get(uuid) ?? -Infinity) < limits.container.lookMs;

  const look = async (bay: WatchedBay): Promise<Seen> => {
    if (lookedAtMs.size >= REMEMBERED) lookedAtMs.clear();
    lookedAtMs.set(bay.uuid, ports.clock.nowMs());
    if (!(await claimLook(ports, bay))) return NOTHING;
    const found = await findBayByUuid(ports.table, { projectId: bay.projectId, allProjects: false }, bay.uuid);
    if (!found) return NOTHING;
    const engine = await engineOf(ports.openEngine, found.record.state, found.specification);
    const { records, isInTrouble } = await lookAtBay(ports, bay.uuid, engine);
    if (isInTrouble) await postponeLook(ports, bay);
    return records;
  };

  return async (bays) => {
    const nowMs = ports.clock.nowMs();
    const stale = bays.filter((bay) => !isRecent(bay, nowMs)).slice(0, limits.container.looksPerPage);
    const seen = await Promise.all(stale.map(look));
    return new Map(seen.flatMap((records) => [...records]));
  };
}

const NOTHING: Seen = new Map();

/** The bay's engine, or why there is none to ask. */
export async function engineOf(
  openEngine: OpenBayEngine,
  bay: Bay,
  specification: BaySpecification,
): Promise<ContainerEngine | { readonly closed: string }> {
  const opened = await openEngine(bay, specification);
  return opened.kind === "open" ? opened.engine : { closed: opened.reason };
}
