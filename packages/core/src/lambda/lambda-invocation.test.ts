import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../limits.ts";
import type { LambdaContext } from "./lambda-invocation.ts";
import { prepareOnce, withinInvocation } from "./lambda-invocation.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An invocation that has so long to live, by the fake clock. */
function anInvocation(lifeMs: number): LambdaContext {
  const endsAtMs = Date.now() + lifeMs;
  return { awsRequestId: "one", getRemainingTimeInMillis: () => endsAtMs - Date.now() };
}

describe("an invocation", () => {
  test("stops beginning, then cuts its calls, then answers, each before its end", async () => {
    const { functionTimeoutMs, budgetMs } = limits.engine;
    const { cutMarginMs, answerMarginMs } = limits.lambda;
    const startedAtMs = Date.now();
    const seen: [string, number][] = [];
    const answered = withinInvocation(anInvocation(functionTimeoutMs), async ({ stopping, cut, answerInTime }) => {
      const note = (what: string) => () => void seen.push([what, Date.now() - startedAtMs]);
      stopping.addEventListener("abort", note("stopping"));
      cut.addEventListener("abort", note("cut"));
      const answer = await answerInTime(new Promise(() => {}));
      note("answered")();
      return answer;
    });
    await vi.advanceTimersByTimeAsync(functionTimeoutMs);
    expect(await answered).toBeUndefined();
    expect(seen).toEqual([
      ["stopping", budgetMs],
      ["cut", functionTimeoutMs - cutMarginMs],
      ["answered", functionTimeoutMs - answerMarginMs],
    ]);
  });

  test("that began late has less time for steps, not more", async () => {
    const lifeMs = limits.engine.functionTimeoutMs - limits.engine.budgetMs;
    await withinInvocation(anInvocation(lifeMs), async ({ stopping, cut }) => {
      await vi.advanceTimersByTimeAsync(0);
      expect([stopping.aborted, cut.aborted]).toEqual([true, false]);
    });
  });

  test("leaves no timer behind, whether its work ended or threw", async () => {
    expect(await withinInvocation(anInvocation(60_000), ({ answerInTime }) => answerInTime(Promise.resolve(1)))).toBe(
      1,
    );
    await expect(withinInvocation(anInvocation(60_000), () => Promise.reject(new Error("bug")))).rejects.toThrow("bug");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what a function prepares", () => {
  test("is begun at load and made once", async () => {
    let makings = 0;
    const prepared = prepareOnce(async () => (makings += 1));
    expect(makings).toBe(1);
    expect([await prepared(), await prepared()]).toEqual([1, 1]);
  });

  test("is begun again by the invocation after one that failed", async () => {
    let makings = 0;
    const prepared = prepareOnce(async () => {
      makings += 1;
      if (makings < 3) throw new Error(`try ${makings}`);
      return makings;
    });
    await expect(prepared()).rejects.toThrow("try 1");
    await expect(prepared()).rejects.toThrow("try 2");
    expect(await prepared()).toBe(3);
  });
});

test("SIGTERM stops what an invocation has in hand from going on, and later ones from beginning", async () => {
  vi.useRealTimers();
  const module = join(import.meta.dirname, "lambda-invocation.ts");
  const program = `
    const { withinInvocation } = await import(${JSON.stringify(module)});
    const context = { awsRequestId: "one", getRemainingTimeInMillis: () => 60_000 };
    await withinInvocation(context, ({ stopping }) => new Promise((resolve) => {
      stopping.addEventListener("abort", () => resolve(undefined));
      console.log("in hand");
    }));
    await withinInvocation(context, async ({ stopping }) => console.log("stopped", stopping.aborted));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    if (printed === "") child.kill("SIGTERM");
    printed += String(chunk);
  });
  await once(child, "exit");
  expect(printed).toBe("in hand\nstopped true\n");
});
