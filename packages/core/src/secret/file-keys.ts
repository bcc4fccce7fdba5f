/**
 * The file of master keys. It is changed whole or not at all, by a new file renamed over the old one, its mode 0600; the
 * draft of that is the lock, so that of two changes at once neither is lost.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { textOf } from "../errors.ts";
import { KEY_BYTES } from "./aes-gcm.ts";

const keyFileSchema = z.object({
  current: z.string(),
  keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), z.base64()),
});

interface Keys {
  readonly currentId: string;
  readonly byId: ReadonlyMap<string, Buffer>;
}

export interface KeyFile {
  /** The key that wraps from now on, as the file says now. */
  current(): Promise<{ readonly id: string; readonly key: Uint8Array }>;
  /** That key; the file is read again when it is not known yet. */
  find(id: string): Promise<Uint8Array | undefined>;
}

/** The file at `path`, which is made when it is missing. Throws when it cannot serve. */
export async function openKeyFile(path: string): Promise<KeyFile> {
  let keys = readKeys(await readOrMake(path), path);
  const reread = async (): Promise<void> => {
    keys = readKeys(await readFile(path, "utf8"), path);
  };
  return {
    async current() {
      await reread();
      const key = keys.byId.get(keys.currentId);
      if (!key) throw new Error(`the key file ${path} has no current key`);
      return { id: keys.currentId, key };
    },
    async find(id) {
      if (!keys.byId.has(id)) await reread();
      return keys.byId.get(id);
    },
  };
}

function readKeys(text: string, path: string): Keys {
  const bad = (what: string): Error => new Error(`the key file ${path} ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the file, which holds keys.
    throw bad("is not JSON");
  }
  const read = keyFileSchema.safeParse(value);
  if (!read.success) throw bad('has another form than {"current": id, "keys": {id: base64}}');
  const byId = new Map(Object.entries(read.data.keys).map(([id, key]) => [id, Buffer.from(key, "base64")]));
  for (const [id, key] of byId) if (key.length !== KEY_BYTES) throw bad(`has a key "${id}" not of ${KEY_BYTES} bytes`);
  if (!byId.has(read.data.current)) throw bad(`names "${read.data.current}" as current, but has no such key`);
  return { currentId: read.data.current, byId };
}

async function readOrMake(path: string): Promise<string> {
  const found = await readIfThere(path);
  if (found !== undefined) return found;
  await makeKeyFile(path);
  return await readFile(path, "utf8");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw new Error(`the key file cannot be read: ${textOf(error)}`, { cause: error });
  }
}

/** Makes the file whole or not at all, and never over another's: of several processes that start at once, one wins. */
async function makeKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const id = newId();
  const draft = `${path}.${id}.new`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(fileText(id, new Map([[id, randomBytes(KEY_BYTES)]])));
    await file.sync();
    await link(draft, path);
  } catch (error) {
    // Another process made it first: its keys are the ones.
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

/** What the file holds, by ids alone. */
export interface KeyIds {
  readonly current: string;
  readonly ids: readonly string[];
}

export async function readKeyIds(path: string): Promise<KeyIds> {
  const { currentId, byId } = readKeys(await readFile(path, "utf8"), path);
  return { current: currentId, ids: [...byId.keys()] };
}

/** A new key beside the others; nothing is wrapped by it before it is the current one. Its id. */
export async function addKey(path: string): Promise<string> {
  const id = newId();
  await changeFile(path, (keys) => ({ ...keys, byId: new Map([...keys.byId, [id, randomBytes(KEY_BYTES)]]) }));
  return id;
}

/** That key wraps from now on. */
export async function useKey(path: string, id: string): Promise<void> {
  await changeFile(path, (keys) => {
    if (!keys.byId.has(id)) throw new Error(`the key file ${path} has no key "${id}"`);
    return { ...keys, currentId: id };
  });
}

/** A new key, which wraps from now on. Its id. */
export async function rotateKey(path: string): Promise<string> {
  const id = newId();
  await changeFile(path, ({ byId }) => ({ currentId: id, byId: new Map([...byId, [id, randomBytes(KEY_BYTES)]]) }));
  return id;
}

/** Forgets a key for good: what is wrapped by it never opens again. The current one stays. */
export async function removeKey(path: string, id: string): Promise<void> {
  await changeFile(path, ({ currentId, byId }) => {
    if (!byId.has(id)) throw new Error(`the key file ${path} has no key "${id}"`);
    if (id === currentId) throw new Error(`the key "${id}" is the current one: use another first`);
    return { currentId, byId: new Map([...byId].filter(([one]) => one !== id)) };
  });
}

const newId = (): string => randomBytes(6).toString("hex");

/** The draft is the lock: of two changes at once the later one is refused. */
async function changeFile(path: string, change: (keys: Keys) => Keys): Promise<void> {
  const draft = `${path}.new`;
  const file = await openDraft(draft, path);
  let isInPlace = false;
  try {
    const { currentId, byId } = change(readKeys(await readFile(path, "utf8"), path));
    await file.writeFile(fileText(currentId, byId));
    await file.sync();
    await rename(draft, path);
    isInPlace = true;
  } finally {
    await file.close();
    // Once it is in place, another's draft may have its name.
    if (!isInPlace) await rm(draft, { force: true });
  }
}

async function openDraft(draft: string, path: string): Promise<FileHandle> {
  try {
    return await open(draft, "wx", 0o600);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw new Error(`the key file cannot be changed: ${textOf(error)}`, { cause: error });
    throw new Error(`${path} is being changed; if a change was cut short, remove ${draft} first`, { cause: error });
  }
}

function fileText(current: string, byId: Keys["byId"]): string {
  const keys = Object.fromEntries([...byId].map(([id, key]) => [id, key.toString("base64")]));
  return `${JSON.stringify({ current, keys })}\n`;
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
