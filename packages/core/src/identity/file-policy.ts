/**
 * The operator's policy.yaml (or .json, which is YAML too): a map from rule names to rules, put over the defaults. A file
 * that is named must be there and be right: a policy that cannot be read must not become a laxer one.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { textOf } from "../errors.ts";
import { buildPolicy } from "./policy.ts";
import type { PolicyOutcome, PolicySettings } from "./policy.ts";

const fileSchema = z.record(z.string(), z.union([z.string(), z.array(z.union([z.string(), z.array(z.string())]))]));

export async function loadPolicy(
  path: string,
  settings: Omit<PolicySettings, "overrides"> = {},
): Promise<PolicyOutcome> {
  const read = await readOverrides(path);
  if (read.kind === "invalid") return read;
  const outcome = buildPolicy({ ...settings, overrides: read.overrides });
  if (outcome.kind === "built") return outcome;
  return { kind: "invalid", problems: outcome.problems.map((problem) => `${path}: ${problem}`) };
}

type Overrides = z.output<typeof fileSchema>;
type Invalid = PolicyOutcome & { readonly kind: "invalid" };

/** What the file says, whether or not its rules can be read. */
export async function readOverrides(
  path: string,
): Promise<{ readonly kind: "read"; readonly overrides: Overrides } | Invalid> {
  const invalid = (problem: string): Invalid => ({ kind: "invalid", problems: [`${path}: ${problem}`] });
  let content: unknown;
  try {
    const text = await readFile(path, "utf8");
    const { parse } = await import("yaml");
    // A file of comments alone, as a sample is, overrides nothing.
    content = (parse(text, { maxAliasCount: 100 }) as unknown) ?? {};
  } catch (error) {
    // Not there, not readable, not YAML: for the person who starts the service.
    return invalid(textOf(error));
  }
  const read = fileSchema.safeParse(content);
  if (!read.success) {
    const [issue] = read.error.issues;
    return invalid(`expected a map from names to rules (${issue?.path.join(".") || "the whole"}: ${issue?.message})`);
  }
  return { kind: "read", overrides: read.data };
}
