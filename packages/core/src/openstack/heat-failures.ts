/**
 * Why a stack failed, in words for the people of the project. Heat says of a failed stack that a resource in it failed,
 * which is a stack that failed because a resource in it failed, and so on; the causes are the failed resources that hold
 * no failed ones. Each becomes a sentence: where it is, what it is, what the service behind it said. Causes come before
 * resources that Heat merely stopped because of them.
 */
import { limits } from "../limits.ts";
import type { Heat, StackRef } from "./heat.ts";
import type { StackResource } from "./heat-schemas.ts";
import type { Found, Missing } from "./lookup.ts";
import type { Refusal } from "./refusal.ts";

export interface StackFailure {
  /** Resource names from the stack down to the one that failed. */
  readonly path: readonly string[];
  readonly resourceType: string;
  /** What stands behind it in its own service, if it came to be. */
  readonly physicalId: string | undefined;
  /** What was said of it, without Heat's wrapping. */
  readonly reason: string;
  /** It did not fail itself: Heat stopped it. */
  readonly isAborted: boolean;
  /** `minion 2: server kube-minion: No valid host was found.` */
  readonly sentence: string;
}

/** The causes of a stack's failure, at most `limits.openstack.failures` of them. */
export async function findFailures(
  heat: Heat,
  ref: StackRef,
): Promise<Found<readonly StackFailure[]> | Missing | Refusal> {
  const found = await heat.listResources(ref, { status: "FAILED" });
  return found.kind === "found" ? { kind: "found", value: failuresOf(found.value, ref) } : found;
}

/** The causes among a stack's resources, nested ones included. */
export function failuresOf(resources: readonly StackResource[], root: StackRef): StackFailure[] {
  const failed = resources.filter((resource) => resource.resource_status.endsWith("_FAILED"));
  const holderOfStack = new Map(failed.map((resource) => [resource.physical_resource_id ?? "", resource]));
  const holdersOfFailed = new Set(failed.map(stackIdOf).filter((id) => id !== undefined));
  const leaves = failed.filter((resource) => !holdersOfFailed.has(resource.physical_resource_id ?? ""));
  const failures = leaves.map((leaf) => failureOf(leaf, pathOf(leaf, holderOfStack, root)));
  const rank = (failure: StackFailure): number => (failure.isAborted ? 1 : 0);
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return failures
    .toSorted((a, b) => rank(a) - rank(b) || compare(a.path.join("/"), b.path.join("/")))
    .slice(0, limits.openstack.failures);
}

/** The sentences as one, for a status reason: causes only, unless there is nothing but what was stopped. */
export function describeFailures(failures: readonly StackFailure[]): string {
  const causes = failures.filter((failure) => !failure.isAborted);
  const sentences = (causes.length > 0 ? causes : failures).map((failure) => failure.sentence);
  const text = [...new Set(sentences)].join("; ");
  const maxChars = limits.engine.statusReasonChars;
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;
}

/** The id of the stack that a resource lies in. */
function stackIdOf(resource: StackResource): string | undefined {
  return resource.links
    ?.find((link) => link.rel === "stack")
    ?.href.split("/")
    .at(-1);
}

function pathOf(leaf: StackResource, holders: ReadonlyMap<string, StackResource>, root: StackRef): string[] {
  const path = [leaf.resource_name];
  let stackId = stackIdOf(leaf);
  for (let depth = 0; depth < limits.openstack.nestedDepth; depth++) {
    const holder = stackId === undefined || stackId === root.id ? undefined : holders.get(stackId);
    if (!holder) break;
    path.unshift(holder.resource_name);
    stackId = stackIdOf(holder);
  }
  return path;
}

function failureOf(resource: StackResource, path: readonly string[]): StackFailure {
  const whole = resource.resource_status_reason?.slice(0, 2 * limits.engine.statusReasonChars) ?? "";
  const raw = whole.replace(/\s+/g, " ").trim();
  const reason = cleanReason(raw) || "no reason given";
  return {
    path,
    resourceType: resource.resource_type,
    physicalId: resource.physical_resource_id || undefined,
    reason,
    isAborted: /\baborted\b|^Stack (CREATE|UPDATE|DELETE) (cancelled|started)/i.test(raw),
    sentence: [...placesOf(path), `${nounOf(resource.resource_type)} ${path.at(-1)}`, reason].join(": "),
  };
}

/** Groups and their members are one place: `kube_minions`, `2` are told as `minion 2`. */
function placesOf(path: readonly string[]): string[] {
  const places: string[] = [];
  for (const name of path.slice(0, -1)) {
    const group = places.at(-1);
    if (/^\d+$/.test(name) && group !== undefined) places[places.length - 1] = `${memberOf(group)} ${name}`;
    else places.push(name);
  }
  return places;
}

const memberOf = (group: string): string =>
  group
    .replace(/^(kube|kubernetes|swarm|mesos|docker)[_-]/, "")
    .replace(/s$/, "")
    .replaceAll("_", " ");

const NOUNS: Readonly<Record<string, string>> = {
  "OS::Nova::Server": "server",
  "OS::Neutron::Port": "port",
  "OS::Neutron::FloatingIP": "floating address",
  "OS::Neutron::Net": "network",
  "OS::Heat::SoftwareDeployment": "deployment",
};

/** `OS::Cinder::VolumeAttachment` is a volume attachment, `file:///kubeminion.yaml` a nested stack. */
function nounOf(type: string): string {
  const noun = NOUNS[type];
  if (noun) return noun;
  const [, last] = /^[A-Za-z]\w*::(?:\w+::)*(\w+)$/.exec(type) ?? [];
  if (last === undefined) return "stack";
  return last
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase();
}

/**
 * Heat wraps what a service said: the exception's name, the way through the resources, `Went to status ERROR due to
 * "Message: …, Code: 500"`. The service's sentence remains; what Heat says by itself is put in plain words.
 */
function cleanReason(raw: string): string {
  return raw
    .replace(/^[A-Z]\w*: (?=resources[.[])/, "")
    .replace(/^resources(?:\.[\w-]+|\[[\w-]+\])+: /, "")
    .replace(/^Went to status \w+ due to "(.*)"$/, "$1")
    .replace(/^Message: (.*), Code: \w+$/, "$1")
    .replace(/ \(HTTP \d{3}\)(?: \(Request-ID: [^)]*\))?$/, "")
    .replace(/ Neutron server returns request_ids: \[[^\]]*\]$/, "")
    .replace(/^(\d+) of (\d+) received$/, "no signal came in time ($1 of $2 received)")
    .replace(/^[A-Z]+ aborted \(.*Timed out\)$/, "not finished when the stack's time was over")
    .trim();
}
