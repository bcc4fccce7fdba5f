/** A promise that must hold in every run: its number in the list of invariants, what it says, and who watches over it. */
import type { Watcher } from "../watch.ts";
import type { World } from "../world.ts";

export interface Invariant {
  readonly id: string;
  readonly says: string;
  /** `broken` ends the run. */
  watch(world: World, broken: (how: string) => void): Watcher;
}
