/** What is wrong with a policy file, told to the person who wrote it. */
import { loadPolicy, readOverrides } from "@jeroboam/core/identity/file-policy";
import { strayRules } from "@jeroboam/core/identity/policy-sample";

export async function checkPolicyFile(
  path: string,
): Promise<{ readonly lines: readonly string[]; readonly isUsable: boolean }> {
  const outcome = await loadPolicy(path);
  if (outcome.kind === "invalid") return { lines: outcome.problems, isUsable: false };
  const read = await readOverrides(path);
  const overrides = read.kind === "read" ? read.overrides : {};
  const stray = strayRules(overrides).map((name) => `${path}: "${name}" is no rule of ours, and no rule leans on it`);
  return { lines: [...stray, `${path}: ${Object.keys(overrides).length} rules, all of them readable`], isUsable: true };
}
