/**
 * The keys that seal secrets, and the secrets that we are given. The current key wraps the projects' data keys by which the functions
 * seal what they store (envelope encryption); encryption contexts keep apart what may be opened by whom.
 *
 * The cloud's secret is one of SST's own (`sst secret set CloudSecret`), encrypted in its store and state. To the functions
 * it goes as a variable that holds only ciphertext of our key, opened once when a function starts. Chosen over Secrets
 * Manager and parameters because it needs no further service, SDK client, permission or call; over SST's `link` because
 * that keeps the key of its file in a variable, in the clear.
 */
import { CONFIGURATION_CONTEXT, RECORD_CONTEXT, WEBHOOK_CONTEXT } from "../packages/core/src/secret/kms-context.ts";
import type { Settings } from "./settings.ts";
import { sizes } from "./sizes.ts";

export function createKeys({ isProduction, keys }: Settings) {
  const key = new aws.kms.Key(
    "SecretsKey",
    {
      description: `jeroboam ${$app.stage}: wraps the data keys of stored secrets`,
      enableKeyRotation: true,
      deletionWindowInDays: isProduction ? sizes.keyDeletionDays.production : sizes.keyDeletionDays.other,
    },
    // Without the key, what it sealed is lost: it goes only by hand.
    { protect: isProduction, retainOnDelete: isProduction },
  );
  // oxlint-disable-next-line no-new -- resources are made by constructing them
  new aws.kms.Alias("SecretsKeyAlias", { name: `alias/jeroboam-${$app.stage}`, targetKeyId: key.keyId });
  // The stage's own stays when another takes over: what it sealed before opens by it.
  const current: Arn = keys.current ?? key.arn;
  const old: readonly Arn[] = keys.current === undefined ? keys.old : [key.arn, ...keys.old];
  const cloudSecret = new sst.Secret("CloudSecret");
  const cloudSecretCiphertext = new aws.kms.Ciphertext("CloudSecretCiphertext", {
    keyId: keys.current ?? key.keyId,
    plaintext: cloudSecret.value,
    context: CONFIGURATION_CONTEXT,
  });
  return { current, old, cloudSecretCiphertext: cloudSecretCiphertext.ciphertextBlob };
}

type Arn = $util.Input<string>;

export type Keys = ReturnType<typeof createKeys>;

type Permission = sst.aws.FunctionPermissionArgs;

/** By which a function knows the keys. */
export function keyVariables({ current, old }: Keys): Readonly<Record<string, $util.Input<string>>> {
  const list = $util.all([...old]).apply((arns) => arns.join(","));
  return { JEROBOAM_KEY_ARN: current, ...(old.length > 0 && { JEROBOAM_OLD_KEY_ARNS: list }) };
}

/** Opening the configuration, which a function does when it starts; in the middle of a deployment the one before. */
export function mayOpenConfiguration(keys: Keys): readonly Permission[] {
  return mayOpen(keys, CONFIGURATION_CONTEXT);
}

/** Sealing what is stored, and opening it again. */
export function maySealRecords(keys: Keys): readonly Permission[] {
  return maySeal(keys, RECORD_CONTEXT);
}

/** Sealing webhooks' signing keys. */
export function maySealWebhooks(keys: Keys): readonly Permission[] {
  return maySeal(keys, WEBHOOK_CONTEXT);
}

/** Wrapping data keys anew within KMS, which opens none to whoever asks for it: from any of the keys to the current one. */
export function mayRewrap({ current, old }: Keys): readonly Permission[] {
  return [RECORD_CONTEXT, WEBHOOK_CONTEXT].flatMap((context) => [
    keyPermission(current, ["kms:ReEncryptFrom", "kms:ReEncryptTo"], context),
    ...old.map((one) => keyPermission(one, ["kms:ReEncryptFrom"], context)),
  ]);
}

/** Opening webhooks' signing keys, to sign by them. */
export function mayOpenWebhooks(keys: Keys): readonly Permission[] {
  return mayOpen(keys, WEBHOOK_CONTEXT);
}

function maySeal({ current, old }: Keys, context: Context): readonly Permission[] {
  return [
    keyPermission(current, ["kms:Decrypt", "kms:GenerateDataKey"], context),
    ...old.map((one) => keyPermission(one, ["kms:Decrypt"], context)),
  ];
}

function mayOpen({ current, old }: Keys, context: Context): readonly Permission[] {
  return [current, ...old].map((one) => keyPermission(one, ["kms:Decrypt"], context));
}

type Context = Readonly<Record<string, string>>;

function keyPermission(arn: Arn, actions: string[], context: Context): Permission {
  const conditions = Object.entries(context).map(([name, value]) => ({
    test: "StringEquals",
    variable: `kms:EncryptionContext:${name}`,
    values: [value],
  }));
  return { actions, resources: [arn], conditions };
}
