import { createHmac } from "node:crypto";
import type { Bay } from "@jeroboam/core/bay/bay";
import { UPGRADE } from "@jeroboam/core/bay/master-upgrade";
import type { Hook } from "@jeroboam/core/hook/hook";
import { hookShape } from "@jeroboam/core/hook/hook";
import { limits } from "@jeroboam/core/limits";
import type { WorkRecord } from "@jeroboam/core/operation/record";
import { recordFromItem } from "@jeroboam/core/operation/record";
import { bayRecordOf, isGoing } from "../bay-record.ts";
import { SKEW_MOST_MS } from "../fleet.ts";
import { HOOKED_NODES_LEAST } from "../hook-acts.ts";
import type { Asked } from "../watch.ts";
import type { World } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/** A hook as it stood last, and until which step it could be called. */
interface Known {
  readonly hook: Hook;
  readonly usableUntil: number;
}

interface Call extends Asked {
  readonly hookUuid: string;
  /** A number of nodes that nobody else asks for, or a model that nobody else names. */
  readonly wanted: unknown;
  readonly sentMs: number;
}

export const hooks: Invariant = {
  id: "I15",
  says: "a call of a hook has its effect at most once under its id, and only signed, in time and while the hook is there",
  watch(world, broken) {
    const known = new Map<string, Known>();
    const calls: Call[] = [];
    const effects = new Map<string, number>();
    /** Those that the bay could not see when it went. */
    const madeLate = new Set<string>();
    /** Bays of which an administrator had something tried again. */
    const retried = new Set<string>();
    /** Models that users have their bays upgraded to by themselves. */
    const named = new Set<unknown>();
    /** By what they keep when they are tried again. */
    const upgrades = new Set<unknown>();
    const note = (hook: Hook, isUsable: boolean): void => {
      const was = known.get(hook.uuid)?.usableUntil ?? Infinity;
      known.set(hook.uuid, { hook, usableUntil: isUsable ? Infinity : Math.min(was, world.scheduler.steps) });
    };
    const flaw = (call: Call): string | undefined => flawOf(world, known.get(call.hookUuid), call);
    return {
      asked(asked) {
        const call = callIn(asked, world.scheduler.clock.nowMs());
        if (call) calls.push(call);
        const [, bayUuid] = /^\/v1\/clusters\/([^/]+)\/actions\/retry$/.exec(asked.path) ?? [];
        if (bayUuid !== undefined) retried.add(bayUuid);
        if (asked.path.endsWith("/actions/upgrade"))
          named.add((asked.body as { cluster_template: string }).cluster_template);
      },
      wrote(item, before) {
        if (item.body["type"] === hookShape.type) {
          const { state, gone } = recordFromItem(hookShape, item);
          const bay = world.history.current(state.bayUuid);
          if (!before && (!bay || bay.gone || isGoing(bay))) madeLate.add(state.uuid);
          return note(state, state.enabled && !gone);
        }
        const [record, was] = [bayRecordOf(item), bayRecordOf(before)];
        const wanted = wantedBy(record);
        const { state, operation } = record ?? {};
        // By whoever replaces nodes, as many as there are.
        if (record?.outbox.some(({ id }) => id === `${operation?.id}.repair`)) return;
        if (!state || !operation || operation.id === was?.operation?.id || !isOfCall(wanted)) return;
        const isKnown = upgrades.has(operation.input["upgradeId"]) || was?.state.nodeCount === wanted;
        if (retried.has(state.uuid) && isKnown) return;
        if (operation.kind === UPGRADE) upgrades.add(operation.input["upgradeId"]);
        const what = `bay ${state.uuid} to ${String(wanted)}`;
        const asking = calls.filter(
          (call) => call.wanted === wanted && known.get(call.hookUuid)?.hook.bayUuid === state.uuid,
        );
        const call = asking.find((one) => flaw(one) === undefined);
        if (!call) return broken(`${what}: by a call ${asking.map(flaw).join(", ") || "of nobody"}`);
        const id = `${call.hookUuid} ${call.headers?.["webhook-id"]}`;
        const count = (effects.get(id) ?? 0) + 1;
        effects.set(id, count);
        if (count > 1) broken(`${what}: effect ${count} of one call`);
      },
      removed(_key, before) {
        if (before.body["type"] === hookShape.type) note(recordFromItem(hookShape, before).state, false);
      },
      replied({ answer, ...asked }) {
        if (answer.kind !== "reply" || ![202, 400, 409].includes(answer.status)) return;
        const call = calls.find(({ sentAt, person, path }) =>
          [sentAt === asked.sentAt, person.name === asked.person.name, path === asked.path].every(Boolean),
        );
        const problem = call && flaw(call);
        if (problem !== undefined) broken(`a call ${problem} was answered by ${answer.status}`);
      },
      rested: checkLeft,
      emptied: checkLeft,
    };

    function isOfCall(wanted: unknown): boolean {
      if (typeof wanted === "number") return wanted >= HOOKED_NODES_LEAST;
      return !named.has(wanted) && calls.some((call) => call.wanted === wanted);
    }

    function checkLeft(): void {
      for (const { body } of world.items.values()) {
        if (body["type"] !== hookShape.type) continue;
        const { uuid, bayUuid } = body["state"] as Hook;
        if (world.history.current(bayUuid)) continue;
        if (madeLate.has(uuid) || world.faults.conditions.has("index lags")) world.gaps.add("hook left");
        else broken(`hook ${uuid} is left of bay ${bayUuid}, which is gone`);
      }
    }
  },
};

function callIn(asked: Asked, sentMs: number): Call | undefined {
  const hookUuid = /^\/v1\/hooks\/([^/]+)$/.exec(asked.path)?.[1];
  if (asked.method !== "POST" || hookUuid === undefined) return undefined;
  const { node_count: nodeCount, bay_model: model } = asked.body as { node_count?: number; bay_model?: string };
  return { ...asked, hookUuid, sentMs, wanted: model ?? nodeCount };
}

/** What an operation is to bring the bay to. */
function wantedBy(record: WorkRecord<Bay> | undefined): unknown {
  if (record?.operation?.kind === "update") return record.state.nodeCount;
  return record?.operation?.kind === UPGRADE ? record.operation.input["bayModelId"] : undefined;
}

/** What forbids that the call has any effect, or is told anything, at this moment. */
function flawOf(world: World, known: Known | undefined, call: Call): string | undefined {
  const { headers = {}, body, sentAt, sentMs } = call;
  if (!known || known.usableUntil < sentAt) return "of a hook that is not there, or switched off";
  const [id = "", timestamp = "", signature = ""] = ["id", "timestamp", "signature"].map(
    (name) => headers[`webhook-${name}`],
  );
  const atMs = Number(timestamp) * 1_000;
  const skewMs = world.faults.conditions.has("clocks skewed") ? SKEW_MOST_MS : 0;
  const awayMs = Math.max(sentMs - atMs, atMs - world.scheduler.clock.nowMs());
  if (awayMs > limits.hook.toleranceMs + skewMs) return `${Math.round(awayMs / 60_000)} minutes out of time`;
  const secret = world.secretIn(known.hook.secretSealed) ?? "";
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const right = createHmac("sha256", key)
    .update(`${id}.${timestamp}.${JSON.stringify(body)}`)
    .digest("base64");
  return signature === `v1,${right}` ? undefined : "wrongly signed";
}
