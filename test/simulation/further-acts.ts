/**
 * What users do besides making, resizing and deleting bays, in the runs that have it: node groups and pods in their bays,
 * webhooks of their project, limits of everybody's.
 */
import { renewalAct, rotationAct, upgradeAct } from "./change-acts.ts";
import type { Condition } from "./faults.ts";
import type { ApiRequest } from "./fleet.ts";
import { hookAct } from "./hook-acts.ts";
import { PROJECTS } from "./people.ts";
import type { Person } from "./people.ts";
import { repairAct } from "./repair-acts.ts";
import type { Answer } from "./watch.ts";
import { uuidIn } from "./watch.ts";

/** What an act has of the user who does it. */
export interface ActTools {
  readonly person: Person;
  readonly ask: (request: ApiRequest) => Promise<Answer>;
  /** The same as somebody else. */
  readonly askAs: (person: Person, request: ApiRequest) => Promise<Answer>;
  /** Asks until there is an answer that is not "later". */
  readonly insist: (request: ApiRequest) => Promise<Answer>;
  readonly pick: <One>(list: readonly One[]) => One | undefined;
  readonly chance: () => number;
  readonly pause: (forMs: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Bays that the user knows of. */
  readonly known: readonly string[];
  /** Node groups that the user has made. */
  readonly groups: MadeGroup[];
  /** To which version (change-acts.ts) the user has brought bays, by their uuids. */
  readonly reached: Map<string, number>;
}

export interface MadeGroup {
  readonly bay: string;
  readonly uuid: string;
}

type Act = () => Promise<void>;

/** A fifth of what a user does is of these; nothing, where the run has none of them. */
export function furtherActs(conditions: ReadonlySet<Condition>, tools: ActTools): readonly Act[] {
  if (tools.person.isAdmin)
    return [
      ...(conditions.has("limits change") ? [limitAct(tools)] : []),
      ...(conditions.has("administrators repair") ? [repairAct(tools)] : []),
    ];
  return [
    ...(conditions.has("node groups") ? [nodeGroupAct(tools)] : []),
    ...(conditions.has("pods") ? [podAct(tools)] : []),
    ...(conditions.has("webhooks") ? [webhookAct(tools)] : []),
    ...(conditions.has("rotations") ? twice(rotationAct(tools)) : []),
    ...(conditions.has("renewals") ? twice(renewalAct(tools)) : []),
    ...(conditions.has("upgrades") ? twice(upgradeAct(tools, conditions)) : []),
    ...(conditions.has("hooks") ? [hookAct(tools, conditions)] : []),
  ];
}

/** As likely as two others. */
function twice(act: Act): readonly Act[] {
  return [act, act];
}

/** Made, resized, deleted; in bays of either generation, for they are the same. */
function nodeGroupAct({ ask, pick, chance, known, groups }: ActTools): Act {
  const headers = { "openstack-api-version": "container-infra 1.10" };
  return async () => {
    const choice = chance();
    const group = pick(groups);
    const count = Math.floor(4 * chance());
    if (!group || choice < 0.5) {
      const bay = pick(known);
      if (bay === undefined) return;
      const body = { name: `group-${Math.floor(3 * chance())}`, node_count: count };
      const uuid = uuidIn(await ask({ method: "POST", path: `/v1/clusters/${bay}/nodegroups`, body, headers }));
      if (uuid !== undefined) groups.push({ bay, uuid });
      return;
    }
    const { bay, uuid } = group;
    if (choice < 0.8) {
      const body = { node_count: count, nodegroup: uuid };
      await ask({ method: "POST", path: `/v1/clusters/${bay}/actions/resize`, body, headers });
    } else await ask({ method: "DELETE", path: `/v1/clusters/${bay}/nodegroups/${uuid}`, headers });
  };
}

function podAct({ ask, pick, chance, known }: ActTools): Act {
  const pods: { readonly bay: string; readonly uuid: string; readonly name: string }[] = [];
  const manifestOf = (name: string): string =>
    JSON.stringify({
      metadata: { name },
      spec: { containers: [{ name: "one", image: `image-${Math.floor(5 * chance())}` }] },
    });
  return async () => {
    const choice = chance();
    const pod = pick(pods);
    if (!pod || choice < 0.45) {
      const bay = pick(known);
      if (bay === undefined) return;
      const name = `pod-${Math.floor(4 * chance())}`;
      const body = { bay_uuid: bay, manifest: manifestOf(name) };
      const uuid = uuidIn(await ask({ method: "POST", path: "/v1/pods", body }));
      if (uuid !== undefined) pods.push({ bay, uuid, name });
      return;
    }
    const path = `/v1/pods/${pod.uuid}/${pod.bay}`;
    if (choice < 0.6) await ask({ method: "GET", path });
    else if (choice < 0.8) {
      const body = [{ op: "replace", path: "/manifest", value: manifestOf(pod.name) }];
      await ask({ method: "PATCH", path, body });
    } else await ask({ method: "DELETE", path });
  };
}

const WANTED = [["*"], ["bay.create.*"], ["bay.delete.*"], ["bay.update.*", "node-group.*"]];

/** One a user, at an address that says whose it is. */
function webhookAct({ person, ask, insist, pick, chance }: ActTools): Act {
  let webhook: string | undefined;
  let made = 0;
  return async () => {
    if (webhook === undefined) {
      const url = `https://receivers.test/${person.name}/${(made += 1)}`;
      const body = { url, events: pick(WANTED) };
      webhook = uuidIn(await insist({ method: "POST", path: "/v1/webhooks", body }));
      return;
    }
    const path = `/v1/webhooks/${webhook}`;
    const choice = chance();
    if (choice < 0.4) await ask({ method: "GET", path: `${path}/deliveries` });
    else if (choice < 0.7) await ask({ method: "POST", path: `${path}/rotate` });
    else if (choice < 0.85) await ask({ method: "PATCH", path, body: { description: `${chance()}` } });
    else if ((await ask({ method: "DELETE", path })).kind === "reply") webhook = undefined;
  };
}

/** Mostly few, so that projects come to their limits. */
function limitAct({ ask, pick, chance }: ActTools): Act {
  return async () => {
    const project = pick(PROJECTS) ?? PROJECTS[0];
    const limit = { project_id: project, resource: "Cluster", hard_limit: 1 + Math.floor(8 * chance()) };
    const choice = chance();
    if (choice < 0.4) await ask({ method: "POST", path: "/v1/quotas", body: limit });
    else if (choice < 0.85) await ask({ method: "PATCH", path: `/v1/quotas/${project}/Cluster`, body: limit });
    else await ask({ method: "DELETE", path: `/v1/quotas/${project}/Cluster` });
  };
}
