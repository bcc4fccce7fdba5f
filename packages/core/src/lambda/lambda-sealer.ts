/** The sealer of a function, by the key that its variables name. */
import { systemClock } from "../clock/system-clock.ts";
import { createKmsClient, createKmsSealer } from "../secret/kms-sealer.ts";
import type { Sealer } from "../secret/sealer.ts";
import { requireVariable } from "./lambda-stores.ts";
import type { Variables } from "./lambda-stores.ts";

export function openLambdaSealer(variables: Variables, client = createKmsClient()): Sealer {
  return createKmsSealer({ client, keyArn: requireVariable(variables, "JEROBOAM_KEY_ARN"), clock: systemClock });
}
