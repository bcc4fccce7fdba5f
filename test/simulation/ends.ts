/**
 * What a race came to: two orders that came to the same are followed by the same. It is all that was stored, done and
 * answered, each with how often the things that the step touched had changed by then; so nothing that anybody could know
 * of one, whether code or promise, is otherwise in the other. What was only looked at leaves no mark.
 */
import { createHash } from "node:crypto";
import type { Invariant } from "./invariants/invariant.ts";
import type { Touches } from "./touches.ts";
import type { World } from "./world.ts";

export interface Ends {
  /** Sees what is done. */
  readonly watcher: Invariant;
  /** The race begins. */
  readonly begin: () => void;
  /** A step is over. */
  readonly note: (who: string, touched: Touches) => void;
  /** What the race has come to, with what is sent and has not come. */
  readonly hash: (world: World, messages: readonly string[]) => string;
  /** The same, and all that one of them has seen: it goes on from here in one way if nobody else does anything. */
  readonly hashFor: (who: string, world: World, messages: readonly string[]) => string;
}

export function createEnds(): Ends {
  /** A digest of each step that did something, and of all that each racer has seen. */
  const done: string[] = [];
  const seenBy = new Map<string, string>();
  const changes = new Map<string, number>();
  let told: string[] = [];
  const countOf = (name: string): number => changes.get(name) ?? 0;
  const count = (name: string): void => void changes.set(name, countOf(name) + 1);
  const hash = ({ cloud, lateCalls, gaps }: World, ...more: readonly string[]): string => {
    const cloudNow = [...cloud.stacks.values(), ...cloud.trusts.values(), ...cloud.users, ...lateCalls, ...gaps];
    return digestOf([done.toSorted().join(), JSON.stringify(cloudNow), ...more]);
  };
  return {
    watcher: {
      id: "ends",
      says: "what is done is noted",
      watch: () => ({
        wrote: (_item, _before, text) => void told.push(text),
        removed: ({ pk, sk }) => void told.push(`${pk} ${sk}`),
        effected: (effect) => void told.push(JSON.stringify(effect)),
        replied: (exchange) => void told.push(JSON.stringify(exchange)),
      }),
    },
    begin() {
      told = [];
    },
    note(who, { looks, changes: changed, isAll }) {
      const seen = [
        ...looks.map(({ shelf, prefix, upTo }) => (upTo === prefix ? nameOn(shelf, prefix) : shelf)),
        ...(isAll ? changes.keys() : []),
      ].map((name) => `${name}=${countOf(name)}`);
      for (const { shelf, name } of changed) {
        count(nameOn(shelf, name));
        count(shelf);
        seen.push(`${nameOn(shelf, name)}=${countOf(nameOn(shelf, name))}`);
      }
      if (told.length > 0) done.push(digestOf([...told, ...seen]));
      seenBy.set(who, digestOf([seenBy.get(who) ?? "", ...seen]));
      told = [];
    },
    hash: (world, messages) => hash(world, ...messages),
    hashFor: (who, world, messages) => hash(world, who, seenBy.get(who) ?? "", ...messages),
  };
}

function nameOn(shelf: string, name: string): string {
  return `${shelf}/${name}`;
}

function digestOf(texts: readonly string[]): string {
  return createHash("sha1").update(texts.join("\n")).digest("base64");
}
