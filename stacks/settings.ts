/**
 * What whoever deploys decides, from the environment of `sst deploy` (SST reads `.env.<stage>` into it). No secret stands
 * there: those are SST's own (keys.ts). docs/deploy-aws.md has the list for people.
 */
import { readDelegationSettings } from "../packages/core/src/identity/delegation-settings.ts";
import { readPolicyDefaults } from "../packages/core/src/identity/policy.ts";
import { readRateChoice } from "../packages/core/src/rate/rate-limit.ts";

export interface Settings {
  /** `OS_*`: which cloud, and as whom, passed to the functions as they are. Without secrets and file names. */
  readonly cloud: Readonly<Record<string, string>>;
  /** The variable by which the cloud's secret reaches the functions. */
  readonly secretVariable: "OS_PASSWORD" | "OS_APPLICATION_CREDENTIAL_SECRET";
  /** A PEM file of authorities to trust instead of the public ones, in the project's folder. */
  readonly authoritiesFile?: string;
  /** Rules over the default policy, in oslo.policy's form: a file in the project's folder. */
  readonly policyFile?: string;
  /** What each function reads for itself, as it was given. */
  readonly choices: Readonly<Record<keyof typeof CHOICES, Readonly<Record<string, string>>>>;
  /** The keys of KMS that seal secrets, where they are not the stage's own. */
  readonly keys: {
    /** Seals from now on, in place of the stage's own, which opens on. */
    readonly current?: string;
    /** Open what they sealed, as long as something of it is left. */
    readonly old: readonly string[];
  };
  readonly domain?: { readonly name: string; readonly certificateArn?: string };
  readonly alarmEmail?: string;
  readonly network:
    | { readonly kind: "public" }
    /** A VPC that is there: where OpenStack's endpoints are private. */
    | { readonly kind: "existing"; readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
    /** A VPC made for it, with NAT. */
    | { readonly kind: "new" };
  /** What reconciliation may remove of what no record knows. */
  readonly removes: (typeof REMOVES)[number];
  readonly isProduction: boolean;
}

const DELEGATION = ["JEROBOAM_DELEGATION", "JEROBOAM_TRUSTED_ROLES", "JEROBOAM_SERVICE_ROLE"];
const BAY_TYPES = ["JEROBOAM_ENABLED_BAY_TYPES", "JEROBOAM_DISABLED_BAY_TYPES"];
const CHOICES = {
  api: [
    "JEROBOAM_BAY_QUOTA",
    "JEROBOAM_UNKNOWN_LABELS",
    "JEROBOAM_MANIFEST_NETWORKS",
    "JEROBOAM_POLICY_DEFAULTS",
    "JEROBOAM_RATE_LIMIT",
    "JEROBOAM_RATE_PER_SECOND",
    "JEROBOAM_RATE_BURST",
    ...DELEGATION,
    ...BAY_TYPES,
  ],
  conductor: ["JEROBOAM_HEALTH_INTERVAL", "JEROBOAM_AUTHORITY_KEY", ...DELEGATION, ...BAY_TYPES],
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

const SECRETS = ["OS_PASSWORD", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_TOKEN"];
/** Name files of the machine that deploys, which the functions do not have. */
const FILES = ["OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "OS_CACERT", "OS_CERT", "OS_KEY"];

export function readSettings(environment: Environment, stage: string = $app.stage): Settings {
  const cloud = cloudVariables(environment);
  const { JEROBOAM_DOMAIN: name, JEROBOAM_CERTIFICATE_ARN: certificateArn } = environment;
  const { JEROBOAM_AUTHORITIES_FILE: authoritiesFile, JEROBOAM_POLICY_FILE: policyFile } = environment;
  // A function that cannot read its settings never starts: told here, before anything is deployed.
  readRateChoice(environment);
  readPolicyDefaults(environment["JEROBOAM_POLICY_DEFAULTS"]);
  readDelegationSettings(environment);
  const { JEROBOAM_ALARM_EMAIL: alarmEmail } = environment;
  const byApplicationCredential = "OS_APPLICATION_CREDENTIAL_ID" in cloud || "OS_APPLICATION_CREDENTIAL_NAME" in cloud;
  return {
    cloud,
    secretVariable: byApplicationCredential ? "OS_APPLICATION_CREDENTIAL_SECRET" : "OS_PASSWORD",
    network: readNetwork(environment),
    removes: readRemoves(environment),
    keys: readKeys(environment),
    choices: { api: chosen(CHOICES.api, environment), conductor: chosen(CHOICES.conductor, environment) },
    isProduction: stage === "production",
    ...(authoritiesFile && { authoritiesFile }),
    ...(policyFile && { policyFile }),
    ...(name && { domain: { name, ...(certificateArn && { certificateArn }) } }),
    ...(alarmEmail && { alarmEmail }),
  };
}

function chosen(names: readonly string[], environment: Environment): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

function cloudVariables(environment: Environment): Record<string, string> {
  const cloud: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("OS_") || !value || FILES.includes(name)) continue;
    if (SECRETS.includes(name))
      throw new Error(`${name} is a secret: unset it, and see \`sst secret set CloudSecret\``);
    cloud[name] = value;
  }
  if (!cloud["OS_AUTH_URL"]) throw new Error("OS_AUTH_URL is missing: which cloud is this for? (docs/deploy-aws.md)");
  return cloud;
}

const REMOVES = ["nothing", "left-overs", "stacks"] as const;

function readRemoves({ JEROBOAM_REMOVES: given = "nothing" }: Environment): Settings["removes"] {
  const found = REMOVES.find((one) => one === given);
  if (!found) throw new Error(`JEROBOAM_REMOVES may be one of ${REMOVES.join(", ")}, not "${given}"`);
  return found;
}

const KEY_ARN = /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/;

/** Keys by their own ARNs: what an alias names may change, and permissions do not hold for it. */
function readKeys({ JEROBOAM_KEY_ARN: current, JEROBOAM_OLD_KEY_ARNS: given = "" }: Environment): Settings["keys"] {
  const old = given.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
  for (const [name, arn] of [
    ["JEROBOAM_KEY_ARN", current] as const,
    ...old.map((one) => ["JEROBOAM_OLD_KEY_ARNS", one] as const),
  ])
    if (arn && !KEY_ARN.test(arn)) throw new Error(`${name} must be the ARN of a key of KMS, not "${arn}"`);
  return { old: [...new Set(old)].filter((one) => one !== current), ...(current && { current }) };
}

function readNetwork(environment: Environment): Settings["network"] {
  const { JEROBOAM_VPC: choice, JEROBOAM_SUBNET_IDS: subnets, JEROBOAM_SECURITY_GROUP_IDS: groups } = environment;
  if (subnets && groups)
    return { kind: "existing", subnetIds: subnets.split(","), securityGroupIds: groups.split(",") };
  if (subnets || groups) throw new Error("JEROBOAM_SUBNET_IDS and JEROBOAM_SECURITY_GROUP_IDS go together");
  if (choice === "new") return { kind: "new" };
  if (choice) throw new Error(`JEROBOAM_VPC may be "new" or absent, not "${choice}"`);
  return { kind: "public" };
}
