/** Options that more than one command has, each with its environment variable, and how their values are read. */
import { UNKNOWN_LABELS } from "@jeroboam/coe/label-advice";
import { POLICY_DEFAULTS } from "@jeroboam/core/identity/policy";
import { InvalidArgumentError, Option } from "commander";

const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const REMOVES = ["nothing", "left-overs", "stacks"] as const;
export type Removes = (typeof REMOVES)[number];

export function tableName(): Option {
  return new Option("--table <name>", "the table's name").env("JEROBOAM_TABLE").default("jeroboam");
}

export function publicUrl(): Option {
  return new Option("--public-url <url>", "where clients and bays' nodes reach the API, without /v1")
    .env("JEROBOAM_PUBLIC_URL")
    .argParser(urlOf);
}

export function policy(): Option {
  return new Option("--policy <file>", "rules over the defaults, in oslo.policy's form").env("JEROBOAM_POLICY");
}

export function removes(): Option {
  const what = "what reconciliation may remove of what no record knows: trusts and users, or stacks besides";
  return new Option("--removes <what>", what).env("JEROBOAM_REMOVES").choices(REMOVES);
}

export function bayQuota(): Option {
  return new Option("--bay-quota <number>", "bays a project may have where no administrator set a limit (default: 20)")
    .env("JEROBOAM_BAY_QUOTA")
    .argParser(countOf);
}

export function unknownLabels(): Option {
  return new Option("--unknown-labels <what>", "what is done about labels that have no effect (default: warn)")
    .env("JEROBOAM_UNKNOWN_LABELS")
    .choices(UNKNOWN_LABELS);
}

export function policyDefaults(): Option {
  return new Option(
    "--policy-defaults <which>",
    "what is allowed where the file says nothing: Magnum's secure roles, or older",
  )
    .env("JEROBOAM_POLICY_DEFAULTS")
    .choices(POLICY_DEFAULTS);
}

export function logLevel(preset: LogLevel): Option {
  return new Option("--log-level <level>", "the least that is written to standard error")
    .choices(LOG_LEVELS)
    .default(preset);
}

export function webhookNetworks(): Option {
  return new Option(
    "--webhook-networks <cidrs>",
    "networks, besides the public internet, where webhooks may be received",
  )
    .env("JEROBOAM_WEBHOOK_NETWORKS")
    .argParser(networksOf)
    .default([], "none");
}

export function webhookPlainHttp(): Option {
  return new Option("--webhook-plain-http", "webhooks may go to http:// addresses, unencrypted")
    .env("JEROBOAM_WEBHOOK_PLAIN_HTTP")
    .default(false);
}

export function keysFile(): Option {
  return new Option("--keys <file>", "the keys that seal secrets; every process needs the same")
    .env("JEROBOAM_KEYS")
    .default("keys.json");
}

export function barbicanKeys(): Option {
  return new Option(
    "--barbican-keys <uuids>",
    "secrets of the cloud's Barbican that are the keys in place of the file, the current one first",
  ).env("JEROBOAM_BARBICAN_KEYS");
}

function networksOf(text: string): readonly string[] {
  const networks = text.split(",").map((one) => one.trim());
  for (const network of networks)
    if (!/^[0-9a-fA-F.:]+\/\d+$/.test(network)) throw new InvalidArgumentError("Networks look like 10.0.0.0/8.");
  return networks;
}

export function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a number up to 65535.");
  return port;
}

function countOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("A number is needed, 0 or more.");
  return Number(text);
}

function urlOf(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new InvalidArgumentError("An http or https address is needed.");
  return text.replace(/\/+$/, "");
}
