/** From a stack's completion to the reply that shows it, in simulated time with network delays. */
import { expect, test } from "vitest";
import { measureLatency, percentile } from "./latency.ts";

const SAMPLES = 300;

test.each(["local", "sqs"] as const)(
  "with callbacks of its nodes it is at most a second, 99 times of 100: %s",
  async (hints) => {
    const latency = await measureLatency(SAMPLES, 4_000, hints);
    expect(latency.samplesMs).toHaveLength(SAMPLES);
    expect(percentile(latency, 0.99)).toBeLessThanOrEqual(1_000);
  },
);

test.each(["local", "sqs"] as const)(
  "by polling alone near the expected end it is at most five seconds, always: %s",
  async (hints) => {
    const { samplesMs } = await measureLatency(SAMPLES, undefined, hints);
    expect(samplesMs).toHaveLength(SAMPLES);
    expect(Math.max(...samplesMs)).toBeLessThanOrEqual(5_000);
    // It takes a while: what is measured is there.
    expect(percentile({ samplesMs, heatCalls: 0 }, 0.5)).toBeGreaterThan(500);
  },
);
