/**
 * All that the sandbox knows, as tables of plain JSON records in memory, with every change on its way to a store.
 * A record is changed by putting it again (`put`), also when it was changed in place. `commit` hands the changes since the last one to
 * the store in one piece; the router calls it before a reply leaves, so an answered change is a kept one.
 * Records must be JSON: what a restart reads back must be what was put.
 */
import type { Change, Store } from "../ports.ts";

export interface Table<T extends { id: string }> {
  get(id: string): T | undefined;
  put(record: T): void;
  delete(id: string): void;
  values(): IterableIterator<T>;
  /** The records that `groupOf` puts under that key, in the order they were first put. */
  group(key: string): readonly T[];
  readonly size: number;
}

export interface Database {
  table<T extends { id: string }>(name: string, groupOf?: (record: T) => string): Table<T>;
  commit(): void;
  close(): void;
}

export function openDatabase(store: Store): Database {
  const found = new Map<string, Map<string, unknown>>();
  for (const { table, id, value } of store.load()) {
    const rows = found.get(table) ?? new Map<string, unknown>();
    found.set(table, rows);
    if (value === null) rows.delete(id);
    else rows.set(id, value);
  }
  const dirty = new Map<string, Change>();
  const names = new Set<string>();

  function table<T extends { id: string }>(name: string, groupOf?: (record: T) => string): Table<T> {
    if (names.has(name)) throw new Error(`table ${name} is open already`);
    names.add(name);
    const rows = (found.get(name) ?? new Map<string, unknown>()) as Map<string, T>;
    const groups = new Map<string, Map<string, T>>();
    const keys = new Map<string, string>();
    const index = (record: T): void => {
      if (!groupOf) return;
      const key = groupOf(record);
      const old = keys.get(record.id);
      if (old !== undefined && old !== key) groups.get(old)?.delete(record.id);
      keys.set(record.id, key);
      const group = groups.get(key) ?? new Map<string, T>();
      groups.set(key, group);
      group.set(record.id, record);
    };
    for (const record of rows.values()) index(record);
    return {
      get: (id) => rows.get(id),
      put(record) {
        rows.set(record.id, record);
        index(record);
        dirty.set(`${name}/${record.id}`, { table: name, id: record.id, value: record });
      },
      delete(id) {
        if (!rows.delete(id)) return;
        const key = keys.get(id);
        if (key !== undefined) {
          const group = groups.get(key);
          group?.delete(id);
          if (group?.size === 0) groups.delete(key);
          keys.delete(id);
        }
        dirty.set(`${name}/${id}`, { table: name, id, value: null });
      },
      values: () => rows.values(),
      group: (key) => [...(groups.get(key)?.values() ?? [])],
      get size() {
        return rows.size;
      },
    };
  }

  return {
    table,
    commit() {
      if (dirty.size === 0) return;
      const changes = [...dirty.values()];
      dirty.clear();
      store.append(changes);
    },
    close: () => store.close(),
  };
}
