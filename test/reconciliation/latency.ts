/**
 * How long it takes from a stack's completion until the API shows it, in simulated time: every call of Heat, the table and
 * the queue takes a while, and so does the way of a callback. One sample is one bay from its creation on.
 */
import { RECORD_TYPES } from "@jeroboam/conductor/record-types";
import { learnEnd } from "@jeroboam/conductor/operations/expected-end";
import { secretContext } from "@jeroboam/core/bay/bay";
import { readSpecification } from "@jeroboam/core/bay/specification-store";
import { callbackSecret, callbackToken, takeCallback } from "@jeroboam/core/callback/callback";
import { limits } from "@jeroboam/core/limits";
import { conduct } from "@jeroboam/core/operation/conduct";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { bayShape } from "@jeroboam/core/bay/bay";
import type { Queue } from "@jeroboam/core/queue/queue";
import type { BayWorld } from "../faults/bay-world.ts";
import { actsOn, bayOf, createBayWorld } from "../faults/bay-world.ts";
import type { Gate } from "../faults/gate.ts";
import { MODEL_ID } from "../simulated/bays.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import { createSeededRandom } from "../simulated/random.ts";

/** What bays of the model have taken so far. */
const EXPECTED_MS = 300_000;
/** One way of a call, at least and at most. */
const HEAT_MS = [30, 100] as const;
const TABLE_MS = [2, 8] as const;
const OTHER_MS = [5, 25] as const;
const INTERNET_MS = [20, 120] as const;
/** From SQS to the function that it calls. */
const SQS_MS = [20, 100] as const;

/** On what hints travel: a queue in the process, or one whose delays are whole seconds. */
export type Hints = "local" | "sqs";

export interface Latency {
  /** Milliseconds from the stack's completion to the reply that shows it, ascending. */
  readonly samplesMs: readonly number[];
  readonly heatCalls: number;
}

/** How long before its stack's completion the last node posts to its address, at most; absent: no node does. */
export async function measureLatency(
  samples: number,
  callbackLeadMs?: number,
  hints: Hints = "local",
): Promise<Latency> {
  const found: number[] = [];
  let heatCalls = 0;
  for (let seed = 1; seed <= samples; seed += 1) {
    const sample = await sampleOf(seed, callbackLeadMs, hints);
    found.push(sample.tookMs);
    heatCalls += sample.heatCalls;
  }
  return { samplesMs: found.toSorted((one, other) => one - other), heatCalls };
}

export function percentile({ samplesMs }: Latency, part: number): number {
  return samplesMs[Math.min(samplesMs.length - 1, Math.floor(samplesMs.length * part))] ?? Number.NaN;
}

async function sampleOf(
  seed: number,
  leadMs: number | undefined,
  hints: Hints,
): Promise<{ readonly tookMs: number; readonly heatCalls: number }> {
  const random = createSeededRandom(seed);
  const between = ([least, most]: readonly [number, number]): number => least + random.fraction() * (most - least);
  let heatCalls = 0;
  const delay = (name: string): void => {
    const isHeat = name.startsWith("heat.");
    if (isHeat) heatCalls += 1;
    world.clock.advance(Math.round(between(isHeat ? HEAT_MS : name.startsWith("table.") ? TABLE_MS : OTHER_MS)));
  };
  const gate: Gate = {
    async pass(name, run) {
      delay(name);
      const result = await run();
      world.clock.advance(Math.round(between(OTHER_MS)));
      return result;
    },
    moment(name) {
      delay(name);
      return Promise.resolve();
    },
    moments: 0,
    trace: [],
  };
  const stackMs = Math.round(EXPECTED_MS * between([0.8, 1.4]));
  const world = createBayWorld(gate, PLAIN_DELIVERY, { stackMs });
  const { clock, queue } = world;
  const local = world.ports.queue;
  const sqs: Queue = {
    grainMs: 1_000,
    send: (keys, delayMs = 0) => local.send(keys, Math.ceil(delayMs / 1_000) * 1_000 + Math.round(between(SQS_MS))),
  };
  if (hints === "sqs") Object.assign(world.ports, { queue: sqs });
  const past = { kind: "create", startedAtMs: clock.nowMs() };
  await learnEnd(world.table, `bay-model#${MODEL_ID}`, past, clock.nowMs() + EXPECTED_MS);
  await actsOn(world).create(2);
  let callbackAtMs = Infinity;
  let isPosted = leadMs === undefined;
  for (let turns = 0; turns < 10_000; turns += 1) {
    const [stack] = world.stacks.values();
    const completeAtMs = stack ? stack.sinceMs + stackMs : undefined;
    if (!isPosted && callbackAtMs === Infinity && completeAtMs !== undefined && leadMs !== undefined)
      callbackAtMs = Math.round(completeAtMs - leadMs * random.fraction() + between(INTERNET_MS));
    const hintAtMs = queue.nextDueAtMs() ?? Infinity;
    clock.advanceTo(Math.min(hintAtMs, isPosted ? Infinity : callbackAtMs));
    if (!isPosted && callbackAtMs <= clock.nowMs()) {
      isPosted = true;
      if ((await postCallback(world)) !== "taken" && (await bayOf(world))?.status === "CREATE_IN_PROGRESS")
        throw new Error("the callback was not taken");
    }
    for (const key of queue.take()) {
      const budget = { endsAtMs: clock.nowMs() + limits.engine.budgetMs, signal: new AbortController().signal };
      await conduct({ ports: world.ports, name: "conductor", types: RECORD_TYPES }, key, budget);
    }
    const shownAtMs = clock.nowMs();
    if ((await bayOf(world))?.status === "CREATE_COMPLETE" && completeAtMs !== undefined)
      return { tookMs: Math.round(shownAtMs - completeAtMs + between(INTERNET_MS)), heatCalls };
  }
  throw new Error(`sample ${seed}: the bay is never complete`);
}

/** As a node does that is done. */
async function postCallback({ ports, table, bayKey }: BayWorld): Promise<"taken" | "unknown"> {
  const record = await findRecord(table, bayShape, bayKey);
  const credential = record && (await readSpecification(table, record.state))?.nodeCredential;
  if (!record?.operation || !credential) return "unknown";
  const password = await ports.sealer.open(credential.passwordSealed, secretContext(record.state, "node-password"));
  const secret = callbackSecret(password, record.state.uuid, record.operation);
  return await takeCallback(ports, callbackToken(secret, ports.random.uuid()));
}
