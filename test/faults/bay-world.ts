/** A world with one bay in it, for the harness: the real operations over the table in memory and a simulated cloud. */
import type { Coe } from "@jeroboam/core/bay-model/bay-model";
import { bayModelKey, bayModelShape } from "@jeroboam/core/bay-model/bay-model";
import { createMemoryEngines } from "@jeroboam/coe/engines/memory-engines";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { rotateAuthority } from "@jeroboam/core/bay/rotate-authority";
import { rotateCredential } from "@jeroboam/core/bay/rotate-credential";
import { upgradeBay, upgradeNodeGroup } from "@jeroboam/core/bay/upgrade-bay";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { deleteNodeGroup, markNodeGroup, resizeNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import { createNodeGroup } from "@jeroboam/core/node-group/create-node-group";
import type { UpgradeScope } from "@jeroboam/core/node-group/upgrade-input";
import type { NodeGroupWithSpecification } from "@jeroboam/core/node-group/node-group";
import { deleteBay, resizeBay } from "@jeroboam/core/bay/change-bay";
import type { Delegate } from "@jeroboam/core/bay/create-bay";
import { createBay } from "@jeroboam/core/bay/create-bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { groupStackTags, stackTags } from "@jeroboam/coe/stack-name";
import type { OutboxEvent } from "@jeroboam/core/operation/record";
import { findRecord, insertRecord, newRecord } from "@jeroboam/core/operation/record-store";
import type { Condition, Item } from "@jeroboam/core/table/table";
import { createMemoryMasterKey } from "@jeroboam/core/secret/memory-master-key";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { discardProvisional } from "@jeroboam/conductor/discard";
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import type { ConductorPorts, NodeGroupPlans, Stack } from "@jeroboam/conductor/ports";
import { pinnedImages } from "@jeroboam/conductor/pinned-images";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { createSimulatedClock } from "../simulated/clock.ts";
import type { CloudBehaviour } from "../simulated/cloud.ts";
import { MODEL_ID, PROJECT, newModel, newNodeGroup, newSpecification } from "../simulated/bays.ts";
import { createSimulatedCloud } from "../simulated/cloud.ts";
import { createSimulatedQueue } from "../simulated/queue.ts";
import { createSeededRandom } from "../simulated/random.ts";
import type { Gate } from "./gate.ts";
import type { Scenario, ScenarioRun } from "./harness.ts";

export interface BayRun extends ScenarioRun<ConductorPorts> {
  readonly world: BayWorld;
}

export type BayWorld = ReturnType<typeof createBayWorld>;

/** So many nodes as there are to be, by indexes that are never used again. */
export function membersOf(outputs: Stack["outputs"]): Member[] {
  const gone = new Set((outputs["gone"] as readonly string[] | undefined) ?? []);
  const free = Array.from({ length: Number(outputs["nodes"]) + gone.size }, (_, index) => String(index));
  return free
    .filter((index) => !gone.has(index))
    .map((index) => ({ index, serverId: `server-${index}`, name: `node-${index}` }));
}

/** As the real plans do: who is there keeps the image it has. */
function upgraded(image: string, stack: Stack, nodes: number) {
  const { minion_image: upgradedBefore = "first-image" } = stack.parameters;
  const present = typeof upgradedBefore === "string" ? upgradedBefore : "";
  const pins = membersOf(stack.outputs).map(({ index }) => [index, pinnedImages(stack)[index] ?? present] as const);
  return { nodes, minion_image: image, pinned_images: Object.fromEntries(pins) };
}

export const SIMULATED_GROUPS: NodeGroupPlans = {
  nameOf: (group) => `stack-of-${group.uuid}`,
  isOurs: (group, stack) => stack.parameters["group_uuid"] === group.uuid,
  plan: (_parent, { group }) => ({
    template: "",
    files: {},
    environment: {},
    parameters: { group_uuid: group.uuid, nodes: group.nodeCount },
    tags: groupStackTags(group),
    timeoutMinutes: undefined,
  }),
  planUpgrade: ({ specification }, { group }, _login, stack) => ({
    parameters: upgraded(specification.model.imageId, stack, group.nodeCount),
    tags: groupStackTags(group),
  }),
  planScaling: (_bay, { group }, workers) => ({
    parameters: { nodes: group.nodeCount, removed: workers.map(({ index }) => index) },
    tags: groupStackTags(group),
  }),
  readOutputs: (_bay, outputs) => ({
    nodeAddresses: membersOf(outputs).map(({ index }) => `10.0.2.${index}`),
    members: membersOf(outputs),
  }),
};

export function createBayWorld(
  gate: Gate,
  delivery: Parameters<typeof createSimulatedQueue>[2],
  behaviour: CloudBehaviour,
  indexLagMs: number = 0,
) {
  const clock = createSimulatedClock();
  const random = createSeededRandom(11);
  const table = createMemoryTable({
    clock,
    indexLagMs: () => indexLagMs,
    intercept: ({ operation }, moment) => gate.moment(`table.${operation}`, moment),
  });
  const queue = createSimulatedQueue(clock, random, delivery);
  const outside = createSimulatedCloud(gate, clock, behaviour);
  const engines = createMemoryEngines((name, run) => gate.pass(name, run));
  const told = new Map<string, OutboxEvent>();
  let authorities = 0;
  const ports: ConductorPorts = {
    clock,
    random,
    table,
    queue: { send: (keys, delayMs) => gate.pass("queue.send", () => queue.send(keys, delayMs)) },
    log: { write: () => {} },
    discard: (item) => discardProvisional({ table, clock, cloud: outside.cloud }, item),
    publish: (_key, events) =>
      gate.pass("publish", () => {
        for (const event of events) told.set(event.id, event);
        return Promise.resolve();
      }),
    cloud: outside.cloud,
    reconciliation: { removes: "stacks" },
    stackPlans: {
      nameOf: (bay) => `stack-of-${bay.uuid}`,
      isOurs: (bay, stack) => stack.parameters["bay_uuid"] === bay.uuid,
      plan: (bay) => ({
        template: "",
        files: {},
        environment: {},
        parameters: { bay_uuid: bay.uuid, nodes: bay.nodeCount },
        tags: stackTags(bay.uuid),
        timeoutMinutes: undefined,
      }),
      planScaling: (bay, _specification, workers) => ({
        parameters: { nodes: bay.nodeCount, removed: workers.map(({ index }) => index) },
        tags: stackTags(bay.uuid),
      }),
      planPassword: (bay, _specification, { password }) => ({ parameters: { password }, tags: stackTags(bay.uuid) }),
      planRotation: (bay, mark) => ({ parameters: { certificate_rotation: mark }, tags: stackTags(bay.uuid) }),
      planMasterUpgrade: (bay, mark) => ({ parameters: { master_upgrade: mark }, tags: stackTags(bay.uuid) }),
      planUpgrade: (bay, { model }, _login, stack) => ({
        parameters: upgraded(model.imageId, stack, bay.nodeCount),
        tags: stackTags(bay.uuid),
      }),
      versionLabels: () => ["kube_tag"],
      nodeGroups: SIMULATED_GROUPS,
      readOutputs: (specification, outputs) => ({
        apiAddress: "https://10.0.0.5:6443",
        nodeAddresses: Array.from({ length: Number(outputs["nodes"]) }, (_, index) => `10.0.1.${index}`),
        masterAddresses: ["10.0.0.5"],
        discoveryUrl: specification.discoveryUrl,
        workers: membersOf(outputs),
        masterNames: ["master-0"],
      }),
    },
    certificates: {
      make: (commonName) => {
        authorities += 1;
        const of = `${commonName}, ${authorities}`;
        const pair = { certificate: `certificate of ${of}`, privateKey: `key of ${of}` };
        return Promise.resolve({ authority: pair, client: pair });
      },
      renewClient: (authority) => Promise.resolve(authority),
    },
    openEngine: engines.open,
    masterKey: createMemoryMasterKey(),
    sealer: {
      seal: (plaintext, context) => Promise.resolve(`sealed(${context}:${plaintext})`),
      open: (sealed, context) => Promise.resolve(sealed.slice(`sealed(${context}:`.length, -1)),
    },
  };
  return {
    clock,
    random,
    table,
    queue,
    told,
    ports,
    engines,
    bayKey: bayKey(PROJECT, "none"),
    trustsMade: 0,
    ...outside,
  };
}

/** What a user does to the bay, by the API's own use-cases. */
export interface BayActs {
  /** As a creation whose API function dies before the write that commits it. */
  createUpToCommit(): Promise<void>;
  create(nodeCount?: number, coe?: Coe, more?: Partial<BaySpecification>): Promise<void>;
  resize(nodeCount: number): Promise<void>;
  addGroup(name?: string): Promise<void>;
  /** As an autoscaler does: also while another goes on. */
  resizeGroup(nodeCount: number, nodesToRemove?: readonly string[]): Promise<void>;
  /** Gives the group's nodes these labels, and takes those away that they have. */
  markGroup(nodeLabels: Readonly<Record<string, string>>): Promise<void>;
  removeGroup(): Promise<void>;
  rotateCredential(): Promise<void>;
  rotateAuthority(): Promise<void>;
  /** To a newer model. */
  upgrade(scope?: UpgradeScope): Promise<void>;
  upgradeGroup(): Promise<void>;
  remove(): Promise<void>;
}

export function actsOn(world: BayWorld): BayActs {
  const { ports, table, trusts } = world;
  const delegate: Delegate = () => {
    world.trustsMade += 1;
    const sealedTrustId = `trust-${world.trustsMade}`;
    trusts.add(sealedTrustId);
    return Promise.resolve({
      kind: "trust",
      projectId: PROJECT,
      trustorUserId: "u1",
      sealedTrustId,
      // The simulated cloud names its trusts in the clear.
      trustDigest: sealedTrustId,
      expiresAtMs: null,
    });
  };
  const create = async (
    storePorts: typeof ports,
    nodeCount: number,
    coe: Coe = "kubernetes",
    more: Partial<BaySpecification> = {},
  ): Promise<void> => {
    const state = { ...newModel(world.clock.nowMs()), coe };
    const model = { ...newRecord(bayModelKey(PROJECT, MODEL_ID), state) };
    const inserted = await insertRecord(ports, bayModelShape, model);
    if (inserted.kind !== "inserted") throw new Error("the model exists");
    const request = {
      projectId: PROJECT,
      userId: "u1",
      name: "blue",
      nodeCount,
      masterCount: 1,
      specification: { ...newSpecification(state), ...more },
      defaultQuota: 1,
    };
    const created = await createBay(storePorts, inserted.record, request, delegate);
    if (created.kind !== "created") throw new Error(created.kind);
    world.bayKey = created.record.key;
  };
  /** The table, until the bay itself would be written: then the function is dead. */
  const dying = {
    ...table,
    put: (item: Item, condition: Condition) =>
      item.sk.endsWith("#bay") ? Promise.reject(new Error("killed")) : table.put(item, condition),
  };
  return {
    create: (nodeCount = 1, coe, more) => create(ports, nodeCount, coe, more),
    createUpToCommit: () => create({ ...ports, table: dying }, 1),
    async resize(nodeCount) {
      const record = await findRecord(table, bayShape, world.bayKey);
      const specification = record && (await readSpecification(table, record.state));
      if (record && specification)
        await resizeBay(ports, { record, specification }, { nodeCount, nodesToRemove: [], rollback: false }, "action");
    },
    async addGroup(name = "gpu") {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      if (bay) await createNodeGroup(ports, bay, newNodeGroup(name, bay.specification), delegate);
    },
    async resizeGroup(nodeCount, nodesToRemove = []) {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      const group = bay?.nodeGroups[0]?.group;
      if (bay && group) await resizeNodeGroup(ports, bay, group, { nodeCount, nodesToRemove, rollback: false });
    },
    async rotateCredential() {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      if (bay) await rotateCredential(ports, bay);
    },
    async rotateAuthority() {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      if (bay) await rotateAuthority(ports, bay);
    },
    async upgrade(scope = "bay") {
      await makeNewerModel(world);
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      if (bay) await upgradeBay(ports, bay, { bayModelId: NEWER_MODEL_ID, maxBatchSize: 2, scope });
    },
    async upgradeGroup() {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      const group = bay?.nodeGroups[0]?.group;
      const wish = { bayModelId: MODEL_ID, maxBatchSize: 1, scope: "workers" as const };
      if (bay && group) await upgradeNodeGroup(ports, bay, group, wish);
    },
    async markGroup(nodeLabels) {
      const bay = await findBayByUuid(table, SCOPE, uuidOf(world));
      const group = bay?.nodeGroups[0]?.group;
      const taint = { key: "tier", value: null, effect: "NoSchedule" } as const;
      const change = { marks: { nodeLabels, nodeTaints: [taint] }, countLimits: { min: 0, max: null } };
      if (bay && group) await markNodeGroup(ports, bay, group, change);
    },
    async removeGroup() {
      const group = (await findBayByUuid(table, SCOPE, uuidOf(world)))?.nodeGroups[0]?.group;
      if (group) await deleteNodeGroup(ports, group);
    },
    async remove() {
      const record = await findRecord(table, bayShape, world.bayKey);
      if (record) await deleteBay(ports, record);
    },
  };
}

export const NEWER_MODEL_ID = "0b1c6a0e-3d1f-4f0e-9a77-5b8f5d2c1a02";

async function makeNewerModel({ ports, clock }: BayWorld): Promise<void> {
  const state = { ...newModel(clock.nowMs()), uuid: NEWER_MODEL_ID, imageId: "newer", labels: { kube_tag: "v1.20.4" } };
  await insertRecord(ports, bayModelShape, newRecord(bayModelKey(PROJECT, NEWER_MODEL_ID), state));
}

const SCOPE = { projectId: PROJECT, allProjects: false };

function uuidOf({ bayKey }: BayWorld): string {
  return bayKey.pk.slice("bay#".length);
}

/** The bay's node groups besides the two that every bay has. */
export async function groupsOf(world: BayWorld): Promise<readonly NodeGroupWithSpecification[]> {
  return (await findBayByUuid(world.table, SCOPE, uuidOf(world)))?.nodeGroups ?? [];
}

export async function bayOf(world: BayWorld): Promise<Bay | undefined> {
  return (await findRecord(world.table, bayShape, world.bayKey))?.state;
}

/** At rest: nothing has work, nothing is due. */
function isAtRest(world: BayWorld): boolean {
  return world.table.items().every((item) => item.indexes.due === undefined);
}

export function bayScenario(
  name: string,
  behaviour: CloudBehaviour,
  start: (acts: BayActs, world: BayWorld, settle: () => Promise<void>) => Promise<void>,
  verify: (world: BayWorld) => Promise<void>,
  meanwhile?: (world: BayWorld) => Promise<void>,
): Scenario<ConductorPorts, BayRun> {
  return {
    name,
    build(gate, delivery) {
      const world = createBayWorld(gate, delivery, behaviour);
      const run: BayRun = {
        world,
        clock: world.clock,
        queue: world.queue,
        ports: world.ports,
        types: RECORD_TYPES,
        ...(meanwhile && { meanwhile: () => meanwhile(world) }),
        isAtRest: () => isAtRest(world),
        async start(settle) {
          gate.disarm();
          await start(actsOn(world), world, settle);
          gate.arm();
        },
        verify: () => verify(world),
      };
      return Promise.resolve(run);
    },
  };
}
