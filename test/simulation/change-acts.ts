/**
 * What users do to bays that changes what their nodes are to come to: they replace a bay's
 * authority, renew its nodes' credential, and upgrade it.
 */
import type { Condition } from "./faults.ts";
import type { ActTools } from "./further-acts.ts";
import type { Answer } from "./watch.ts";
import { uuidIn } from "./watch.ts";

const headers = { "openstack-api-version": "container-infra 1.10" };
/** Of those who begin something, how many look first which bays would take it. */
const LOOKS = 0.9;
const LOOKS_MOST = 4;
const LOOK_AGAIN_MS = 45_000;

/** What was not finished is gone on with. */
export function rotationAct(tools: ActTools): () => Promise<void> {
  return async () => {
    const bay = await chooseBay(tools);
    if (bay !== undefined) await tools.ask({ method: "PATCH", path: `/v1/certificates/${bay}`, headers });
  };
}

/** What was not finished is done by the next. */
export function renewalAct(tools: ActTools): () => Promise<void> {
  return async () => {
    const bay = await chooseBay(tools);
    const since = { "openstack-api-version": "container-infra 1.12" };
    if (bay !== undefined) await tools.ask({ method: "PATCH", path: `/v1/credentials/${bay}`, headers: since });
  };
}

/** One minor version after the other. */
const VERSIONS = ["v1.32.4", "v1.33.8", "v1.34.4", "v1.35.0"];

/** What a model is made of. */
export function modelBody(conditions: ReadonlySet<Condition>, name: string, version = 0): Record<string, unknown> {
  const isFollowing = conditions.has("rotations") || conditions.has("upgrades");
  return {
    name,
    // What nodes follow, or what came first.
    image_id: isFollowing ? "noble" : "atomic",
    keypair_id: "ops",
    external_network_id: "public",
    coe: "kubernetes",
    ...(conditions.has("upgrades") && { labels: { kube_tag: VERSIONS[version] } }),
  };
}

/** Mostly a version further than the last time, or there again; the whole bay, its masters, or its workers. */
export function upgradeAct(tools: ActTools, conditions: ReadonlySet<Condition>): () => Promise<void> {
  const { person, ask, insist, pick, chance } = tools;
  const models = new Map<number, string>();
  const reached = new Map<string, number>();
  const modelOf = async (version: number): Promise<string | undefined> => {
    const body = modelBody(conditions, `version-${version}-of-${person.name}`, version);
    const found = models.get(version) ?? uuidIn(await insist({ method: "POST", path: "/v1/clustertemplates", body }));
    if (found !== undefined) models.set(version, found);
    return found;
  };
  return async () => {
    const bay = await chooseBay(tools);
    if (bay === undefined) return;
    const group = pick([null, null, "default-master", "default-worker"]);
    // Workers come to what masters have come to.
    const further = group === "default-worker" ? 0 : chance() < 0.7 ? 1 : Math.floor(3 * chance());
    const version = Math.min(VERSIONS.length - 1, (reached.get(bay) ?? 0) + further);
    const model = await modelOf(version);
    if (model === undefined) return;
    const body = {
      cluster_template: model,
      max_batch_size: 1 + Math.floor(2 * chance()),
      ...(group && { nodegroup: group }),
    };
    const answer = await ask({ method: "POST", path: `/v1/clusters/${bay}/actions/upgrade`, body, headers });
    if (answer.kind === "reply" && answer.status === 202) reached.set(bay, version);
  };
}

/** Mostly one that is at nothing else, which is waited for. */
async function chooseBay({ ask, pick, chance, known, pause }: ActTools): Promise<string | undefined> {
  if (chance() > LOOKS) return pick(known);
  for (let looks = 1; ; looks += 1) {
    const bays = baysIn(await ask({ method: "GET", path: "/v1/clusters", headers }));
    const found = pick(bays.filter(({ status }) => /^(CREATE|UPDATE)_COMPLETE$|^UPDATE_FAILED$/.test(status)));
    if (found || looks === LOOKS_MOST) return found?.uuid;
    await pause(LOOK_AGAIN_MS);
  }
}

function baysIn(answer: Answer): readonly { readonly uuid: string; readonly status: string }[] {
  if (answer.kind !== "reply" || answer.status !== 200) return [];
  return (JSON.parse(answer.text) as { clusters: readonly { uuid: string; status: string }[] }).clusters;
}
