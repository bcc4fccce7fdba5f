/**
 * The folder in which one process keeps everything: the table, the keys, the sandbox's state, the openrc to source.
 * It is for its owner alone (mode 0700) and for one process at a time. Removing the folder removes all there is.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { textOf } from "@jeroboam/core/errors";
import { lockFolder, lockPathOf } from "./folder-lock.ts";
import { StartRefused } from "./start-refused.ts";

export interface DataFolder {
  readonly path: string;
  readonly tablePath: string;
  readonly keysPath: string;
  readonly sandboxPath: string;
  readonly openrcPath: string;
  /** Lets another process have it. */
  release(): void;
}

/** Makes the folder if it is missing and takes it. Throws StartRefused when another process has it or it cannot serve. */
export function openDataFolder(folder: string, options: { readonly isReset: boolean }): DataFolder {
  const path = resolve(folder);
  const isOurs = existsSync(lockPathOf(path));
  const lock = attempt(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return lockFolder(path);
  });
  if (lock.kind === "taken") {
    const holder = lock.holder === undefined ? "another process" : `process ${lock.holder}`;
    throw new StartRefused(`${path} is in use by ${holder}; stop it, or name another folder by --data`);
  }
  const tablePath = join(path, "table.sqlite");
  const keysPath = join(path, "keys.json");
  const sandboxPath = join(path, "sandbox");
  const openrcPath = join(path, "openrc");
  // Only in a folder that was ours before: a folder of that name in somebody's home is not.
  if (options.isReset && isOurs) {
    const beside = ["-wal", "-shm", "-journal"].map((suffix) => `${tablePath}${suffix}`);
    for (const one of [tablePath, ...beside, keysPath, sandboxPath, openrcPath])
      attempt(path, () => rmSync(one, { recursive: true, force: true }));
  }
  return { path, tablePath, keysPath, sandboxPath, openrcPath, release: () => lock.release() };
}

function attempt<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (thrown) {
    // The system's message says what is wrong with the folder.
    throw new StartRefused(`the data folder ${path} cannot be used: ${textOf(thrown)}`, { cause: thrown });
  }
}
