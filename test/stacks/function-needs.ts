/**
 * What a function needs of IAM, read out of its code. The bundle is the whole of it, shaken of what nothing reaches; its
 * calls of the ports (`table.get`, `queue.send`, `sealer.open`) say which of the adapters' SDK commands it can issue, and of
 * the table's indexes which it asks. What Lambda itself does in a function's name is listed, not derived.
 */
import { INDEX_NAMES } from "@jeroboam/core/table/table";
import { parseSync, Visitor } from "oxc-parser";
import type { FunctionName } from "../../scripts/function-bundles.ts";
import { readFunctionCode } from "../../scripts/function-bundles.ts";

export interface Needs {
  /** SDK commands that are in the bundle at all. */
  readonly commands: ReadonlySet<string>;
  /** `action on resource`, resources by their name in the stacks. */
  readonly permissions: ReadonlySet<string>;
}

const KEY_ITEM = ["dynamodb:GetItem on TableTable", "dynamodb:PutItem on TableTable"];

/** The SDK's commands behind each method of a port. A put that was repeated looks what stands there. */
const PORT_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "table.get": ["dynamodb:GetItem on TableTable"],
  "table.put": ["dynamodb:PutItem on TableTable", "dynamodb:GetItem on TableTable"],
  "table.remove": ["dynamodb:DeleteItem on TableTable"],
  "table.query": ["dynamodb:Query on TableTable"],
  // Hints at deliveries have a queue of their own (routed-queue.ts).
  "queue.send": ["sqs:SendMessage on HintsQueue", "sqs:SendMessage on DeliveriesQueue"],
  // The project's data key: made by whoever seals first, and unwrapped by all others.
  "sealer.seal": [
    ...KEY_ITEM,
    "kms:GenerateDataKey on SecretsKey for records",
    "kms:Decrypt on SecretsKey for records",
  ],
  "sealer.open": ["dynamodb:GetItem on TableTable", "kms:Decrypt on SecretsKey for records"],
  "webhookSealer.seal": [
    ...KEY_ITEM,
    "kms:GenerateDataKey on SecretsKey for webhooks",
    "kms:Decrypt on SecretsKey for webhooks",
  ],
  "webhookSealer.open": ["dynamodb:GetItem on TableTable", "kms:Decrypt on SecretsKey for webhooks"],
  "masterKey.rewrap": ["records", "webhooks"].flatMap((purpose) => [
    `kms:ReEncryptFrom on SecretsKey for ${purpose}`,
    `kms:ReEncryptTo on SecretsKey for ${purpose}`,
  ]),
};

/** What Lambda does by a function's role. */
export const PLATFORM_NEEDS: Readonly<Record<FunctionName, readonly string[]>> = {
  api: ["logs:CreateLogStream on ApiLogs", "logs:PutLogEvents on ApiLogs"],
  conductor: [
    "logs:CreateLogStream on ConductorLogs",
    "logs:PutLogEvents on ConductorLogs",
    "sqs:ReceiveMessage on HintsQueue",
    "sqs:DeleteMessage on HintsQueue",
    "sqs:GetQueueAttributes on HintsQueue",
  ],
  deliverer: [
    "logs:CreateLogStream on DelivererLogs",
    "logs:PutLogEvents on DelivererLogs",
    "sqs:ReceiveMessage on DeliveriesQueue",
    "sqs:DeleteMessage on DeliveriesQueue",
    "sqs:GetQueueAttributes on DeliveriesQueue",
  ],
  schedule: ["logs:CreateLogStream on ScheduleLogs", "logs:PutLogEvents on ScheduleLogs"],
};

/** The SDK's commands that the ports' methods account for. */
export const KNOWN_COMMANDS: ReadonlySet<string> = new Set(
  Object.values(PORT_COMMANDS)
    .flat()
    .map((permission) => permission.replace(/^\w+:(\w+) .*/, "$1"))
    // Permissions are named after actions, and one action has two commands.
    .map((action) => (action === "SendMessage" ? "SendMessageBatch" : action.replace(/^(ReEncrypt)(From|To)$/, "$1"))),
);

/** Commands that an SDK client brings along and that nothing here makes it issue. */
const DORMANT_COMMANDS = new Set(["DescribeEndpoints"]);

export async function deriveNeeds(name: FunctionName): Promise<Needs> {
  const code = await readFunctionCode(name);
  const commands = new Set<string>();
  for (const [, command = ""] of code.matchAll(/^(?:var|const|let) (\w+)Command = class/gm))
    if (!DORMANT_COMMANDS.has(command)) commands.add(command);

  const permissions = new Set<string>();
  const { program } = parseSync(`${name}.mjs`, code);
  const indexes = new Set<string>();
  let isIndexComputed = false;
  new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      if (callee.type === "Identifier" && callee.name === "openVariables")
        permissions.add("kms:Decrypt on SecretsKey for configuration");
      if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
      const call = `${nameOf(callee.object)}.${callee.property.name}`;
      for (const permission of PORT_COMMANDS[call] ?? []) permissions.add(permission);
      if (call !== "table.queryIndex") return;
      if (first?.type === "Literal" && typeof first.value === "string") indexes.add(first.value);
      else isIndexComputed = true;
    },
  }).visit(program);
  // A list's index is chosen by its caller, who names it as a property: `{ index: "project", … }`.
  if (isIndexComputed)
    for (const [, index = ""] of code.matchAll(/\bindex: "(\w+)"/g))
      if ((INDEX_NAMES as readonly string[]).includes(index)) indexes.add(index);
  for (const index of indexes) permissions.add(`dynamodb:Query on TableTable/index/${index}`);
  return { commands, permissions };
}

/** `table` of `table`, `ports.table` and of the names that the bundler gives when there are several. */
function nameOf(node: { readonly type: string }): string {
  const named = node as { readonly name?: string; readonly property?: { readonly name?: string } };
  return (named.name ?? named.property?.name ?? "").replace(/\d+$/, "");
}
