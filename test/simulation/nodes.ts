/**
 * The nodes of bays that follow them, as their scripts do (packages/coe's node/follow.sh): about once a minute each looks
 * into its server's metadata, comes to what stands there, each once, and tells the API so by the user of its bay's nodes,
 * until the API has taken it. What it said once it may say again, late.
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
}

interface Node extends NodeState {
  readonly person: Person;
  nextLookMs: number;
  isBusy: boolean;
  /** Looks in a row of which nothing came. */
  failures: number;
  /** The mark of the rotation that it has come to, and the one that it has told. */
  come: string;
  told: string;
}

const SCAN_MS = 15_000;
const LOOK_LEAST_MS = 60_000;
const LOOK_MOST_MS = 75_000;
const DEAF_LEAST_MS = 10 * 60_000;
const DEAF_MOST_MS = 90 * 60_000;
/** Then whoever waits for it may give it up. */
const FAILURES_MOST = 3;
const REPEATS = 0.15;
const REPEAT_MOST_MS = 60 * 60_000;

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
  const bornNode = ({ parameters, projectId }: CloudStack, name: string): Node => {
    const bayUuid = textOf(parameters["bay_uuid"]);
    const person = nodeUser(`jeroboam-bay-${bayUuid}`, projectId);
    const nextLookMs = nowMs() + LOOK_LEAST_MS * random.fraction();
    return { name, bayUuid, person, nextLookMs, askedAt: 0, isBusy: false, failures: 0, come: "", told: "" };
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
    if (random.fraction() < REPEATS) scheduler.after(REPEAT_MOST_MS * random.fraction() ** 2, () => void tellOnce());
    const answer = await tellOnce();
    return answer.kind === "reply" && answer.status < 300;
  };
  const boot = async (node: Node, stack: CloudStack): Promise<boolean> => {
    // Before the authority is asked for: what comes later is followed later.
    const mark = textOf(stack.parameters["certificate_rotation"]);
    if (!(await askAuthority(node))) return false;
    node.come = mark;
    return true;
  };
  const follow = async (node: Node, stack: CloudStack): Promise<boolean> => {
    const mark = textOf(stack.parameters["certificate_rotation"]);
    if (mark === node.told) return true;
    if (mark !== node.come) {
      if (!(await askAuthority(node))) return false;
      node.come = mark;
    }
    if (!(await tell(node, { certificate_rotation: mark }))) return false;
    node.told = mark;
    return true;
  };
  const look = (node: Node, stack: CloudStack): void => {
    if (node.isBusy || node.nextLookMs > nowMs()) return;
    node.nextLookMs = nowMs() + LOOK_LEAST_MS + (LOOK_MOST_MS - LOOK_LEAST_MS) * random.fraction();
    if (node.trusts && textOf(stack.parameters["certificate_rotation"]) === node.told) return;
    const deaf = faults.decide("node");
    if (deaf) {
      world.strikeBay(node.bayUuid, deaf.kind);
      node.nextLookMs = nowMs() + DEAF_LEAST_MS + (DEAF_MOST_MS - DEAF_LEAST_MS) * deaf.force;
      return;
    }
    node.isBusy = true;
    void (node.trusts ? follow : boot)(node, stack).then((isDone) => {
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
