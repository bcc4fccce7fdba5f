/**
 * What every operation is put through, for free: run plainly; each step run twice; a kill at every moment; a failure at
 * every moment (the call that never arrived, the reply that was lost); a pause past the lease at every moment while
 * another conductor takes over; messages doubled and shuffled; all messages lost. After each the scenario's own
 * verification must hold: the right state, each effect once, nothing left behind.
 */
import { describe, expect, test } from "vitest";
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Engine, EnginePorts } from "@jeroboam/core/operation/conduct";
import { conduct } from "@jeroboam/core/operation/conduct";
import type { RecordType } from "@jeroboam/core/operation/record";
import { sweep } from "@jeroboam/core/operation/sweep";
import type { Key } from "@jeroboam/core/table/table";
import type { SimulatedClock } from "../simulated/clock.ts";
import type { Delivery, SimulatedQueue } from "../simulated/queue.ts";
import { PLAIN_DELIVERY } from "../simulated/queue.ts";
import type { ControlledGate, Fault } from "./gate.ts";
import { createGate } from "./gate.ts";

/** One run of a scenario: a world of its own. */
export interface ScenarioRun<Ports extends EnginePorts> {
  readonly clock: SimulatedClock;
  readonly queue: SimulatedQueue;
  readonly ports: Ports;
  readonly types: readonly RecordType<Ports, unknown>[];
  /** What the user does before the faults begin; `settle` runs what was begun so far to rest. */
  start(settle: () => Promise<void>): Promise<void>;
  /** What others do between two invocations of conductors, whom no fault strikes. */
  meanwhile?(): Promise<void>;
  /** Whether no record has work any more. */
  isAtRest(): boolean;
  /** Throws when the world is not as it must be at rest. */
  verify(): Promise<void>;
}

export interface Scenario<Ports extends EnginePorts, Run extends ScenarioRun<Ports> = ScenarioRun<Ports>> {
  readonly name: string;
  build(gate: ControlledGate, delivery: Delivery): Promise<Run>;
}

/** A user's act that must lead to one end at whichever moment of another operation it comes. */
export interface Interruption<Run> {
  readonly name: string;
  act(run: Run): Promise<void>;
  verify(run: Run): Promise<void>;
}

interface RunOptions {
  readonly fault?: Fault;
  readonly delivery?: Delivery;
  readonly stepsTwice?: boolean;
}

const FAULT_KINDS = ["kill", "fail", "pause", "sleep"] as const;

/** No operation may take longer than this in simulated time. */
const LONGEST_RUN_MS = 24 * 60 * 60 * 1_000;

export function describeOperationFaults<Ports extends EnginePorts>(scenario: Scenario<Ports>): void {
  describe(`${scenario.name}, whatever happens`, () => {
    test("comes to the right end when nothing goes wrong", async () => {
      expect(await runScenario(scenario, {})).toBeGreaterThan(0);
    });
    test("comes to the same end when each step runs twice", async () => {
      await runScenario(scenario, { stepsTwice: true });
    });
    test("comes to the same end when every message is doubled and shuffled", async () => {
      await runScenario(scenario, { delivery: { copies: 3, shuffled: true, lost: false } });
    });
    test("comes to the same end when every message is lost", async () => {
      await runScenario(scenario, { delivery: { copies: 1, shuffled: false, lost: true } });
    });
    for (const kind of FAULT_KINDS) {
      test(`comes to the same end after a ${kind} at every moment`, async () => {
        const moments = await runScenario(scenario, {});
        for (let atMoment = 1; atMoment <= moments; atMoment += 1)
          await runScenario(scenario, { fault: { kind, atMoment } });
      });
    }
  });
}

/** For what another scenario puts through all that: once, without a fault. */
export function describePlainRun<Ports extends EnginePorts>(scenario: Scenario<Ports>): void {
  test(`${scenario.name}: comes to the right end`, async () => {
    await runScenario(scenario, {});
  });
}

/** The interruption at every moment of the scenario, one run each. */
export function describeInterruption<Ports extends EnginePorts, Run extends ScenarioRun<Ports>>(
  scenario: Scenario<Ports, Run>,
  interruption: Interruption<Run>,
): void {
  test(`${scenario.name}, ${interruption.name} at every moment: comes to the same end`, async () => {
    const moments = await runScenario(scenario, {});
    for (let atMoment = 1; atMoment <= moments; atMoment += 1) {
      const interrupted: Scenario<Ports> = {
        name: `${scenario.name}, ${interruption.name} at moment ${atMoment}`,
        async build(gate, delivery) {
          const run = await scenario.build(gate, delivery);
          gate.interruptWith(() => interruption.act(run));
          return { ...run, verify: () => interruption.verify(run) };
        },
      };
      await runScenario(interrupted, { fault: { kind: "interrupt", atMoment } });
    }
  });
}

/** Runs to rest and verifies; returns how many moments there were. */
async function runScenario<Ports extends EnginePorts>(scenario: Scenario<Ports>, options: RunOptions): Promise<number> {
  const gate = createGate(options.fault);
  const run = await scenario.build(gate, options.delivery ?? PLAIN_DELIVERY);
  try {
    await driveToRest(run, gate, options);
    gate.disarm();
    await run.verify();
  } catch (thrown) {
    const at = options.fault
      ? ` (${options.fault.kind} at moment ${options.fault.atMoment}: ${gate.trace.at(-1)})`
      : "";
    throw new Error(`${scenario.name}${at}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
  return gate.moments;
}

async function driveToRest<Ports extends EnginePorts>(
  run: ScenarioRun<Ports>,
  gate: ControlledGate,
  options: RunOptions,
): Promise<void> {
  await run.start(() => untilRest(run, gate, options.delivery ? { delivery: options.delivery } : {}));
  await untilRest(run, gate, options);
}

async function untilRest<Ports extends EnginePorts>(
  run: ScenarioRun<Ports>,
  gate: ControlledGate,
  options: RunOptions,
): Promise<void> {
  const startMs = run.clock.nowMs();
  let nextSweepMs = startMs + limits.engine.sweepIntervalMs;
  let conductors = 0;
  const paused: Promise<unknown>[] = [];
  while (!run.isAtRest()) {
    await unstruck(gate, run);
    for (const key of run.queue.take()) {
      conductors += 1;
      const outcome = await invoke(run, gate, key, `conductor-${conductors}`, options);
      if (outcome.kind !== "paused") {
        if (options.fault?.kind === "pause" && paused.length > 0) gate.resume();
        continue;
      }
      paused.push(outcome.rest);
      // Past its lease, so that another takes over.
      run.clock.advance(limits.engine.leaseMs * 2);
    }
    const nowMs = run.clock.nowMs();
    if (nowMs - startMs > LONGEST_RUN_MS) throw new Error("did not come to rest within a day");
    if (nowMs >= nextSweepMs) {
      await forgiving(gate, () => sweep(run.ports));
      nextSweepMs = nowMs + limits.engine.sweepIntervalMs;
      // With every message lost the sweep's hints would be lost too: then it conducts by itself.
      if (options.delivery?.lost) await conductOverdue(run, gate, options);
      continue;
    }
    run.clock.advanceTo(Math.min(run.queue.nextDueAtMs() ?? nextSweepMs, nextSweepMs));
  }
  gate.resume();
  await Promise.all(paused);
}

async function unstruck<Ports extends EnginePorts>(gate: ControlledGate, run: ScenarioRun<Ports>): Promise<void> {
  if (!run.meanwhile) return;
  const wasArmed = gate.isArmed;
  gate.disarm();
  await run.meanwhile();
  if (wasArmed) gate.arm();
}

/** A schedule that meets a fault, or is killed or paused itself, tries again the next time. */
async function forgiving(gate: ControlledGate, work: () => Promise<unknown>): Promise<void> {
  const isStruckAlready = gate.hasStruck;
  const working = work().catch((thrown: unknown) => {
    if (!(thrown instanceof Transient)) throw thrown;
  });
  await (isStruckAlready ? working : Promise.race([working, gate.struck]));
}

async function conductOverdue<Ports extends EnginePorts>(
  run: ScenarioRun<Ports>,
  gate: ControlledGate,
  options: RunOptions,
): Promise<void> {
  const overdue: Key[] = [];
  const collecting = { send: (keys: readonly Key[]) => Promise.resolve(void overdue.push(...keys)) };
  await forgiving(gate, () => sweep({ ...run.ports, queue: collecting }));
  for (const key of overdue) await invoke(run, gate, key, "conductor-by-sweep", options);
}

type Invocation =
  | { readonly kind: "over" }
  | { readonly kind: "killed" }
  | { readonly kind: "paused"; readonly rest: Promise<unknown> };

/** One invocation of a conductor, as a platform would: a throw is a message that comes again, a kill is silence. */
async function invoke<Ports extends EnginePorts>(
  run: ScenarioRun<Ports>,
  gate: ControlledGate,
  key: Key,
  name: string,
  options: RunOptions,
): Promise<Invocation> {
  const engine: Engine<Ports> = {
    ports: run.ports,
    name,
    types: options.stepsTwice ? run.types.map(withStepsTwice) : run.types,
  };
  // A fault strikes one: who comes after it is waited for to the end.
  const isStruckAlready = gate.hasStruck;
  const budget = { endsAtMs: run.clock.nowMs() + limits.engine.budgetMs, signal: new AbortController().signal };
  const conducting = conduct(engine, key, budget).catch(async (thrown: unknown) => {
    if (!(thrown instanceof Transient)) throw thrown;
    await run.queue.send([key], limits.engine.retryCapMs);
  });
  const over = conducting.then(() => "over" as const);
  const first = isStruckAlready ? await over : await Promise.race([over, gate.struck]);
  if (first === "over") return { kind: "over" };
  return first === "kill" ? { kind: "killed" } : { kind: "paused", rest: conducting };
}

/** The same type with steps that do all their work twice before they answer. */
function withStepsTwice<Ports, State>(type: RecordType<Ports, State>): RecordType<Ports, State> {
  const twice = <Step extends { run(...args: never[]): Promise<unknown> }>(step: Step): Step => ({
    ...step,
    run: async (...args: never[]) => {
      await step.run(...args);
      return step.run(...args);
    },
  });
  return {
    ...type,
    operations: type.operations.map((one) => ({ ...one, steps: one.steps.map(twice), always: one.always.map(twice) })),
  };
}
