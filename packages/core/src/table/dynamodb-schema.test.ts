import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDynalite } from "../../../../test/services/dynamodb.ts";
import type { DynamoDbService } from "../../../../test/services/dynamodb.ts";
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createTableDefinition, ensureTable } from "./dynamodb-schema.ts";

describe("making the table", () => {
  let service: DynamoDbService;
  let client: DynamoDBClient;
  const noWait = async (): Promise<void> => {};
  beforeAll(async () => {
    service = await startDynalite();
    client = service.connect();
  });
  afterAll(() => service.close());

  /** Has one kind of command answered by the test instead of the service. */
  const answering = (commandName: string, answer: () => unknown): DynamoDBClient => {
    const answered = service.connect();
    answered.middlewareStack.add(
      (next, context) => async (args) =>
        context.commandName === commandName ? { output: answer() as never, response: {} } : next(args),
      { step: "initialize" },
    );
    return answered;
  };

  test("a repeated call, also at the same time, finds the table made before", async () => {
    const calls = [ensureTable(client, "twice", noWait), ensureTable(client, "twice", noWait)];
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome.created)).toHaveLength(1);
    expect(await ensureTable(client, "twice", noWait)).toEqual({ created: false, removesExpired: false });
  });

  test("it waits until the table and its indexes are active, but not for ever", async () => {
    const states = [
      ["CREATING", "CREATING"],
      ["ACTIVE", "CREATING"],
      ["ACTIVE", "ACTIVE"],
    ];
    const definition = createTableDefinition("slow");
    const describeAs = ([table, index]: readonly (string | undefined)[]) => ({
      Table: {
        KeySchema: definition.KeySchema,
        TableStatus: table,
        GlobalSecondaryIndexes: definition.GlobalSecondaryIndexes?.map((one) => ({ ...one, IndexStatus: index })),
      },
    });
    const waits: number[] = [];
    const wait = async (ms: number): Promise<void> => void waits.push(ms);
    await ensureTable(
      answering("DescribeTableCommand", () => describeAs(states.shift() ?? [])),
      "slow",
      wait,
    );
    expect(waits).toEqual([limits.table.createWaitMs, limits.table.createWaitMs]);

    const never = answering("DescribeTableCommand", () => describeAs(["CREATING", "CREATING"]));
    await expect(ensureTable(never, "slow", wait)).rejects.toThrow(Transient);
    expect(waits).toHaveLength(2 + limits.table.createWaits);
  });

  test("a table of this name with another layout is refused, naming what it lacks", async () => {
    const definition = createTableDefinition("other");
    const [, ...indexes] = definition.GlobalSecondaryIndexes ?? [];
    const attributes = definition.AttributeDefinitions?.filter(
      ({ AttributeName: name }) => !name?.startsWith("project"),
    );
    const input = { ...definition, GlobalSecondaryIndexes: indexes, AttributeDefinitions: attributes };
    await client.send(new CreateTableCommand(input));
    await expect(ensureTable(client, "other", noWait)).rejects.toThrow(
      "table other exists but lacks index project (projectPk, projectSk)",
    );
  });

  test("expiry is asked of the service, and being enabled before is no fault", async () => {
    const asked = answering("UpdateTimeToLiveCommand", () => ({}));
    expect((await ensureTable(asked, "expiring", noWait)).removesExpired).toBe(true);
    const before = answering("UpdateTimeToLiveCommand", () => {
      throw Object.assign(new Error("TimeToLive is already enabled"), { name: "ValidationException" });
    });
    expect((await ensureTable(before, "expiring", noWait)).removesExpired).toBe(true);
    const denied = answering("UpdateTimeToLiveCommand", () => {
      throw Object.assign(new Error("not authorized"), { name: "AccessDeniedException" });
    });
    await expect(ensureTable(denied, "expiring", noWait)).rejects.toThrow(/not authorized/);
  });
});
