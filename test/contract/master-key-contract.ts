/** What every master key promises, whoever holds it: the key file, and Barbican, the sandbox's and the real one. */
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { createMemoryTable } from "@jeroboam/core/table/memory-table";
import { expect, test } from "vitest";
import { createSimulatedClock } from "../simulated/clock.ts";

export const NAME = { projectId: "a", purpose: "records" } as const;

/** A place where keys are kept, and processes that use them. */
export interface Keyring {
  /** A key beside the others. Its id. */
  add(): Promise<string>;
  /** A process that wraps by the first and knows the others. */
  open(ids: readonly [string, ...string[]]): Promise<MasterKey>;
}

export function testMasterKey(createKeyring: () => Promise<Keyring>): void {
  test("wraps data keys for their project and purpose alone, also for another process", async () => {
    const keyring = await createKeyring();
    const id = await keyring.add();
    const { key, wrapped } = await (await keyring.open([id])).generate(NAME);
    expect([key.length, wrapped.keyId]).toEqual([32, id]);
    const later = await keyring.open([id]);
    expect(await later.unwrap(wrapped, NAME)).toEqual(key);
    for (const other of [{ projectId: "b" }, { purpose: "webhooks" }] as const)
      await expect(later.unwrap(wrapped, { ...NAME, ...other })).rejects.toThrow(/does not open/);
    await expect(later.unwrap({ ...wrapped, keyId: "other" }, NAME)).rejects.toThrow('sealed by the key "other"');
    expect(Buffer.from(wrapped.text, "base64url").includes(Buffer.from(key))).toBe(false);
  });

  test("is replaced by another without losing anything: the data key stays, and is wrapped anew", async () => {
    const keyring = await createKeyring();
    const [first, second] = [await keyring.add(), await keyring.add()];
    const { key, wrapped } = await (await keyring.open([first])).generate(NAME);
    const next = await keyring.open([second, first]);
    expect(await next.currentId()).toBe(second);
    expect(await next.unwrap(wrapped, NAME)).toEqual(key);
    const rewrapped = await next.rewrap(wrapped, NAME);
    expect(rewrapped.keyId).toBe(second);
    expect(await (await keyring.open([second])).unwrap(rewrapped, NAME)).toEqual(key);
  });

  test("seals and opens what is stored", async () => {
    const keyring = await createKeyring();
    const clock = createSimulatedClock();
    const table = createMemoryTable({ clock });
    const id = await keyring.add();
    const masterKey = await keyring.open([id]);
    const sealed = await createSecrets({ table, masterKey, clock }).sealer.seal("a bay's key", "bay/1/ca-key", "a");
    const other = createSecrets({ table, masterKey: await keyring.open([id]), clock });
    expect(await other.sealer.open(sealed, "bay/1/ca-key")).toBe("a bay's key");
    await expect(other.sealer.open(sealed, "bay/2/ca-key")).rejects.toThrow("does not open");
  });
}
