import { KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KmsService } from "../../../../test/services/kms.ts";
import { startKms } from "../../../../test/services/kms.ts";
import { Transient } from "../errors.ts";
import { encrypt } from "./aes-gcm.ts";
import { CONFIGURATION_CONTEXT, RECORD_CONTEXT } from "./kms-context.ts";
import type { KmsMasterKeyOptions } from "./kms-master-key.ts";
import { createKmsMasterKey, openVariables } from "./kms-master-key.ts";

let kms: KmsService;
let client: KMSClient;
const clock = { nowMs: () => 1_000_000 };

const connect = (endpoint: string): KMSClient =>
  new KMSClient({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
  });
const masterKeyOf = (changes: Partial<KmsMasterKeyOptions> = {}) =>
  createKmsMasterKey({ client, keyArn: kms.keyArn, clock, ...changes });
const NAME = { projectId: "a", purpose: "records" } as const;

beforeAll(async () => {
  kms = await startKms();
  client = connect(kms.endpoint);
});
afterAll(() => kms.close());

describe("the master key in KMS", () => {
  test("a data key unwraps in another process, for its project and purpose alone", async () => {
    const { key, wrapped } = await masterKeyOf().generate(NAME);
    expect(key).toHaveLength(32);
    expect(wrapped.keyId).toBe(kms.keyArn);
    expect(await masterKeyOf().unwrap(wrapped, NAME)).toEqual(key);
    for (const other of [{ projectId: "b" }, { purpose: "webhooks" }] as const)
      await expect(masterKeyOf().unwrap(wrapped, { ...NAME, ...other })).rejects.toThrow("does not open by arn:");
  });

  test("another key takes over within KMS, and the old one is no longer needed", async () => {
    const { key, wrapped } = await masterKeyOf().generate(NAME);
    const both = masterKeyOf({ keyArn: kms.otherKeyArn, oldKeyArns: [kms.keyArn] });
    expect(await both.unwrap(wrapped, NAME)).toEqual(key);
    const before = kms.calls.length;
    const rewrapped = await both.rewrap(wrapped, NAME);
    expect(kms.calls.slice(before)).toEqual(["ReEncrypt"]);
    expect(rewrapped.keyId).toBe(kms.otherKeyArn);
    const alone = masterKeyOf({ keyArn: kms.otherKeyArn });
    expect(await alone.unwrap(rewrapped, NAME)).toEqual(key);
    await expect(alone.unwrap(wrapped, NAME)).rejects.toThrow("JEROBOAM_OLD_KEY_ARNS does not name");
  });

  test("what was wrapped before KMS rotated the key still unwraps", async () => {
    const { key, wrapped } = await masterKeyOf().generate(NAME);
    kms.rotate();
    expect(await masterKeyOf().unwrap(wrapped, NAME)).toEqual(key);
  });

  test("what was sealed before projects had data keys opens for its context alone, and altered texts do not", async () => {
    const dataKey = Buffer.alloc(32, 5);
    const wrapped = Buffer.from(kms.encrypt(dataKey, RECORD_CONTEXT), "base64").toString("base64url");
    const bytes = encrypt(dataKey, "trust-id", `k1.${wrapped}.delegation/1`);
    const sealed = `k1.${wrapped}.${bytes.toString("base64url")}`;
    const masterKey = masterKeyOf();
    expect(await masterKey.openDirect(sealed, "delegation/1")).toBe("trust-id");
    await expect(masterKey.openDirect(sealed, "delegation/2")).rejects.toThrow('does not open for "delegation/2"');
    for (const foreign of ["", "v1.key.AAAA", `k1.${wrapped}`, `${sealed}.more`, "k1..AAAA"])
      await expect(masterKey.openDirect(foreign, "delegation/1")).rejects.toThrow("not in the form");
  });

  test("a key service out of reach is Transient", async () => {
    const broken = masterKeyOf({ client: connect("http://127.0.0.1:1") });
    await expect(broken.generate(NAME)).rejects.toBeInstanceOf(Transient);
  });
});

describe("variables that hold ciphertext", () => {
  test("are opened, each under its own name; the others stay as they are", async () => {
    const given = {
      JEROBOAM_KEY_ARN: kms.keyArn,
      OS_USERNAME: "magnum",
      OS_PASSWORD_CIPHERTEXT: kms.encrypt("pässword", CONFIGURATION_CONTEXT),
    };
    expect(await openVariables(client, given)).toEqual({ ...given, OS_PASSWORD: "pässword" });
  });

  test("open only for what they are for", async () => {
    const ciphertext = kms.encrypt("data key", RECORD_CONTEXT);
    await expect(
      openVariables(client, { JEROBOAM_KEY_ARN: kms.keyArn, OS_PASSWORD_CIPHERTEXT: ciphertext }),
    ).rejects.toThrow("OS_PASSWORD_CIPHERTEXT does not open");
  });

  test("need the key's name", async () => {
    await expect(openVariables(client, { OS_PASSWORD_CIPHERTEXT: "AAAA" })).rejects.toThrow("JEROBOAM_KEY_ARN");
    expect(await openVariables(client, { OS_USERNAME: "magnum" })).toEqual({ OS_USERNAME: "magnum" });
  });
});
