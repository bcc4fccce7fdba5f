/**
 * Keys in a real Barbican: what the sandbox's promises too (test/integration/master-keys.test.ts), and a bay whose secrets
 * are sealed under them while one takes the other's place.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFetchHttp } from "@jeroboam/core/openstack/fetch-http";
import type { HttpFetch } from "@jeroboam/core/openstack/http";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { systemRandom } from "@jeroboam/core/random/system-random";
import { afterAll, describe, expect, test } from "vitest";
import type { BarbicanCloud } from "../contract/barbican-contract.ts";
import { testBarbican } from "../contract/barbican-contract.ts";
import { clearPlace } from "./bay-life.ts";
import { takeInventory } from "./inventory.ts";
import type { RunningJeroboam } from "./jeroboam.ts";
import { startJeroboam } from "./jeroboam.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labCloud } from "./lab-cloud.ts";
import { labPlace } from "./lab-place.ts";
import { startNodes } from "./nodes.ts";
import { ask, openPeople } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { expectStatus } from "./place.ts";

const TEST_WITHIN_MS = 5 * 60_000;
const LOOK_EVERY_MS = 500;
const RECONCILE = "/actions/reconcile";
/** Nobody listens there: the port is reserved. */
const NOWHERE = "http://127.0.0.1:1";

function openLab(): Promise<BarbicanCloud> {
  const fetchHttp = createFetchHttp({ verify: true });
  let isAway = false;
  const http: HttpFetch = (request, call) => {
    const { pathname } = new URL(request.url);
    const isLost = isAway && pathname.startsWith("/v1/secrets");
    return fetchHttp(isLost ? { ...request, url: NOWHERE + pathname } : request, call);
  };
  return Promise.resolve({
    ...labCloud(theLab(), http),
    leave: () => {
      isAway = true;
      return () => void (isAway = false);
    },
  });
}

describe.skipIf(!isLabUp)("the real Barbican", { timeout: TEST_WITHIN_MS }, () => {
  testBarbican(openLab);
});

const MODEL = {
  coe: "swarm",
  image_id: "fedora-21-atomic-3",
  external_network_id: "public",
  keypair_id: "default",
  flavor_id: "m1.small",
  master_flavor_id: "m1.small",
};

interface Job {
  readonly name: string;
  readonly state: string;
  readonly round: { readonly counts: Readonly<Record<string, number>> } | null;
}

describe.skipIf(!isLabUp)("a bay sealed under keys in the real Barbican", { timeout: TEST_WITHIN_MS }, () => {
  const data = mkdtempSync(join(tmpdir(), "jeroboam-openstack-"));
  const ids: string[] = [];
  const people = isLabUp ? openPeople(theLab()) : undefined;
  let jeroboam: RunningJeroboam | undefined;

  afterAll(async () => {
    await jeroboam?.stop();
    for (const id of ids) await remove(id);
    rmSync(data, { recursive: true, force: true });
  });

  test("is made under one, wrapped anew by another, and deleted when the first is gone", async () => {
    if (!people) throw new Error("there is no lab");
    const before = await takeInventory(people, "demo");
    const [first, second] = [await store(), await store()];
    jeroboam = await startJeroboam(theLab(), { data, barbicanKeys: first });
    const nodes = await startNodes(people);
    const [demo, operator] = ["demo", "admin"].map((name) => labPlace(people.person(name, name), nodes)) as [
      Place,
      Place,
    ];
    try {
      const model = await expectStatus<{ uuid: string }>(201, demo.request("POST", "/baymodels", MODEL));
      const made = await expectStatus<Bay>(201, demo.request("POST", "/bays", { baymodel_id: model.uuid }));
      expect((await demo.settle(made.uuid))?.status).toBe("CREATE_COMPLETE");
      await restart(`${second},${first}`);
      // The project's one, for records.
      expect(await countsOfSeals(operator)).toMatchObject({ "data-keys": 1, [`wrapped-by-${second}`]: 1 });
      await remove(first);
      await restart(second);
      await expectStatus(200, demo.request("GET", `/certificates/${made.uuid}`));
    } finally {
      await clearPlace(demo);
      await nodes.stop();
    }
    expect(await takeInventory(people, "demo")).toEqual(before);
    expect(existsSync(join(data, "keys.json"))).toBe(false);
  });

  async function restart(barbicanKeys: string): Promise<void> {
    await jeroboam?.stop();
    jeroboam = await startJeroboam(theLab(), { data, barbicanKeys });
  }

  async function store(): Promise<string> {
    const payload = Buffer.from(systemRandom.bytes(32)).toString("base64");
    const json = { name: "jeroboam-test", payload, payload_content_type: "text/plain" };
    const request = { method: "POST", path: "/v1/secrets", json } as const;
    const { secret_ref } = await ask<{ secret_ref: string }>(service(), "key-manager", request);
    const id = secret_ref.split("/").at(-1) ?? "";
    ids.push(id);
    return id;
  }

  async function remove(id: string): Promise<void> {
    await service().request("key-manager", { method: "DELETE", path: `/v1/secrets/${id}` });
  }

  function service(): CloudSession {
    if (!people) throw new Error("there is no lab");
    return people.person("jeroboam", "service");
  }

  /** Of a round from its beginning to its end. */
  async function countsOfSeals(operator: Place): Promise<Readonly<Record<string, number>>> {
    while ((await operator.request("POST", RECONCILE, { jobs: ["seals"] })).status !== 202) await sleep(LOOK_EVERY_MS);
    for (;;) {
      const { jobs } = await expectStatus<{ jobs: readonly Job[] }>(200, operator.request("GET", RECONCILE));
      const seals = jobs.find(({ name }) => name === "seals");
      if (seals?.state === "waiting") return seals.round?.counts ?? {};
      await sleep(LOOK_EVERY_MS);
    }
  }
});
