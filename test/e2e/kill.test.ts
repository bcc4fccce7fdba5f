/**
 * `npm start` killed with SIGKILL at random moments, again and again over the same disk, while clients create, resize
 * and delete bays: nothing that was accepted is lost, nothing is made twice, nothing is stuck, nothing is left over.
 * `npm run test:kill` is 100 rounds, or `KILL_ROUNDS`: more than `npm test` has time for, so a suite of its own. There
 * are several installations at once, each with its share of the rounds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createSeededRandom } from "../simulated/random.ts";
import type { JeroboamProcess } from "./jeroboam-process.ts";
import { startJeroboam, waitFor } from "./jeroboam-process.ts";
import type { Session } from "./sandbox-client.ts";
import { listStacks, login } from "./sandbox-client.ts";

const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 100);
const INSTALLATIONS = 2;
/** From the first change on that was answered. Most lives are much shorter: starting, not living, is most of a round. */
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

/** What the API said that it will do, by the bays' uuids; `asked`: to delete, whether or not an answer came. */
interface Promises {
  readonly created: Set<string>;
  readonly asked: Set<string>;
  readonly deleted: Set<string>;
  replies: number;
}

interface Installation {
  readonly number: number;
  /** The folder that outlives every kill. */
  readonly data: string;
  readonly running: JeroboamProcess;
  readonly session: Session;
  readonly promised: Promises;
}

/** As they run now, by their numbers. */
const installations: Installation[] = [];

afterAll(async () => {
  for (const { running, data } of installations) {
    await running.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

async function start(number: number, before?: Installation): Promise<Installation> {
  const portOf = (url: string): number => Number(new URL(url).port);
  const data = before?.data ?? mkdtempSync(join(tmpdir(), "jeroboam-kill-"));
  const running = await startJeroboam({
    data,
    options: ["--bay-quota", "1000", "--log-level", "error"],
    ...(before && {
      port: portOf(before.running.apiUrl),
      keystonePort: portOf(before.running.keystoneUrl),
      isSetUp: true,
    }),
  });
  const promised = before?.promised ?? { created: new Set(), asked: new Set(), deleted: new Set(), replies: 0 };
  const installation = { number, data, running, promised, session: await login(running.keystoneUrl) };
  installations[number] = installation;
  return installation;
}

/** Does one thing after the other until nobody answers any more. */
async function drive(
  { session, running, promised }: Installation,
  fraction: () => number,
  isOver: () => boolean,
): Promise<void> {
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

/** A life and its end, and the next one's start. */
async function killOnce(installation: Installation, fraction: () => number): Promise<Installation> {
  const { number, running, promised } = installation;
  let isOver = false;
  const before = promised.replies;
  const clients = Array.from({ length: CLIENTS }, () => drive(installation, fraction, () => isOver));
  // On a busy machine the first change may be long in coming: a round in which nothing was begun would show nothing.
  await waitFor(() => promised.replies > before, ANSWER_WITHIN_MS, 5);
  await new Promise((resolve) => setTimeout(resolve, ALIVE_MOST_MS * fraction() ** 2));
  await running.kill();
  isOver = true;
  await Promise.all(clients);
  return start(number, installation);
}

const allBays = async ({ session, running }: Installation): Promise<readonly BayView[]> =>
  (await session.get<{ bays: BayView[] }>(`${running.apiUrl}/bays?limit=1000`)).bays;

async function expectWhole(installation: Installation): Promise<void> {
  const { running, session, promised } = installation;
  const isSettled = async (): Promise<boolean> =>
    (await allBays(installation)).every(({ status }) => !status.endsWith("_IN_PROGRESS"));
  await waitFor(isSettled, REST_WITHIN_MS, 250);
  const bays = await allBays(installation);
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
  await waitFor(async () => (await allBays(installation)).length === 0, REST_WITHIN_MS, 250);
  expect(await listStacks(running.keystoneUrl, session)).toEqual([]);
}

describe.concurrent(`${ROUNDS} kills at random moments`, () => {
  test.each(Array.from({ length: INSTALLATIONS }, (_, number) => number))(
    "lose nothing, double nothing, leave nothing stuck: installation %i",
    { timeout: REST_WITHIN_MS * 2 + ROUNDS * ROUND_WITHIN_MS },
    async (number) => {
      const random = createSeededRandom(8 + number);
      const fraction = (): number => random.fraction();
      let installation = await start(number);
      const { session, running } = installation;
      const model = { name: "model", image_id: "fedora-21-atomic-3", keypair_id: "default", coe: "kubernetes" };
      const body = { ...model, external_network_id: "public" };
      expect((await session.send("POST", `${running.apiUrl}/baymodels`, body)).status).toBe(201);
      const rounds = Math.ceil((ROUNDS - number) / INSTALLATIONS);
      for (let count = 0; count < rounds; count += 1) installation = await killOnce(installation, fraction);
      await expectWhole(installation);
    },
  );
});
