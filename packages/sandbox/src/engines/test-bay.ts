/** For tests of this package: a bay of one kind in a test cloud, and a client that speaks to its engine in process. */
import { createTestCloud } from "../test-cloud.ts";
import type { TestCloud } from "../test-cloud.ts";
import type { Peer } from "./peer.ts";

const nodeOf = (name: string, params: string): string => `
  ${name}-handle: {type: OS::Heat::WaitConditionHandle}
  ${name}:
    type: OS::Nova::Server
    properties:
      name: ${name}
      image: ubuntu-24.04
      flavor: m1.small
      user_data_format: RAW
      networks: [{network: private}]
      user_data:
        str_replace:
          params: {"@ENDPOINT@": {get_attr: [${name}-handle, endpoint]}}
          template: |
            NODE_NAME='${name}'
            WAIT_ENDPOINT='@ENDPOINT@'
            ${params}
`;

export interface TestBay extends TestCloud {
  /** The master's address. */
  readonly address: string;
  /** What the engine answers; a text where it is no JSON. */
  ask(method: string, path: string, options?: AskOptions): Promise<EngineAnswer>;
  /** So much time passes. */
  pass(ms: number): void;
  deleteBay(): Promise<void>;
}

interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly peer?: Peer;
  readonly port?: number;
}

interface EngineAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // A test knows the form of what it asks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

const ADMIN: Peer = { kind: "known", commonName: "admin", organizations: ["system:masters"] };

/** `params`: the lines of heat-params that say which engine it is and where it listens. */
export async function createTestBay(
  params: readonly string[],
  port: number,
  { workers = 2 }: { workers?: number } = {},
): Promise<TestBay> {
  const cloud = createTestCloud();
  const heat = await cloud.heat("demo");
  const lines = (role: string): string => [`NODE_ROLE='${role}'`, ...params].join("\n            ");
  const names = Array.from({ length: workers }, (_, index) => `worker-${index}`);
  const nodes = [nodeOf("master", lines("master")), ...names.map((name) => nodeOf(name, lines("worker")))];
  const template = `heat_template_version: 2018-08-31\nresources:\n${nodes.join("\n")}`;
  const made = await heat.create("bay", template);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  cloud.clock.advance(10_000);
  cloud.sandbox.advance();
  const address = cloud.sandbox.engines.listeners()[0]?.address ?? "";
  return {
    ...cloud,
    address,
    pass(ms) {
      cloud.clock.advance(ms);
      cloud.sandbox.advance();
    },
    async ask(method, path, { body, headers, peer = ADMIN, port: at = port } = {}) {
      const request = new Request(`http://${address}:${at}${path}`, {
        method,
        headers: { "Content-Type": "application/json", ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const reply = await cloud.sandbox.engines.handle(address, at, request, peer);
      if (reply.kind === "refused") return { status: 0, headers: new Headers(), text: "", body: {} };
      const text = await reply.response.text();
      // A stream of several is left as it is.
      const isJson = /^[[{]/.test(text) && !text.trimEnd().includes("\n");
      return {
        status: reply.response.status,
        headers: reply.response.headers,
        text,
        body: isJson ? JSON.parse(text) : text,
      };
    },
    async deleteBay() {
      const stacks = await heat.send("GET", "/stacks");
      const [stack] = stacks.body.stacks as { id: string }[];
      await heat.send("DELETE", `/stacks/bay/${stack?.id ?? ""}`);
      cloud.clock.advance(10_000);
      cloud.sandbox.advance();
    },
  };
}
