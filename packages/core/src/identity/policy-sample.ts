/** All rules as a policy.yaml with everything commented out: what oslopolicy-sample-generator makes of Magnum. */
import { checkOf } from "./policy.ts";
import type { PolicyDefaults } from "./policy.ts";
import { POLICY_RULES } from "./policy-rules.ts";

export function samplePolicy(defaults: PolicyDefaults): string {
  return POLICY_RULES.map((rule) => `# ${rule.description}\n#"${rule.name}": "${checkOf(rule, defaults)}"\n`).join(
    "\n",
  );
}

/** Names in a file that are no rules of ours and that no rule leans on: most likely misspelt. */
export function strayRules(overrides: Readonly<Record<string, unknown>>): readonly string[] {
  const known = new Set(POLICY_RULES.map(({ name }) => name));
  const texts = Object.values(overrides).map((text) => JSON.stringify(text));
  return Object.keys(overrides).filter(
    (name) => !known.has(name) && !texts.some((text) => text.includes(`rule:${name}`)),
  );
}
