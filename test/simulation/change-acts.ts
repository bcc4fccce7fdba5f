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
/** Of the upgrades of those who have made node groups. */
const FURTHER_GROUPS = 0.4;

/** What was not finished is gone on with. */
export function rotationAct(tools: ActTools): () => Promise<void> {
  return async () => {
    const bay = await chooseBay(tools);
    if (bay) await tools.ask({ method: "PATCH", path: `/v1/certificates/${bay.uuid}`, headers });
  };
}

/** What was not finished is done by the next. */
export function renewalAct(tools: ActTools): () => Promise<void> {
  return async () => {
    const bay = await chooseBay(tools);
    const since = { "openstack-api-version": "container-infra 1.12" };
    if (bay) await tools.ask({ method: "PATCH", path: `/v1/credentials/${bay.uuid}`, headers: since });
  };
}

/** One minor version after the other. */
const VERSIONS = ["v1.32.4", "v1.33.8", "v1.34.4", "v1.35.0"];

/** What bays of today's kind are wanted for. */
const FOLLOWING: readonly Condition[] = ["rotations", "upgrades", "nodes fail"];

/** What a model is made of. */
export function modelBody(conditions: ReadonlySet<Condition>, name: string, version = 0): Record<string, unknown> {
  const isFollowing = FOLLOWING.some((one) => conditions.has(one));
  const labels = {
    ...(conditions.has("upgrades") && { kube_tag: VERSIONS[version] }),
    // Some want their nodes replaced, and some do not.
    ...(conditions.has("nodes fail") && /[13579]$/.test(name) && { auto_healing_enabled: "true" }),
  };
  return {
    name,
    // What nodes follow, or what came first.
    image_id: isFollowing ? "noble" : "atomic",
    keypair_id: "ops",
    external_network_id: "public",
    coe: "kubernetes",
    // Three masters want something before them.
    ...(conditions.has("upgrades") && { master_lb_enabled: true }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

/** Mostly a version further than the last time, or there again. */
export function versionFor({ reached, chance }: ActTools, bay: string): number {
  const further = chance() < 0.7 ? 1 : Math.floor(3 * chance());
  return Math.min(VERSIONS.length - 1, (reached.get(bay) ?? 0) + further);
}

/** The whole bay, its masters, or its workers; or a further group, to what its bay is. */
export function upgradeAct(tools: ActTools, conditions: ReadonlySet<Condition>): () => Promise<void> {
  const { person, ask, insist, pick, chance, groups, reached } = tools;
  const models = new Map<number, string>();
  const modelOf = async (version: number): Promise<string | undefined> => {
    const body = modelBody(conditions, `version-${version}-of-${person.name}`, version);
    const found = models.get(version) ?? uuidIn(await insist({ method: "POST", path: "/v1/clustertemplates", body }));
    if (found !== undefined) models.set(version, found);
    return found;
  };
  return async () => {
    const isFurther = groups.length > 0 && chance() < FURTHER_GROUPS;
    const bay = await chooseBay(tools, isFurther ? groups.map((one) => one.bay) : undefined);
    if (!bay) return;
    const group = isFurther
      ? pick(groups.filter((one) => one.bay === bay.uuid))?.uuid
      : pick([undefined, undefined, "default-master", "default-worker"]);
    // Workers come to what masters have come to.
    const isLater = !isFurther && group !== "default-worker";
    const version = isLater ? versionFor(tools, bay.uuid) : (reached.get(bay.uuid) ?? 0);
    // What has failed is mostly gone on with.
    const isOwn = isFurther || (bay.status === "UPDATE_FAILED" && chance() < 0.7);
    const model = isOwn ? bay.cluster_template_id : await modelOf(version);
    if (model === undefined) return;
    const body = {
      cluster_template: model,
      max_batch_size: 1 + Math.floor(2 * chance()),
      ...(group && { nodegroup: group }),
    };
    const answer = await ask({ method: "POST", path: `/v1/clusters/${bay.uuid}/actions/upgrade`, body, headers });
    if (answer.kind === "reply" && answer.status === 202 && !isOwn) reached.set(bay.uuid, version);
  };
}

interface ListedBay {
  readonly uuid: string;
  readonly status: string;
  readonly cluster_template_id: string;
}

/** Mostly one that is at nothing else, which is waited for. */
export async function chooseBay(
  { ask, pick, chance, pause }: ActTools,
  among?: readonly string[],
): Promise<ListedBay | undefined> {
  const isHasty = chance() > LOOKS;
  const isChosen = ({ uuid, status }: ListedBay): boolean =>
    (isHasty || /^(CREATE|UPDATE)_COMPLETE$|^UPDATE_FAILED$/.test(status)) && (!among || among.includes(uuid));
  for (let looks = 1; ; looks += 1) {
    const bays = baysIn(await ask({ method: "GET", path: "/v1/clusters", headers }));
    const found = pick(bays.filter(isChosen));
    if (found || looks === LOOKS_MOST) return found;
    await pause(LOOK_AGAIN_MS);
  }
}

/** Those that an answer lists. */
export function baysIn(answer: Answer): readonly ListedBay[] {
  if (answer.kind !== "reply" || answer.status !== 200) return [];
  return (JSON.parse(answer.text) as { clusters: readonly ListedBay[] }).clusters;
}
