/**
 * A process that serves until it is told to stop. SIGTERM and SIGINT end it in order; a second one ends it at once. Ctrl-C
 * under npm arrives twice, from the terminal and from npm: signals that come together are one.
 */
export interface Running {
  /** Ends what is in hand, within a limit, and resolves when nothing is left. */
  stop(): Promise<void>;
}

const TOGETHER_MS = 500;

export function runUntilStopped(running: Running): void {
  let stoppingSinceMs: number | undefined;
  const onSignal = (signal: "SIGINT" | "SIGTERM"): void => {
    const nowMs = performance.now();
    if (stoppingSinceMs !== undefined) {
      if (nowMs - stoppingSinceMs > TOGETHER_MS) process.exit(signal === "SIGINT" ? 130 : 143);
      return;
    }
    stoppingSinceMs = nowMs;
    console.error("stopping: what is in hand is finished first; a second signal stops at once");
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
