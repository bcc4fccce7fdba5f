/**
 * `Idempotency-Key` on every POST, and on what else begins work (ours, additive; the header of
 * draft-ietf-httpapi-idempotency-key-header): the same key with the same request gets the same answer and has one effect,
 * for a day, whatever died in between; with another request it is refused. Keys are a user's own in their project.
 * Refusals are answers as well; what nobody can tell (a service that did not answer) is not, and asking again goes on with it.
 */
import { Rejected, Transient } from "@jeroboam/core/errors";
import type { HeldKey, KeyedRequest } from "@jeroboam/core/idempotency/idempotency-key";
import {
  answerContext,
  answerKeyed,
  beginKeyed,
  fingerprintOf,
  releaseKeyed,
} from "@jeroboam/core/idempotency/idempotency-key";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { wasBegun } from "@jeroboam/core/operation/begin-operation";
import type { RecordShape, WorkRecord } from "@jeroboam/core/operation/record";
import { findRecord } from "@jeroboam/core/operation/record-store";
import type { Key } from "@jeroboam/core/table/table";
import { z } from "zod";
import type { ApiPorts } from "./ports.ts";
import type { ApiRequest, Reply } from "./route.ts";

const HEADER = "Idempotency-Key";

const storedSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("reply"),
    status: z.number().int(),
    body: z.json().optional(),
    headers: z.record(z.string(), z.string()),
    isSettled: z.boolean(),
  }),
  z.object({
    kind: z.literal("refusal"),
    status: z.number().int(),
    text: z.string(),
    headers: z.record(z.string(), z.string()),
  }),
]);
type Stored = z.infer<typeof storedSchema>;

/** The record that a request under this key, which came before, has made already; absent: what is there is another's. */
export async function madeUnderKey<State extends { readonly createdAtMs: number }>(
  { ports, keyed }: ApiRequest,
  { shape, key }: { readonly shape: RecordShape<State>; readonly key: Key },
): Promise<WorkRecord<State> | undefined> {
  const record = keyed && (await findRecord(ports.table, shape, key));
  return record && record.state.createdAtMs >= keyed.startedAtMs ? record : undefined;
}

/** Whether a request that came before under the same key has begun its work on this record: then nothing is to be done. */
export async function isBegun<State>(
  { ports, keyed }: ApiRequest,
  { shape, key }: { readonly shape: RecordShape<State>; readonly key: Key },
): Promise<boolean> {
  if (!keyed?.isRepeat) return false;
  const record = await findRecord(ports.table, shape, key);
  return record !== undefined && wasBegun(ports.table, shape, record, keyed);
}

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: Json | undefined;
}

/** Answers a request, under its key if it has one. */
export async function underKey(
  request: ApiRequest,
  asked: Asked,
  run: (request: ApiRequest) => Promise<Reply>,
): Promise<Reply> {
  const given = request.header(HEADER.toLowerCase());
  if (given === undefined) return run(request);
  const { caller, ports } = request;
  const keyed: KeyedRequest = {
    projectId: caller.projectId,
    userId: caller.userId,
    key: readKey(given),
    fingerprint: fingerprintOf([asked.method, asked.path, JSON.stringify(asked.body) ?? ""]),
  };
  const begun = await beginKeyed(ports, keyed);
  switch (begun.kind) {
    case "answered":
      return replay(storedSchema.parse(JSON.parse(await ports.sealer.open(begun.answerSealed, answerContext(keyed)))));
    case "other-request":
      throw new Rejected(422, `This ${HEADER} was given to another request before.`);
    case "in-progress":
      throw new Rejected(409, `The request of this ${HEADER} is being answered.`, {
        "Retry-After": String(Math.ceil(begun.retryAfterMs / 1_000)),
      });
    case "held":
      return runHeld(request, keyed, begun.held, run);
    default:
      return begun satisfies never;
  }
}

async function runHeld(
  request: ApiRequest,
  keyed: KeyedRequest,
  held: HeldKey,
  run: (request: ApiRequest) => Promise<Reply>,
): Promise<Reply> {
  const { uuid, startedAtMs, untilMs, isRepeat } = held;
  try {
    const reply = await run({ ...request, keyed: { uuid, startedAtMs, untilMs, isRepeat } });
    const { status, body, headers = {}, isSettled = false } = reply;
    await keep(request.ports, keyed, held, { kind: "reply", status, body: body as Json, headers, isSettled });
    return reply;
  } catch (thrown) {
    // What was refused has changed nothing, and is refused again; what else went wrong may have changed something.
    const isAnswer = thrown instanceof Rejected && thrown.status < 500 && thrown.status !== 401;
    const { ports } = request;
    if (isAnswer) {
      const { status, message, headers } = thrown;
      await keep(ports, keyed, held, { kind: "refusal", status, text: message, headers });
    } else await afterwards(ports, () => releaseKeyed(ports.table, held));
    throw thrown;
  }
}

/** One that is too large is not kept: asking again finds what was made and answers anew. */
async function keep(ports: ApiPorts, keyed: KeyedRequest, held: HeldKey, stored: Stored): Promise<void> {
  const text = JSON.stringify(stored);
  await afterwards(ports, async () => {
    if (Buffer.byteLength(text) > limits.idempotency.answerBytes) return releaseKeyed(ports.table, held);
    return answerKeyed(ports.table, held, await ports.sealer.seal(text, answerContext(keyed), keyed.projectId));
  });
}

/** The answer is known: that it could not be kept is no reason to withhold it. */
async function afterwards({ log }: ApiPorts, keepIt: () => Promise<void>): Promise<void> {
  try {
    await keepIt();
  } catch (thrown) {
    if (!(thrown instanceof Transient)) throw thrown;
    log.write("warning", "answer-not-kept", { reason: thrown.message });
  }
}

function replay(stored: Stored): Reply {
  const headers = { ...stored.headers, "Idempotency-Replayed": "true" };
  if (stored.kind === "refusal") throw new Rejected(stored.status, stored.text, headers);
  return { status: stored.status, body: stored.body, headers, isSettled: stored.isSettled };
}

/** The draft has it as a structured string, in quotes; most clients send it bare. */
function readKey(given: string): string {
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (key.length > limits.idempotency.keyChars || !/^[\x21-\x7e]+$/.test(key))
    throw new Rejected(400, `${HEADER} must be 1 to ${limits.idempotency.keyChars} visible characters of ASCII`);
  return key;
}
