/** The master key of a function, as its variables name it. */
import { systemClock } from "../clock/system-clock.ts";
import { createKmsClient, createKmsMasterKey } from "../secret/kms-master-key.ts";
import type { MasterKey } from "../secret/master-key.ts";
import { requireVariable } from "./lambda-stores.ts";
import type { Variables } from "./lambda-stores.ts";

/** `JEROBOAM_KEY_ARN`, and in `JEROBOAM_OLD_KEY_ARNS`, commas between, those that it took over from. */
export function openLambdaMasterKey(variables: Variables, client = createKmsClient()): MasterKey {
  const old = (variables["JEROBOAM_OLD_KEY_ARNS"] ?? "").split(",").map((one) => one.trim());
  return createKmsMasterKey({
    client,
    keyArn: requireVariable(variables, "JEROBOAM_KEY_ARN"),
    oldKeyArns: old.filter((one) => one !== ""),
    clock: systemClock,
  });
}
