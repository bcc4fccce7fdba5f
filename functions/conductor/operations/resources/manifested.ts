/** What happens to pods, services and replication controllers: made, replaced and removed in their bay by their manifests. */
import type { Written } from "@jeroboam/coe/engines/container-engine";
import { ENGINE_KINDS } from "@jeroboam/coe/containers/engine-kinds";
import type { EngineObjectOf } from "@jeroboam/coe/containers/engine-kinds";
import { missing, observers } from "@jeroboam/coe/containers/observe";
import { readManifestItems } from "@jeroboam/core/container/manifest-items";
import type { ContainerResources, ResourceKind } from "@jeroboam/core/container/resource";
import { resourceShapes } from "@jeroboam/core/container/resource";
import { limits } from "@jeroboam/core/limits";
import { bayRecords } from "@jeroboam/core/listing/project-record";
import type { RecordType, StepResult } from "@jeroboam/core/operation/record";
import { again, done, failed, recordFromItem } from "@jeroboam/core/operation/record";
import type { ConductorPorts } from "../../ports.ts";
import type { AtWork } from "./bay-engine.ts";
import { failedBy, withEngine } from "./bay-engine.ts";
import { askForLooks, dropManifest, endOf, removal } from "./shared-steps.ts";

type ManifestedKind = Exclude<ResourceKind, "container">;

export function manifestedType<Kind extends ManifestedKind>(
  kind: Kind,
): RecordType<ConductorPorts, ContainerResources[Kind]> {
  type State = ContainerResources[Kind];
  const shape = resourceShapes[kind];
  const engineKind = ENGINE_KINDS[kind];

  const wantedOf = async ({ ports: { table }, record }: AtWork<State>) => {
    const manifest = await readManifestItems<typeof engineKind>(table, record.key, record.operation.id);
    return manifest && { uuid: record.state.uuid, manifest };
  };

  const create = async (work: AtWork<State>): Promise<StepResult<State>> => {
    const wanted = await wantedOf(work);
    if (!wanted) return failed(MANIFEST_GONE);
    return afterWrite(work, await work.engine.create(engineKind, wanted, work.signal));
  };

  const afterWrite = async (
    work: AtWork<State>,
    written: Written<EngineObjectOf<Kind>>,
  ): Promise<StepResult<State>> => {
    switch (written.kind) {
      case "written":
        return done(observers[kind](written.object) as Partial<State>);
      case "taken":
        // By one of ours that is being removed: it will be free.
        return (await isBeingFreed(work)) ? again(limits.container.removingMs) : failed(written.reason);
      default:
        return failedBy(written);
    }
  };

  const isBeingFreed = async ({ ports, record: { state } }: AtWork<State>): Promise<boolean> => {
    const { items } = await ports.table.queryIndex("type", bayRecords(state.bayUuid), { prefix: `${kind}#` });
    return items
      .map((item) => recordFromItem(shape, item).state)
      .some(({ uuid, name, isDeleting }) => isDeleting && name === state.name && uuid !== state.uuid);
  };

  const makeObject = withEngine<State>("make-object", create);

  const replaceObject = withEngine<State>("replace-object", async (work) => {
    const wanted = await wantedOf(work);
    if (!wanted) return failed(MANIFEST_GONE);
    const replaced = await work.engine.replace(engineKind, wanted, work.signal);
    if (replaced.kind !== "missing") return afterWrite(work, replaced);
    // One whose making was superseded by this change is made as it is to be now.
    if (!work.record.state.isMade) return create(work);
    const gone = missing[kind] as Partial<State>;
    return failed("it is not in the bay any more", gone);
  });

  const watch = askForLooks<State>();
  const always = [dropManifest<State>()];
  const end = endOf<State>(kind === "pod" ? "failed" : null);
  return {
    ...shape,
    operations: [
      { kind: "create", version: 1, steps: [makeObject, watch], always, end },
      { kind: "update", version: 1, steps: [replaceObject, watch], always, end },
      removal(kind),
    ],
  };
}

const MANIFEST_GONE = "its manifest is not kept any more; send it again";
