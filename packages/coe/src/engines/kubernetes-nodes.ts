/**
 * Kubernetes' nodes as they are emptied and let go, and how much each has to do. Draining is what kubectl's is: no new
 * pods, and those there asked to leave by the eviction API, which keeps to the budgets that the bay's owner set. Pods of
 * daemon sets and mirrors of a node's own files stay: they belong to the node.
 */
import { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import type {
  Drained,
  Forgotten,
  Listed,
  Marked,
  NodeLoad,
  NodeMarks,
  Refused,
  Unreachable,
} from "./container-engine.ts";
import { broken, isSuccess, parseJson, readReply, textOfReply } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";
import { listAll, troubleOf } from "./kubernetes-collection.ts";

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string() })).nullish(),
    deletionTimestamp: z.string().nullish(),
  }),
  spec: z.object({ nodeName: z.string().nullish() }),
  status: z.object({ phase: z.string().nullish() }).nullish(),
});
type Pod = z.output<typeof podSchema>;

const MIRROR = "kubernetes.io/config.mirror";

/** Whether another node would have to take it over. */
function isWork({ metadata, status }: Pod): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
  if (metadata.annotations?.[MIRROR] !== undefined) return false;
  return !metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet");
}

/** Pods on each node that has any, in as many calls as all pods take pages. */
export async function listNodeLoads(ask: Ask, signal: AbortSignal | undefined): Promise<Listed<NodeLoad>> {
  const pods = await listAll(ask, "/api/v1/pods", podSchema, signal);
  if (pods.kind !== "listed") return pods;
  const counts = new Map<string, number>();
  for (const pod of pods.objects.filter(isWork)) {
    const name = pod.spec.nodeName;
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return { kind: "listed", objects: [...counts].map(([name, units]) => ({ name, units })) };
}

export async function drainNode(ask: Ask, name: string, signal: AbortSignal | undefined): Promise<Drained> {
  const cordoned = await cordon(ask, name, signal);
  if (cordoned.kind !== "changed") return cordoned;
  const selector = encodeURIComponent(`spec.nodeName=${name}`);
  const pods = await listAll(ask, "/api/v1/pods", podSchema, signal, `fieldSelector=${selector}`);
  if (pods.kind !== "listed") return pods;
  const staying = pods.objects.filter(isWork);
  const toAsk = staying.filter(({ metadata }) => !metadata.deletionTimestamp);
  for (const pod of toAsk.slice(0, limits.containerEngine.evictionsAtOnce)) {
    const evicted = await evict(ask, pod, signal);
    if (evicted.kind !== "asked") return evicted;
  }
  return staying.length === 0 ? { kind: "drained" } : { kind: "draining", left: staying.length };
}

const taintSchema = z.looseObject({ key: z.string(), value: z.string().nullish(), effect: z.string() });
const nodeSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }).optional(),
  spec: z.looseObject({ unschedulable: z.boolean().nullish(), taints: z.array(taintSchema).nullish() }),
});
type Node = z.output<typeof nodeSchema>;

function cordon(ask: Ask, name: string, signal: AbortSignal | undefined): Promise<Changed> {
  return changeNode(ask, name, signal, (node) =>
    node.spec.unschedulable ? node : { ...node, spec: { ...node.spec, unschedulable: true } },
  );
}

/** Labels and taints as they are to be; those of others, such as Kubernetes' own of a node that is not ready, stay. */
export async function markNode(
  ask: Ask,
  name: string,
  { marks, signal }: { readonly marks: NodeMarks; readonly signal: AbortSignal | undefined },
): Promise<Marked> {
  const changed = await changeNode(ask, name, signal, (node) => marked(node, marks));
  return changed.kind === "changed" ? { kind: "marked" } : changed;
}

function marked(node: Node, { labels, taints, stale }: NodeMarks): Node {
  const present = node.metadata?.labels ?? {};
  const kept = Object.entries(present).filter(([key]) => !stale.labels.includes(key));
  const others = (node.spec.taints ?? []).filter(
    ({ key, effect }) => ![...taints, ...stale.taints].some((one) => one.key === key && one.effect === effect),
  );
  const ours = taints.map(({ key, value, effect }) => ({ key, ...(value !== null && { value }), effect }));
  const wanted = [...others, ...ours];
  const isSame =
    stale.labels.every((key) => !Object.hasOwn(present, key)) &&
    Object.entries(labels).every(([key, value]) => present[key] === value) &&
    JSON.stringify(textsOf(node.spec.taints ?? [])) === JSON.stringify(textsOf(wanted));
  if (isSame) return node;
  const metadata = { ...node.metadata, labels: { ...Object.fromEntries(kept), ...labels } };
  return { ...node, metadata, spec: { ...node.spec, taints: wanted } };
}

function textsOf(taints: readonly z.output<typeof taintSchema>[]): readonly string[] {
  return taints.map(({ key, value, effect }) => `${key}=${value ?? ""}:${effect}`).toSorted();
}

type Changed = { readonly kind: "changed" } | { readonly kind: "missing" } | Refused | Unreachable;

/** Writes the node as it is to be over the one that was read; the same object: there is nothing to write. */
async function changeNode(
  ask: Ask,
  name: string,
  signal: AbortSignal | undefined,
  change: (node: Node) => Node,
): Promise<Changed> {
  const place = placeOf(name);
  for (let attempt = 0; attempt < limits.containerEngine.conflictRetries; attempt += 1) {
    const reply = await ask("GET", place, { signal });
    if (reply.kind === "unreachable") return reply;
    if (reply.status === 404) return { kind: "missing" };
    if (!isSuccess(reply)) return troubleOf(reply);
    const node = readReply(reply, nodeSchema);
    if (node.kind === "unreachable") return node;
    const json = change(node.value);
    if (json === node.value) return { kind: "changed" };
    const written = await ask("PUT", place, { json, signal });
    if (written.kind === "unreachable") return written;
    if (isSuccess(written)) return { kind: "changed" };
    // Its kubelet wrote in between, as it does every few seconds.
    if (written.status !== 409) return troubleOf(written);
  }
  return broken(`node "${name}" was changed by others each time that it was to be changed`);
}

/** Evictions have been in this version since v1.22, and only in the older one before. */
const EVICTION_VERSIONS = ["policy/v1", "policy/v1beta1"] as const;

async function evict(
  ask: Ask,
  { metadata: { name, namespace } }: Pod,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: "asked" } | Refused | Unreachable> {
  const place = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
  for (const apiVersion of EVICTION_VERSIONS) {
    const reply = await ask("POST", place, {
      json: { apiVersion, kind: "Eviction", metadata: { name, namespace } },
      signal,
    });
    if (reply.kind === "unreachable") return reply;
    // 404: it has gone. 429: a budget does not allow it now, so it is asked again at the next look.
    if (isSuccess(reply) || reply.status === 404 || reply.status === 429) return { kind: "asked" };
    const isLast = apiVersion === EVICTION_VERSIONS.at(-1);
    if (isLast || !isUnknownVersion(textOfReply(reply))) return troubleOf(reply);
  }
  return broken("it knows no eviction");
}

const statusSchema = z.object({ message: z.string() });

function isUnknownVersion(text: string): boolean {
  const status = statusSchema.safeParse(parseJson(text));
  return (
    status.success &&
    /no kind|could not find the requested resource|not recognized|does not match/i.test(status.data.message)
  );
}

/** Takes the node out of the list, where its server is gone: nothing else does in a bay without a cloud controller. */
export async function forgetNode(ask: Ask, name: string, signal: AbortSignal | undefined): Promise<Forgotten> {
  const reply = await ask("DELETE", placeOf(name), { signal });
  if (reply.kind === "unreachable") return reply;
  return isSuccess(reply) || reply.status === 404 ? { kind: "forgotten" } : troubleOf(reply);
}

const placeOf = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;
