/**
 * The API in one process for conformance cases: real routes, policy, use-cases and table in memory; Keystone, Glance and
 * delegations are fakes. A case sends one request and says what must come back; what is refused must come in the envelope
 * and must have written nothing.
 */
import { createApp } from "@jeroboam/api/app";
import type { FakePorts } from "@jeroboam/api/testing/fake-ports";
import { createFakePorts, TOKENS } from "@jeroboam/api/testing/fake-ports";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import { expect } from "vitest";
import { faultsOfReply } from "./described.ts";

export interface Call {
  readonly as?: keyof typeof TOKENS;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Sent as it is, in place of a body. */
  readonly text?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Null when there is none. */
  readonly body: JsonObject;
}

export interface Harness {
  readonly ports: FakePorts;
  /** `path` begins with a slash; as a member of project a unless said otherwise. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Writes to the table so far. */
  writes(): number;
  /** A bay's record, of project a. */
  record(uuid: string): Promise<WorkRecord<Bay> | undefined>;
  /** Changes the bay's specification, as a conductor does. */
  specify(uuid: string, changes: Partial<BaySpecification>): Promise<void>;
  /** Ends the bay's work, as a conductor does, with these changes. */
  settle(uuid: string, changes: Partial<Bay>): Promise<void>;
}

export function createHarness(): Harness {
  const ports = createFakePorts();
  const app = createApp(ports);
  return {
    ports,
    async call(method, path, { as = "memberA", headers = {}, body, text } = {}) {
      ports.clock.advance(1_000);
      const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await app.request(`http://magnum.test:9511${path}`, {
        method,
        headers: {
          "x-auth-token": TOKENS[as],
          ...(content !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(content !== undefined && { body: content }),
      });
      const answer = await response.text();
      const type = response.headers.get("content-type");
      expect(faultsOfReply(method, path, { status: response.status, text: answer, type })).toEqual([]);
      return {
        status: response.status,
        headers: response.headers,
        body: answer === "" ? {} : (JSON.parse(answer) as JsonObject),
      };
    },
    writes: () => ports.table.counts.put + ports.table.counts.remove,
    record: (uuid) => findRecord(ports.table, bayShape, bayKey("a", uuid)),
    async specify(uuid, changes) {
      const record = await findRecord(ports.table, bayShape, bayKey("a", uuid));
      if (!record) throw new Error(`bay ${uuid} is absent`);
      await changeSpecification(ports.table, record.state, () => changes);
    },
    async settle(uuid, changes) {
      const changed = await changeRecord<Bay, never>(ports, bayShape, bayKey("a", uuid), (current) => {
        const { operation: _operation, dueAtMs: _due, ...rest } = current;
        return { kind: "write", record: { ...rest, state: { ...current.state, ...changes } } };
      });
      if (changed.kind !== "changed") throw new Error(`bay ${uuid} is ${changed.kind}`);
    },
  };
}

/** At this microversion. */
export function at(version: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { "openstack-api-version": `container-infra ${version}` } };
}

/** Refused with this status, in the envelope that every client reads, saying this, having written nothing. */
export async function expectRefusal(
  harness: Harness,
  status: number,
  says: string,
  ...[method, path, call]: Parameters<Harness["call"]>
): Promise<void> {
  const before = JSON.stringify(harness.ports.table.items());
  const answer = await harness.call(method, path, call);
  expect({ status: answer.status, body: answer.body }).toMatchObject({
    status,
    body: { errors: [{ status, links: [] }] },
  });
  expect(Object.keys(answer.body)).toEqual(["fault", "error_message", "errors"]);
  const { faultstring } = JSON.parse(textIn(answer.body, "error_message")) as { faultstring: string };
  expect(answer.body["fault"]).toEqual({ message: faultstring });
  expect(faultstring).toContain(says);
  expect(JSON.stringify(harness.ports.table.items())).toBe(before);
}

/** A record as a reply shows it. */
export type Shown = JsonObject & { readonly uuid: string };

export function shown(body: JsonObject): Shown {
  return { ...body, uuid: textIn(body, "uuid") };
}

export function textIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Error(`${name} is ${JSON.stringify(value)}, no text`);
  return value;
}

export const UNKNOWN_UUID = "99999999-9999-4999-8999-999999999999";
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What python-magnumclient 1.1.0 sends to create a bay model: every option not given is null. */
export const BAY_MODEL: JsonObject = {
  name: "k8s-small",
  image_id: "atomic",
  keypair_id: "ops",
  external_network_id: "public",
  coe: "kubernetes",
  fixed_network: null,
  network_driver: null,
  dns_nameserver: "8.8.8.8",
  flavor_id: "m1.small",
  master_flavor_id: null,
  docker_volume_size: "5",
  ssh_authorized_key: null,
  http_proxy: null,
  https_proxy: null,
  no_proxy: null,
  labels: { team: "a" },
  tls_disabled: false,
  public: false,
};

/** What clients send to create a cluster template that do not know `driver` yet. */
export const CLUSTER_TEMPLATE_BEFORE_DRIVERS: JsonObject = {
  name: "prod",
  image_id: "atomic",
  keypair_id: null,
  external_network_id: "ext-a",
  coe: "kubernetes",
  fixed_network: null,
  fixed_subnet: null,
  network_driver: null,
  volume_driver: null,
  dns_nameserver: "8.8.8.8",
  flavor_id: "m1.medium",
  master_flavor_id: null,
  docker_volume_size: null,
  http_proxy: null,
  https_proxy: null,
  no_proxy: null,
  labels: {},
  tls_disabled: false,
  public: false,
  registry_enabled: false,
  insecure_registry: null,
  server_type: "vm",
  master_lb_enabled: false,
  docker_storage_driver: "overlay2",
};

/** What today's client sends to create a cluster template (cluster sheet 24.2). */
export const CLUSTER_TEMPLATE: JsonObject = { ...CLUSTER_TEMPLATE_BEFORE_DRIVERS, driver: null };
