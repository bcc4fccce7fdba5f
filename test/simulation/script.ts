/**
 * A few users' acts in a fleet where nothing fails but what is written down: the ground on which every moment of an
 * operation is struck in turn (moments.ts). The same script runs the same way up to the fault.
 */
import type { Beginning } from "./beginning.ts";
import { createRecorder } from "./beginning.ts";
import type { Condition, Fault, Site } from "./faults.ts";
import type { ApiRequest } from "./fleet.ts";
import { automationOf } from "./hook-acts.ts";
import { INVARIANTS } from "./invariants/all.ts";
import { createNodes } from "./nodes.ts";
import type { Person } from "./people.ts";
import type { Stage, Violation } from "./stage.ts";
import { createStage } from "./stage.ts";
import type { Prompter } from "./story-acts.ts";
import { createPrompter } from "./story-acts.ts";
import type { Answer } from "./watch.ts";
import { streamOf } from "./world.ts";

export interface Script {
  readonly name: string;
  /** What happens in any case. */
  readonly faults?: readonly Fault[];
  /**
   * It is about a bay that stands and is as it was asked for. That is played once, with no fault; each run begins there, and
   * places of faults are counted on from there.
   */
  readonly isOfBay?: true;
  /** Nodes of its bays act, too. */
  readonly hasNodes?: true;
  readonly conditions?: readonly Condition[];
  act(actor: Actor, bay: string): Promise<void>;
}

export interface Actor extends Omit<Prompter, "watcher"> {
  /** Asks until there is an answer that is not "later"; a success's body, or nothing. */
  readonly ask: (request: ApiRequest) => Promise<Record<string, unknown>>;
  /** The same as an administrator. */
  readonly askAsAdmin: Actor["ask"];
  /** Once, as an automation that has no token. */
  readonly call: (request: ApiRequest) => Promise<Answer>;
  readonly nowMs: () => number;
  /** A bay of a model of its own; its uuid. */
  readonly makeBay: () => Promise<string>;
  readonly pause: (forMs: number) => Promise<void>;
  /** Waits until nobody has anything to do. */
  readonly settle: () => Promise<void>;
  /** From here on is what the script is about. */
  readonly begin: () => void;
}

export interface Played {
  readonly violation: Violation | undefined;
  /** Decisions of each site before and after what the script is about. */
  readonly from: ReadonlyMap<Site, number>;
  readonly to: ReadonlyMap<Site, number>;
  readonly reads: ReadonlySet<string>;
  readonly lines: readonly string[];
}

const SEED = 7;
/** Another, so that nothing is drawn that was drawn when the bay was made. */
const BAY_SEED = 10;
/** So short that Heat is looked at once or twice: each look is as good as the others. */
const STACK_MS = 1_200;
const POLL_MS = 500;
const TRIES = 20;

export async function play(script: Script, faults: readonly Fault[], lines = 0): Promise<Played> {
  let isDone = false;
  const plan = {
    kinds: new Set<never>(),
    conditions: new Set<Condition>(script.conditions),
    faults: [...(script.faults ?? []), ...faults],
  };
  const { bay, beginning } = script.isOfBay ? await standingBay() : { bay: "", beginning: undefined };
  const seed = script.isOfBay ? BAY_SEED : SEED;
  const prompter = createPrompter(
    () => stage,
    () => isDone,
  );
  const invariants = script.hasNodes ? [...INVARIANTS, prompter.watcher] : INVARIANTS;
  const stage = createStage({ seed, plan, lines, invariants, stackMs: STACK_MS, beginning, isDone: () => isDone });
  if (script.hasNodes) createNodes(stage.world, stage.fleet, streamOf(seed, 16));
  let from: ReadonlyMap<Site, number> = new Map(stage.faults.places);
  const actor = createActor(stage, prompter, () => {
    from = new Map(stage.faults.places);
  });
  // One fault delays nothing for long.
  stage.world.calm();
  await during(stage, "acts", script.act(actor, bay));
  const to = new Map(stage.faults.places);
  stage.calm();
  isDone = true;
  if (await stage.phase("rest", stage.isAtRest)) {
    stage.world.tell().rested();
    await stage.comeLate();
  }
  await during(stage, "end", actor.removeAll());
  if (await stage.phase("end", stage.isAtRest)) stage.world.tell().emptied();
  return { violation: stage.violation(), from, to, reads: stage.faults.reads, lines: stage.trace.lines };
}

interface StandingBay {
  readonly bay: string;
  readonly beginning: Beginning;
}

let standing: Promise<StandingBay> | undefined;

/** A world with a bay that stands, and nobody who has anything to do. */
function standingBay(): Promise<StandingBay> {
  return (standing ??= makeStandingBay());
}

async function makeStandingBay(): Promise<StandingBay> {
  const plan = { kinds: new Set<never>(), conditions: new Set<never>(), faults: [] };
  const recorder = createRecorder();
  const invariants = [...INVARIANTS, recorder.watcher];
  const stage = createStage({ seed: SEED, plan, stackMs: STACK_MS, invariants, isDone: () => true });
  const nobody = createPrompter(
    () => stage,
    () => true,
  );
  const { makeBay, settle } = createActor(stage, nobody, () => {});
  stage.world.calm();
  let bay = "";
  await during(
    stage,
    "making the bay",
    makeBay().then((made) => {
      bay = made;
      return settle();
    }),
  );
  const violation = stage.violation();
  if (violation) throw new Error(`making a bay: ${violation.id} ${violation.how}`);
  return { bay, beginning: recorder.beginning(stage.world) };
}

/** Lets things happen until the work is done. */
async function during(stage: Stage, name: string, work: Promise<void>): Promise<void> {
  let isOver = false;
  const ended = work.then(() => {
    isOver = true;
  });
  if (await stage.phase(name, () => isOver)) await ended;
}

function createActor(
  stage: Stage,
  prompter: Prompter,
  begin: () => void,
): Actor & { readonly removeAll: () => Promise<void> } {
  const { scheduler, fleet, world } = stage;
  const [person] = world.people.all as [Person];
  const admin = world.people.all.find(({ isAdmin }) => isAdmin) ?? person;
  const made = new Set<string>();
  const pause = (forMs: number): Promise<void> => new Promise((resolve) => scheduler.after(forMs, resolve));
  const askAs = async (who: Person, request: ApiRequest): Promise<Record<string, unknown>> => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer: Answer = await fleet.request(who, request);
      if (answer.kind === "reply" && answer.status !== 503)
        return answer.status < 300 && answer.text !== "" ? (JSON.parse(answer.text) as Record<string, unknown>) : {};
      await pause(POLL_MS);
    }
    return {};
  };
  const ask: Actor["ask"] = (request) => askAs(person, request);
  const settle = async (): Promise<void> => {
    do await pause(POLL_MS);
    while (!stage.hasNoWork());
  };
  return {
    ...prompter,
    ask,
    askAsAdmin: (request) => askAs(admin, request),
    call: (request) => fleet.request(automationOf(person), request),
    nowMs: () => scheduler.clock.nowMs(),
    pause,
    settle,
    begin,
    async makeBay() {
      const names = { image_id: "atomic", keypair_id: "ops", external_network_id: "public", coe: "kubernetes" };
      const model = await ask({ method: "POST", path: "/v1/baymodels", body: { name: "model", ...names } });
      begin();
      const body = { name: "bay", baymodel_id: model["uuid"], node_count: 2, bay_create_timeout: 20 };
      const uuid = String((await ask({ method: "POST", path: "/v1/bays", body }))["uuid"]);
      made.add(uuid);
      return uuid;
    },
    async removeAll() {
      // Also those whose answer was lost.
      for (let rounds = 0; rounds < TRIES; rounds += 1) {
        const { bays } = (await ask({ method: "GET", path: "/v1/bays" })) as { bays: { uuid: string }[] };
        if (bays.length === 0) return;
        for (const { uuid } of bays) await ask({ method: "DELETE", path: `/v1/bays/${uuid}` });
        await settle();
      }
    },
  };
}
