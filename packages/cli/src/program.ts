/**
 * What the command understands. Each action loads what it runs only when it is asked for, so that `--help` is quick and a
 * process holds no more than its part.
 */
import { Command, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import type { UnknownLabels } from "@jeroboam/coe/label-advice";
import { JOB_NAMES } from "@jeroboam/core/reconciliation/job-names";
import type { PolicyDefaults } from "@jeroboam/core/identity/policy";
import type { JobName } from "@jeroboam/core/reconciliation/job";
import { textOf } from "@jeroboam/core/errors";
import type { KeysAction } from "./change-keys.ts";
import type { TemplateListOptions } from "./list-templates.ts";
import type { LogLevel, Removes } from "./options.ts";
import {
  barbicanKeys,
  tableName,
  publicUrl,
  policy,
  removes,
  bayQuota,
  unknownLabels,
  policyDefaults,
  logLevel,
  webhookNetworks,
  webhookPlainHttp,
  keysFile,
  portOf,
} from "./options.ts";
import { runUntilStopped } from "./run-until-stopped.ts";

const UP_EXAMPLES = `
Examples:
  jeroboam up                          everything on this machine, with a sandbox cloud
  jeroboam up --reset                  the same, from nothing
  OS_CLOUD=production jeroboam up      for the cloud of that name in clouds.yaml; no sandbox

With OS_AUTH_URL and credentials of a service user in the environment, or OS_CLOUD, it serves that cloud.
`;

const TEMPLATE_EXAMPLES = `
Which there are, the environment says, here as for up, api and conductor:
  JEROBOAM_BAY_TYPES            a folder of bay types of one's own (docs/bay-types.md)
  JEROBOAM_ENABLED_BAY_TYPES    names with commas between; no others may be used
  JEROBOAM_DISABLED_BAY_TYPES   names with commas between; these may not be used
`;

const PARTS_EXAMPLE = `
Example, with a DynamoDB and an SQS of one's own:
  export AWS_ENDPOINT_URL_DYNAMODB=http://10.0.0.5:8000 AWS_ENDPOINT_URL_SQS=http://10.0.0.6:9324
  export AWS_REGION=local AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… OS_CLOUD=production
  export JEROBOAM_PUBLIC_URL=https://magnum.example
  export JEROBOAM_QUEUE_URL=http://10.0.0.6:9324/000000000000/jeroboam JEROBOAM_KEYS=/etc/jeroboam/keys.json
  jeroboam table create
  jeroboam api --host 0.0.0.0 &
  jeroboam conductor &
`;

export function createProgram(): Command {
  const program = new Command("jeroboam")
    .description("OpenStack Magnum's container API as a serverless control plane")
    .version(manifest.version)
    .showHelpAfterError("(jeroboam --help shows what there is)")
    .addHelpText("after", UP_EXAMPLES);
  addUp(program);
  addApi(program);
  addConductor(program);
  addSweep(program);
  addReconcile(program);
  addPolicy(program);
  addTable(program);
  addTemplate(program);
  addKeys(program);
  return program;
}

interface WebhookOptions {
  readonly webhookNetworks: readonly string[];
  readonly webhookPlainHttp: boolean;
}

/** The options of webhooks as one thing. */
function withWebhooks<Options extends WebhookOptions>({ webhookNetworks, webhookPlainHttp, ...options }: Options) {
  return { ...options, webhooks: { allowedNetworks: webhookNetworks, plainHttpAllowed: webhookPlainHttp } };
}

interface UpOptions extends WebhookOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly keystonePort: number;
  readonly publicUrl?: string;
  readonly policy?: string;
  readonly policyDefaults?: PolicyDefaults;
  readonly bayQuota?: number;
  readonly unknownLabels?: UnknownLabels;
  readonly reset: boolean;
  readonly barbicanKeys?: string;
  readonly removes?: Removes;
  readonly logLevel: LogLevel;
}

function addUp(program: Command): void {
  program
    .command("up")
    .description("run everything on this machine in one process")
    .option("--data <folder>", "where everything is kept", ".jeroboam")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port of the API, 0 for any free one", portOf, 9511)
    .option("--keystone-port <number>", "port of the sandbox, 0 for any free one", portOf, 5000)
    .option("--reset", "forget everything kept there before", false)
    .addOption(publicUrl())
    .addOption(policy())
    .addOption(policyDefaults())
    .addOption(removes())
    .addOption(bayQuota())
    .addOption(unknownLabels())
    .addOption(barbicanKeys())
    .addOption(webhookNetworks())
    .addOption(webhookPlainHttp())
    .addOption(logLevel("warning"))
    .addHelpText("after", UP_EXAMPLES)
    .action(async ({ reset, policy: policyPath, ...options }: UpOptions) => {
      const { startInstance } = await import("@jeroboam/local/instance");
      const instance = await startInstance({ ...withWebhooks(options), isReset: reset, policyPath });
      runUntilStopped(instance);
      const { describeInstance } = await import("@jeroboam/local/describe-instance");
      console.log(describeInstance(instance, { version: manifest.version, readyMs: performance.now() }));
    });
}

interface SharedOptions extends WebhookOptions {
  readonly table: string;
  readonly queueUrl: string;
  readonly deliveriesQueueUrl?: string;
  readonly keys: string;
  readonly barbicanKeys?: string;
  readonly logLevel: LogLevel;
}

interface ApiOptions extends SharedOptions {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly policy?: string;
  readonly policyDefaults?: PolicyDefaults;
  readonly bayQuota?: number;
  readonly unknownLabels?: UnknownLabels;
}

function addApi(program: Command): void {
  const command = program
    .command("api")
    .description("run the API as a process of its own, over DynamoDB and SQS")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on, 0 for any free one", portOf, 9511)
    .addOption(publicUrl())
    .addOption(policy())
    .addOption(policyDefaults())
    .addOption(bayQuota())
    .addOption(unknownLabels());
  addShared(command).action(async ({ policy: policyPath, ...options }: ApiOptions) => {
    const { startApi } = await import("@jeroboam/local/api-process");
    const api = await startApi({ ...withWebhooks(options), policyPath });
    runUntilStopped(api);
    console.log(`the API listens on ${api.url}`);
  });
}

interface ConductorOptions extends SharedOptions {
  readonly publicUrl: string;
  readonly removes: Removes;
}

function addConductor(program: Command): void {
  const command = program
    .command("conductor")
    .description("run a conductor as a process of its own, over DynamoDB and SQS; as many as wanted")
    .addOption(publicUrl().makeOptionMandatory())
    .addOption(removes().default("nothing"));
  addShared(command).action(async (options: ConductorOptions) => {
    const { startConductor } = await import("@jeroboam/local/conductor-process");
    runUntilStopped(await startConductor(withWebhooks(options)));
    console.log(`the conductor works on ${options.queueUrl}`);
  });
}

function addSweep(program: Command): void {
  const command = program.command("sweep").description("send hints for all overdue work, once");
  addShared(command).action(async (options: SharedOptions) => {
    const { sweepOnce } = await import("@jeroboam/local/conductor-process");
    const { hints } = await sweepOnce(withWebhooks(options));
    console.log(`sent ${hints} hints`);
  });
}

interface ReconcileOptions extends ConductorOptions {
  readonly job?: readonly JobName[];
  readonly dryRun: boolean;
}

function addReconcile(program: Command): void {
  const command = program
    .command("reconcile")
    .description("compare the records with the cloud now, over DynamoDB and SQS, and tell what was found")
    .addOption(new Option("--job <name...>", "only these").choices(JOB_NAMES))
    .option("--dry-run", "change nothing: tell what would be done", false)
    .addOption(publicUrl().makeOptionMandatory())
    .addOption(removes().default("nothing"));
  addShared(command).action(async ({ job, dryRun, ...options }: ReconcileOptions) => {
    const { reconcileOnce } = await import("@jeroboam/local/reconcile-once");
    const reconciled = await reconcileOnce({ ...options, jobs: job ?? JOB_NAMES, isDryRun: dryRun });
    const { describeReconciled } = await import("./describe-reconciled.ts");
    for (const one of reconciled) console.log(describeReconciled(one));
    if (reconciled.some(({ failure }) => failure !== null)) process.exitCode = 1;
  });
}

function addTable(program: Command): void {
  program
    .command("table")
    .description("the table in DynamoDB or what speaks its protocol")
    .command("create")
    .description("make the table with its indexes, unless it is there, and wait until it can be used")
    .addOption(tableName())
    .addHelpText("after", PARTS_EXAMPLE)
    .action(async ({ table }: { readonly table: string }) => {
      const { createTable } = await import("@jeroboam/local/stores");
      console.log(await createTable(table));
    });
}

function addTemplate(program: Command): void {
  program
    .command("template")
    .description("bay types, by the name that Magnum's tool has for them")
    .command("list")
    .description("list the bay types of this installation")
    .option("-d, --details", "with a row for each platform that one builds on", false)
    .option("-p, --paths", "with the path of its template", false)
    .addOption(new Option("--enabled", "only those that may be used").conflicts("disabled"))
    .addOption(new Option("--disabled", "only those that may not"))
    .addHelpText("after", TEMPLATE_EXAMPLES)
    .action(async (options: TemplateListOptions) => {
      const { loadBayTypes } = await import("@jeroboam/local/bay-types");
      const { listTemplates } = await import("./list-templates.ts");
      console.log(listTemplates(await loadBayTypes(), options));
    });
}

/** What a process over shared services must be told. */
function addShared(command: Command): Command {
  return command
    .addOption(tableName())
    .addOption(new Option("--queue-url <url>", "the queue's address").env("JEROBOAM_QUEUE_URL").makeOptionMandatory())
    .addOption(keysFile())
    .addOption(barbicanKeys())
    .addOption(
      new Option(
        "--deliveries-queue-url <url>",
        "a queue of its own for webhooks, so that slow receivers delay nothing",
      ).env("JEROBOAM_DELIVERIES_QUEUE_URL"),
    )
    .addOption(webhookNetworks())
    .addOption(webhookPlainHttp())
    .addOption(logLevel("info"))
    .addHelpText("after", PARTS_EXAMPLE);
}

const KEYS_EXAMPLE = `
Replacing the key (docs/secrets.md):
  jeroboam keys rotate                 and, where machines have copies of the file: add, copy it, use
  jeroboam reconcile --job seals       wraps anew what the old key wrapped, and counts what is left of it
  jeroboam keys remove <id>            once nothing is left
`;

function addKeys(program: Command): void {
  const keys = program.command("keys").description("the file of the keys that seal secrets");
  keys.addHelpText("after", KEYS_EXAMPLE);
  const addAction = (kind: "show" | "rotate" | "add", description: string): void => {
    const command = keys.command(kind).description(description).addOption(keysFile());
    command.action((options: KeysOptions) => runKeys(options, { kind }));
  };
  const addActionOn = (kind: "use" | "remove", description: string): void => {
    const command = keys.command(kind).argument("<id>", "the key's id").description(description).addOption(keysFile());
    command.action((id: string, options: KeysOptions) => runKeys(options, { kind, id }));
  };
  addAction("show", "list the keys by their ids");
  addAction("rotate", "add a key, by which everything is wrapped from now on");
  addAction("add", "add a key that wraps nothing yet");
  addActionOn("use", "wrap everything by that key from now on");
  addActionOn("remove", "forget a key for good: what is wrapped by it never opens again");
}

interface KeysOptions {
  readonly keys: string;
}

async function runKeys({ keys }: KeysOptions, action: KeysAction): Promise<void> {
  const { changeKeys } = await import("./change-keys.ts");
  try {
    console.log(await changeKeys(keys, action));
  } catch (thrown) {
    // The file is missing, or it cannot be changed so: for the person at the terminal.
    console.error(`jeroboam: ${textOf(thrown)}`);
    process.exitCode = 1;
  }
}

function addPolicy(program: Command): void {
  const command = program.command("policy").description("who may do what");
  command
    .command("sample")
    .description("print every rule with its default, commented out")
    .addOption(policyDefaults().default("secure"))
    .action(async ({ policyDefaults: defaults }: { readonly policyDefaults: PolicyDefaults }) => {
      const { samplePolicy } = await import("@jeroboam/core/identity/policy-sample");
      console.log(samplePolicy(defaults));
    });
  command
    .command("check")
    .argument("<file>", "a policy.yaml")
    .description("say what is wrong with a policy file")
    .action(async (path: string) => {
      const { checkPolicyFile } = await import("./check-policy-file.ts");
      const { lines, isUsable } = await checkPolicyFile(path);
      for (const line of lines) console.log(line);
      if (!isUsable) process.exitCode = 1;
    });
}
