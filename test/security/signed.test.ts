/**
 * What is asked by a signature in place of a token, by everybody and by whoever guesses: who bears the right one is let in
 * whatever token they send; anything else about it looks like nothing at all and changes nothing. Of a hook it reads as much
 * as nothing does; of a callback only who knows the id of what goes on has more read.
 */
import { randomUUID } from "node:crypto";
import { bayKey, bayShape, secretContext } from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { callbackSecret, callbackToken } from "@jeroboam/core/callback/callback";
import type { JsonObject } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { findRecord } from "@jeroboam/core/operation/record-store";
import * as fc from "fast-check";
import { Webhook as Signer } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostileTexts } from "./hostile-requests.ts";
import { EVERYBODY } from "./identities.ts";
import type { Who } from "./identities.ts";
import { tell } from "./report.ts";
import type { Outcome, TwoProjects } from "./world.ts";
import { createTwoProjects } from "./world.ts";

const RUNS = 300;
const UNKNOWN = "7b1f3a52-6c0e-4d7a-9f21-55aa00c4e8d1";

interface Hook {
  readonly uuid: string;
  readonly secret: string;
}

let world: TwoProjects;
let token = "";
/** An address that nobody has used, as each node makes one. */
let fresh: () => string;
let hook: Hook;
let foreign: Hook;
let asked = 0;
const statuses = new Map<number, number>();

beforeAll(async () => {
  world = await createTwoProjects();
  const { ports, ids } = world;
  const uuid = ids["growing"] ?? "";
  const bay = await findRecord(ports.table, bayShape, bayKey("a", uuid));
  if (!bay?.operation) throw new Error("nothing goes on with the bay");
  const passwordSealed = await ports.sealer.seal("password-of-nodes", secretContext({ uuid }, "node-password"), "a");
  const nodeCredential = { user: { id: "u", domainId: "d" }, userName: "n", passwordSealed };
  await changeSpecification(ports.table, bay.state, () => ({ nodeCredential }));
  const secret = callbackSecret("password-of-nodes", uuid, bay.operation);
  fresh = () => callbackToken(secret, randomUUID());
  token = fresh();
  hook = await makeHook("owner", ids["blue"] ?? "");
  foreign = await makeHook("foreign", ids["foreign"] ?? "");
});
afterAll(() => {
  const by = Array.from(statuses, ([status, count]) => `${status}: ${count}`).join(", ");
  tell(`signed: ${asked} callbacks and calls of hooks, of ${EVERYBODY.length} kinds of callers: ${by}`);
});

async function makeHook(who: Who, bay: string): Promise<Hook> {
  const made = await world.ask(who, "POST", "/v1/hooks", { body: { bay, max_node_count: 5 } }, "keep");
  if (made.status !== 201) throw new Error(made.text);
  const { uuid, secret } = JSON.parse(made.text) as { uuid: string; secret: string };
  return { uuid, secret };
}

async function ask(
  path: string,
  content: string,
  { headers = {}, who = "nobody" }: { headers?: Readonly<Record<string, string>>; who?: Who } = {},
): Promise<Outcome> {
  const outcome = await world.ask(who, "POST", path, { content, headers });
  asked += 1;
  statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
  return outcome;
}

interface Call {
  readonly uuid?: string;
  readonly secret?: string;
  readonly id?: string;
  readonly body?: string;
  /** What is signed, where that is not what is sent. */
  readonly signedBody?: string;
  readonly signedId?: string;
  readonly offsetMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly who?: Who;
}

function call(given: Call = {}): Promise<Outcome> {
  const { uuid = hook.uuid, secret = hook.secret, id = "call-1", body = '{"node_count":3}', offsetMs = 0 } = given;
  const { signedBody = body, signedId = id, headers = {}, who = "nobody" } = given;
  // The clock goes on by a tenth of a second before the request.
  const at = new Date(world.ports.clock.nowMs() + 100 + offsetMs);
  const signed = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Signer(secret).sign(signedId, at, signedBody),
  };
  return ask(`/v1/hooks/${uuid}`, body, { headers: { ...signed, ...headers }, who });
}

/** All that can be seen of it, but the request's id. */
function appearance({ status, headers, text, tableCalls, cloudQuestions, isTableUnchanged }: Outcome) {
  const { "x-openstack-request-id": _id, ...rest } = headers;
  const words = text.replaceAll(/req-[0-9a-f-]{36}/g, "REQUEST");
  return { status, headers: rest, text: words, tableCalls, cloudQuestions, isTableUnchanged };
}

describe("a callback", () => {
  test.each(EVERYBODY)("of the right address is taken, whoever sends it: %s", async (who) => {
    const outcome = await ask(`/v1/callbacks/${fresh()}`, "{}", { who });
    expect([outcome.status, outcome.text, outcome.isTableUnchanged]).toEqual([204, "", false]);
  });

  test.each(EVERYBODY)("of any other address is of nothing, whoever sends it: %s", async (who) => {
    const nowhere = appearance(await ask("/v1/callbacks/x", "{}", { who }));
    expect(nowhere).toMatchObject({ status: 404, isTableUnchanged: true });
    for (const wrong of wrongTokens()) {
      const { tableCalls: _calls, ...seen } = appearance(await ask(`/v1/callbacks/${wrong}`, "{}", { who }));
      expect([wrong, seen]).toEqual([wrong, { ...nowhere, tableCalls: undefined }]);
    }
  });

  test("of a token that is spoilt anywhere is of nothing; what it sends is not read", async () => {
    const spoilt = fc
      .tuple(fc.nat({ max: token.length - 1 }), fc.constantFrom("A", "-", ".", "é", "%2e", "%00", ""))
      .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1))
      // A point may be written otherwise: that is the same.
      .filter((text) => decodeURIComponent(text) !== token);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          spoilt,
          hostileTexts.map((text) => encodeURIComponent(text.toWellFormed())),
        ),
        hostileTexts,
        async (end, content) => {
          const outcome = await ask(`/v1/callbacks/${end}`, content);
          // More parts than one are another path, which needs a token of Keystone's.
          expect([401, 404]).toContain(outcome.status);
          expect(outcome.isTableUnchanged).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
    for (const content of ["x".repeat(limits.api.bodyBytes * 2), "[".repeat(100_000), ""])
      expect((await ask(`/v1/callbacks/${fresh()}`, content)).status).toBe(204);
  });

  function wrongTokens(): readonly string[] {
    const [bay = "", operation = "", ends = "", word = "", proof = ""] = token.split(".");
    const join = (...parts: readonly string[]): string => parts.join(".");
    return [
      join(bay, operation, ends, proof),
      join(bay, operation, ends, word, ""),
      join(bay, operation, ends, word, proof.slice(0, -1)),
      join(bay, operation, ends, word, proof, ""),
      join(UNKNOWN, operation, ends, word, proof),
      join(bay, UNKNOWN, ends, word, proof),
      join(bay, operation, ends, UNKNOWN, proof),
      join(world.ids["foreign"] ?? "", operation, ends, word, proof),
      join(world.ids["blue"] ?? "", operation, ends, word, proof),
      // It ends later, or has ended.
      join(bay, operation, String(Number(ends) + 1), word, proof),
      join(bay, operation, "1", word, proof),
      "a".repeat(4_000),
    ];
  }
});

describe("a call of a hook", () => {
  test.each(EVERYBODY)("that is signed is taken, whoever sends it: %s", async (who) => {
    const outcome = await call({ who });
    expect([outcome.status, outcome.isTableUnchanged]).toEqual([202, false]);
    expect(JSON.parse(outcome.text)).toEqual({ bay_uuid: world.ids["blue"], node_count: 3 });
  });

  const WRONG: readonly (readonly [string, () => Call])[] = [
    ["another key", () => ({ secret: foreign.secret })],
    ["another project's hook", () => ({ uuid: foreign.uuid })],
    ["a hook that is nowhere", () => ({ uuid: UNKNOWN })],
    ["another body than was signed", () => ({ signedBody: '{"node_count":4}' })],
    ["a body that was cut off", () => ({ body: '{"node_count":', signedBody: '{"node_count":3}' })],
    ["another id than was signed", () => ({ signedId: "call-2" })],
    ["a time long gone", () => ({ offsetMs: -limits.hook.toleranceMs - 2_000 })],
    ["a time to come", () => ({ offsetMs: limits.hook.toleranceMs + 2_000 })],
    ["no signature", () => ({ headers: { "webhook-signature": "" } })],
    ["half a signature", () => ({ headers: { "webhook-signature": "v1,AAAA" } })],
    ["a signature of another kind", () => ({ headers: { "webhook-signature": `v1a,${"A".repeat(44)}` } })],
    ["a thousand signatures", () => ({ headers: { "webhook-signature": "v1,AAAA ".repeat(1_000).trim() } })],
    ["a time that is none", () => ({ headers: { "webhook-timestamp": "now" } })],
    ["a time beyond all", () => ({ headers: { "webhook-timestamp": "9".repeat(30) } })],
    ["an id without end", () => ({ id: "x".repeat(limits.hook.idChars + 1) })],
  ];

  test.each(WRONG)("with %s is of nothing, and reads as much", async (_name, given) => {
    const nowhere = appearance(await call({ uuid: UNKNOWN }));
    expect(nowhere).toMatchObject({ status: 404, isTableUnchanged: true });
    expect(appearance(await call(given()))).toEqual(nowhere);
  });

  test.each(EVERYBODY)("that is not signed is of nothing, whoever sends it: %s", async (who) => {
    for (const uuid of [hook.uuid, foreign.uuid, UNKNOWN]) {
      const outcome = await ask(`/v1/hooks/${uuid}`, '{"node_count":3}', { who });
      expect([outcome.status, outcome.isTableUnchanged]).toEqual([404, true]);
    }
  });

  test("that is too large is refused before anything is looked at, signed or not", async () => {
    const body = `{"node_count":3${" ".repeat(limits.hook.bodyBytes)}}`;
    for (const uuid of [hook.uuid, UNKNOWN]) {
      const outcome = await call({ uuid, body });
      expect([outcome.status, outcome.isTableUnchanged]).toEqual([413, true]);
      expect(Object.values(outcome.tableCalls).every((count) => count === 0)).toBe(true);
    }
  });

  test("whatever its signed body says is taken or refused in words, and a refusal changes nothing", async () => {
    const bodies = fc.oneof(
      hostileTexts,
      fc.json(),
      fc.oneof(fc.jsonValue(), fc.integer(), fc.double()).map((count) => JSON.stringify({ node_count: count })),
      fc.jsonValue().map((more) => JSON.stringify({ node_count: 3, more })),
      fc.constantFrom('{"node_count":3,"node_count":9}', '{"__proto__":{"node_count":3}}', '{"node_count":3e0}'),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const sent = body.toWellFormed();
        const { status, text, isTableUnchanged } = await call({ body: sent });
        const tooLarge = Buffer.byteLength(sent) > limits.hook.bodyBytes;
        expect(tooLarge ? [413] : [202, 400]).toContain(status);
        expect(isTableUnchanged).toBe(status !== 202);
        expect("error_message" in (JSON.parse(text) as JsonObject)).toBe(status !== 202);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("whatever its headers say is of nothing, unless they are right", async () => {
    const name = fc.constantFrom("webhook-id", "webhook-timestamp", "webhook-signature");
    // What no header may hold does not get here.
    const value = hostileTexts.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "?"));
    await fc.assert(
      fc.asyncProperty(name, value, async (header, text) => {
        const { status, isTableUnchanged } = await call({ headers: { [header]: text } });
        expect([status, isTableUnchanged]).toEqual([404, true]);
      }),
      { numRuns: RUNS },
    );
  });

  // The last: what it changes is kept.
  test("that is played again, as it was, is answered again and changes nothing", async () => {
    const at = new Date(world.ports.clock.nowMs());
    const content = '{"node_count":2}';
    const headers = {
      "webhook-id": "played-again",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Signer(hook.secret).sign("played-again", at, content),
    };
    const path = `/v1/hooks/${hook.uuid}`;
    const first = await world.ask("nobody", "POST", path, { content, headers }, "keep");
    expect([first.status, first.isTableUnchanged]).toEqual([202, false]);
    const again = await ask(path, content, { headers });
    expect([again.status, again.isTableUnchanged]).toEqual([202, true]);
  });
});
