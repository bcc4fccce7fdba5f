/** Our API before the real Keystone: tokens of every kind, and bays of those who may give no trust. */
import type { CloudRequest, CloudSession } from "@jeroboam/core/openstack/session";
import type { Credentials, Scope } from "@jeroboam/core/openstack/keystone";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningJeroboam } from "./jeroboam.ts";
import { startJeroboam } from "./jeroboam.ts";
import { isLabUp, theLab } from "./lab.ts";
import { labPlace } from "./lab-place.ts";
import type { Nodes } from "./nodes.ts";
import { startNodes } from "./nodes.ts";
import type { People } from "./people.ts";
import { ask, openPeople, passwordOf, scopeOf } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { expectStatus, SMALL_MODEL } from "./place.ts";

interface Credential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
}

interface Template {
  readonly uuid: string;
  readonly project_id: string;
  readonly user_id: string;
}

const BAY_WITHIN_MS = 30 * 60_000;

describe.skipIf(!isLabUp)("callers of our API, known by the real Keystone", () => {
  let people: People;
  let jeroboam: RunningJeroboam;
  let nodes: Nodes;
  let demo: CloudSession;
  let demoId = "";
  let projectId = "";
  const credentials: Credential[] = [];

  beforeAll(async () => {
    people = openPeople(theLab());
    jeroboam = await startJeroboam(theLab());
    nodes = await startNodes(people);
    demo = people.person("demo", "demo");
    const opened = await demo.open();
    if (opened.kind === "refused") throw new Error(opened.reason);
    demoId = opened.facts.userId;
    projectId = opened.facts.projectId ?? "";
  });

  afterAll(async () => {
    for (const { id } of credentials) {
      const path = `/users/${demoId}/application_credentials/${id}`;
      await ask(demo, "identity", { method: "DELETE", path });
    }
    try {
      await nodes.stop();
    } finally {
      await jeroboam.stop();
    }
  });

  async function makeCredential(attributes: object = {}): Promise<Credential> {
    const name = `jeroboam-test-${credentials.length}-${process.pid}`;
    const json = {
      application_credential: { name, roles: [{ name: "member" }, { name: "heat_stack_owner" }], ...attributes },
    };
    const path = `/users/${demoId}/application_credentials`;
    const made = await ask<{ application_credential: Credential }>(demo, "identity", { method: "POST", path, json });
    credentials.push(made.application_credential);
    return made.application_credential;
  }

  async function tokenOf(session: CloudSession): Promise<string> {
    const opened = await session.open();
    if (opened.kind === "refused") throw new Error(opened.reason);
    return opened.token;
  }

  const byCredential = ({ id, secret }: Credential): CloudSession =>
    people.personBy({ kind: "application-credential", id, secret }, { kind: "own" });

  /** Makes a bay and takes it away again; gives what it was before. */
  async function statusOfBayMade(place: Place): Promise<string | undefined> {
    const template = await expectStatus<Template>(201, place.request("POST", "/clustertemplates", SMALL_MODEL));
    const wish = { cluster_template_id: template.uuid };
    const { uuid } = await expectStatus<Bay>(202, place.request("POST", "/clusters", wish));
    try {
      return (await place.settle(uuid))?.status;
    } finally {
      await expectStatus(204, place.request("DELETE", `/clusters/${uuid}`));
      expect(await place.settle(uuid)).toBeUndefined();
      await expectStatus(204, place.request("DELETE", `/clustertemplates/${template.uuid}`));
    }
  }

  /** Our API's answer. */
  async function statusOf(session: CloudSession, request: CloudRequest): Promise<number> {
    const reply = await session.request("container-infra", request);
    if (reply.kind === "refused") throw new Error(reply.reason);
    return reply.status;
  }

  const { password } = isLabUp ? theLab() : { password: "" };
  const user = { name: "demo", domain: { name: "Default" } };
  const ways: readonly (readonly [name: string, log: () => Promise<readonly [Credentials, Scope]>])[] = [
    ["a password, names of user and project", () => Promise.resolve([passwordOf("demo", password), scopeOf("demo")])],
    [
      "a password, ids of user and project",
      () =>
        Promise.resolve([
          { kind: "password", user: { id: demoId }, password },
          { kind: "project", project: { id: projectId } },
        ]),
    ],
    ["another token", async () => [{ kind: "token", token: await tokenOf(demo) }, scopeOf("demo")]],
    [
      "an application credential by its id",
      async () => {
        const { id, secret } = await makeCredential();
        return [{ kind: "application-credential", id, secret }, { kind: "own" }];
      },
    ],
    [
      "an application credential by its name",
      async () => {
        const { name, secret } = await makeCredential();
        return [{ kind: "application-credential", name, user, secret }, { kind: "own" }];
      },
    ],
    [
      "an unrestricted application credential",
      async () => {
        const { id, secret } = await makeCredential({ unrestricted: true });
        return [{ kind: "application-credential", id, secret }, { kind: "own" }];
      },
    ],
  ];

  test.each(ways)("a token by %s is its user's on its project", async (_name, log) => {
    const session = people.personBy(...(await log()));
    const made = await ask<Template>(session, "container-infra", {
      method: "POST",
      path: "/clustertemplates",
      json: SMALL_MODEL,
    });
    expect(made).toMatchObject({ project_id: projectId, user_id: demoId });
    await ask(session, "container-infra", { method: "DELETE", path: `/clustertemplates/${made.uuid}` });
  });

  test("a token by a trust is the trustor's on the trusted project", async () => {
    const other = people.person("alt_demo", "alt_demo");
    const opened = await other.open();
    if (opened.kind === "refused") throw new Error(opened.reason);
    const json = {
      trust: {
        trustor_user_id: demoId,
        trustee_user_id: opened.facts.userId,
        project_id: projectId,
        impersonation: true,
        roles: [{ name: "member" }],
      },
    };
    const { trust } = await ask<{ trust: { id: string } }>(demo, "identity", {
      method: "POST",
      path: "/OS-TRUST/trusts",
      json,
    });
    const session = people.personBy(passwordOf("alt_demo", password), { kind: "trust", trustId: trust.id });
    const made = await ask<Template>(session, "container-infra", {
      method: "POST",
      path: "/clustertemplates",
      json: SMALL_MODEL,
    });
    expect(made).toMatchObject({ project_id: projectId, user_id: demoId });
    await ask(session, "container-infra", { method: "DELETE", path: `/clustertemplates/${made.uuid}` });
    await ask(demo, "identity", { method: "DELETE", path: `/OS-TRUST/trusts/${trust.id}` });
  });

  // Of the restricted one the person's key pair too: the service's user, who acts here, cannot see it in Nova. Of the
  // other a trust, which hands on what the credential's roles imply.
  test(
    "application credentials make bays: restricted, which may give no trust, and not",
    { timeout: BAY_WITHIN_MS },
    async () => {
      const credentials = [await makeCredential(), await makeCredential({ unrestricted: true })];
      const bays = credentials.map((one) => statusOfBayMade(labPlace(byCredential(one), nodes)));
      expect(await Promise.all(bays)).toEqual(["CREATE_COMPLETE", "CREATE_COMPLETE"]);
    },
  );

  test("access rules of an application credential are kept", async () => {
    const rules = [
      { service: "container-infra", method: "GET", path: "/v1/bays" },
      { service: "compute", method: "GET", path: "/v2.1/servers" },
    ];
    const session = byCredential(await makeCredential({ access_rules: rules }));
    expect(await statusOf(session, { method: "GET", path: "/bays" })).toBe(200);
    expect(await statusOf(session, { method: "GET", path: "/baymodels" })).toBe(401);
    expect(await statusOf(session, { method: "POST", path: "/bays", json: {} })).toBe(401);
  });

  test("tokens for no project, and what is no token, are refused", async () => {
    const url = `http://${theLab().jeroboam.host}:${theLab().jeroboam.port}/v1/bays`;
    const statusBy = async (token: string): Promise<number> =>
      (await fetch(url, { headers: { "x-auth-token": token } })).status;
    const unscoped = await people.keystone.issueToken(passwordOf("demo", password), { kind: "own" });
    const domain = { kind: "domain", domain: { name: "Default" } } as const;
    const ofDomain = await people.keystone.issueToken(passwordOf("admin", password), domain);
    for (const issued of [unscoped, ofDomain]) {
      if (issued.kind === "refused") throw new Error(issued.reason);
      expect(await statusBy(issued.token)).toBe(403);
    }
    expect(await statusBy("nonsense")).toBe(401);
    expect((await fetch(url)).status).toBe(401);
    const refused = await fetch(url);
    expect(refused.headers.get("www-authenticate")).toBe(`Keystone uri="${theLab().authUrl}"`);
  });

  test("who may only read makes nothing", async () => {
    const reader = people.person("demo_reader", "demo");
    expect(await statusOf(reader, { method: "GET", path: "/bays" })).toBe(200);
    expect(await statusOf(reader, { method: "POST", path: "/clustertemplates", json: SMALL_MODEL })).toBe(403);
  });
});
