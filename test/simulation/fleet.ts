/**
 * The product's processes: API functions behind a load balancer, conductors that take batches from the queue, and the
 * schedule. What dies is started again after a while. In a fleet of functions a conductor has one batch in hand and is
 * killed at its timeout; in a fleet of servers it has several and lives on.
 */
import { createApp } from "@jeroboam/api/app";
import { loadCollections } from "@jeroboam/api/routes/routes";
import { createBatchHandler } from "@jeroboam/conductor/batch";
import type { AllPorts } from "@jeroboam/conductor/all-types";
import { ALL_TYPES } from "@jeroboam/conductor/all-types";
import { limits } from "@jeroboam/core/limits";
import type { Engine } from "@jeroboam/core/operation/conduct";
import type { RecordType } from "@jeroboam/core/operation/record";
import { resume } from "@jeroboam/core/operation/resume";
import { sweep } from "@jeroboam/core/operation/sweep";
import { startDueJobs } from "@jeroboam/core/reconciliation/job";
import type { Random } from "@jeroboam/core/ports";
import type { Person } from "./people.ts";
import type { Outside } from "./ports.ts";
import { apiPorts, conductorPorts } from "./ports.ts";
import type { Net, Process } from "./process.ts";
import { createProcess } from "./process.ts";
import type { Answer, Asked, Exchange } from "./watch.ts";

export interface Fleet {
  /** Asks the API, as a client does. */
  readonly request: (person: Person, request: ApiRequest) => Promise<Answer>;
  /** Every process alive. */
  readonly processes: () => readonly Process[];
  /** Asks a process to stop. */
  readonly stop: (process: Process) => void;
  readonly sweepNow: () => void;
  readonly resumeWork: () => void;
  /** No sweep before then. */
  readonly holdSweeps: (forMs: number) => void;
  /** No further round of reconciliation is begun. */
  readonly endRounds: () => void;
  /** No conductor takes a message, until they are free again. */
  readonly holdConductors: () => void;
  readonly freeConductors: () => void;
  /** Everybody awake, the schedule on. */
  readonly heal: () => void;
  /** Whether code of ours is at work, a sweep aside. */
  readonly isBusy: () => boolean;
  readonly isSweeping: () => boolean;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FleetOptions {
  readonly net: Net;
  readonly outside: Outside;
  readonly random: Pick<Random, "fraction">;
  readonly asked: (asked: Asked) => void;
  readonly replied: (exchange: Exchange) => void;
}

const APIS = 2;
const CONDUCTORS = 3;
const CLIENT_TIMEOUT_MS = 60_000;
const RESTART_MOST_MS = 20_000;
export const SKEW_MOST_MS = 10 * 60_000;
const LATE_CONDUCTORS_LEAST_MS = limits.engine.provisionalMs;

export function createFleet(options: FleetOptions): Fleet {
  const { net, random } = options;
  const api = createApiFunctions(options);
  const conductors = createConductors(options);
  const schedule = createSchedule(options);
  const processes = (): readonly Process[] => [...api.processes(), ...conductors.processes(), ...schedule.processes()];
  return {
    request: api.request,
    processes,
    stop: conductors.stop,
    sweepNow: schedule.sweepNow,
    holdSweeps: schedule.hold,
    holdConductors: conductors.hold,
    freeConductors: conductors.free,
    endRounds: schedule.endRounds,
    resumeWork() {
      const [conductor] = conductors.processes();
      if (conductor) conductors.resumeWork(conductor);
    },
    heal() {
      for (const process of processes()) process.wake();
      schedule.hold(-1);
      conductors.free();
      net.scheduler.after(limits.engine.sweepIntervalMs * random.fraction(), schedule.sweepNow);
    },
    isBusy: () => [...api.processes(), ...conductors.processes()].some((process) => process.busy() > 0),
    isSweeping: () => schedule.processes().some((process) => process.busy() > 0),
  };
}

/** So many processes of a kind, each in the place of one that died. */
function createPool(
  { net, random }: FleetOptions,
  count: number,
  name: string,
  started: (process: Process, place: number) => void,
): { readonly processes: () => readonly Process[] } {
  const running = new Map<number, Process>();
  let starts = 0;
  const start = (place: number): void => {
    const isSkewed = net.faults.conditions.has("clocks skewed");
    const skewMs = isSkewed ? Math.round(SKEW_MOST_MS * (2 * random.fraction() - 1)) : 0;
    const restart = (): void => {
      running.delete(place);
      net.scheduler.after(1_000 + RESTART_MOST_MS * random.fraction(), () => start(place));
    };
    const process = createProcess(net, `${name}-${(starts += 1)}`, skewMs, restart);
    running.set(place, process);
    started(process, place);
  };
  for (let place = 0; place < count; place += 1) start(place);
  return { processes: () => [...running.values()] };
}

/** Loaded before time begins: a run's events must not depend on how long a file takes to read. */
export const LOADED_COLLECTIONS = await loadCollections();
await Promise.all([
  import("@jeroboam/coe/containers/look"),
  import("@jeroboam/core/manifest/manifest"),
  import("@jeroboam/core/hook/take-hook"),
  import("@jeroboam/api/routes/upgrades"),
  import("standardwebhooks"),
]);

function createApiFunctions(options: FleetOptions): Pick<Fleet, "request" | "processes"> {
  const { net, outside, random, asked, replied } = options;
  const { scheduler, faults, trace } = net;
  const apps = new Map<string, ReturnType<typeof createApp>>();
  const pool = createPool(options, APIS, "api", () => {});

  const serve = async (process: Process, person: Person, request: ApiRequest): Promise<Answer> => {
    const app = apps.get(process.name) ?? createApp(apiPorts(process, outside), LOADED_COLLECTIONS);
    apps.set(process.name, app);
    const { method, path, body, headers = {} } = request;
    const response = await app.request(`https://api.test${path}`, {
      method,
      headers: {
        ...(person.token !== "" && { "x-auth-token": person.token }),
        "content-type": "application/json",
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { kind: "reply", status: response.status, text: await response.text() };
  };
  return {
    processes: pool.processes,
    request: (person, request) =>
      new Promise<Answer>((resolve) => {
        const { method, path, body, headers } = request;
        const key = headers?.["idempotency-key"];
        const sent: Asked = { person, method, path, body, key, headers, sentAt: scheduler.steps };
        asked(sent);
        let answered = false;
        const answer = (given: Answer): void => {
          if (answered) return;
          answered = true;
          trace.add(person.name, `${method} ${path} -> ${given.kind === "reply" ? given.status : given.kind}`);
          if (given.kind === "reply") trace.digest(given.text);
          resolve(given);
        };
        const leg = (): number => 5 + 40 * random.fraction();
        const fault = faults.decide("request");
        trace.add(
          person.name,
          `${method} ${path} ${body === undefined ? "" : JSON.stringify(body)} ${fault ? `[${fault.kind}]` : ""}`,
        );
        scheduler.after(CLIENT_TIMEOUT_MS, () => answer({ kind: "no answer" }));
        if (fault?.kind === "request lost") return;
        scheduler.after(fault?.kind === "slow call" ? CLIENT_TIMEOUT_MS * fault.force : leg(), () => {
          const awake = pool.processes().filter((one) => !one.isAsleep());
          const process = awake[Math.floor(random.fraction() * awake.length)];
          if (!process) return answer({ kind: "no answer" });
          process.start(
            () => serve(process, person, request),
            (outcome) => {
              if (outcome.kind === "threw") throw outcome.thrown;
              const given: Answer = outcome.kind === "done" ? outcome.value : { kind: "no answer" };
              // What the API said, even if nobody hears it: nobody may have been told a lie.
              replied({ ...sent, answeredAt: scheduler.steps, answer: given });
              if (fault?.kind !== "reply lost") scheduler.after(leg(), () => answer(given));
            },
          );
        });
      }),
  };
}

function createConductors(options: FleetOptions) {
  const { net, outside, random } = options;
  const { scheduler, faults } = net;
  const isFunctions = faults.conditions.has("functions end");
  const batches = isFunctions ? 1 : 3;
  interface Conductor {
    readonly process: Process;
    readonly ports: AllPorts;
    readonly types: readonly RecordType<AllPorts, unknown>[];
    readonly stopping: AbortController;
    readonly cut: AbortController;
  }
  const conductors = new Map<Process, Conductor>();
  const pool = createPool(options, CONDUCTORS, "conductor", (process, place) => {
    const isNewer = faults.conditions.has("mixed versions") && place % 2 === 1;
    conductors.set(process, {
      process,
      ports: conductorPorts(process, outside),
      types: isNewer ? ALL_TYPES.map(withNewerVersions) : ALL_TYPES,
      stopping: new AbortController(),
      cut: new AbortController(),
    });
    scheduler.after(0, dispatch);
  });

  const beginsAtMs = faults.conditions.has("conductors late")
    ? scheduler.clock.nowMs() + LATE_CONDUCTORS_LEAST_MS * (1 + random.fraction())
    : 0;
  if (beginsAtMs > 0) scheduler.after(beginsAtMs - scheduler.clock.nowMs(), dispatch);

  let isHeld = false;
  function dispatch(): void {
    if (isHeld || scheduler.clock.nowMs() < beginsAtMs) return;
    const free = pool
      .processes()
      .filter((process) => !process.isAsleep() && process.busy() < batches)
      .filter((process) => !conductors.get(process)?.stopping.signal.aborted);
    const process = free[Math.floor(random.fraction() * free.length)];
    const conductor = process && conductors.get(process);
    if (!conductor) return;
    const messages = outside.queue.receive(1 + Math.floor(random.fraction() * limits.queue.batchMessages));
    if (messages.length === 0) return;
    const { ports, types, stopping, cut } = conductor;
    const handle = createBatchHandler(ports, {
      name: process.name,
      types,
      stopping: stopping.signal,
      signal: cut.signal,
    });
    let over = false;
    process.start(
      () => handle(messages),
      (outcome) => {
        over = true;
        if (outcome.kind === "threw")
          ports.log.write("error", "queue.handler-threw", { reason: String(outcome.thrown) });
        if (outcome.kind === "done") outside.queue.finish(messages, outcome.value.failedIds);
        if (stopping.signal.aborted && process.busy() === 0) process.kill("stopped");
        scheduler.after(0, dispatch);
      },
    );
    if (isFunctions) {
      scheduler.after(limits.engine.functionTimeoutMs, () => {
        if (!over) process.kill("out of time");
      });
    }
    scheduler.after(0, dispatch);
  }
  outside.queue.onReady(dispatch);

  return {
    processes: pool.processes,
    hold: (): void => {
      isHeld = true;
    },
    free: (): void => {
      isHeld = false;
      scheduler.after(0, dispatch);
    },
    stop: (process: Process): void => {
      const conductor = conductors.get(process);
      if (!conductor || process.busy() === 0) return process.kill("stopped");
      conductor.stopping.abort();
      scheduler.after(limits.process.stepsStopMs, () => {
        conductor.cut.abort();
        process.kill("stopped before its steps were done");
      });
    },
    resumeWork(process: Process): void {
      const conductor = conductors.get(process);
      if (!conductor || process.isAsleep()) return;
      const engine: Engine<AllPorts> = { ports: conductor.ports, name: process.name, types: conductor.types };
      process.start(
        () => resume(engine),
        () => {},
      );
    },
  };
}

/** Of the newer version of each operation, behind its other steps. */
export const ONE_STEP_MORE = "one-step-more";

/** The same steps, and one more: as after a deploy that changed nothing that matters. */
function withNewerVersions(type: RecordType<AllPorts, unknown>): RecordType<AllPorts, unknown> {
  const newer = type.operations.map((operation) => ({
    ...operation,
    version: operation.version + 1,
    steps: [
      ...operation.steps,
      {
        name: ONE_STEP_MORE,
        run: () => Promise.resolve({ kind: "done" as const, changes: {}, notes: {} }),
      },
    ],
  }));
  return { ...type, operations: [...type.operations, ...newer] };
}

function createSchedule(options: FleetOptions) {
  const { net, outside } = options;
  const { scheduler } = net;
  let heldUntilMs = 0;
  let hasRounds = net.faults.conditions.has("rounds");
  const pool = createPool(options, 1, "schedule", () => {});
  const sweepNow = (): void => {
    const [process] = pool.processes();
    if (!process || process.isAsleep()) return;
    const ports = conductorPorts(process, outside);
    process.start(
      async () => {
        await sweep(ports);
        if (hasRounds) await startDueJobs(ports);
      },
      // A sweep that fails is made good by the next.
      () => {},
    );
  };
  const tick = (): void => {
    scheduler.after(limits.engine.sweepIntervalMs, tick);
    if (heldUntilMs <= scheduler.clock.nowMs()) sweepNow();
  };
  scheduler.after(limits.engine.sweepIntervalMs, tick);
  return {
    processes: pool.processes,
    sweepNow,
    hold: (forMs: number): void => {
      heldUntilMs = scheduler.clock.nowMs() + forMs;
    },
    endRounds: (): void => {
      hasRounds = false;
    },
  };
}
