/**
 * How many requests a project may make: a bucket of tokens each, filled at a steady rate up to a burst; a request takes
 * one. In memory, every process has buckets of its own. In the table, all processes share them: a process takes some
 * tokens at a time, so that it writes once for many requests, and a project gets what one bucket gives however many
 * processes serve it. When the table does not answer, requests go on: a limit is not worth an outage.
 */
import { z } from "zod";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import type { Item, Table } from "../table/table.ts";

export type Admission =
  | { readonly kind: "admitted" }
  /** Come back after this long. */
  | { readonly kind: "refused"; readonly retryAfterMs: number };

export interface RateLimit {
  admit(projectId: string): Promise<Admission>;
}

export interface RateSettings {
  /** Tokens a second. */
  readonly perSecond: number;
  readonly burst: number;
}

/** What the operator chose. */
export interface RateChoice extends RateSettings {
  readonly kind: "memory" | "table" | "off";
}

/** `JEROBOAM_RATE_LIMIT` (`memory`, `table` or `off`), `JEROBOAM_RATE_PER_SECOND` and `JEROBOAM_RATE_BURST`. */
export function readRateChoice(variables: Readonly<Record<string, string | undefined>>): RateChoice {
  const kind = variables["JEROBOAM_RATE_LIMIT"] ?? "memory";
  if (kind !== "memory" && kind !== "table" && kind !== "off")
    throw new Error(`JEROBOAM_RATE_LIMIT may be memory, table or off, not "${kind}"`);
  const numberIn = (name: string, preset: number): number => {
    const text = variables[name];
    if (text === undefined || text === "") return preset;
    if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} must be a whole number from 1, not "${text}"`);
    return Number(text);
  };
  const { perSecond, burst } = limits.rate;
  return {
    kind,
    perSecond: numberIn("JEROBOAM_RATE_PER_SECOND", perSecond),
    burst: numberIn("JEROBOAM_RATE_BURST", burst),
  };
}

/** Absent: no limit. */
export function createRateLimit(ports: SharedRatePorts, choice: RateChoice): RateLimit | undefined {
  switch (choice.kind) {
    case "memory":
      return createMemoryRateLimit(ports, choice);
    case "table":
      return createSharedRateLimit(ports, choice);
    case "off":
      return undefined;
    default:
      return choice.kind satisfies never;
  }
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

const ADMITTED: Admission = { kind: "admitted" };

/** The bucket as it is by now. A clock that went back fills nothing. */
function filled({ perSecond, burst }: RateSettings, bucket: Bucket | undefined, nowMs: number): Bucket {
  if (!bucket) return { tokens: burst, atMs: nowMs };
  const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * perSecond;
  return { tokens: Math.min(burst, bucket.tokens + gained), atMs: Math.max(nowMs, bucket.atMs) };
}

function refused({ perSecond }: RateSettings, { tokens }: Bucket): Admission {
  return { kind: "refused", retryAfterMs: Math.ceil(((1 - tokens) / perSecond) * 1_000) };
}

/** The value, put behind all others; the one used longest ago goes when there are too many. */
function remember<Value>(values: Map<string, Value>, key: string, value: Value): void {
  values.delete(key);
  values.set(key, value);
  const [oldest] = values.keys();
  if (values.size > limits.rate.projects && oldest !== undefined) values.delete(oldest);
}

export function createMemoryRateLimit({ clock }: { readonly clock: Clock }, settings: RateSettings): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    admit(projectId) {
      const bucket = filled(settings, buckets.get(projectId), clock.nowMs());
      if (bucket.tokens < 1) return Promise.resolve(refused(settings, bucket));
      remember(buckets, projectId, { ...bucket, tokens: bucket.tokens - 1 });
      return Promise.resolve(ADMITTED);
    },
  };
}

const bucketSchema = z.object({ tokens: z.number(), atMs: z.number() });

export interface SharedRatePorts {
  readonly clock: Clock;
  readonly table: Table;
  readonly log: Log;
}

/** Tokens that this process has taken and not spent. */
interface Stock {
  left: number;
  readonly untilMs: number;
}

export function createSharedRateLimit(ports: SharedRatePorts, settings: RateSettings): RateLimit {
  const stocks = new Map<string, Stock>();
  const taking = new Map<string, Promise<Admission>>();
  const spend = (projectId: string): boolean => {
    const stock = stocks.get(projectId);
    if (!stock || stock.left < 1 || stock.untilMs <= ports.clock.nowMs()) return false;
    stock.left -= 1;
    return true;
  };
  /** One taking at a time a project: those who come meanwhile share what it brings. */
  const refill = (projectId: string): Promise<Admission> => {
    const under = taking.get(projectId);
    if (under) return under;
    const began = take(ports, settings, projectId)
      .then((taken) => {
        if (typeof taken !== "number") return taken;
        remember(stocks, projectId, { left: taken, untilMs: ports.clock.nowMs() + limits.rate.stockMs });
        return ADMITTED;
      })
      .finally(() => taking.delete(projectId));
    taking.set(projectId, began);
    return began;
  };
  return {
    async admit(projectId) {
      for (let tries = 0; tries < limits.rate.tries; tries += 1) {
        if (spend(projectId)) return ADMITTED;
        const refilled = await refill(projectId);
        if (refilled.kind === "refused") return refilled;
      }
      // So many came at once that others spent it each time.
      return { kind: "refused", retryAfterMs: Math.ceil(1_000 / settings.perSecond) };
    },
  };
}

/** How many tokens the project's bucket gave, or that it had none. */
async function take(ports: SharedRatePorts, settings: RateSettings, projectId: string): Promise<number | Admission> {
  const key = { pk: `rate#${projectId}`, sk: "bucket" };
  const most = Math.max(1, Math.floor(settings.burst * limits.rate.stockShare));
  try {
    for (let tries = 0; tries < limits.rate.tries; tries += 1) {
      const found = await ports.table.get(key);
      const bucket = filled(settings, found && bucketSchema.parse(found.body), ports.clock.nowMs());
      if (bucket.tokens < 1) return refused(settings, bucket);
      const taken = Math.min(most, Math.floor(bucket.tokens));
      const item: Item = {
        ...key,
        revision: (found?.revision ?? 0) + 1,
        body: { tokens: bucket.tokens - taken, atMs: bucket.atMs },
        indexes: {},
        // By then it would be full again.
        expiresAtSeconds: Math.ceil(bucket.atMs / 1_000 + settings.burst / settings.perSecond) + 1,
      };
      const outcome = await ports.table.put(item, found ? { revision: found.revision } : { absent: true });
      if (outcome === "written") return taken;
    }
  } catch (thrown) {
    if (!(thrown instanceof Transient)) throw thrown;
    ports.log.write("warning", "rate-limit-unknown", { projectId, reason: thrown.message });
  }
  return most;
}
