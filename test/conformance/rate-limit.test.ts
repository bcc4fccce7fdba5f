/** A project that asks too often is told when to come back; others are served as before. */
import { createApp } from "@jeroboam/api/app";
import { createFakePorts, TOKENS } from "@jeroboam/api/testing/fake-ports";
import { createMemoryRateLimit } from "@jeroboam/core/rate/rate-limit";
import { expect, test } from "vitest";

test("past its burst a project gets 429 with a time, in the envelope, and nothing is read for it", async () => {
  const ports = createFakePorts();
  const app = createApp({ ...ports, rateLimit: createMemoryRateLimit(ports, { perSecond: 2, burst: 3 }) });
  const list = (token: string) => app.request("/v1/bays", { headers: { "x-auth-token": token } });
  for (let served = 0; served < 3; served += 1) expect((await list(TOKENS.memberA)).status).toBe(200);
  const reads = ports.table.counts.queryIndex;
  const refused = await list(TOKENS.memberA);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toMatchObject({
    errors: [{ status: 429, title: "Your project asks more often than it may" }],
  });
  expect(ports.table.counts.queryIndex).toBe(reads);
  // The same project by another person is the same project.
  expect((await list(TOKENS.otherMemberA)).status).toBe(429);
  expect((await list(TOKENS.memberB)).status).toBe(200);
  // What needs no token is not counted, and a caller without one is nobody's.
  expect((await app.request("/healthcheck")).status).toBe(200);
  expect((await list("unknown")).status).toBe(401);
  ports.clock.advance(1_000);
  expect((await list(TOKENS.memberA)).status).toBe(200);
});
