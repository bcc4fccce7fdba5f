/**
 * The key that seals secrets, and the secrets that we are given. The key wraps the projects' data keys by which the functions
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

export function createKeys({ isProduction }: Settings) {
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
  new aws.kms.Alias("SecretsKeyAlias", { name: `alias/jeroboam-${$app.stage}`, targetKeyId: key.keyId });
  const cloudSecret = new sst.Secret("CloudSecret");
  const cloudSecretCiphertext = new aws.kms.Ciphertext("CloudSecretCiphertext", {
    keyId: key.keyId,
    plaintext: cloudSecret.value,
    context: CONFIGURATION_CONTEXT,
  });
  return { key, cloudSecretCiphertext: cloudSecretCiphertext.ciphertextBlob };
}

export type Keys = ReturnType<typeof createKeys>;

type Permission = sst.aws.FunctionPermissionArgs;

/** Opening the configuration, which a function does when it starts. */
export function mayOpenConfiguration({ key }: Keys): Permission {
  return keyPermission(key, ["kms:Decrypt"], CONFIGURATION_CONTEXT);
}

/** Sealing what is stored, and opening it again. */
export function maySealRecords({ key }: Keys): Permission {
  return keyPermission(key, ["kms:Decrypt", "kms:GenerateDataKey"], RECORD_CONTEXT);
}

/** Sealing webhooks' signing keys. */
export function maySealWebhooks({ key }: Keys): Permission {
  return keyPermission(key, ["kms:Decrypt", "kms:GenerateDataKey"], WEBHOOK_CONTEXT);
}

/** Wrapping data keys anew within KMS, which opens none to whoever asks for it. */
export function mayRewrap({ key }: Keys): readonly Permission[] {
  return [RECORD_CONTEXT, WEBHOOK_CONTEXT].map((context) =>
    keyPermission(key, ["kms:ReEncryptFrom", "kms:ReEncryptTo"], context),
  );
}

/** Opening webhooks' signing keys, to sign by them. */
export function mayOpenWebhooks({ key }: Keys): Permission {
  return keyPermission(key, ["kms:Decrypt"], WEBHOOK_CONTEXT);
}

function keyPermission(key: aws.kms.Key, actions: string[], context: Readonly<Record<string, string>>): Permission {
  const conditions = Object.entries(context).map(([name, value]) => ({
    test: "StringEquals",
    variable: `kms:EncryptionContext:${name}`,
    values: [value],
  }));
  return { actions, resources: [key.arn], conditions };
}
