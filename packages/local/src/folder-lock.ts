/**
 * Keeps a folder to one process at a time. The lock is the operating system's own, held through an empty SQLite file, so
 * that it ends with the process however that ends: nothing is left to clean up after a kill -9, and no process id has to
 * be guessed alive. The file `pid` beside it only tells people who holds it.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const LOCK_FILE = "jeroboam.lock";
const PID_FILE = "pid";
const SQLITE_BUSY = 5;

/** Every lock held: a handle that nobody refers to would be closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

export type FolderLock =
  | { readonly kind: "held"; release(): void }
  /** Another process has it; its id where that is known. */
  | { readonly kind: "taken"; readonly holder: string | undefined };

/** Whether a folder has ever been locked by this: whether it is one of ours. */
export const lockPathOf = (folder: string): string => join(folder, LOCK_FILE);

/** Takes the lock of a folder that exists, without waiting. */
export function lockFolder(folder: string): FolderLock {
  const pidPath = join(folder, PID_FILE);
  const file = new DatabaseSync(lockPathOf(folder), { timeout: 0 });
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (thrown) {
    file.close();
    if (!isBusy(thrown)) throw thrown;
    return { kind: "taken", holder: readPid(pidPath) };
  }
  held.add(file);
  writeFileSync(pidPath, `${process.pid}\n`);
  return {
    kind: "held",
    release() {
      rmSync(pidPath, { force: true });
      held.delete(file);
      file.close();
    },
  };
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && "errcode" in thrown && thrown.errcode === SQLITE_BUSY;
}

function readPid(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    // Its holder has not written it yet, or has just removed it.
    return undefined;
  }
}
