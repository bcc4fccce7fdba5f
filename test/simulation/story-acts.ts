/**
 * What comes about in a story at a moment of its own choosing, wherever in the run that is: nodes say again what they have
 * said, and the conductor that has a bay in hand falls asleep, until it is woken.
 */
import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import { bayOfSpecificationItem } from "@jeroboam/core/bay/bay";
import { isCold } from "@jeroboam/core/bay/find-bay";
import type { Item } from "@jeroboam/core/table/table";
import { bayRecordOf } from "./bay-record.ts";
import type { CloudEffect } from "./cloud.ts";
import type { ApiRequest } from "./fleet.ts";
import type { Invariant } from "./invariants/invariant.ts";
import type { Person } from "./people.ts";
import type { Stage } from "./stage.ts";

/** Something stored, or done in the cloud. */
export type Happening = { readonly item: Item } | { readonly effect: CloudEffect };
export type IsMoment = (happening: Happening) => boolean;

export interface Prompter {
  /** Every word that nodes have said so far comes once more. */
  readonly sayAgain: () => Promise<void>;
  /**
   * Whoever has the bay in hand falls asleep when that comes about for the first time; resolves when it sleeps, with what
   * wakes it.
   */
  readonly sleepAt: (uuid: string, isMoment: IsMoment) => Promise<() => void>;
  /** Sees what is said and written, and that what a story asks for is taken. */
  readonly watcher: Invariant;
}

interface Moment {
  readonly isMoment: IsMoment;
  readonly come: () => void;
}

/** One nap after the other, so that whoever is woken goes on soon. */
const NAP_MS = 1_000;

export function createPrompter(stageOf: () => Stage, isOver: () => boolean): Prompter {
  const words: { readonly person: Person; readonly request: ApiRequest }[] = [];
  const moments = new Set<Moment>();
  const sleepUntil = (uuid: string, isAwake: () => boolean): void => {
    const { fleet, scheduler, world } = stageOf();
    const holder = world.history.current(uuid)?.lease?.holder;
    const sleeper = fleet.processes().find(({ name }) => holder?.startsWith(`${name}/`));
    if (!sleeper) throw new Error(`nobody has ${uuid} in hand`);
    const nap = (): void => {
      if (isAwake() || !sleeper.isAlive()) return;
      sleeper.sleep(NAP_MS);
      scheduler.after(NAP_MS / 2, nap);
    };
    nap();
  };
  const happen = (happening: Happening): void => {
    for (const moment of moments) if (moment.isMoment(happening)) moment.come();
  };
  return {
    async sayAgain() {
      const { fleet } = stageOf();
      await Promise.all(words.splice(0).map((word) => fleet.request(word.person, word.request)));
    },
    sleepAt: (uuid, isMoment) =>
      new Promise((resolve) => {
        const moment: Moment = {
          isMoment,
          come() {
            moments.delete(moment);
            let isAwake = false;
            sleepUntil(uuid, () => isAwake);
            resolve(() => {
              isAwake = true;
            });
          },
        };
        moments.add(moment);
      }),
    watcher: {
      id: "story",
      says: "what users of a story ask for is taken: else it is no such story",
      watch: (_world, broken) => ({
        asked({ person, method, path, body }) {
          if (person.isNode && method === "PUT") words.push({ person, request: { method, path, body } });
        },
        replied({ person, method, path, answer }) {
          if (isOver() || person.isNode || answer.kind === "no answer" || answer.status < 400) return;
          broken(`${method} ${path} was answered by ${answer.status}: ${answer.text}`);
        },
        wrote: (item) => happen({ item }),
        effected: (effect) => happen({ effect }),
      }),
    },
  };
}

/** A bay comes to a step, in hand. */
export function beginsStep(uuid: string, step: string): IsMoment {
  return (happening) => {
    const record = "item" in happening ? bayRecordOf(happening.item) : undefined;
    return record?.state.uuid === uuid && record.operation?.step === step && record.lease !== undefined;
  };
}

/** Its specification is written. */
export function isSpecified(uuid: string): IsMoment {
  return (happening) =>
    "item" in happening && isCold(happening.item) && bayOfSpecificationItem(happening.item) === uuid;
}

/** Its own stack is told something. */
export function isStackTold(uuid: string): IsMoment {
  return (happening) =>
    "effect" in happening && happening.effect.kind === "update" && happening.effect.stack.ownerUuid === uuid;
}

/** It marks a model as used. */
export function isMarked(uuid: string, model: string): IsMoment {
  const { pk, sk } = bayModelUseKey(model, uuid);
  return (happening) => "item" in happening && happening.item.pk === pk && happening.item.sk === sk;
}
