/**
 * Who caught each sabotage when it was last hunted for: a seed, a race, a story, or a script with one fault. Whoever runs the suite
 * tries that first, so that it takes seconds for each; `npm run test:sabotage -- --remember` writes down what it found.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../faults.ts";

export type Catcher =
  | { readonly seed: number }
  | { readonly race: string }
  | { readonly story: string }
  /** No fault: it is caught in the plain script. */
  | { readonly script: string; readonly fault?: Fault };

const PATH = join(import.meta.dirname, "catchers.json");

export function readCatchers(): ReadonlyMap<string, Catcher> {
  return new Map(Object.entries(JSON.parse(readFileSync(PATH, "utf8")) as Record<string, Catcher>));
}

export function writeCatchers(catchers: ReadonlyMap<string, Catcher>): void {
  writeFileSync(PATH, `${JSON.stringify(Object.fromEntries(catchers), null, 2)}\n`);
}

export function describeCatcher(catcher: Catcher): string {
  if ("seed" in catcher) return `seed ${catcher.seed}`;
  if ("race" in catcher) return catcher.race;
  if ("story" in catcher) return catcher.story;
  const { script, fault } = catcher;
  return fault ? `${script}, ${fault.site} ${fault.place} ${fault.kind}` : script;
}
