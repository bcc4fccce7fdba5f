/**
 * Left-overs: trusts that nobody holds and users of nodes whose bay is gone. A crash between Keystone's reply and the
 * table's write leaves one; nothing else knows its id. Each is looked up by one query, and what two rounds find unheld is
 * told, and removed where the operator lets us: only he can know that no other installation shares the service's user.
 */
import { bayOfNodeUser, bayPartition } from "@jeroboam/core/bay/bay";
import { trustHolders } from "@jeroboam/core/identity/delegation";
import { limits } from "@jeroboam/core/limits";
import { compareKeys } from "@jeroboam/core/table/range";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import type { Suspect } from "@jeroboam/core/reconciliation/suspect";
import { forgetSuspect, isConfirmed } from "@jeroboam/core/reconciliation/suspect";
import { Transient } from "@jeroboam/core/errors";
import { z } from "zod";
import type { ConductorPorts, Refused } from "../ports.ts";
import type { JobPage, PageRequest } from "./page.ts";

const cursorSchema = z.object({ phase: z.enum(["users", "trusts"]), after: z.string() });

interface Kind {
  readonly phase: "users" | "trusts";
  /** All of them. */
  readonly list: (ports: ConductorPorts, signal: AbortSignal) => Promise<readonly Listed[]>;
  readonly isHeld: (ports: ConductorPorts, id: string) => Promise<boolean>;
  readonly suspect: Suspect["kind"];
  readonly what: string;
}

interface Listed {
  /** What it is called here. */
  readonly id: string;
  /** Why it stays; undefined when it is gone. */
  readonly remove: (signal: AbortSignal) => Promise<string | undefined>;
}

const USERS: Kind = {
  phase: "users",
  async list({ cloud }, signal) {
    const { names } = listed(await cloud.listNodeUsers(signal), "users");
    const remove = async (name: string, until: AbortSignal): Promise<undefined> => {
      await cloud.removeNodeUser({ name, hasKeypair: true }, until);
      return undefined;
    };
    return names
      .filter((name) => bayOfNodeUser(name) !== undefined)
      .map((name) => ({ id: name, remove: (until) => remove(name, until) }));
  },
  isHeld: async ({ table }, name) => {
    const page = await table.query(bayPartition(bayOfNodeUser(name) ?? ""), { limit: 1 });
    return page.items.length > 0;
  },
  suspect: "user",
  what: "user-left-over",
};

const TRUSTS: Kind = {
  phase: "trusts",
  async list({ cloud }, signal) {
    const { trusts } = listed(await cloud.listTrusts(signal), "trusts");
    return trusts.map((trust) => ({
      id: trust.digest,
      async remove(until) {
        const ended = await cloud.endTrust(trust, until);
        return ended.kind === "refused" ? ended.reason : undefined;
      },
    }));
  },
  isHeld: async ({ table }, digest) => {
    const page = await table.queryIndex("name", trustHolders(digest), { limit: 1 });
    return page.items.length > 0;
  },
  suspect: "trust",
  what: "trust-left-over",
};

export async function runLeftOversPage(ports: ConductorPorts, request: PageRequest): Promise<JobPage> {
  const { phase, after } = request.cursor === null ? { phase: "users", after: "" } : cursorSchema.parse(request.cursor);
  const kind = phase === "users" ? USERS : TRUSTS;
  const { lookups, lookupsAtOnce } = limits.reconciliation;
  const listed = (await kind.list(ports, request.signal)).filter(({ id }) => id > after);
  const all = listed.toSorted((one, other) => compareKeys(one.id, other.id));
  const page = all.slice(0, lookups);
  const findings: Finding[] = [];
  for (let at = 0; at < page.length; at += lookupsAtOnce) {
    const some = page.slice(at, at + lookupsAtOnce);
    const held = await Promise.all(some.map(({ id }) => kind.isHeld(ports, id)));
    for (const one of some.filter((_, index) => !held[index])) findings.push(await handle(ports, request, kind, one));
  }
  return {
    next: nextOf(kind, all.length > page.length ? page.at(-1)?.id : undefined),
    counts: { [kind.phase]: page.length },
    findings,
  };
}

function nextOf({ phase }: Kind, after: string | undefined): JobPage["next"] {
  if (after !== undefined) return { phase, after };
  return phase === "users" ? { phase: "trusts", after: "" } : null;
}

async function handle(
  ports: ConductorPorts,
  { roundId, isDryRun, signal }: PageRequest,
  kind: Kind,
  { id, remove }: Listed,
): Promise<Finding> {
  const suspect = { kind: kind.suspect, id };
  const isSure = await isConfirmed(ports.table, suspect, { nowMs: ports.clock.nowMs(), roundId, isDryRun });
  const about = { projectId: null, bayId: bayOfNodeUser(id) ?? null };
  if (!isSure)
    return {
      ...about,
      what: `${kind.suspect}-unknown`,
      outcome: "told",
      detail: `${id}, seen for the first time lately`,
    };
  const found = { ...about, what: kind.what, detail: id };
  if (ports.reconciliation.removes === "nothing") return { ...found, outcome: "told" };
  if (isDryRun) return { ...found, outcome: "would" };
  const left = await remove(signal);
  if (left !== undefined) return { ...found, outcome: "told", detail: `${id} stays: ${left}` };
  await forgetSuspect(ports.table, suspect);
  return { ...found, outcome: "done" };
}

/** A list that is refused may be mended: the round's deadline bounds it. */
function listed<Outcome extends { readonly kind: string }>(
  outcome: Outcome | Refused,
  what: string,
): Exclude<Outcome, Refused> {
  if (outcome.kind === "refused")
    throw new Transient(`Keystone does not list its ${what}: ${(outcome as Refused).reason}`);
  return outcome as Exclude<Outcome, Refused>;
}
