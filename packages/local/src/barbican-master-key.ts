/** The master key of a process whose keys stand in Barbican. */
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { textOf } from "@jeroboam/core/errors";
import type { CloudConfig } from "@jeroboam/core/openstack/cloud-config";
import { connectCloud } from "@jeroboam/core/openstack/connect-cloud";
import { createBarbicanKeys, readBarbicanKeyIds } from "@jeroboam/core/secret/barbican-keys";
import { createFileMasterKey } from "@jeroboam/core/secret/file-master-key";
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import { StartRefused } from "./start-refused.ts";

/** Throws StartRefused when the cloud has no such keys for us: better said at the start than with the first secret. */
export async function openBarbicanMasterKey(cloud: CloudConfig, ids: string): Promise<MasterKey> {
  const session = connectCloud(cloud, systemClock).service();
  try {
    const masterKey = createFileMasterKey(createBarbicanKeys({ session, clock: systemClock }, readBarbicanKeyIds(ids)));
    await masterKey.currentId();
    return masterKey;
  } catch (error) {
    throw new StartRefused(textOf(error), { cause: error });
  }
}
