/**
 * Users: people with a token who make, resize, look at, list and delete bays of their project, by the API of 2015 or by
 * today's, one thing after the other, each in their own time; and retry what got no answer. An administrator looks at
 * everybody's and reports health.
 */
import type { Random } from "@jeroboam/core/ports";
import { modelBody } from "./change-acts.ts";
import type { Condition } from "./faults.ts";
import type { ApiRequest, Fleet } from "./fleet.ts";
import type { MadeGroup } from "./further-acts.ts";
import { furtherActs } from "./further-acts.ts";
import type { Person } from "./people.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Answer } from "./watch.ts";

export interface Users {
  /** Bays asked for so far, and requests of all kinds. */
  readonly counts: { bays: number; requests: number };
  /** Everybody has done what they meant to do. */
  isDone(): boolean;
  /** They make no more bays and end soon. */
  finish(): void;
  /** Everybody deletes what their project has; again until nothing is left. */
  deleteAll(): void;
}

export interface UsersOptions {
  readonly scheduler: Scheduler;
  readonly fleet: Fleet;
  readonly random: Pick<Random, "fraction">;
  readonly people: readonly Person[];
  /** Bays that are to be asked for, at least. */
  readonly bays: number;
  /** What of it they do besides (further-acts.ts). */
  readonly conditions: ReadonlySet<Condition>;
}

/** The two generations of the API. */
interface Generation {
  readonly models: string;
  readonly bays: string;
  readonly modelField: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly leastNodes: number;
}

const BAYS: Generation = { models: "baymodels", bays: "bays", modelField: "baymodel_id", headers: {}, leastNodes: 1 };
const CLUSTERS: Generation = {
  models: "clustertemplates",
  bays: "clusters",
  modelField: "cluster_template_id",
  headers: { "openstack-api-version": "container-infra 1.10" },
  leastNodes: 0,
};

const THINK_MOST_MS = 60_000;
const TRIES = 4;
/** Of those who make a bay, how many want it gone before it is there. */
const REGRETS = 0.15;
/** Of what a user does, where there is anything of it; and where some of it wants more of it before. */
const FURTHER = 0.3;
const FURTHER_OF_UPGRADES = 0.4;
/** Of those who give a request a key, how many ask again under it, or for something else. */
const REPEATS = 0.5;

export function createUsers(options: UsersOptions): Users {
  const { scheduler, fleet, random, people, conditions } = options;
  const counts = { bays: 0, requests: 0 };
  let ending = false;
  let active = 0;
  const shared: Shared = { made: [], counts, isEnding: () => ending, bays: options.bays };
  const begin = (life: () => Promise<void>): void => {
    active += 1;
    void life().then(() => (active -= 1));
  };
  const tools = { scheduler, fleet, random, shared, conditions };
  for (const [index, person] of people.entries())
    begin(() => live(createUser(tools, person, generationOf(person, index, conditions))));
  return {
    counts,
    isDone: () => active === 0,
    finish() {
      ending = true;
    },
    deleteAll() {
      for (const person of people.filter((one) => !one.isAdmin && one.name.endsWith("1")))
        begin(() => createUser(tools, person, BAYS).deleteAll());
    },
  };
}

/** An administrator sees everybody's clusters, and of bays only those of their own project. */
function generationOf({ isAdmin }: Person, index: number, conditions: ReadonlySet<Condition>): Generation {
  if (isAdmin && conditions.has("administrators repair")) return CLUSTERS;
  return index % 2 === 0 ? BAYS : CLUSTERS;
}

interface Shared {
  /** Every bay that anybody was told of. */
  readonly made: string[];
  readonly counts: Users["counts"];
  readonly bays: number;
  isEnding(): boolean;
}

type User = ReturnType<typeof createUser>;

function createUser(
  {
    scheduler,
    fleet,
    random,
    shared,
    conditions,
  }: Pick<UsersOptions, "scheduler" | "fleet" | "random" | "conditions"> & { readonly shared: Shared },
  person: Person,
  generation: Generation,
) {
  const { models, bays, modelField, headers, leastNodes } = generation;
  const known: string[] = [];
  const [groups, reached]: [MadeGroup[], Map<string, number>] = [[], new Map()];
  let model: string | undefined;
  let named = 0;

  const pause = (forMs: number): Promise<void> => new Promise((resolve) => scheduler.after(forMs, resolve));
  const askAs = (who: Person, request: ApiRequest): Promise<Answer> => {
    shared.counts.requests += 1;
    return fleet.request(who, { ...request, headers: { ...headers, ...request.headers } });
  };
  const ask = (request: ApiRequest): Promise<Answer> => askAs(person, request);
  const pick = <One>(list: readonly One[]): One | undefined => list[Math.floor(random.fraction() * list.length)];
  const read = (answer: Answer): Record<string, unknown> =>
    answer.kind === "reply" && answer.status < 300 && answer.text !== ""
      ? (JSON.parse(answer.text) as Record<string, unknown>)
      : {};
  const uuidIn = (answer: Answer): string | undefined => {
    const { uuid } = read(answer);
    return typeof uuid === "string" ? uuid : undefined;
  };
  /** Asks until there is an answer that is not "later". */
  const insist = async (request: ApiRequest, tries = TRIES): Promise<Answer> => {
    for (let left = tries; ; left -= 1) {
      const answer = await ask(request);
      const isUnknown = answer.kind === "no answer" || answer.status === 503;
      if (!isUnknown || left <= 1) return answer;
      await pause(1_000 + 5_000 * random.fraction());
    }
  };
  /** Under the same key, a while later: the same again, or something else. */
  const repeat = async (request: ApiRequest): Promise<void> => {
    await pause(120_000 * random.fraction() ** 2);
    const isOther = random.fraction() < 0.3;
    await ask(isOther ? { ...request, body: { ...(request.body as object), node_count: 9 } } : request);
  };
  const nodeCount = (): number => leastNodes + Math.floor(5 * random.fraction());
  const list = async (): Promise<readonly { uuid: string; status?: string }[]> => {
    const found: { uuid: string; status?: string }[] = [];
    let path: string | undefined = `/v1/${bays}?limit=${2 + Math.floor(20 * random.fraction())}`;
    for (let pages = 0; path !== undefined && pages < 20; pages += 1) {
      const body = read(await insist({ method: "GET", path }));
      found.push(...((body[bays] ?? []) as typeof found));
      const next: unknown = body["next"];
      path = typeof next === "string" ? next.slice(next.indexOf("/v1/")) : undefined;
    }
    for (const { uuid } of found) if (!known.includes(uuid)) known.push(uuid);
    return found;
  };

  const acts = {
    async make(): Promise<void> {
      if (model === undefined) {
        const body = modelBody(conditions, `model-of-${person.name}`);
        model = uuidIn(await insist({ method: "POST", path: `/v1/${models}`, body }));
        if (model === undefined) return;
      }
      shared.counts.bays += 1;
      const isKeyed = conditions.has("keyed requests") && random.fraction() < 0.6;
      const key = isKeyed ? `keyed-${(named += 1)}-of-${person.name}` : undefined;
      const body = {
        // Some names are given twice: by contract that makes two bays.
        name: key ?? `bay-${random.fraction() < 0.1 ? 0 : (named += 1)}-of-${person.name}`,
        [modelField]: model,
        node_count: Math.max(1, nodeCount()),
        ...(conditions.has("upgrades") && { master_count: random.fraction() < 0.4 ? 3 : 1 }),
        ...(generation === CLUSTERS && { create_timeout: 20 }),
        ...(generation === BAYS && { bay_create_timeout: 20 }),
      };
      const request: ApiRequest = {
        method: "POST",
        path: `/v1/${bays}`,
        body,
        ...(key && { headers: { "idempotency-key": key } }),
      };
      // Nobody knows whether what got no answer was done: some ask again, some look.
      const answer = await (random.fraction() < 0.5 ? insist(request) : ask(request));
      if (answer.kind === "reply" && answer.status >= 400 && answer.status < 500) model = undefined;
      if (key !== undefined && random.fraction() < REPEATS) await repeat(request);
      const uuid = uuidIn(answer);
      if (uuid === undefined) return;
      known.push(uuid);
      shared.made.push(uuid);
      if (random.fraction() > REGRETS) return;
      await pause(8_000 * random.fraction() ** 2);
      await ask({ method: "DELETE", path: `/v1/${bays}/${uuid}` });
    },
    /** Tries a bay that may be another project's. */
    async spy(): Promise<void> {
      const uuid = pick(shared.made);
      if (uuid === undefined || known.includes(uuid)) return;
      const path = `/v1/${bays}/${uuid}`;
      const choice = random.fraction();
      if (choice < 0.6) await ask({ method: "GET", path });
      else if (choice < 0.8) await ask({ method: "DELETE", path });
      else await ask({ method: "PATCH", path, body: [{ op: "replace", path: "/node_count", value: nodeCount() }] });
    },
    async look(): Promise<void> {
      const uuid = pick(known);
      if (uuid !== undefined) await ask({ method: "GET", path: `/v1/${bays}/${uuid}` });
    },
    async list(): Promise<void> {
      await list();
    },
    async resize(): Promise<void> {
      const uuid = pick(known);
      if (uuid === undefined) return;
      const body = [{ op: "replace", path: "/node_count", value: nodeCount() }];
      await ask({ method: "PATCH", path: `/v1/${bays}/${uuid}`, body });
    },
    async remove(): Promise<void> {
      const uuid = pick(known);
      if (uuid !== undefined) await ask({ method: "DELETE", path: `/v1/${bays}/${uuid}` });
    },
    async changeModel(): Promise<void> {
      if (model === undefined) return;
      const path = `/v1/${models}/${model}`;
      if (random.fraction() < 0.5) {
        await ask({
          method: "PATCH",
          path,
          body: [{ op: "replace", path: "/name", value: `renamed-${(named += 1)}` }],
        });
      } else {
        const answer = await ask({ method: "DELETE", path });
        if (answer.kind === "no answer" || answer.status < 300) model = undefined;
      }
    },
    async lookAtOthers(): Promise<void> {
      const all = await list();
      const uuid = pick(all)?.uuid;
      if (uuid === undefined) return;
      if (random.fraction() < 0.5) await ask({ method: "GET", path: `/v1/${bays}/${uuid}` });
      else {
        const value = pick(["HEALTHY", "UNHEALTHY"]);
        await ask({
          method: "PATCH",
          path: `/v1/${bays}/${uuid}`,
          body: [{ op: "replace", path: "/health_status", value }],
        });
      }
    },
  };

  return {
    person,
    shared,
    random,
    pause,
    acts,
    further: furtherActs(conditions, {
      person,
      ask,
      askAs,
      insist,
      pick,
      chance: () => random.fraction(),
      pause,
      nowMs: () => scheduler.clock.nowMs(),
      known,
      groups,
      reached,
    }),
    furtherShare: conditions.has("upgrades") ? FURTHER_OF_UPGRADES : FURTHER,
    hasBays: () => known.length > 0,
    /** Until the list is empty; bays whose delete failed are deleted again. */
    async deleteAll(): Promise<void> {
      for (let rounds = 0; rounds < 200; rounds += 1) {
        const left = await list();
        if (left.length === 0) return;
        for (const { uuid } of left) await ask({ method: "DELETE", path: `/v1/${bays}/${uuid}` });
        await pause(THINK_MOST_MS);
      }
    },
  };
}

/** One thing after the other, until there were enough. */
async function live({ person, shared, random, pause, acts, further, furtherShare, hasBays }: User): Promise<void> {
  const { counts } = shared;
  await pause(THINK_MOST_MS * random.fraction());
  while (!shared.isEnding()) {
    await pause(THINK_MOST_MS * random.fraction() ** 2);
    const another =
      random.fraction() < furtherShare ? further[Math.floor(random.fraction() * further.length)] : undefined;
    if (another) {
      await another();
      continue;
    }
    if (person.isAdmin) {
      await acts.lookAtOthers();
      await pause(THINK_MOST_MS);
      continue;
    }
    const choice = random.fraction();
    if (!hasBays() || (choice < 0.25 && counts.bays < shared.bays)) await acts.make();
    else if (choice < 0.5) await acts.look();
    else if (choice < 0.6) await acts.list();
    else if (choice < 0.78) await acts.resize();
    else if (choice < 0.9) await acts.remove();
    else if (choice < 0.94) await acts.spy();
    else await acts.changeModel();
  }
}
