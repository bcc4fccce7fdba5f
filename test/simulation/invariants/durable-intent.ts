import type { Bay } from "@jeroboam/core/bay/bay";
import type { BuiltRecord } from "../bay-record.ts";
import { isGoing } from "../bay-record.ts";
import type { Exchange } from "../watch.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** What a user was told that it is done, by a reply of success. */
type Promised =
  | { readonly kind: "created"; readonly uuid: string }
  | { readonly kind: "deleted"; readonly uuid: string }
  | { readonly kind: "resized"; readonly uuid: string; readonly nodeCount: number }
  | { readonly kind: "begun"; readonly uuid: string; readonly operation: string }
  /** By a call of a hook, which may be the second under its id: by the first. */
  | { readonly kind: "hooked"; readonly uuid: string; readonly nodeCount: number }
  | { readonly kind: "upgraded"; readonly uuid: string; readonly model: string };

export const durableIntent: Invariant = {
  id: "I1",
  says: "a success that was replied stands in the table with its work: no crash after it can lose it",
  watch(world, broken) {
    const created = new Set<string>();
    const deleted = new Set<string>();
    const abandoned = new Set<string>();
    const written = new Set<unknown>();
    return {
      wrote({ body }, before) {
        if (!before) written.add((body["state"] as { uuid?: unknown } | undefined)?.uuid);
      },
      replied(exchange) {
        const made = madeIn(exchange);
        if (made !== undefined && !written.has(made))
          broken(`${made} was made, says the API in answer to ${exchange.path}, and never was there`);
        const repair = repairIn(exchange);
        if (repair) {
          const { uuid, action } = repair;
          if (action === "abandon") abandoned.add(uuid);
          const isBegun = world.history
            .between(uuid, exchange.sentAt, exchange.answeredAt)
            .some(({ record }) =>
              action === "retry" ? record?.operation : !record || record.gone || record.operation?.kind === action,
            );
          if (!isBegun) broken(`${action} of bay ${uuid} was accepted, and nothing goes on`);
        }
        const promised = promiseIn(exchange);
        if (!promised) return;
        const { uuid } = promised;
        // Who asks again under a key is told what was said the first time, whatever became of it since.
        const isHooked = promised.kind === "hooked" || promised.kind === "upgraded";
        const mayBeRepeated = isHooked || (promised.kind === "created" && exchange.key !== undefined);
        const sinceStep = mayBeRepeated ? 0 : exchange.sentAt;
        const versions = world.history.between(uuid, sinceStep, exchange.answeredAt);
        const stood = (test: (bay: Pick<Bay, "status" | "nodeCount"> | undefined) => boolean): boolean =>
          versions.some(({ record }) => test(record?.gone ? undefined : record?.state));
        if (promised.kind === "created") {
          created.add(uuid);
          if (!stood((bay) => bay !== undefined)) broken(`bay ${uuid} was created, says the API, and is not there`);
        }
        if (promised.kind === "deleted") {
          deleted.add(uuid);
          if (!stood((bay) => bay === undefined || bay.status === "DELETE_IN_PROGRESS"))
            broken(`bay ${uuid} is being deleted, says the API, and nothing deletes it`);
        }
        if (promised.kind === "begun" && !versions.some(({ record }) => record?.operation?.kind === promised.operation))
          broken(`${promised.operation} of bay ${uuid} is begun, says the API, and never was`);
        if (promised.kind === "upgraded" && !versions.some(({ record }) => upgradesTo(record, promised.model)))
          broken(`bay ${uuid} is upgraded to ${promised.model}, says the API, and it never was`);
        const isSized = promised.kind === "resized" || promised.kind === "hooked";
        if (isSized && !stood((bay) => bay?.nodeCount === promised.nodeCount))
          broken(`bay ${uuid} is resized to ${promised.nodeCount}, says the API, and it never was`);
      },
      removed(_key, before) {
        const uuid = bayUuidOf(before);
        if (uuid !== undefined && !deleted.has(uuid) && !wasDeleteAsked(world, uuid))
          broken(`bay ${uuid} went without anybody deleting it`);
      },
      rested() {
        for (const uuid of created) {
          if (!world.history.current(uuid) && !wasDeleteAsked(world, uuid)) broken(`bay ${uuid} is lost`);
        }
        for (const uuid of abandoned) if (world.history.current(uuid)) broken(`bay ${uuid} was given up and is there`);
        for (const uuid of deleted) {
          const bay = world.history.current(uuid)?.state;
          if (bay && bay.status !== "DELETE_FAILED") broken(`bay ${uuid} was to be deleted and is ${bay.status}`);
        }
      },
    };
  },
};

function upgradesTo(record: BuiltRecord | undefined, model: string): boolean {
  return record?.operation?.kind === "upgrade" && record.operation.input["bayModelId"] === model;
}

/** Of whatever kind. */
function madeIn({ method, path, answer }: Exchange): string | undefined {
  if (method !== "POST" || answer.kind !== "reply" || answer.status >= 300 || path.includes("/actions/"))
    return undefined;
  const { uuid } = JSON.parse(answer.text) as { uuid?: string };
  return uuid;
}

function wasDeleteAsked({ history }: World, uuid: string): boolean {
  return (history.bays.get(uuid) ?? []).some(({ record }) => record && isGoing(record));
}

function bayUuidOf(item: {
  readonly pk: string;
  readonly body: Readonly<Record<string, unknown>>;
}): string | undefined {
  return item.body["type"] === "bay" ? item.pk.slice("bay#".length) : undefined;
}

/** What an administrator was told is done about a bay that is stuck. */
function repairIn({ path, answer }: Exchange): { readonly uuid: string; readonly action: string } | undefined {
  const [, uuid, action] = /^\/v1\/clusters\/([^/]+)\/actions\/(retry|abandon)$/.exec(path) ?? [];
  if (uuid === undefined || action === undefined || answer.kind !== "reply" || answer.status !== 202) return undefined;
  return { uuid, action };
}

/** By its path: what is done to a bay besides, in an operation of its own. */
const BEGINS = new Map([
  ["PATCH certificates", "rotate-authority"],
  ["PATCH credentials", "rotate-credential"],
  ["POST clusters/actions/upgrade", "upgrade"],
]);

function begunIn({ method, path, body, answer }: Exchange): Promised | undefined {
  const [, noun = "", uuid, act = ""] = /^\/v1\/([a-z]+)\/([0-9a-f-]{36})(\/actions\/upgrade)?$/.exec(path) ?? [];
  const operation = BEGINS.get(`${method} ${noun}${act}`);
  if (uuid === undefined || operation === undefined) return undefined;
  if (answer.kind === "no answer" || answer.status >= 300) return undefined;
  const group = (body as { readonly nodegroup?: string } | undefined)?.nodegroup ?? "default";
  return { kind: "begun", uuid: group.startsWith("default") ? uuid : group, operation };
}

function promiseIn(exchange: Exchange): Promised | undefined {
  const { method, path, body, answer } = exchange;
  const begun = begunIn(exchange);
  if (begun) return begun;
  if (answer.kind === "reply" && answer.status === 202 && /^\/v1\/hooks\/[^/]+$/.test(path)) {
    const { bay_uuid: uuid, ...done } = JSON.parse(answer.text) as { bay_uuid: string; node_count: number };
    const { bay_model: model } = body as { readonly bay_model?: string };
    return model === undefined
      ? { kind: "hooked", uuid, nodeCount: done.node_count }
      : { kind: "upgraded", uuid, model };
  }
  const match = /^\/v1\/(?:bays|clusters)(?:\/([^/?]+))?$/.exec(path);
  if (!match || answer.kind !== "reply" || answer.status >= 300) return undefined;
  const uuid = match[1];
  if (method === "POST" && uuid === undefined) {
    const made: unknown = JSON.parse(answer.text);
    return { kind: "created", uuid: (made as { uuid: string }).uuid };
  }
  if (uuid === undefined) return undefined;
  if (method === "DELETE") return { kind: "deleted", uuid };
  const count = Array.isArray(body)
    ? (body as { path: string; value: unknown }[]).find((one) => one.path === "/node_count")?.value
    : undefined;
  return method === "PATCH" && typeof count === "number" ? { kind: "resized", uuid, nodeCount: count } : undefined;
}
