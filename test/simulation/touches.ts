/**
 * What a step of a racer touched: what it looked at, and what it changed. A step is a call that takes its turn, with all
 * that the code then does before its next one; who watches over promises looks at the world in it too. Noted as it
 * happens, at the table itself and by what the world tells its watchers, so that a write which was refused has changed
 * nothing, and a query has looked only as far as it went. A call of which nothing is known here touches everything.
 */
import { builtRecordOf } from "./bay-record.ts";
import type { CloudEffect } from "./cloud.ts";
import { bayIn } from "./cloud.ts";
import type { Invariant } from "./invariants/invariant.ts";
import type { HeldCall } from "./process.ts";
import type { Watcher } from "./watch.ts";
import { isProvisional } from "@jeroboam/core/operation/provisional";
import { quotaFromItem } from "@jeroboam/core/quota/quota";
import { compareKeys } from "@jeroboam/core/table/range";
import type { Item, Page, RangeQuery, Table } from "@jeroboam/core/table/table";
import { INDEX_NAMES } from "@jeroboam/core/table/table";

/** Names of one shelf: those that begin so, up to one. */
interface Look {
  readonly shelf: string;
  readonly prefix: string;
  readonly upTo?: string | undefined;
}

interface Change {
  readonly shelf: string;
  readonly name: string;
}

export interface Touches {
  readonly looks: readonly Look[];
  readonly changes: readonly Change[];
  /** Nobody knows what. */
  readonly isAll: boolean;
}

/** Whether the order of the two steps may matter. */
export function doTouch(one: Touches, other: Touches): boolean {
  if (one.isAll || other.isAll) return true;
  return isSeen(one.changes, other) || isSeen(other.changes, one);
}

function isSeen(changes: readonly Change[], { looks, changes: others }: Touches): boolean {
  return changes.some(
    ({ shelf, name }) =>
      others.some((other) => other.shelf === shelf && other.name === name) ||
      looks.some(
        (look) =>
          look.shelf === shelf &&
          name.startsWith(look.prefix) &&
          (look.upTo === undefined || compareKeys(name, look.upTo) <= 0),
      ),
  );
}

/** What every promise that looks at a bay's record looks at: how it stood and stands. */
const RECORDS = "records";
const QUOTAS = "quotas";
const STACKS = "stacks";
const TRUSTS = "trusts";
const USERS = "users";

export interface TouchNotes {
  /** The table, with eyes on who looks where. */
  readonly watched: (table: Table) => Table;
  /** Looks at what is written as a promise would. */
  readonly watcher: Invariant;
  /** A call takes its turn. */
  readonly begin: (call: HeldCall) => void;
  /** Since then. */
  readonly end: () => Touches;
}

export function createTouchNotes(): TouchNotes {
  let looks: Look[] = [];
  let changes: Change[] = [];
  let isAll = false;
  const look = (shelf: string, prefix = "", upTo?: string): void => {
    looks.push({ shelf, prefix, upTo });
  };
  const lookAt = (shelf: string, name: string): void => look(shelf, name, name);
  const change = (shelf: string, name: string): void => {
    changes.push({ shelf, name });
  };
  return {
    watched: (table) => watchedTable(table, { look, lookAt }),
    watcher: {
      id: "touches",
      says: "what a step touches is noted",
      watch: () => watcherOf({ look, lookAt, change }),
    },
    begin(call) {
      [looks, changes, isAll] = [[], [], false];
      const shelves = shelvesOf(call);
      if (shelves === "all") isAll = true;
      else for (const shelf of shelves) look(shelf);
    },
    end: () => ({ looks, changes, isAll }),
  };
}

interface Notes {
  readonly look: (shelf: string, prefix?: string, upTo?: string) => void;
  readonly lookAt: (shelf: string, name: string) => void;
  readonly change: (shelf: string, name: string) => void;
}

/** Where a call looks that changes nothing; what it changes is told by the world. */
function shelvesOf({ service, what }: HeldCall): readonly string[] | "all" {
  if (service === "table") return [];
  // Heat asks Keystone at each call whether the trust is there.
  if (service === "heat") return what === "list all" ? "all" : [STACKS, TRUSTS];
  if (service !== "keystone") return "all";
  if (/^(?:login|revoke)$/.test(what)) return [TRUSTS];
  if (/^(?:make|remove)-user /.test(what)) return [USERS];
  // Of a new trust nobody has heard.
  return what === "make-trust" ? [] : "all";
}

function watchedTable(table: Table, { look, lookAt }: Pick<Notes, "look" | "lookAt">): Table {
  const lookUp = async (shelf: string, range: RangeQuery, read: Promise<Page>, lastOf: (item: Item) => string) => {
    const page = await read;
    const last = page.next && page.items.at(-1);
    // What stands behind the last that was read may change; backwards it is what stands before.
    look(shelf, range.prefix, range.descending || !last ? undefined : lastOf(last));
    return page;
  };
  return {
    get(key) {
      lookAt(`items ${key.pk}`, key.sk);
      return table.get(key);
    },
    put(item, condition) {
      lookAt(`items ${item.pk}`, item.sk);
      return table.put(item, condition);
    },
    remove(key, revision) {
      lookAt(`items ${key.pk}`, key.sk);
      return table.remove(key, revision);
    },
    query: (pk, range = {}) => lookUp(`items ${pk}`, range, table.query(pk, range), ({ sk }) => sk),
    queryIndex: (index, pk, range = {}) =>
      lookUp(
        `index ${index} ${pk}`,
        range,
        table.queryIndex(index, pk, range),
        ({ indexes }) => indexes[index]?.sk ?? "",
      ),
  };
}

/** What changes, and what the promises then look at elsewhere (invariants/). */
function watcherOf({ look, lookAt, change }: Notes): Watcher {
  const changeItem = (item: Item, before: Item | undefined): void => {
    change(`items ${item.pk}`, item.sk);
    for (const name of INDEX_NAMES)
      for (const entry of [item.indexes[name], before?.indexes[name]])
        if (entry) change(`index ${name} ${entry.pk}`, entry.sk);
  };
  return {
    wrote(item, before) {
      changeItem(item, before);
      const [is, was] = [builtRecordOf(item), builtRecordOf(before)];
      const uuid = is?.state.uuid ?? (before ? undefined : uuidIn(item));
      if (uuid !== undefined) change(RECORDS, uuid);
      // Born: it must have a place in its quota. A status that is new must be true of its stack.
      if (is && !was) look(QUOTAS);
      if (is && was && is.state.status !== was.state.status) look(STACKS);
      if (!item.pk.startsWith("quota#")) return;
      change(QUOTAS, item.pk);
      for (const lost of lostPlaces(item, before)) lookAt(RECORDS, lost);
    },
    removed(_key, before) {
      changeItem(before, before);
      const uuid = builtRecordOf(before)?.state.uuid ?? bayIn(before.pk);
      change(RECORDS, uuid);
      if (before.pk.startsWith("quota#")) change(QUOTAS, before.pk);
      // What is provisional may go only where its owner is not.
      if (!isProvisional(before)) return;
      const owner = before.body["provisionalFor"] as { pk: string; sk: string };
      lookAt(`items ${owner.pk}`, owner.sk);
    },
    effected: (effect) => noteEffect(effect, { look, lookAt, change }),
    replied() {
      look(RECORDS);
      look(QUOTAS);
    },
  };
}

/** Whoever acts outside must act for a record as it stands. */
function noteEffect(effect: CloudEffect, { lookAt, change }: Notes): void {
  switch (effect.kind) {
    case "create":
    case "update":
    case "delete":
      if (effect.kind === "delete" && !effect.changed) return;
      change(STACKS, effect.stack.name);
      return lookAt(RECORDS, effect.stack.ownerUuid);
    case "user made":
    case "user removed":
      change(USERS, effect.name);
      return lookAt(RECORDS, bayIn(effect.name));
    case "trust made":
      return change("new trusts", effect.trust.id);
    case "trust ended":
      return change(TRUSTS, effect.trust.id);
    default:
      return effect satisfies never;
  }
}

function uuidIn({ body }: Item): string | undefined {
  const state = body["state"] as { uuid?: string } | undefined;
  return state?.uuid;
}

function lostPlaces(item: Item, before: Item | undefined): readonly string[] {
  if (!before || item.sk !== "bays") return [];
  const { bays } = quotaFromItem(item);
  return quotaFromItem(before).bays.filter((uuid) => !bays.includes(uuid));
}
