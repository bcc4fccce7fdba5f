/**
 * Puts one deliberate bug into the product's code as a process loads it: the source on disk stays as it is, and no switch
 * stands in it. A snippet that is not found exactly once is an error: what is not in the code sabotages nothing.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sabotage } from "./sabotages.ts";

const PROJECT = join(import.meta.dirname, "../../..");

/** From here on the file is loaded with the bug in it. */
export function sabotage(bug: Pick<Sabotage, "file" | "find" | "put">): void {
  const path = join(PROJECT, bug.file);
  // The workspace's packages are links: what is loaded is the file that they lead to.
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith("file:") || fileURLToPath(url.split("?")[0] ?? url) !== path) return loaded;
      return { ...loaded, source: sabotaged(bug) };
    },
  });
}

/** The file's text with the bug in it. */
export function sabotaged({ file, find, put }: Pick<Sabotage, "file" | "find" | "put">): string {
  const text = readFileSync(join(PROJECT, file), "utf8");
  const matches = [...text.matchAll(patternOf(find))];
  const [match] = matches;
  if (!match || matches.length > 1) throw new Error(`${file} has ${matches.length} places that read: ${find}`);
  return text.slice(0, match.index) + put + text.slice(match.index + match[0].length);
}

/** Finds the snippet however its lines are broken. */
function patternOf(snippet: string): RegExp {
  const words = snippet.trim().split(/\s+/);
  return new RegExp(
    words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join(String.raw`\s+`),
    "g",
  );
}
