/**
 * The bay types of an installation (adapter: the file system): those that come with the service, those of the operator's
 * own folder, and which of them may be used. Each folder in the operator's that holds a `bay-type.yaml` is one; templates
 * there may name the service's own by the same relative paths (`../node/prologue.sh`), for what is not beside them.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BayType } from "./bay-type.ts";
import { createBayTypes } from "./bay-types.ts";
import type { BayTypes } from "./bay-types.ts";
import { fileTemplates } from "./file-templates.ts";
import { seedBayTypes } from "./seed-bay-types.ts";

/** What the operator said cannot be used; the text is for them. */
export class BayTypesRefused extends Error {
  override readonly name = "BayTypesRefused";
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * `JEROBOAM_BAY_TYPES` names the operator's folder; `JEROBOAM_ENABLED_BAY_TYPES` and `JEROBOAM_DISABLED_BAY_TYPES` list
 * names with commas between. Throws BayTypesRefused, with everything that is wrong.
 */
export async function installedBayTypes(variables: Variables): Promise<BayTypes> {
  const folder = variables["JEROBOAM_BAY_TYPES"];
  const own = folder ? await readBayTypes(folder) : [];
  const enabled = namesIn(variables["JEROBOAM_ENABLED_BAY_TYPES"]);
  const disabled = namesIn(variables["JEROBOAM_DISABLED_BAY_TYPES"]);
  try {
    return createBayTypes([...seedBayTypes(fileTemplates()), ...own], {
      ...(enabled && { enabled }),
      ...(disabled && { disabled }),
    });
  } catch (thrown) {
    // A name that is there twice, or a choice of one that is not there.
    throw new BayTypesRefused(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function namesIn(list: string | undefined): readonly string[] | undefined {
  const names = list?.split(",").map((name) => name.trim());
  return names?.filter((name) => name !== "");
}

/** Those of a folder outside the project. What reads them is loaded where there is one. */
export async function readBayTypes(root: string): Promise<readonly BayType[]> {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new BayTypesRefused(`the folder of bay types ${root} is not there`);
  }
  const [{ parse }, { declareBayType }] = await Promise.all([import("yaml"), import("./declared-bay-type.ts")]);
  const folders = readdirSync(root)
    .filter((name) => existsSync(join(root, name, "bay-type.yaml")))
    .toSorted();
  if (folders.length === 0) throw new BayTypesRefused(`no folder in ${root} holds a bay-type.yaml`);
  const load = fileTemplates(root, import.meta.dirname);
  const read = (path: string): unknown => parse(readFileSync(join(root, path), "utf8"));
  const bayTypes: BayType[] = [];
  const problems: string[] = [];
  for (const folder of folders) {
    try {
      const declared = declareBayType(load, folder, read(join(folder, "bay-type.yaml")), read);
      if (declared.kind === "declared") {
        load(declared.bayType.templatePath, []);
        bayTypes.push(declared.bayType);
      } else problems.push(...declared.problems.map((problem) => `${join(root, folder)}: ${problem}`));
    } catch (thrown) {
      // A file that is named and not there, or is no YAML.
      problems.push(`${join(root, folder)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  if (problems.length > 0) throw new BayTypesRefused(problems.join("\n"));
  return bayTypes;
}
