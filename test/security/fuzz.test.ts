/**
 * Every route, asked for what nobody should ask for: the answer is never a 5xx, a refusal changes nothing and comes in the
 * envelope, what is done is answered as the API's description says, no request costs more calls of the table than its limit,
 * nothing of ours is told, and no prototype is touched. The requests are made out of good ones and of the description. A failure prints the seed that repeats it.
 */
import { ROUTES } from "@jeroboam/api/testing/all-routes";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HostileRequest } from "./hostile-requests.ts";
import { hostileRequest } from "./hostile-requests.ts";
import { faultsOfReply, held } from "../conformance/described.ts";
import { describedRequest } from "./described-requests.ts";
import { tell } from "./report.ts";
import { fillRequest, nameOf, planRequest } from "./requests.ts";
import type { Outcome, TwoProjects } from "./world.ts";
import { createTwoProjects } from "./world.ts";

const RUNS = 60;
/** Reads and writes of one request, whatever is in it; making a bay takes most. */
const MOST_TABLE_CALLS = 60;

const FOR_ADMINISTRATORS = /^(?:quota|magnum-service|reconciliation):|:(?:retry|abandon)$/;

let world: TwoProjects;
const cpu = process.cpuUsage();
const tricks = new Map<string, number>();
const statuses = new Map<number, number>();
let mostTableCalls = 0;

beforeAll(async () => {
  world = await createTwoProjects();
});
afterAll(() => {
  const { user, system } = process.cpuUsage(cpu);
  const total = [...tricks.values()].reduce((sum, count) => sum + count, 0);
  tell(
    `fuzz: ${total} requests to ${ROUTES.length} routes in ${((user + system) / 1e6).toFixed(0)} s of CPU: ${list(tricks)}`,
  );
  tell(`fuzz: ${held.successes} successes and ${held.refusals} refusals are as the description of the API says`);
  tell(`fuzz: answered by ${list(statuses)}; at most ${mostTableCalls} calls of the table`);
});

const list = (counts: ReadonlyMap<string | number, number>): string =>
  [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${name}: ${count}`)
    .join(", ");

test.each(ROUTES.map((route) => [nameOf(route), route] as const))("%s", async (_name, route) => {
  const { path, body } = fillRequest(planRequest(route), world.ids);
  await fc.assert(
    fc.asyncProperty(hostileRequest({ method: route.method, path, body }, describedRequest(route)), async (request) => {
      const { content, headers } = request;
      const sent = { headers, ...(content !== undefined && { content }) };
      // As who gets past most of the checks.
      const who = FOR_ADMINISTRATORS.test(route.rules[0] ?? "") ? "admin" : "owner";
      const outcome = await world.ask(who, route.method, request.path, sent);
      note(request, outcome);
      const type = outcome.headers["content-type"] ?? null;
      expect(faultsOfReply(route.method, request.path, { ...outcome, type })).toEqual([]);
      expect(faultsOf(outcome), `${outcome.status} ${outcome.text.slice(0, 500)}`).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

function note({ trick }: HostileRequest, { status, tableCalls }: Outcome): void {
  tricks.set(trick, (tricks.get(trick) ?? 0) + 1);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  mostTableCalls = Math.max(mostTableCalls, callsOf(tableCalls));
}

const callsOf = ({ refused: _refused, ...calls }: Outcome["tableCalls"]): number =>
  Object.values(calls).reduce((sum, count) => sum + count, 0);

function faultsOf({ status, headers, text, tableCalls, isTableUnchanged }: Outcome): readonly string[] {
  const isRefusal = status >= 400;
  return [
    ...(status >= 500 ? ["a 5xx"] : []),
    ...(isRefusal && !isTableUnchanged ? ["a refusal that changed something"] : []),
    ...(isRefusal && status !== 401 && !isEnvelope(text) ? ["a refusal without the envelope"] : []),
    ...(callsOf(tableCalls) > MOST_TABLE_CALLS ? ["more calls of the table than are allowed"] : []),
    ...(/\n\s+at |node_modules|\.ts:\d/.test(text) ? ["a stack trace"] : []),
    ...("set-cookie" in headers || "x-injected" in headers ? ["a header that was injected"] : []),
    ...(Object.keys(headers).some((name) => name.startsWith("access-control-")) ? ["leave for other origins"] : []),
    ...(headers["x-content-type-options"] === "nosniff" ? [] : ["a type that may be guessed"]),
    ...("polluted" in Object.prototype || Object.keys(Object.prototype).length > 0 ? ["a prototype touched"] : []),
  ];
}

function isEnvelope(text: string): boolean {
  const read = JSON.parse(text) as object;
  return Object.keys(read).toSorted().join(" ") === "error_message errors fault";
}
