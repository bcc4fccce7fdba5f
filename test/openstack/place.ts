/** A place where bays live: our API before a cloud. The lab is one, the sandbox is another; a bay's life is the same. */
import type { CloudSession } from "@jeroboam/core/openstack/session";

/** A bay as our API shows it. */
export interface Bay {
  readonly uuid: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly stack_id: string | null;
  readonly api_address: string | null;
  readonly node_addresses: readonly string[];
  readonly master_addresses: readonly string[];
}

export interface Place {
  /** Our API, asked by somebody of the project demo. The path begins behind /v1. */
  request(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, json?: unknown): Promise<Answer>;
  /** Waits until nothing is in progress any more; absent when the bay is gone. */
  settle(bayUuid: string): Promise<Bay | undefined>;
  /** Services of the cloud, asked by the same person. */
  readonly cloud: CloudSession;
  /** From now on, nodes of the bay that boot tell Heat that they failed, and why. */
  failNodes(bayUuid: string, reason: string): void;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A bay model whose bays are soonest complete. */
export const SMALL_MODEL = {
  coe: "mesos",
  image_id: "ubuntu-14.04-mesos",
  external_network_id: "public",
  keypair_id: "default",
  flavor_id: "m1.small",
  master_flavor_id: "m1.small",
};

/** The answer's body; throws on another status than this. */
export async function expectStatus<Body>(status: number, answer: Promise<Answer>): Promise<Body> {
  const { status: actual, body } = await answer;
  if (actual !== status) throw new Error(`answered ${actual}, not ${status}: ${JSON.stringify(body)}`);
  return body as Body;
}

/** The bay, or absent. */
export async function findBay(place: Pick<Place, "request">, uuid: string): Promise<Bay | undefined> {
  const { status, body } = await place.request("GET", `/bays/${uuid}`);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET /bays/${uuid} answered ${status}: ${JSON.stringify(body)}`);
  return body as Bay;
}
