/**
 * `npm start` killed with SIGKILL at random moments, again and again over the same disk, while clients create, resize
 * and delete bays: nothing that was accepted is lost, nothing is made twice, nothing is stuck, nothing is left over.
 * `npm run test:kill` (100 rounds, or `KILL_ROUNDS`) asks for more rounds than a test run has time for.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSeededRandom } from "../simulated/random.ts";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { startJeroboam, waitFor } from "./jeroboam-process.ts";
import type { Session } from "./sandbox-client.ts";
import { listStacks, login } from "./sandbox-client.ts";

const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 12);
/** From the first change on that was answered. */
const ALIVE_MOST_MS = 1_000;
const ANSWER_WITHIN_MS = 20_000;
const CLIENTS = 3;
/** Standing at once; a client that finds more deletes. */
const BAYS_MOST = 12;
const REST_WITHIN_MS = 180_000;
const ROUND_WITHIN_MS = 15_000;

interface BayView {
  readonly uuid: string;
  readonly status: string;
  readonly status_reason: string | null;
}

let data = "";
let running: JeroboamProcess;

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), "jeroboam-kill-"));
});

afterAll(async () => {
  await running.stop();
  rmSync(data, { recursive: true, force: true });
});

/** What the API said that it will do, by the bays' uuids; `asked`: to delete, whether or not an answer came. */
const promised = { created: new Set<string>(), asked: new Set<string>(), deleted: new Set<string>(), replies: 0 };

async function start(before?: JeroboamProcess): Promise<Session> {
  const portOf = (url: string): number => Number(new URL(url).port);
  running = await startJeroboam({
    data,
    options: ["--bay-quota", "1000", "--log-level", "error"],
    ...(before && { port: portOf(before.apiUrl), keystonePort: portOf(before.keystoneUrl) }),
  });
  return login(running.keystoneUrl);
}

/** Does one thing after the other until nobody answers any more. */
async function drive(session: Session, fraction: () => number, isOver: () => boolean): Promise<void> {
  const bays = `${running.apiUrl}/bays`;
  while (!isOver()) {
    try {
      const standing = (await session.get<{ bays: BayView[] }>(`${bays}?limit=100`)).bays;
      const chosen = standing[Math.floor(fraction() * standing.length)];
      const choice = fraction();
      if (!chosen || (choice < 0.5 && standing.length < BAYS_MOST)) {
        const reply = await session.send("POST", bays, { name: "bay", baymodel_id: "model", node_count: 1 });
        promised.replies += 1;
        if (reply.ok) promised.created.add(((await reply.json()) as BayView).uuid);
      } else if (choice < 0.75) {
        const body = [{ op: "replace", path: "/node_count", value: 1 + Math.floor(3 * fraction()) }];
        await session.send("PATCH", `${bays}/${chosen.uuid}`, body);
        promised.replies += 1;
      } else {
        promised.asked.add(chosen.uuid);
        const reply = await session.send("DELETE", `${bays}/${chosen.uuid}`);
        promised.replies += 1;
        if (reply.ok) promised.deleted.add(chosen.uuid);
      }
    } catch {
      // Killed in the middle of it: whether it was done is not known.
      return;
    }
  }
}

const allBays = async (session: Session): Promise<readonly BayView[]> =>
  (await session.get<{ bays: BayView[] }>(`${running.apiUrl}/bays?limit=1000`)).bays;

test(
  `${ROUNDS} kills at random moments lose nothing, double nothing, leave nothing stuck`,
  { timeout: REST_WITHIN_MS * 2 + ROUNDS * ROUND_WITHIN_MS },
  async () => {
    const random = createSeededRandom(8);
    let session = await start();
    const model = { name: "model", image_id: "fedora-21-atomic-3", keypair_id: "default", coe: "kubernetes" };
    const made = await session.send("POST", `${running.apiUrl}/baymodels`, { ...model, external_network_id: "public" });
    expect(made.status).toBe(201);
    for (let round = 0; round < ROUNDS; round += 1) {
      let isOver = false;
      const before = promised.replies;
      const clients = Array.from({ length: CLIENTS }, () =>
        drive(
          session,
          () => random.fraction(),
          () => isOver,
        ),
      );
      // On a busy machine the first change may be long in coming: a round in which nothing was begun would show nothing.
      await waitFor(() => promised.replies > before, ANSWER_WITHIN_MS, 5);
      await new Promise((resolve) => setTimeout(resolve, ALIVE_MOST_MS * random.fraction()));
      await running.kill();
      isOver = true;
      await Promise.all(clients);
      session = await start(running);
    }

    const isSettled = async (): Promise<boolean> =>
      (await allBays(session)).every(({ status }) => !status.endsWith("_IN_PROGRESS"));
    await waitFor(isSettled, REST_WITHIN_MS, 250);
    const bays = await allBays(session);
    const uuids = new Set(bays.map(({ uuid }) => uuid));
    // None lost.
    const lost = [...promised.created].filter((uuid) => !promised.asked.has(uuid) && !uuids.has(uuid));
    expect(lost).toEqual([]);
    const undead = [...promised.deleted].filter((uuid) => uuids.has(uuid));
    expect(undead).toEqual([]);
    // None failed for no reason, none doubled.
    expect(bays.filter(({ status }) => status.endsWith("_FAILED"))).toEqual([]);
    const stacks = await listStacks(running.keystoneUrl, session);
    expect(stacks.map(({ stack_name }) => bays.filter(({ uuid }) => stack_name.endsWith(uuid)).length)).toEqual(
      bays.map(() => 1),
    );

    for (const { uuid } of bays) await session.send("DELETE", `${running.apiUrl}/bays/${uuid}`);
    await waitFor(async () => (await allBays(session)).length === 0, REST_WITHIN_MS, 250);
    expect(await listStacks(running.keystoneUrl, session)).toEqual([]);
  },
);
