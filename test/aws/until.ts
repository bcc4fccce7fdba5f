import { setTimeout as wait } from "node:timers/promises";

/** Waits for what real services bring about in their own time; fails, naming it, when it does not come. */
export async function until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > endsAtMs) throw new Error(`within ${timeoutMs} ms it did not come to be that ${what}`);
    await wait(50);
  }
}
