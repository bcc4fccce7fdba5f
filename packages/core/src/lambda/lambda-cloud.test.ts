import { expect, test } from "vitest";
import { systemClock } from "../clock/system-clock.ts";
import { createMemoryTable } from "../table/memory-table.ts";
import { openLambdaCloud } from "./lambda-cloud.ts";

const VARIABLES = {
  OS_AUTH_URL: "https://keystone.test/v3",
  OS_USERNAME: "jeroboam",
  OS_PASSWORD: "hush",
  OS_PROJECT_NAME: "service",
  JEROBOAM_KEY_ARN: "arn:aws:kms:eu-central-1:123456789012:key/1",
};

const open = (variables: Readonly<Record<string, string>>) =>
  openLambdaCloud({ ...VARIABLES, ...variables }, createMemoryTable({ clock: systemClock }), {
    write: () => undefined,
  });

test("a function does not start where the choice of how it acts for who asked is wrong, and names it", async () => {
  await expect(open({ JEROBOAM_DELEGATION: "service" })).resolves.toBeDefined();
  await expect(open({ JEROBOAM_DELEGATION: "trusts" })).rejects.toThrow("JEROBOAM_DELEGATION may be one of");
});
