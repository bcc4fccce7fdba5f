/**
 * Every route by everybody. The routes are the API's own list, so that a new one is in here by itself; who may do what is
 * said in expected.ts. What is another project's cannot be told from what is nowhere: not by the status, the words, the
 * headers, nor by how much was read to say so.
 */
import { ROUTES } from "@jeroboam/api/testing/all-routes";
import { bayKey, bayShape } from "@jeroboam/core/bay/bay";
import { eventSource } from "@jeroboam/core/event/event-source";
import type { Json } from "@jeroboam/core/json";
import { findRecord } from "@jeroboam/core/operation/record-store";
import { createPublisher } from "@jeroboam/core/webhook/publish";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POD_MANIFEST, named } from "../conformance/bay-era/world.ts";
import { ALLOWED_STATUS, expectedVerdict } from "./expected.ts";
import type { Verdict } from "./expected.ts";
import { EVERYBODY } from "./identities.ts";
import type { Who } from "./identities.ts";
import { tell } from "./report.ts";
import type { PlannedRequest } from "./requests.ts";
import { fillRequest, nameOf, planRequest, recordsIn } from "./requests.ts";
import type { Outcome, TwoProjects } from "./world.ts";
import { faultsOfReply, held } from "../conformance/described.ts";
import { createTwoProjects } from "./world.ts";

let world: TwoProjects;
const verdicts = new Map<Verdict, number>();
let comparisons = 0;
let searched = 0;

beforeAll(async () => {
  world = await createTwoProjects();
  // Known to the cache for its minute; then Keystone forgets it.
  expect((await world.ask("revoked", "GET", "/v1/bays")).status).toBe(200);
  world.identities.revoke("revoked");
  world.ports.clock.advance(61_000);
});

afterAll(() => {
  const by = Array.from(verdicts, ([verdict, count]) => `${count} ${verdict}`).join(", ");
  const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
  tell(`matrix: ${ROUTES.length} routes x ${EVERYBODY.length} kinds of callers = ${total} cases: ${by}`);
  tell(`matrix: ${held.successes} successes and ${held.refusals} refusals are as the description of the API says`);
  tell(`matrix: ${comparisons} pairs of another project's thing and nobody's, none told apart`);
  tell(`matrix: ${searched} replies to other projects searched for project a's ids and names`);
});

const planned = ROUTES.map((route) => {
  const request = planRequest(route);
  return { route, name: nameOf(route), request, records: recordsIn(request) };
});
const cases = planned.map((one) => [one.name, one] as const);

/** Whether it names something of project a. */
const refersTo = ({ records, name }: (typeof planned)[number]): boolean =>
  records.length > 0 || name.includes("/quotas/:ident/:resource");

describe.each(EVERYBODY)("%s", (who) => {
  test.each(cases)("%s", async (name, one) => {
    const { path, body } = fillRequest(one.request, world.ids);
    const outcome = await world.ask(who, one.route.method, path, { body });
    const verdict = expectedVerdict(who, one.route, refersTo(one));
    expect(verdictOf(outcome, name, verdict), `${outcome.status} ${outcome.text}`).toBe(verdict);
    expect(faultsOf(outcome, verdict, one.route.rules[0])).toEqual([]);
    const type = outcome.headers["content-type"] ?? null;
    expect(faultsOfReply(one.route.method, path, { ...outcome, type })).toEqual([]);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  });
});

/** What is wrong with how it was refused. */
function faultsOf(outcome: Outcome, verdict: Verdict, rule = ""): readonly string[] {
  const isRead = Object.values(outcome.tableCalls).some((count) => count > 0);
  const isTold = outcome.headers["www-authenticate"] === 'Keystone uri="http://keystone.test/v3"';
  return [
    ...(verdict !== "in" && !outcome.isTableUnchanged ? ["the table changed"] : []),
    ...(verdict === "unknown" && isRead ? ["the table was asked for somebody unknown"] : []),
    ...(verdict === "unknown" && !isTold ? ["not told where to authenticate"] : []),
    ...(verdict === "refused" && !outcome.text.includes(rule) ? ["the rule is not named"] : []),
  ];
}

function verdictOf({ status }: Outcome, name: string, expected: Verdict): Verdict | "failed" {
  if (status === 401) return "unknown";
  if (status === 403) return "refused";
  // What a body names is said to be absent by 400 in some places, by 404 in others, as Magnum has it.
  if (expected === "absent") return status === 404 || status === 400 ? "absent" : "failed";
  if (status < 300) return ALLOWED_STATUS[name] === undefined ? "in" : "failed";
  return status === ALLOWED_STATUS[name] ? "in" : "failed";
}

const STRANGERS = ["foreign", "admin"] as const satisfies readonly Who[];
const UNKNOWN = "7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1";

describe.each(STRANGERS)("to %s, what is another project's looks like what is nowhere", (who) => {
  const hidden = cases.filter(
    ([, one]) => one.records.length > 0 && expectedVerdict(who, one.route, refersTo(one)) === "absent",
  );

  test.each(hidden)("%s", async (_name, one) => {
    const real = await askOf(world.ids);
    for (const record of one.records) {
      // Each of the things it names, in turn: the others are real.
      const id = world.ids[record] ?? "";
      const nowhere = await askOf({ ...world.ids, [record]: UNKNOWN });
      expect(appearance(nowhere, UNKNOWN)).toEqual(appearance(real, id));
      comparisons += 1;
    }

    async function askOf(ids: Readonly<Record<string, string>>): Promise<Outcome> {
      const { path, body } = fillRequest(one.request, ids);
      return world.ask(who, one.route.method, path, { body });
    }
  });

  const NAMES = { model: "unused", blue: "blue", growing: "growing", webhook: "pager", hook: "scale", box: "box" };
  const named = hidden.filter(([, one]) => one.records.some((record) => record in NAMES));

  test.each(named)("%s, by name", async (_name, one) => {
    const names: Readonly<Record<string, string>> = NAMES;
    const [record = ""] = one.records.filter((each) => each in NAMES);
    const name = names[record] ?? "";
    const nobodys = "n".repeat(name.length);
    const asked = [name, nobodys].map((each) => fillRequest(one.request, { ...world.ids, [record]: each }));
    const [real, nowhere] = await Promise.all(
      asked.map(({ path, body }) => world.ask(who, one.route.method, path, { body })),
    );
    if (!real || !nowhere) throw new Error("unreachable");
    expect(appearance(nowhere, nobodys)).toEqual(appearance(real, name));
    comparisons += 1;
  });
});

/** All of a reply that its caller can see or measure, but for the id that they sent. */
function appearance({ status, headers, text, tableCalls, cloudQuestions }: Outcome, id: string) {
  const { "x-openstack-request-id": _requestId, "content-length": _length, ...rest } = headers;
  const words = text.replaceAll(/req-[0-9a-f-]{36}/g, "REQUEST").replaceAll(id, "ID");
  return { status, headers: rest, text: words, tableCalls, cloudQuestions };
}

describe("nothing told to project b holds an id or a name of project a", () => {
  const lists = cases.filter(([, { route }]) => route.method === "GET" && !/:(?!resource)/.test(route.path));
  const questions = ["", "?limit=1000", "?sort_key=uuid&sort_dir=desc", "?sort_key=updated_at"];

  test.each(lists)("%s", async (_name, { route, request }) => {
    const isOfBay = request.path.includes("bay_ident");
    for (const question of isOfBay ? ["?bay_ident={foreign}"] : questions) {
      const { path } = fillRequest({ path: `${route.path}${question}`, body: undefined }, world.ids);
      const outcome = await world.ask("foreign", "GET", path);
      // A list that cannot be sorted so says that.
      expect([200, 400, 403]).toContain(outcome.status);
      for (const text of namesOfProjectA()) expect(outcome.text).not.toContain(text);
      searched += 1;
    }
  });

  test.each([
    "/v1/bays?marker={blue}",
    "/v1/clusters?marker={blue}",
    "/v1/baymodels?marker={model}",
    "/v1/clustertemplates?marker={model}",
    "/v1/nodes?marker={node}",
    "/v1/containers?marker={box}",
    "/v1/containers?bay_ident={green}",
    "/v1/pods?bay_ident={blue}",
    "/v1/pods?bay_ident={foreign}&marker={pod}",
    "/v1/services?bay_ident={blue}",
    "/v1/rcs?bay_ident={blue}",
    "/v1/x509keypairs?marker={keypair}",
    "/v1/webhooks?marker={webhook}",
    "/v1/hooks?marker={hook}",
    "/v1/clusters/{foreign}/nodegroups?marker={group}",
    "/v1/clusters/{foreign}/nodegroups/{group}",
    "/v1/pods/{pod}?bay_ident={foreign}",
    "/v1/containers/{box}?bay_ident={foreign}",
  ])("GET %s by project b looks like one of nothing", async (path) => {
    await expectAlike("GET", { path, body: undefined }, path.includes("{foreign}") ? ["foreign"] : []);
  });

  const manifest = named(POD_MANIFEST, "mine");
  test.each<readonly [string, Json, after: "made" | "refused"]>([
    ["/v1/nodes", { uuid: "{node}" }, "made"],
    ["/v1/nodes", { uuid: "{blue}" }, "made"],
    ["/v1/pods", { uuid: "{pod}", bay_uuid: "{foreign}", manifest }, "made"],
    ["/v1/x509keypairs", { uuid: "{keypair}", bay_uuid: "{foreign}", private_key: "KEY" }, "made"],
    ["/v1/webhooks", { url: "https://receiver.example.com/", bay: "{blue}" }, "refused"],
    ["/v1/hooks", { bay: "{blue}", max_node_count: 3 }, "refused"],
  ])("POST %s of %j by project b takes nothing of project a's", async (path, body, after) => {
    const status = await expectAlike("POST", { path, body }, ["foreign"]);
    expect(status < 300 ? "made" : "refused").toBe(after);
  });

  test("a name or a number that project a uses is free in project b", async () => {
    const body = { ironic_node_id: "ironic-of-alice" };
    expect((await world.ask("foreign", "POST", "/v1/nodes", { body })).status).toBe(201);
    expect((await world.ask("owner", "POST", "/v1/nodes", { body })).status).toBe(409);
    const bay = { name: "blue", baymodel_id: "theirs" };
    expect((await world.ask("foreign", "POST", "/v1/bays", { body: bay })).status).toBe(201);
  });

  test("a key under which project a has asked is project b's to use for anything", async () => {
    const headers = { "idempotency-key": "the-same" };
    const mine = await world.ask("owner", "POST", "/v1/nodes", { body: { type: "virt" }, headers }, "keep");
    const again = await world.ask("owner", "POST", "/v1/nodes", { body: { type: "virt" }, headers });
    expect(again.text).toBe(mine.text);
    const theirs = await world.ask("foreign", "POST", "/v1/nodes", { body: { type: "bare" }, headers });
    expect(theirs.status).toBe(201);
    expect(theirs.text).not.toContain((JSON.parse(mine.text) as { uuid: string }).uuid);
  });

  test("counts are of the caller's own", async () => {
    expect((await world.ask("foreign", "GET", "/v1/stats")).text).toBe('{"clusters":1,"nodes":2}');
    const refused = await world.ask("foreign", "GET", "/v1/stats?project_id=a");
    const nobodys = await world.ask("foreign", "GET", "/v1/stats?project_id=z");
    expect(refused.status).toBe(403);
    expect(appearance(nobodys, "no id")).toEqual(appearance(refused, "no id"));
    const quota = await world.ask("foreign", "GET", "/v1/quotas/a/Cluster");
    const other = await world.ask("foreign", "GET", "/v1/quotas/z/Cluster");
    expect(appearance(other, "no id")).toEqual(appearance(quota, "no id"));
  });

  test("project b's webhooks are told nothing of project a", async () => {
    const url = "https://receiver.example.com/bob";
    const made = await world.ask("foreign", "POST", "/v1/webhooks", { body: { url } }, "keep");
    const { uuid } = JSON.parse(made.text) as { uuid: string };
    const { ports, ids } = world;
    const record = await findRecord(ports.table, bayShape, bayKey("a", ids["blue"] ?? ""));
    if (!record) throw new Error("no bay");
    const event = { id: "event-1", type: "bay.update.end", atMs: ports.clock.nowMs(), sequence: 7, data: {} } as const;
    await createPublisher(ports)(eventSource(bayShape, record), [event]);
    await world.ask("owner", "GET", "/v1/bays", {}, "keep");
    const own = await world.ask("owner", "GET", `/v1/webhooks/${ids["webhook"]}/deliveries`);
    expect(own.text).toContain("bay.update.end");
    expect((await world.ask("foreign", "GET", `/v1/webhooks/${uuid}/deliveries`)).text).toBe('{"deliveries":[]}');
  });

  /** With project a's records, and with none, it looks the same; what is the caller's own stays. */
  async function expectAlike(method: string, request: PlannedRequest, own: readonly string[]): Promise<number> {
    const of = async (ids: Readonly<Record<string, string>>): Promise<Outcome> => {
      const { path, body } = fillRequest(request, ids);
      return world.ask("foreign", method, path, { body });
    };
    const records = recordsIn(request).filter((record) => !own.includes(record));
    const nowhere = Object.fromEntries(records.map((record) => [record, UNKNOWN]));
    const real = await of(world.ids);
    const none = await of({ ...world.ids, ...nowhere });
    const [record = ""] = records;
    expect(withoutChance(appearance(none, UNKNOWN))).toEqual(withoutChance(appearance(real, world.ids[record] ?? "")));
    comparisons += 1;
    return real.status;
  }
});

/** Two things that are made one after the other have other times and ids. */
function withoutChance(seen: ReturnType<typeof appearance>) {
  const text = seen.text.replaceAll(/\d\d:\d\d:\d\d(?:\.\d+)?|"uuid":"[^"]*"|[\w-]+$/g, "");
  const { location: _location, ...headers } = seen.headers;
  return { ...seen, headers, text };
}

/** Uuids of all its records, and the words that only its records have. */
function namesOfProjectA(): readonly string[] {
  const own = Object.entries(world.ids).filter(([name]) => !name.startsWith("foreign"));
  const words = [
    "user-alice",
    "project a",
    "pager",
    "ironic-of-alice",
    "private-of-alice",
    "receiver.example.com/alice",
  ];
  return [...own.map(([, id]) => id), ...words];
}
