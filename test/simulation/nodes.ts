/**
 * The nodes of bays that follow them, as their scripts do (packages/coe's node/follow.sh): about once a minute each looks
 * into its server's metadata, comes to what stands there, each once, and tells the API so by the user of its bay's nodes,
 * until the API has taken it. What it said once it may say again, late. A master that is told to come to other versions
 * asks which, takes a while, and may fail, and says why.
 */
import type { Random } from "@jeroboam/core/ports";
import type { CloudStack } from "./cloud.ts";
import type { Fleet } from "./fleet.ts";
import { isFollowing, mastersOf, workersOf } from "./members.ts";
import type { Person } from "./people.ts";
import { nodeUser } from "./people.ts";
import type { Answer } from "./watch.ts";
import type { World } from "./world.ts";

export interface NodeState {
  readonly name: string;
  readonly bayUuid: string;
  /** The authorities that it trusts, by their numbers; absent: it has not booted yet. */
  trusts?: readonly string[];
  /** The step of the run at which it asked for them. */
  askedAt: number;
  readonly isMaster: boolean;
  /** Of Kubernetes. */
  version: string;
}

interface Node extends NodeState {
  readonly person: Person;
  nextLookMs: number;
  isBusy: boolean;
  /** Looks in a row of which nothing came. */
  failures: number;
  /** What it has come to, and what it has told, by the names of the marks. */
  readonly come: Record<Topic, string>;
  readonly told: Record<Topic, string>;
  failure?: string | undefined;
}

/** What nodes are told by their metadata. */
const TOPICS = ["certificate_rotation", "master_upgrade"] as const;
type Topic = (typeof TOPICS)[number];

const SCAN_MS = 15_000;
const LOOK_LEAST_MS = 60_000;
const LOOK_MOST_MS = 75_000;
const DEAF_LEAST_MS = 10 * 60_000;
const DEAF_MOST_MS = 90 * 60_000;
/** Then whoever waits for it may give it up. */
const FAILURES_MOST = 3;
/** For the versions that a master is to come to. */
const ASKS_MOST = 3;
const ASK_AGAIN_MS = 10_000;
const MASTER_MOST_MS = 10 * 60_000;
const REPEATS = 0.3;
const REPEAT_MOST_MS = 30 * 60_000;

export function createNodes(world: World, fleet: Pick<Fleet, "request">, random: Pick<Random, "fraction">): void {
  const { scheduler, cloud, faults, people } = world;
  const nodes = new Map<string, Node>();
  const nowMs = (): number => scheduler.clock.nowMs();
  const nodeOf = (stack: CloudStack, name: string): Node => {
    const key = `${stack.id} ${name}`;
    const found = nodes.get(key) ?? bornNode(stack, name);
    nodes.set(key, found);
    world.nodes.set(key, found);
    people.add(found.person);
    return found;
  };
  const bornNode = (stack: CloudStack, name: string): Node => {
    const { parameters, projectId } = stack;
    const bayUuid = textOf(parameters["bay_uuid"]);
    const person = nodeUser(`jeroboam-bay-${bayUuid}`, projectId);
    const nextLookMs = nowMs() + LOOK_LEAST_MS * random.fraction();
    const isMaster = mastersOf(stack).includes(name);
    const version = textOf(parameters["kube_tag"]);
    const marks = () => ({ certificate_rotation: "", master_upgrade: "" });
    const fresh = { askedAt: 0, isBusy: false, failures: 0, come: marks(), told: marks() };
    return { name, bayUuid, person, nextLookMs, isMaster, version, ...fresh };
  };

  const askAuthority = async (node: Node): Promise<boolean> => {
    const askedAt = scheduler.steps;
    const answer = await fleet.request(node.person, { method: "GET", path: `/v1/certificates/${node.bayUuid}` });
    const trusts = trustsIn(answer);
    if (trusts) Object.assign(node, { trusts, askedAt });
    return trusts !== undefined;
  };
  const tell = async ({ person, bayUuid, name }: Node, word: object): Promise<boolean> => {
    const path = `/v1/certificates/${bayUuid}/nodes/${name}`;
    const tellOnce = () => fleet.request(person, { method: "PUT", path, body: word });
    if (random.fraction() < REPEATS) scheduler.after(REPEAT_MOST_MS * random.fraction(), () => void tellOnce());
    const answer = await tellOnce();
    return answer.kind === "reply" && answer.status < 300;
  };
  const boot = async (node: Node, stack: CloudStack): Promise<boolean> => {
    // Before the authority is asked for: what comes later is followed later.
    const mark = markOf(node, stack, "certificate_rotation");
    if (!(await askAuthority(node))) return false;
    node.come.certificate_rotation = mark;
    return true;
  };
  const pause = (forMs: number): Promise<void> => new Promise((resolve) => scheduler.after(forMs, resolve));
  const askVersion = async (node: Node): Promise<string | undefined> => {
    const path = `/v1/certificates/${node.bayUuid}/nodes/${node.name}`;
    for (let tries = 1; ; tries += 1) {
      const version = versionIn(await fleet.request(node.person, { method: "GET", path }));
      if (version !== undefined || tries === ASKS_MOST) return version;
      await pause(ASK_AGAIN_MS);
    }
  };
  /** A failure ends it: another mark is waited for. */
  const upgrade = async (node: Node): Promise<true> => {
    const version = await askVersion(node);
    await pause(MASTER_MOST_MS * random.fraction() ** 2);
    const isFailing = version !== undefined && faults.decide("master") !== undefined;
    node.failure = version === undefined ? "the service did not say which versions to come to" : undefined;
    if (isFailing) node.failure = "programs: a checksum differs";
    if (node.failure !== undefined) world.strikeBay(node.bayUuid, "master fails");
    else node.version = version ?? node.version;
    return true;
  };
  const come = { certificate_rotation: askAuthority, master_upgrade: upgrade };
  const follow = async (node: Node, topic: Topic, mark: string): Promise<boolean> => {
    if (mark !== node.come[topic]) {
      if (!(await come[topic](node))) return false;
      node.come[topic] = mark;
    }
    const failure = topic === "master_upgrade" && node.failure;
    if (!(await tell(node, { [topic]: mark, ...(failure && { failure }) }))) return false;
    node.told[topic] = mark;
    return true;
  };
  /** One that fails holds up no other. */
  const followAll = async (node: Node, stack: CloudStack): Promise<boolean> => {
    let isDone = true;
    for (const topic of news(node, stack)) isDone = (await follow(node, topic, markOf(node, stack, topic))) && isDone;
    return isDone;
  };
  const look = (node: Node, stack: CloudStack): void => {
    if (node.isBusy || node.nextLookMs > nowMs()) return;
    node.nextLookMs = nowMs() + LOOK_LEAST_MS + (LOOK_MOST_MS - LOOK_LEAST_MS) * random.fraction();
    if (node.trusts && news(node, stack).length === 0) return;
    const deaf = faults.decide("node");
    if (deaf) {
      world.strikeBay(node.bayUuid, deaf.kind);
      node.nextLookMs = nowMs() + DEAF_LEAST_MS + (DEAF_MOST_MS - DEAF_LEAST_MS) * deaf.force;
      return;
    }
    node.isBusy = true;
    void (node.trusts ? followAll : boot)(node, stack).then((isDone) => {
      node.isBusy = false;
      node.failures = isDone ? 0 : node.failures + 1;
      if (node.failures >= FAILURES_MOST) world.strikeBay(node.bayUuid, "node unheard");
    });
  };
  const scan = (): void => {
    scheduler.after(SCAN_MS, scan);
    const standing = new Set<Node>();
    for (const stack of cloud.stacks.values()) {
      if (!isFollowing(stack)) continue;
      for (const name of [...mastersOf(stack), ...workersOf(stack).map((worker) => worker.name)]) {
        const node = nodeOf(stack, name);
        standing.add(node);
        look(node, stack);
      }
    }
    for (const [key, node] of nodes) if (!standing.has(node) && nodes.delete(key)) world.nodes.delete(key);
  };
  scheduler.after(SCAN_MS, scan);
}

/** What stands in its metadata for it: a mark of an upgrade is one master's. */
function markOf({ isMaster, name }: Node, { parameters }: CloudStack, topic: Topic): string {
  const mark = textOf(parameters[topic]);
  const isOurs = topic !== "master_upgrade" || (isMaster && mark.endsWith(`.${name.split("-").at(-1)}`));
  return isOurs ? mark : "";
}

function news(node: Node, stack: CloudStack): readonly Topic[] {
  return TOPICS.filter((topic) => !["", node.told[topic]].includes(markOf(node, stack, topic)));
}

function versionIn(answer: Answer): string | undefined {
  if (answer.kind !== "reply" || answer.status !== 200) return undefined;
  return (JSON.parse(answer.text) as { kube_tag?: string }).kube_tag;
}

/** The numbers that the simulation gives certificates. */
function trustsIn(answer: Answer): readonly string[] | undefined {
  if (answer.kind !== "reply" || answer.status !== 200) return undefined;
  const { pem } = JSON.parse(answer.text) as { pem: string };
  return serialsIn(pem);
}

export function serialsIn(pem: string): readonly string[] {
  return [...pem.matchAll(/certificate of [^\n]*, (\d+)\n/g)].map(([, serial = ""]) => serial);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
