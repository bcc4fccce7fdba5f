/** A bay as its callers see it: with its node groups counted in (cluster sheet 8.5, 17.3). */
import type { Bay, BaySpecification, BayStatus } from "../bay/bay.ts";
import type { NodeGroupWithSpecification } from "./node-group.ts";

export interface Grouped {
  readonly bay: Bay;
  readonly specification: Pick<BaySpecification, "nodeAddresses">;
  readonly nodeGroups: readonly NodeGroupWithSpecification[];
}

export interface BaySummary {
  readonly status: BayStatus;
  readonly statusReason: string | null;
  /** Of all workers, those of groups on their way out included. */
  readonly nodeCount: number;
  readonly nodeAddresses: readonly string[];
  /** Why groups failed, by their names; none unless the status is a failure. */
  readonly faults: Readonly<Record<string, string>>;
}

export function summarise(grouped: Grouped): BaySummary {
  const { bay, specification, nodeGroups } = grouped;
  const { status, statusReason } = overallStatus(grouped);
  return {
    status,
    statusReason,
    nodeCount: nodeGroups.reduce((sum, { group }) => sum + group.nodeCount, bay.nodeCount),
    nodeAddresses: [...specification.nodeAddresses, ...nodeGroups.flatMap((one) => one.specification.nodeAddresses)],
    faults: status.endsWith("_FAILED") ? faultsOf(grouped) : {},
  };
}

/** Work anywhere counts first, then a failure anywhere. While the bay itself is made or deleted, it alone counts. */
function overallStatus({ bay, nodeGroups }: Grouped): Pick<BaySummary, "status" | "statusReason"> {
  const own = { status: bay.status, statusReason: bay.statusReason };
  if (nodeGroups.length === 0 || /^(?:CREATE_(?!COMPLETE)|DELETE_)/.test(bay.status)) return own;
  const isBusy = [bay, ...nodeGroups.map(({ group }) => group)].some(({ status }) => status.endsWith("_IN_PROGRESS"));
  if (isBusy) return bay.status.endsWith("_IN_PROGRESS") ? own : { status: "UPDATE_IN_PROGRESS", statusReason: null };
  const failed = nodeGroups.filter(({ group }) => group.status.endsWith("_FAILED")).map(({ group }) => group.name);
  if (bay.status.endsWith("_FAILED") || failed.length === 0) return own;
  return { status: "UPDATE_FAILED", statusReason: `Failed node groups: ${failed.join(", ")}` };
}

function faultsOf({ bay, nodeGroups }: Grouped): Record<string, string> {
  const own: readonly (readonly [string, string | null])[] = bay.status.endsWith("_FAILED")
    ? [
        ["default-master", bay.statusReason],
        ["default-worker", bay.statusReason],
      ]
    : [];
  const others = nodeGroups
    .filter(({ group }) => group.status.endsWith("_FAILED"))
    .map(({ group }) => [group.name, group.statusReason] as const);
  return Object.fromEntries([...own, ...others].filter((entry): entry is [string, string] => Boolean(entry[1])));
}
