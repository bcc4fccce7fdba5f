/**
 * A world as it stood when something had been brought about in it, for others to begin with: what is stored, what stands in
 * the cloud, what is sealed and sent, and all that those who watch had been told. Whoever begins there has a fleet that has
 * just started.
 */
import type { Item } from "@jeroboam/core/table/table";
import type { CloudBeginning } from "./cloud.ts";
import type { Site } from "./faults.ts";
import type { Invariant } from "./invariants/invariant.ts";
import type { VaultBeginning } from "./ports.ts";
import type { Message } from "./queue.ts";
import type { Watcher } from "./watch.ts";
import type { World } from "./world.ts";

export interface Beginning {
  readonly nowMs: number;
  readonly items: ReadonlyMap<string, Item>;
  readonly cloud: CloudBeginning;
  readonly vault: VaultBeginning;
  readonly messages: readonly Pick<Message, "body" | "visibleAtMs">[];
  /** Decisions about faults so far: places are counted on. */
  readonly places: ReadonlyMap<Site, number>;
  /** The last that told certificates apart. */
  readonly serial: number;
  /** Tells it all again, to others who watch. */
  readonly retell: (watcher: Required<Watcher>) => void;
}

export interface Recorder {
  readonly watcher: Invariant;
  /** As the world stands now. */
  readonly beginning: (world: World) => Beginning;
}

export function createRecorder(): Recorder {
  const told: ((watcher: Required<Watcher>) => void)[] = [];
  return {
    watcher: {
      id: "recorder",
      says: "what is told is remembered",
      watch: () => ({
        wrote: (item, before, text) => void told.push((watcher) => watcher.wrote(item, before, text)),
        removed: (key, before) => void told.push((watcher) => watcher.removed(key, before)),
        effected: (effect) => void told.push((watcher) => watcher.effected(effect)),
        sent: (body) => void told.push((watcher) => watcher.sent(body)),
        logged: (line) => void told.push((watcher) => watcher.logged(line)),
        replied: (exchange) => void told.push((watcher) => watcher.replied(exchange)),
      }),
    },
    beginning: ({ scheduler, items, cloud, outside, queue, faults }) => ({
      nowMs: scheduler.clock.nowMs(),
      items: new Map(items),
      cloud: cloud.copy(),
      vault: outside.sealer.copy(),
      messages: queue.waiting(),
      places: new Map(faults.places),
      serial: outside.nextSerial(),
      retell(watcher) {
        for (const tell of told) tell(watcher);
      },
    }),
  };
}
