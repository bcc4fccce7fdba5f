/** The cloud of a function: by its variables, those that hold ciphertext opened first. */
import { systemClock } from "../clock/system-clock.ts";
import { createDelegations, DEFAULT_DELEGATION } from "../identity/delegation.ts";
import type { Delegations } from "../identity/delegation.ts";
import type { CloudConfig } from "../openstack/cloud-config.ts";
import { connectCloud } from "../openstack/connect-cloud.ts";
import { loadCloudConfig } from "../openstack/file-cloud-config.ts";
import type { Sessions } from "../openstack/session.ts";
import type { Log } from "../ports.ts";
import { systemRandom } from "../random/system-random.ts";
import { createKmsClient, openVariables } from "../secret/kms-sealer.ts";
import type { Sealer } from "../secret/sealer.ts";
import { openLambdaSealer } from "./lambda-sealer.ts";
import type { Variables } from "./lambda-stores.ts";

export interface LambdaCloud {
  readonly config: CloudConfig;
  readonly sessions: Sessions;
  readonly delegations: Delegations;
  readonly sealer: Sealer;
}

/** Asks the key service alone. Throws when the variables do not name a cloud. */
export async function openLambdaCloud(variables: Variables, log: Log): Promise<LambdaCloud> {
  const client = createKmsClient();
  const environment = await openVariables(client, variables);
  const loaded = await loadCloudConfig({ environment, folders: [] });
  if (loaded.kind !== "configured") {
    const problems = loaded.kind === "absent" ? ["OS_AUTH_URL is missing"] : loaded.problems;
    throw new Error(`no cloud is configured: ${problems.join("; ")}`);
  }
  const { config } = loaded;
  const sessions = connectCloud(config, systemClock);
  const sealer = openLambdaSealer(variables, client);
  const delegations = createDelegations(
    { sessions, sealer, clock: systemClock, random: systemRandom, log },
    DEFAULT_DELEGATION,
  );
  return { config, sessions, delegations, sealer };
}
