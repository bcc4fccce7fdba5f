import { KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KmsService } from "../../../../test/services/kms.ts";
import { startKms } from "../../../../test/services/kms.ts";
import { limits } from "../limits.ts";
import { Transient } from "../errors.ts";
import { CONFIGURATION_CONTEXT, RECORD_CONTEXT } from "./kms-context.ts";
import { createKmsSealer, openVariables } from "./kms-sealer.ts";

let kms: KmsService;
let client: KMSClient;
let nowMs = 1_000_000;
const clock = { nowMs: () => nowMs };

const connect = (endpoint: string): KMSClient =>
  new KMSClient({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
  });
const sealerOf = (one = client) => createKmsSealer({ client: one, keyArn: kms.keyArn, clock });

beforeAll(async () => {
  kms = await startKms();
  client = connect(kms.endpoint);
});
afterAll(() => kms.close());

describe("sealing by KMS", () => {
  test("what was sealed opens in another process, for its context alone", async () => {
    const sealed = await sealerOf().seal("trust-id", "delegation/1");
    expect(sealed).not.toContain("trust-id");
    expect(await sealerOf().open(sealed, "delegation/1")).toBe("trust-id");
    await expect(sealerOf().open(sealed, "delegation/2")).rejects.toThrow('does not open for "delegation/2"');
  });

  test("altered and foreign texts are refused", async () => {
    const sealed = await sealerOf().seal("trust-id", "delegation/1");
    const [version, wrapped, text = ""] = sealed.split(".");
    const altered = `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`;
    await expect(sealerOf().open(`${version}.${wrapped}.${altered}`, "delegation/1")).rejects.toThrow("does not open");
    for (const foreign of ["", "v1.key.AAAA", `${version}.${wrapped}`, `${sealed}.more`, `${version}..${text}`])
      await expect(sealerOf().open(foreign, "delegation/1")).rejects.toThrow("not in the form");
  });

  test("an hour of sealing and opening costs one call each", async () => {
    const [sealing, opening] = [sealerOf(), sealerOf()];
    const before = kms.calls.length;
    const sealed = await Promise.all(Array.from({ length: 20 }, (_, at) => sealing.seal(`secret ${at}`, "context")));
    for (const [at, one] of sealed.entries()) expect(await opening.open(one, "context")).toBe(`secret ${at}`);
    expect(kms.calls.slice(before)).toEqual(["GenerateDataKey", "Decrypt"]);
    nowMs += limits.secret.dataKeyMs;
    await sealing.seal("later", "context");
    expect(kms.calls.slice(before + 2)).toEqual(["GenerateDataKey"]);
  });

  test("the same text sealed twice gives two different ones", async () => {
    const sealer = sealerOf();
    expect(await sealer.seal("a", "context")).not.toBe(await sealer.seal("a", "context"));
  });

  test("what was sealed before the key was rotated still opens", async () => {
    const sealed = await sealerOf().seal("old", "context");
    kms.rotate();
    expect(await sealerOf().open(sealed, "context")).toBe("old");
    expect(await sealerOf().open(await sealerOf().seal("new", "context"), "context")).toBe("new");
  });

  test("a key service out of reach is Transient, and the next try asks again", async () => {
    const broken = sealerOf(connect("http://127.0.0.1:1"));
    await expect(broken.seal("a", "context")).rejects.toBeInstanceOf(Transient);
    await expect(broken.seal("a", "context")).rejects.toBeInstanceOf(Transient);
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
