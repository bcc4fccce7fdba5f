/** Who may get in whose way: small models, each a beginning and two or three processes that act at once. */
import type { AllPorts } from "@jeroboam/conductor/all-types";
import { createBatchHandler } from "@jeroboam/conductor/batch";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { createApp } from "@jeroboam/api/app";
import { bayKey } from "@jeroboam/core/bay/bay";
import { sweep } from "@jeroboam/core/operation/sweep";
import { encodeHint } from "@jeroboam/core/queue/queue";
import type { Key } from "@jeroboam/core/table/table";
import type { ApiRequest } from "./fleet.ts";
import { LOADED_COLLECTIONS } from "./fleet.ts";
import type { Race, Racer } from "./interleavings.ts";
import type { Person } from "./people.ts";
import { apiPorts, conductorPorts } from "./ports.ts";
import type { HeldCall } from "./process.ts";
import type { Stage } from "./stage.ts";

const NAMES = { image_id: "atomic", keypair_id: "ops", external_network_id: "public", coe: "kubernetes" };
/** Beyond a lease: so a conductor takes what another holds, as it may when that one is taken for dead. */
const PAST_LEASE_MS = 5 * 60_000;

/** Asks the API that the fleet has, and waits. */
async function ask(stage: Stage, request: ApiRequest, who = 0): Promise<Record<string, unknown>> {
  const person = stage.world.people.all[who] as Person;
  let body: Record<string, unknown> | undefined;
  void stage.fleet.request(person, request).then((answer) => {
    if (answer.kind === "no answer" || answer.status >= 300)
      throw new Error(`${request.path}: ${JSON.stringify(answer)}`);
    body = answer.text === "" ? {} : (JSON.parse(answer.text) as Record<string, unknown>);
  });
  await stage.phase("ask", () => body !== undefined);
  return body ?? {};
}

async function makeModel(stage: Stage): Promise<string> {
  return String(
    (await ask(stage, { method: "POST", path: "/v1/baymodels", body: { name: "model", ...NAMES } }))["uuid"],
  );
}

/** Accepted, and not looked at by any conductor yet. */
async function makeBay(stage: Stage): Promise<string> {
  const body = { name: "bay", baymodel_id: await makeModel(stage), node_count: 2, bay_create_timeout: 20 };
  stage.fleet.holdConductors();
  return String((await ask(stage, { method: "POST", path: "/v1/bays", body }))["uuid"]);
}

async function makeBuiltBay(stage: Stage): Promise<string> {
  const uuid = await makeBay(stage);
  stage.fleet.freeConductors();
  await stage.phase("build", stage.isAtRest);
  stage.fleet.holdConductors();
  return uuid;
}

/** A conductor that gets the bay's hint. */
function conductor(stage: Stage, name: string, uuid: string, skewMs = 0): Racer {
  const { projectId } = stage.world.people.all[0] as Person;
  return {
    name,
    skewMs,
    run: (process, outside) => conductAll(conductorPorts(process, outside), name, [bayKey(projectId, uuid)]),
  };
}

/** One that gets hints of all that is overdue, whoever made it. */
function sweepingConductor(name: string): Racer {
  return {
    name,
    skewMs: PAST_LEASE_MS,
    async run(process, outside) {
      const ports = conductorPorts(process, outside);
      const keys: Key[] = [];
      await sweep({ ...ports, queue: { ...ports.queue, send: async (hints) => void keys.push(...hints) } });
      await conductAll(ports, name, keys);
    },
  };
}

function conductAll(ports: AllPorts, name: string, keys: readonly Key[]): Promise<unknown> {
  const handle = createBatchHandler(ports, { name, types: RECORD_TYPES, signal: new AbortController().signal });
  return handle(keys.map((key, place) => ({ id: `${name}-${place}`, body: encodeHint(key), receives: 1 })));
}

/** Somebody's request at an API function of its own. */
function request(stage: Stage, name: string, asked: ApiRequest, { who = 0, skewMs = 0 } = {}): Racer {
  const { method, path, body, headers } = asked;
  const person = stage.world.people.all[who] as Person;
  return {
    name,
    skewMs,
    async run(process, outside) {
      const app = createApp(apiPorts(process, outside), LOADED_COLLECTIONS);
      const sentAt = stage.scheduler.steps;
      const response = await app.request(`https://api.test${path}`, {
        method,
        headers: { "x-auth-token": person.token, "content-type": "application/json", ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer = { kind: "reply", status: response.status, text: await response.text() } as const;
      stage.world.tell().replied({
        person,
        method,
        path,
        body,
        key: headers?.["idempotency-key"],
        sentAt,
        answeredAt: stage.scheduler.steps,
        answer,
      });
    },
  };
}

function adminOf(stage: Stage): number {
  return stage.world.people.all.findIndex(({ isAdmin }) => isAdmin);
}

/** A model, and room for so many bays. */
async function makeModelAndRoom(stage: Stage, bays: number): Promise<string> {
  const { projectId } = stage.world.people.all[0] as Person;
  const body = { project_id: projectId, resource: "Cluster", hard_limit: bays };
  await ask(stage, { method: "POST", path: "/v1/quotas", body }, adminOf(stage));
  const model = await makeModel(stage);
  stage.fleet.holdConductors();
  return model;
}

const newBay = (model: string, name: string): ApiRequest => ({
  method: "POST",
  path: "/v1/bays",
  body: { name, baymodel_id: model, node_count: 1 },
});
const underKey = (asked: ApiRequest): ApiRequest => ({ ...asked, headers: { "idempotency-key": "one-key" } });

const resize = (uuid: string, value: number): ApiRequest => ({
  method: "PATCH",
  path: `/v1/bays/${uuid}`,
  body: [{ op: "replace", path: "/node_count", value }],
});
const remove = (uuid: string): ApiRequest => ({ method: "DELETE", path: `/v1/bays/${uuid}` });

/** The first write of a bay's record. */
const isBayStored = ({ what }: HeldCall): boolean => /^put bay#\S+ \S+#bay r1$/.test(what);

export const RACES: readonly Race[] = [
  {
    name: "two conductors create one bay",
    async prepare(before) {
      const uuid = await makeBay(before);
      return (stage) => [conductor(stage, "one", uuid), conductor(stage, "other", uuid, PAST_LEASE_MS)];
    },
  },
  {
    name: "two conductors update one bay",
    async prepare(before) {
      const uuid = await makeBuiltBay(before);
      await ask(before, resize(uuid, 3));
      return (stage) => [conductor(stage, "one", uuid), conductor(stage, "other", uuid, PAST_LEASE_MS)];
    },
  },
  {
    name: "two conductors delete one bay",
    async prepare(before) {
      const uuid = await makeBuiltBay(before);
      await ask(before, remove(uuid));
      return (stage) => [conductor(stage, "one", uuid), conductor(stage, "other", uuid, PAST_LEASE_MS)];
    },
  },
  {
    name: "a bay is deleted while a conductor creates it",
    async prepare(before) {
      const uuid = await makeBay(before);
      return (stage) => [conductor(stage, "conductor", uuid), request(stage, "api", remove(uuid))];
    },
  },
  {
    name: "a bay's health is reported while a conductor creates it",
    async prepare(before) {
      const uuid = await makeBay(before);
      const admin = adminOf(before);
      const body = [{ op: "replace", path: "/health_status", value: "HEALTHY" }];
      const report: ApiRequest = { method: "PATCH", path: `/v1/clusters/${uuid}`, body };
      return (stage) => [conductor(stage, "conductor", uuid), request(stage, "api", report, { who: admin })];
    },
  },
  {
    name: "a bay is resized and deleted at once",
    async prepare(before) {
      const uuid = await makeBuiltBay(before);
      return (stage) => [request(stage, "one", resize(uuid, 3)), request(stage, "other", remove(uuid))];
    },
  },
  {
    name: "a bay is resized twice at once",
    async prepare(before) {
      const uuid = await makeBuiltBay(before);
      return (stage) => [request(stage, "one", resize(uuid, 3)), request(stage, "other", resize(uuid, 4))];
    },
  },
  {
    name: "a bay is deleted twice at once",
    async prepare(before) {
      const uuid = await makeBuiltBay(before);
      return (stage) => [request(stage, "one", remove(uuid)), request(stage, "other", remove(uuid))];
    },
  },
  {
    name: "a bay is made from a model that is deleted",
    async prepare(before) {
      const model = await makeModel(before);
      before.fleet.holdConductors();
      const body = { name: "bay", baymodel_id: model, node_count: 1 };
      return (stage) => [
        request(stage, "one", { method: "POST", path: "/v1/bays", body }),
        request(stage, "other", { method: "DELETE", path: `/v1/baymodels/${model}` }),
      ];
    },
  },
  {
    name: "a bay is begun before its maker hears that it is stored",
    async prepare(before) {
      const model = await makeModelAndRoom(before, 1);
      return (stage) => [
        { ...request(stage, "api", newBay(model, "bay")), losesReply: isBayStored },
        sweepingConductor("conductor"),
      ];
    },
  },
  {
    name: "two bays are made where there is room for one",
    async prepare(before) {
      const model = await makeModelAndRoom(before, 1);
      return (stage) => ["one", "other"].map((name) => request(stage, name, newBay(model, name)));
    },
  },
  {
    name: "a bay is made where another one's place is given back",
    async prepare(before) {
      const model = await makeModelAndRoom(before, 1);
      const uuid = String((await ask(before, newBay(model, "first")))["uuid"]);
      before.fleet.freeConductors();
      await before.phase("build", before.isAtRest);
      before.fleet.holdConductors();
      await ask(before, remove(uuid));
      return (stage) => [conductor(stage, "conductor", uuid), request(stage, "api", newBay(model, "second"))];
    },
  },
  {
    name: "a bay is asked for twice under one key",
    async prepare(before) {
      const asked = underKey(newBay(await makeModelAndRoom(before, 1), "keyed-1"));
      return (stage) => [request(stage, "one", asked), request(stage, "other", asked)];
    },
  },
  {
    name: "a bay is asked for again when its first request is taken for dead",
    async prepare(before) {
      const asked = underKey(newBay(await makeModelAndRoom(before, 1), "keyed-1"));
      return (stage) => [request(stage, "one", asked), request(stage, "other", asked, { skewMs: PAST_LEASE_MS })];
    },
  },
  {
    name: "one key is given to two requests",
    async prepare(before) {
      const model = await makeModelAndRoom(before, 2);
      return (stage) => ["one", "other"].map((name) => request(stage, name, underKey(newBay(model, `keyed-${name}`))));
    },
  },
];
