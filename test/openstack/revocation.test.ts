/**
 * What Keystone takes back in the middle of operations: a token, a user, a trust. What then cannot go on says so, and
 * deleting works and leaves nothing, for it is the service's own user who cleans up.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CloudSession } from "@jeroboam/core/openstack/session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeInventory } from "./inventory.ts";
import type { RunningJeroboam } from "./jeroboam.ts";
import { startJeroboam } from "./jeroboam.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labPlace } from "./lab-place.ts";
import type { Nodes } from "./nodes.ts";
import { startNodes } from "./nodes.ts";
import type { People } from "./people.ts";
import { ask, openPeople, passwordOf, scopeOf } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { expectStatus, findBay, SMALL_MODEL } from "./place.ts";

const TEST_WITHIN_MS = 30 * 60_000;
const LOOK_EVERY_MS = 1_000;
const CHANGES_AT_MOST = 10;

describe.skipIf(!isLabUp)("what Keystone takes back", { timeout: TEST_WITHIN_MS }, () => {
  let people: People;
  let jeroboam: RunningJeroboam;
  let nodes: Nodes;
  let demo: Place;
  let admin: CloudSession;
  let before: Awaited<ReturnType<typeof takeInventory>>;

  beforeAll(async () => {
    people = openPeople(theLab());
    before = await takeInventory(people, "demo");
    admin = people.person("admin", "admin");
    jeroboam = await startJeroboam(theLab());
    nodes = await startNodes(people);
    demo = labPlace(people.person("demo", "demo"), nodes);
  });

  afterAll(async () => {
    try {
      await nodes.stop();
    } finally {
      await jeroboam.stop();
    }
  });

  test.concurrent("a token new to us is refused at once, one seen before after a moment", async ({ expect }) => {
    const [fresh, seen] = [await issue(), await issue()];
    expect(await statusBy(seen)).toBe(200);
    await revoke(fresh);
    await revoke(seen);
    expect(await statusBy(fresh)).toBe(401);
    while ((await statusBy(seen)) !== 401) await sleep(LOOK_EVERY_MS);
  });

  test.concurrent("a bay whose maker is disabled says so, and is deleted by another", async ({ expect }) => {
    const eve = await makePerson("eve");
    const { uuid } = await makeBay(eve.session);
    await until(uuid, (bay) => bay.stack_id !== null);
    await ask(admin, "identity", { method: "PATCH", path: `/users/${eve.id}`, json: { user: { enabled: false } } });
    expect(await endOf(uuid)).toMatchObject(trustEnded(eve.id));
    await expectStatus(204, demo.request("DELETE", `/bays/${uuid}`));
    expect(await demo.settle(uuid)).toBeUndefined();
    await remove(eve.id);
  });

  test.concurrent("a bay whose trust is deleted says so, and is deleted", async ({ expect }) => {
    const mallory = await makePerson("mallory");
    const { uuid } = await makeBay(mallory.session);
    await until(uuid, (bay) => bay.stack_id !== null);
    for (const { id, redelegated_trust_id } of await trustsOf(mallory.id)) {
      // Heat's own trust goes with ours, from which it was made.
      if (!redelegated_trust_id) {
        await ask(mallory.session, "identity", { method: "DELETE", path: `/OS-TRUST/trusts/${id}` });
      }
    }
    expect(await endOf(uuid)).toMatchObject(trustEnded(mallory.id));
    await ask(mallory.session, "container-infra", { method: "DELETE", path: `/bays/${uuid}` });
    expect(await demo.settle(uuid)).toBeUndefined();
    await remove(mallory.id);
  });

  test.concurrent("a bay whose maker is gone is deleted while it is being built", async ({ expect }) => {
    const trudy = await makePerson("trudy");
    const { uuid } = await makeBay(trudy.session);
    await until(uuid, (bay) => bay.stack_id !== null);
    await remove(trudy.id);
    await expectStatus(204, demo.request("DELETE", `/bays/${uuid}`));
    expect(await demo.settle(uuid)).toBeUndefined();
  });

  test("nothing is left of them in the cloud", async () => {
    expect(await takeInventory(people, "demo")).toEqual(before);
  });

  /** Services go on accepting tokens for a while: what Heat has begun may end well, and changes after it too. */
  async function endOf(uuid: string): Promise<Bay | undefined> {
    let bay = await demo.settle(uuid);
    for (let change = 0; change < CHANGES_AT_MOST && bay?.status.endsWith("_COMPLETE"); change += 1) {
      const patch = [{ op: "replace", path: "/node_count", value: change % 2 === 0 ? 2 : 1 }];
      await expectStatus(200, demo.request("PATCH", `/bays/${uuid}`, patch));
      bay = await demo.settle(uuid);
    }
    return bay;
  }

  const trustEnded = (userId: string): object => ({
    status: expect.stringMatching(/^(CREATE|UPDATE)_FAILED$/) as string,
    status_reason: expect.stringContaining(`the trust of user ${userId} is no longer accepted`) as string,
  });

  async function trustsOf(userId: string): Promise<readonly { id: string; redelegated_trust_id: string | null }[]> {
    const request = { method: "GET", path: "/OS-TRUST/trusts" } as const;
    const { trusts } = await ask<{
      trusts: { id: string; redelegated_trust_id: string | null; trustor_user_id: string }[];
    }>(admin, "identity", request);
    return trusts.filter((trust) => trust.trustor_user_id === userId);
  }

  async function remove(userId: string): Promise<void> {
    await ask(admin, "identity", { method: "DELETE", path: `/users/${userId}` });
  }

  async function issue(): Promise<string> {
    const issued = await people.keystone.issueToken(passwordOf("demo", theLab().password), scopeOf("demo"));
    if (issued.kind === "refused") throw new Error(issued.reason);
    return issued.token;
  }

  async function revoke(token: string): Promise<void> {
    await ask(admin, "identity", { method: "DELETE", path: "/auth/tokens", headers: { "x-subject-token": token } });
  }

  async function statusBy(token: string): Promise<number> {
    const { host, port } = theLab().jeroboam;
    return (await fetch(`http://${host}:${port}/v1/bays`, { headers: { "x-auth-token": token } })).status;
  }

  /** Somebody of the project demo, with a key pair of their own. */
  async function makePerson(name: string): Promise<{ readonly id: string; readonly session: CloudSession }> {
    const user = { name: `${name}-${process.pid}`, domain_id: "default", password: theLab().password };
    const made = await ask<{ user: { id: string } }>(admin, "identity", {
      method: "POST",
      path: "/users",
      json: { user },
    });
    const { id } = made.user;
    const { roles } = await ask<{ roles: { id: string; name: string }[] }>(admin, "identity", {
      method: "GET",
      path: "/roles",
    });
    const { projects } = await ask<{ projects: { id: string }[] }>(admin, "identity", {
      method: "GET",
      path: "/projects",
      query: { name: "demo" },
    });
    for (const role of roles.filter((one) => one.name === "member" || one.name === "heat_stack_owner")) {
      const path = `/projects/${projects[0]?.id}/users/${id}/roles/${role.id}`;
      await ask(admin, "identity", { method: "PUT", path });
    }
    const session = people.person(user.name, "demo");
    await ask(session, "compute", { method: "POST", path: "/os-keypairs", json: { keypair: { name: "default" } } });
    return { id, session };
  }

  async function makeBay(session: CloudSession): Promise<Bay> {
    const { uuid } = await ask<{ uuid: string }>(session, "container-infra", {
      method: "POST",
      path: "/baymodels",
      json: SMALL_MODEL,
    });
    return await ask<Bay>(session, "container-infra", { method: "POST", path: "/bays", json: { baymodel_id: uuid } });
  }

  async function until(uuid: string, isSo: (bay: Bay) => boolean): Promise<void> {
    for (;;) {
      const bay = await findBay(demo, uuid);
      if (bay && isSo(bay)) return;
      await sleep(LOOK_EVERY_MS);
    }
  }
});
