/**
 * A process of the fleet: code under test that asks services over a network, has a clock of its own, and may be killed or
 * put to sleep at any await. A call leaves, arrives, has its effect, and its answer comes back, each an event of its own;
 * faults strike here. A dead process gets no answer any more, but what it had sent arrives.
 */
import { Transient } from "@jeroboam/core/errors";
import { limits } from "@jeroboam/core/limits";
import type { Clock, Random } from "@jeroboam/core/ports";
import type { Fault, FaultKind, Faults } from "./faults.ts";
import { isAt } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

export type Service = "table" | "queue" | "keystone" | "heat" | "engine" | "receiver";

/** What processes share. */
export interface Net {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly faults: Faults;
  /** For latencies. */
  readonly random: Pick<Random, "fraction">;
  /** Who decides when a call takes effect, in place of time: resolves when it may, with its fate. Absent: time does. */
  hold?(call: HeldCall): Promise<HeldFate> | undefined;
  /** Whether a call fails now because the service is down or throttles. */
  isRefusing(service: Service): boolean;
}

export interface HeldCall {
  readonly process: string;
  readonly service: Service;
  readonly what: string;
}

export type HeldFate = "answered" | "reply lost";

export type WorkOutcome<Result> =
  | { readonly kind: "done"; readonly value: Result }
  | { readonly kind: "threw"; readonly thrown: unknown }
  | { readonly kind: "died" };

export interface Process {
  readonly name: string;
  readonly clock: Clock;
  isAlive(): boolean;
  isAsleep(): boolean;
  /** Pieces of work in hand. */
  busy(): number;
  /**
   * Asks a service; `effect` is what the service does, told at which step of the run it was asked to; `canned` is what it
   * says in place of that when a fault has it so.
   */
  call<Result>(
    service: Service,
    what: string,
    effect: (sentAt: number) => Result | Promise<Result>,
    canned?: Partial<Record<FaultKind, () => Result>>,
  ): Promise<Result>;
  /** Runs code here and tells how it ended; of code that dies with the process that is all one hears. */
  start<Result>(work: () => Promise<Result>, ended: (outcome: WorkOutcome<Result>) => void): void;
  kill(why: string): void;
  sleep(forMs: number): void;
  /** Wakes it at once. */
  wake(): void;
}

interface Timing {
  /** There and back, usually. */
  readonly usualMs: number;
  /** The caller gives up after this. */
  readonly timeoutMs: number;
}

const TIMINGS: Readonly<Record<Service, Timing>> = {
  table: { usualMs: 8, timeoutMs: limits.table.requestTimeoutMs },
  queue: { usualMs: 12, timeoutMs: limits.queue.requestTimeoutMs },
  keystone: { usualMs: 80, timeoutMs: limits.openstack.requestTimeoutMs },
  heat: { usualMs: 250, timeoutMs: limits.openstack.requestTimeoutMs },
  engine: { usualMs: 40, timeoutMs: limits.containerEngine.requestTimeoutMs },
  receiver: { usualMs: 150, timeoutMs: limits.webhook.timeoutMs },
};

/** Whatever is still under way when its caller has given up arrives within this, or never. */
const LATE_MOST_MS = 10_000;
const SLEEP_MOST_MS = 10 * limits.engine.leaseMs;

export function createProcess(net: Net, name: string, skewMs: number, died: () => void = () => {}): Process {
  const { scheduler, trace, faults, random } = net;
  const nowMs = (): number => scheduler.clock.nowMs();
  const works = new Set<() => void>();
  let alive = true;
  let awakeAtMs = 0;
  let asked = 0;
  let stirs = false;

  /** Whether code runs here that waits for nothing of ours. */
  const noteStir = (): void => {
    const now = alive && works.size > 0 && asked === 0;
    if (now !== stirs) scheduler.stir(now ? 1 : -1);
    stirs = now;
  };
  /** When the process can hear it; never, if it is dead by then. */
  const whenAwake = (run: () => void): void => {
    if (!alive) return;
    if (awakeAtMs <= nowMs()) run();
    else scheduler.after(awakeAtMs - nowMs(), () => whenAwake(run));
  };
  const self: Process = {
    name,
    clock: { nowMs: () => nowMs() + skewMs },
    isAlive: () => alive,
    isAsleep: () => awakeAtMs > nowMs(),
    busy: () => works.size,
    kill(why) {
      if (!alive) return;
      trace.add(name, `dies: ${why}`);
      alive = false;
      noteStir();
      for (const end of works) end();
      works.clear();
      died();
    },
    sleep(forMs) {
      trace.add(name, `sleeps for ${Math.round(forMs / 1_000)} s`);
      awakeAtMs = Math.max(awakeAtMs, nowMs() + forMs);
    },
    wake() {
      awakeAtMs = 0;
    },
    start(work, ended) {
      const end = (): void => ended({ kind: "died" });
      works.add(end);
      const finish = (outcome: Parameters<typeof ended>[0]): void => {
        if (!works.delete(end)) return;
        noteStir();
        ended(outcome);
      };
      noteStir();
      // The code begins at once: it is awake, or it would not have been asked.
      work().then(
        (value) => finish({ kind: "done", value }),
        (thrown: unknown) => finish({ kind: "threw", thrown }),
      );
    },
    call<Result>(
      service: Service,
      what: string,
      effect: (sentAt: number) => Result | Promise<Result>,
      canned: Partial<Record<FaultKind, () => Result>> = {},
    ): Promise<Result> {
      if (!alive) return new Promise(() => {});
      const sentAt = scheduler.steps;
      asked += 1;
      noteStir();
      return new Promise<Result>((resolve, reject) => {
        const answered = (run: () => void) => (): void =>
          whenAwake(() => {
            asked -= 1;
            noteStir();
            run();
          });
        const say = (how: string): void => trace.add(name, `${service}.${what} ${how}`);
        send({
          effect: () => Promise.resolve().then(() => effect(sentAt)),
          succeed: (value) =>
            answered(() => {
              say(`-> ${wordOf(value)}`);
              resolve(value);
            })(),
          fail: (thrown) =>
            answered(() => {
              say(`-> ${thrown instanceof Error ? thrown.message : String(thrown)}`);
              reject(thrown);
            })(),
          say,
        });
      });

      function send(call: Call<Result>): void {
        const { usualMs, timeoutMs } = TIMINGS[service];
        const leg = (): number => (usualMs / 2) * (0.4 + 1.6 * random.fraction() ** 2);
        const arrive = (afterMs: number, then: (result: PromiseSettledResult<Result>) => void): void =>
          scheduler.after(afterMs, () => {
            void outcomeOf(call.effect()).then(then);
          });
        const reply = (result: PromiseSettledResult<Result>): void =>
          scheduler.after(leg(), () =>
            result.status === "fulfilled" ? call.succeed(result.value) : call.fail(result.reason),
          );
        const giveUp = (afterMs: number, why: string): void =>
          scheduler.after(afterMs, () => call.fail(new Transient(`${service}: ${why}`)));

        const held = net.hold?.({ process: name, service, what });
        if (held) {
          void held.then(async (fate) => {
            const result = await outcomeOf(call.effect());
            if (fate === "reply lost") call.fail(new Transient(`${service}: the answer was lost`));
            else if (result.status === "fulfilled") call.succeed(result.value);
            else call.fail(result.reason);
          });
          return;
        }
        if (net.isRefusing(service)) return giveUp(leg(), "does not answer");
        // What every service can do, and what this call has an answer for.
        const fault = faults.decide(service, (kind) => kind in canned || isAt(kind, "table"), isRead(what));
        if (!fault) return arrive(leg(), reply);
        call.say(`[${fault.kind}]`);
        strike(fault, { timeoutMs, leg, arrive, reply, giveUp });
      }

      function strike(fault: Fault, { timeoutMs, leg, arrive, reply, giveUp }: Wire<Result>): void {
        switch (fault.kind) {
          case "request lost":
            return giveUp(fault.force < 0.5 ? leg() : timeoutMs, "the call failed");
          case "reply lost":
            return arrive(leg(), () => giveUp(fault.force < 0.5 ? leg() : timeoutMs, "the answer was lost"));
          case "arrives late":
            giveUp(timeoutMs, "timed out");
            return arrive(timeoutMs + fault.force * LATE_MOST_MS, () => {});
          case "repeated call":
            return arrive(leg(), () => arrive(leg() * (1 + 20 * fault.force), reply));
          case "slow call":
            return arrive(timeoutMs * fault.force * 0.95, reply);
          case "killed before":
            return self.kill("killed before a call");
          case "killed after":
            return arrive(leg(), () => self.kill("killed after a call"));
          case "paused before": {
            const forMs = sleepMs(fault);
            self.sleep(forMs);
            // What dies in its sleep has sent nothing.
            return scheduler.after(forMs, () => {
              if (alive) arrive(leg(), reply);
            });
          }
          case "paused after":
            self.sleep(sleepMs(fault));
            return arrive(leg(), reply);
          default:
            return reply({ status: "fulfilled", value: canned[fault.kind]!() });
        }
      }
    },
  };
  return self;
}

interface Call<Result> {
  readonly effect: () => Promise<Result>;
  readonly succeed: (value: Result) => void;
  readonly fail: (thrown: unknown) => void;
  readonly say: (how: string) => void;
}

interface Wire<Result> {
  readonly timeoutMs: number;
  readonly leg: () => number;
  readonly arrive: (afterMs: number, then: (result: PromiseSettledResult<Result>) => void) => void;
  readonly reply: (result: PromiseSettledResult<Result>) => void;
  readonly giveUp: (afterMs: number, why: string) => void;
}

/** Half of the sleeps are within a lease, the others beyond. */
function sleepMs({ force }: Fault): number {
  return force < 0.5 ? 2 * force * limits.engine.leaseMs : limits.engine.leaseMs + (2 * force - 1) ** 2 * SLEEP_MOST_MS;
}

/** Whether a call, by what it says of itself, changes nothing. */
export function isRead(what: string): boolean {
  return /^(?:get|query|find|login|failures|check-token|list)/.test(what);
}

/** `Promise.allSettled` of one, for less: it is called for each call there is. */
function outcomeOf<Result>(effect: Promise<Result>): Promise<PromiseSettledResult<Result>> {
  return effect.then(
    (value) => ({ status: "fulfilled", value }),
    (reason: unknown) => ({ status: "rejected", reason }),
  );
}

/** An answer in a word or two. */
function wordOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "nothing";
  if (typeof value !== "object") return typeof value;
  if ("kind" in value) return String(value.kind);
  if ("items" in value && Array.isArray(value.items)) return `${value.items.length} items`;
  if ("revision" in value) return `revision ${String(value.revision)}`;
  return "something";
}
