/**
 * What Lambda tells a function of its invocation, as the code wants to hear it: signals that fire before Lambda cuts the
 * invocation off, and when it takes the process away. An invocation ends by itself; it never runs into its timeout.
 */
import { limits } from "../limits.ts";
import { systemTimers } from "../clock/system-timers.ts";

/** The part of Lambda's context object that is used. */
export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface InvocationEnd {
  /** No further step begins: what a step may take would not fit any more, or the process is to stop. */
  readonly stopping: AbortSignal;
  /** Calls are cut, so that there is time left to commit what is known. */
  readonly cut: AbortSignal;
  /** What `work` comes to, or undefined when the answer is due before. */
  readonly answerInTime: <Result>(work: Promise<Result>) => Promise<Result | undefined>;
}

/** Lambda sends SIGTERM before it ends a process, where an extension is registered. */
const terminating = new AbortController();
process.once("SIGTERM", () => terminating.abort());

/** Runs with the signals of this invocation, and clears what was set up for them. */
export async function withinInvocation<Result>(
  context: LambdaContext,
  run: (end: InvocationEnd) => Promise<Result>,
): Promise<Result> {
  const { functionTimeoutMs, budgetMs } = limits.engine;
  const { cutMarginMs, answerMarginMs } = limits.lambda;
  const [stop, cut, answer] = [new AbortController(), new AbortController(), new AbortController()];
  const cancels = [
    abortBefore(context, functionTimeoutMs - budgetMs, stop),
    abortBefore(context, cutMarginMs, cut),
    abortBefore(context, answerMarginMs, answer),
  ];
  const onTerminate = (): void => stop.abort();
  terminating.signal.addEventListener("abort", onTerminate);
  if (terminating.signal.aborted) onTerminate();
  try {
    return await run({
      stopping: stop.signal,
      cut: cut.signal,
      answerInTime: (work) => Promise.race([work, aborted(answer.signal)]),
    });
  } finally {
    for (const cancel of cancels) cancel();
    terminating.signal.removeEventListener("abort", onTerminate);
  }
}

/** Aborts when only so much of the invocation's time is left; returns what cancels it. */
function abortBefore(context: LambdaContext, marginMs: number, controller: AbortController): () => void {
  return systemTimers.schedule(Math.max(0, context.getRemainingTimeInMillis() - marginMs), () => controller.abort());
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/**
 * What a function needs before it can do anything, made once a process. Begun at load, in the time that Lambda gives for
 * that; when it failed, the next invocation begins it again.
 */
export function prepareOnce<Prepared>(prepare: () => Promise<Prepared>): () => Promise<Prepared> {
  let preparing: Promise<Prepared> | undefined;
  const prepared = (): Promise<Prepared> => {
    preparing ??= prepare().catch((error: unknown) => {
      preparing = undefined;
      throw error;
    });
    return preparing;
  };
  // Told by the first invocation, which asks again.
  prepared().catch(() => undefined);
  return prepared;
}
