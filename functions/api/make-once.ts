/** The part of a Map, or a WeakMap, that is needed. */
interface Made<Key, Value> {
  get(key: Key): Promise<Value> | undefined;
  set(key: Key, value: Promise<Value>): unknown;
  delete(key: Key): unknown;
}

/** What belongs to a key, made when it is asked for first. A making that failed is forgotten: who asks next may have more luck. */
export function makeOnce<Key, Value>(made: Made<Key, Value>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const known = made.get(key);
  if (known) return known;
  const making = make();
  made.set(key, making);
  making.catch(() => made.delete(key));
  return making;
}
