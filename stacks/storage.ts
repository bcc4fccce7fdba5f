/** The table with its indexes, from the same definition by which it is made elsewhere. */
import { createTableDefinition, EXPIRY_ATTRIBUTE } from "../packages/core/src/table/dynamodb-schema.ts";
import type { IndexName } from "../packages/core/src/table/table.ts";

export function createStorage() {
  const isProduction = $app.stage === "production";
  const definition = createTableDefinition("");
  const table = new sst.aws.Dynamo("Table", {
    fields: Object.fromEntries(
      (definition.AttributeDefinitions ?? []).map((one) => [one.AttributeName ?? "", "string"]),
    ),
    primaryIndex: keysOf(definition.KeySchema),
    globalIndexes: Object.fromEntries(
      (definition.GlobalSecondaryIndexes ?? []).map((one) => [one.IndexName ?? "", keysOf(one.KeySchema)]),
    ),
    ttl: EXPIRY_ATTRIBUTE,
    deletionProtection: isProduction,
    transform: {
      table: { serverSideEncryption: { enabled: true }, pointInTimeRecovery: { enabled: true } },
    },
  });
  return { table };
}

export type Storage = ReturnType<typeof createStorage>;

function keysOf(schema: readonly { AttributeName: string | undefined }[] = []) {
  const [hashKey = "", rangeKey = ""] = schema.map((element) => element.AttributeName ?? "");
  return { hashKey, rangeKey };
}

export type TableAction = "GetItem" | "PutItem" | "DeleteItem" | "Query";

/** These actions on the items, and queries of these indexes. */
export function mayUseTable(
  { table }: Storage,
  actions: readonly TableAction[],
  indexes: readonly IndexName[],
): sst.aws.FunctionPermissionArgs[] {
  const onItems = { actions: actions.map((action) => `dynamodb:${action}`), resources: [table.arn] };
  const onIndexes = {
    actions: ["dynamodb:Query"],
    resources: indexes.map((index) => $interpolate`${table.arn}/index/${index}`),
  };
  return [...(actions.length > 0 ? [onItems] : []), ...(indexes.length > 0 ? [onIndexes] : [])];
}
