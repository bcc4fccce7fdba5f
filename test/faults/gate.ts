/**
 * The gate that every call to the outside passes, once before its effect and once after it: a moment. Between two
 * moments code of ours runs without waiting, so to kill a conductor at every await is to kill it at every moment.
 * A conductor that is killed never gets its answer; one that fails gets a Transient: before the effect (the call never
 * arrived) or after it (the reply was lost); one that is paused gets its answer when it is resumed.
 */
import { Transient } from "@jeroboam/core/errors";

export interface Gate {
  /** Lets a call through; `name` is for traces. */
  pass<Result>(name: string, run: () => Promise<Result>): Promise<Result>;
  /** For ports that call before and after by themselves. */
  moment(name: string, which: "before" | "after"): Promise<void>;
  /** Moments so far. */
  readonly moments: number;
  /** The names of the moments so far, for the message of a failing test. */
  readonly trace: readonly string[];
}

/**
 * A kill is silence from then on; a failure is a Transient; a pause ends when the next conductor has had its turn, a
 * sleep when all is over; at an interruption somebody else does something just then.
 */
export type FaultKind = "kill" | "fail" | "pause" | "sleep" | "interrupt";

export interface Fault {
  readonly kind: FaultKind;
  /** From 1. */
  readonly atMoment: number;
}

type Strike = Extract<FaultKind, "kill" | "pause" | "sleep">;

export interface ControlledGate extends Gate {
  /** Resolves when the conductor has been killed or paused at its moment. */
  readonly struck: Promise<Strike>;
  /** It has been: nobody else will be. */
  readonly hasStruck: boolean;
  /** What happens at an interruption. */
  interruptWith(act: () => Promise<void>): void;
  /** Lets a paused conductor go on. */
  resume(): void;
  readonly isArmed: boolean;
  /** While disarmed no fault strikes, and moments are not counted. */
  disarm(): void;
  arm(): void;
}

export function createGate(fault?: Fault): ControlledGate {
  const trace: string[] = [];
  let armed = true;
  let hasStruck = false;
  let interrupt = (): Promise<void> => Promise.resolve();
  const { promise: struck, resolve: strike } = Promise.withResolvers<Strike>();
  const { promise: resumed, resolve: resume } = Promise.withResolvers<void>();

  const moment = async (name: string, which: "before" | "after"): Promise<void> => {
    if (!armed) return;
    trace.push(`${which} ${name}`);
    if (trace.length !== fault?.atMoment) return;
    armed = false;
    hasStruck = true;
    switch (fault.kind) {
      case "kill":
        strike("kill");
        return new Promise<void>(() => {});
      case "pause":
      case "sleep":
        strike(fault.kind);
        return resumed;
      case "interrupt":
        return interrupt();
      case "fail":
        throw new Transient(`fault injected ${which} ${name}`);
      default:
        fault.kind satisfies never;
    }
  };
  return {
    moment,
    async pass(name, run) {
      await moment(name, "before");
      const result = await run();
      await moment(name, "after");
      return result;
    },
    struck,
    get hasStruck() {
      return hasStruck;
    },
    interruptWith(act) {
      interrupt = act;
    },
    resume,
    trace,
    get moments() {
      return trace.length;
    },
    get isArmed() {
      return armed;
    },
    disarm() {
      armed = false;
    },
    arm() {
      armed = true;
    },
  };
}
