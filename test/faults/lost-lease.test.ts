/**
 * What a step writes beside its record it writes as long as its conductor holds the bay: one whose lease ends between what
 * it read and what it would write leaves everything as it is, for another is at work by then, maybe at something newer.
 */
import type { ConductorPorts } from "@jeroboam/conductor/ports";
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { bayShape, baySpecificationKey, secretContext } from "@jeroboam/core/bay/bay";
import { acknowledgeUpgrade, masterMark } from "@jeroboam/core/bay/master-upgrade";
import { findBayByUuid } from "@jeroboam/core/bay/find-bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import { upgradeInputSchema } from "@jeroboam/core/node-group/upgrade-input";
import type { ActiveRecord, RecordType } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { Key, Table } from "@jeroboam/core/table/table";
import { expect, test } from "vitest";
import { PROJECT } from "../simulated/bays.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import type { BayActs, BayWorld } from "./bay-world.ts";
import { actsOn, createBayWorld } from "./bay-world.ts";
import { createGate } from "./gate.ts";

type Rotation = NonNullable<NonNullable<BaySpecification["certificates"]>["rotation"]>;

const NEXT = { caCertificate: "ca", caKeySealed: "key", clientCertificate: "client", clientKeySealed: "client-key" };
const inPhase = (phase: Rotation["phase"]) => (world: BayWorld) =>
  specify(world, ({ certificates }) => ({
    certificates: {
      ...NEXT,
      ...certificates,
      rotation: phase === "trust" ? { phase, next: NEXT } : { phase, next: NEXT, previous: "old" },
    } as BaySpecification["certificates"],
  }));

const BUDGET = { signal: new AbortController().signal, remainingMs: () => Infinity };
const MASTER = "blue-master-0";

interface Case {
  readonly step: string;
  readonly begin: (acts: BayActs) => Promise<void>;
  /** What the step finds. */
  readonly before?: (world: BayWorld) => Promise<void>;
}

const rotate = (acts: BayActs): Promise<void> => acts.rotateAuthority();
const upgrade = (acts: BayActs): Promise<void> => acts.upgrade();

const CASES: readonly Case[] = [
  { step: "ensure-next-authority", begin: rotate },
  { step: "enter-renew", begin: rotate, before: inPhase("trust") },
  { step: "enter-serve", begin: rotate, before: inPhase("renew") },
  { step: "enter-drop", begin: rotate, before: inPhase("serve") },
  { step: "forget-rotation", begin: rotate, before: inPhase("drop") },
  { step: "renew-password", begin: (acts) => acts.rotateCredential() },
  { step: "take-model", begin: upgrade },
  {
    step: "upgrade-masters",
    begin: upgrade,
    async before(world) {
      await specify(world, () => ({ masterNames: [MASTER], mastersBehind: [MASTER] }));
      const bay = await findBayByUuid(world.table, { projectId: PROJECT, allProjects: false }, uuidOf(world));
      const { upgradeId } = upgradeInputSchema.parse(bay?.record.operation?.input);
      if (bay)
        await acknowledgeUpgrade(world.ports, bay, {
          node: MASTER,
          mark: masterMark(upgradeId, MASTER),
          failure: undefined,
        });
    },
  },
];

const uuidOf = ({ bayKey }: BayWorld): string => bayKey.pk.slice("bay#".length);

async function specify(world: BayWorld, change: (now: BaySpecification) => Partial<BaySpecification>): Promise<void> {
  const record = await findRecord(world.table, bayShape, world.bayKey);
  if (record) await changeSpecification(world.table, record.state, change);
}

async function leaseTo(world: BayWorld, holder: string): Promise<ActiveRecord<Bay>> {
  const lease = { holder, untilMs: world.clock.nowMs() + limits.engine.leaseMs };
  const changed = await changeRecord<Bay, never>(world.ports, bayShape, world.bayKey, (current) => ({
    kind: "write",
    record: { ...current, lease },
  }));
  if (changed.kind !== "changed" || !changed.record.operation) throw new Error("the bay has no work");
  return { ...changed.record, operation: changed.record.operation };
}

const BAY_TYPE = RECORD_TYPES.find(({ type }) => type === bayShape.type) as RecordType<ConductorPorts, Bay>;

function stepOf({ operation: { kind } }: ActiveRecord<Bay>, name: string) {
  const steps = BAY_TYPE.operations.filter((one) => one.kind === kind).flatMap((one) => one.steps);
  const found = steps.find((one) => one.name === name);
  if (!found) throw new Error(`${kind} has no step ${name}`);
  return found;
}

/** The lease ends when the step has read what it is going to change. */
function losing(world: BayWorld, { pk, sk }: Key): Table {
  return {
    ...world.table,
    async get(key) {
      const item = await world.table.get(key);
      if (key.pk === pk && key.sk === sk) await leaseTo(world, "another");
      return item;
    },
  };
}

/** A bay that has just been asked for. */
async function newBay(): Promise<BayWorld> {
  const world = createBayWorld(createGate(), PLAIN_DELIVERY, { stackMs: 0 });
  await actsOn(world).create(1);
  return world;
}

/** A bay that stands, with an operation begun that a slow conductor has taken. */
async function heldBay({ begin, before }: Omit<Case, "step">): Promise<BayWorld> {
  const world = await newBay();
  await changeRecord<Bay, never>(world.ports, bayShape, world.bayKey, (current) => {
    const { operation: _made, dueAtMs: _due, ...settled } = current;
    return { kind: "write", record: { ...settled, state: { ...current.state, status: "CREATE_COMPLETE" } } };
  });
  const certificates = { ...NEXT, caCertificate: "first" };
  const nodeCredential = { user: { id: "u", domainId: "d" }, userName: "nodes", passwordSealed: "first" };
  await specify(world, () => ({ certificates, nodeCredential, mastersFollow: true, masterNames: [MASTER] }));
  await begin(actsOn(world));
  await before?.(world);
  return world;
}

test.each(CASES)("$step of a conductor whose lease ends meanwhile changes nothing", async ({ step, ...given }) => {
  const world = await heldBay(given);
  const record = await leaseTo(world, "slow");
  const coldKey = baySpecificationKey(PROJECT, uuidOf(world));
  const cold = await world.table.get(coldKey);
  const run = (table: Table): Promise<unknown> => stepOf(record, step).run({ ...world.ports, table }, record, BUDGET);

  await expect(run(losing(world, coldKey))).rejects.toThrow(Transient);
  expect(await world.table.get(coldKey)).toEqual(cold);
  expect(world.users.size).toBe(0);

  // One that holds the bay does change it.
  await leaseTo(world, "slow");
  await run(world.table);
  expect(await world.table.get(coldKey)).not.toEqual(cold);
});

/** The step, with a call to Keystone that sleeps until all else has been done. */
async function sleepingOnTheWay(
  { ports }: BayWorld,
  record: ActiveRecord<Bay>,
  step: string,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const { cloud } = ports;
  let hasSlept = false;
  const slow: ConductorPorts["cloud"] = {
    ...cloud,
    async ensureNodeUser(user, signal) {
      if (!hasSlept) await meanwhile();
      hasSlept = true;
      return cloud.ensureNodeUser(user, signal);
    },
  };
  await stepOf(record, step).run({ ...ports, cloud: slow }, record, BUDGET);
}

test.each(["renew-password", "ensure-node-credential"])(
  "%s that slept on its way to Keystone leaves there the password of the renewal that came after it",
  async (step) => {
    const isMaking = step === "ensure-node-credential";
    const world = isMaking ? await newBay() : await heldBay({ begin: (acts) => acts.rotateCredential() });
    const record = await leaseTo(world, "slow");
    const passwordSealed = await world.ports.sealer.seal(
      "newer",
      secretContext(record.state, "node-password"),
      PROJECT,
    );
    await sleepingOnTheWay(world, record, step, () =>
      specify(world, ({ nodeCredential }) => ({
        ...(nodeCredential && { nodeCredential: { ...nodeCredential, passwordSealed, renewedBy: "another" } }),
      })),
    );
    expect([...world.users.values()]).toEqual(["newer"]);
  },
);

test("a user of nodes that is made when its bay is gone goes again", async () => {
  const world = await newBay();
  const record = await leaseTo(world, "slow");
  await sleepingOnTheWay(world, record, "ensure-node-credential", async () => {
    const cold = await world.table.get(baySpecificationKey(PROJECT, uuidOf(world)));
    if (cold) await world.table.remove(cold, cold.revision);
  });
  expect(world.users.size).toBe(0);
});
