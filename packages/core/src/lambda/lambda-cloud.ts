/** The cloud of a function: by its variables, those that hold ciphertext opened first. */
import { systemClock } from "../clock/system-clock.ts";
import { createDelegations } from "../identity/delegation.ts";
import { readDelegationSettings } from "../identity/delegation-settings.ts";
import type { Delegations } from "../identity/delegation.ts";
import type { CloudConfig } from "../openstack/cloud-config.ts";
import { connectCloud } from "../openstack/connect-cloud.ts";
import { loadCloudConfig } from "../openstack/file-cloud-config.ts";
import type { Sessions } from "../openstack/session.ts";
import type { Log } from "../ports.ts";
import { systemRandom } from "../random/system-random.ts";
import { createKmsClient, openVariables } from "../secret/kms-master-key.ts";
import type { Secrets } from "../secret/secrets.ts";
import { createSecrets } from "../secret/secrets.ts";
import type { Table } from "../table/table.ts";
import { openLambdaMasterKey } from "./lambda-master-key.ts";
import type { Variables } from "./lambda-stores.ts";

export interface LambdaCloud {
  readonly config: CloudConfig;
  readonly sessions: Sessions;
  readonly delegations: Delegations;
  readonly secrets: Secrets;
}

/** Asks the key service alone. Throws when the variables do not name a cloud, or a way to act in it. */
export async function openLambdaCloud(variables: Variables, table: Table, log: Log): Promise<LambdaCloud> {
  const client = createKmsClient();
  const environment = await openVariables(client, variables);
  const loaded = await loadCloudConfig({ environment, folders: [] });
  if (loaded.kind !== "configured") {
    const problems = loaded.kind === "absent" ? ["OS_AUTH_URL is missing"] : loaded.problems;
    throw new Error(`no cloud is configured: ${problems.join("; ")}`);
  }
  const { config } = loaded;
  const sessions = connectCloud(config, systemClock);
  const secrets = createSecrets({ table, masterKey: openLambdaMasterKey(variables, client), clock: systemClock });
  const { sealer } = secrets;
  const delegations = createDelegations(
    { sessions, sealer, clock: systemClock, random: systemRandom, log },
    readDelegationSettings(variables),
  );
  return { config, sessions, delegations, secrets };
}
