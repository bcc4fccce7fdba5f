import { Validator } from "@seriousme/openapi-schema-validator";
import type { JsonObject } from "@jeroboam/core/json";
import { expect, test } from "vitest";
import { createApp } from "../app.ts";
import { ROUTES } from "../testing/all-routes.ts";
import { createFakePorts, TOKENS } from "../testing/fake-ports.ts";
import { templateOf } from "./document.ts";

const app = createApp(createFakePorts());
const ask = async (headers: Record<string, string> = {}): Promise<Response> =>
  app.request("http://magnum.test:9511/v1/openapi.json", { headers });

interface Document extends JsonObject {
  paths: Record<string, Record<string, Operation>>;
}
interface Operation extends JsonObject {
  operationId: string;
  "x-policy-rules": string[];
  responses: Record<string, JsonObject>;
}

const read = async (): Promise<Document> => (await (await ask()).json()) as Document;

test("the description is OpenAPI 3.1 by its published schema, and all that it refers to is there", async () => {
  const validator = new Validator();
  const validated = await validator.validate(await read());
  expect([validated.valid, validated.errors]).toEqual([true, undefined]);
  expect(validator.version).toBe("3.1");
  expect(() => validator.resolveRefs()).not.toThrow();
});

test("every route has its operation, and every operation its route or its place among the public ones", async () => {
  const { paths } = await read();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = ROUTES.map(({ method, path }) => `${method} ${templateOf(path)}`);
  expect(served.filter((name) => !described.includes(name))).toEqual([]);
  expect(described.filter((name) => !served.includes(name)).toSorted()).toEqual([
    "GET /",
    "GET /healthcheck",
    "GET /v1",
    "GET /v1/openapi.json",
    "POST /v1/callbacks/{token}",
    "POST /v1/hooks/{ident}",
  ]);
});

test("operations have ids of their own, the rules that their routes ask, and say what comes of them", async () => {
  const { paths } = await read();
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const route of ROUTES) {
    const operation = paths[templateOf(route.path)]?.[route.method.toLowerCase()];
    expect(operation?.["x-policy-rules"]).toEqual(route.rules);
    expect(Object.keys(operation?.responses ?? {})).toEqual([...Object.keys(route.answers), "401", "default"]);
    const isKeyed = JSON.stringify(operation?.["parameters"]).includes("parameters/IdempotencyKey");
    expect([route.method, route.path, isKeyed]).toEqual([route.method, route.path, route.takesKey]);
  }
});

test("what a body may hold is what its reader takes", async () => {
  const { paths } = await read();
  expect(paths["/v1/clusters/{ident}/actions/resize"]?.["post"]?.["requestBody"]).toMatchObject({
    required: true,
    content: {
      "application/json": {
        schema: {
          required: ["node_count"],
          additionalProperties: false,
          properties: { node_count: { anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] } },
        },
      },
    },
  });
});

test("it needs no token, and who has it is told so by its tag", async () => {
  const first = await ask();
  expect([first.status, first.headers.get("content-type"), first.headers.get("cache-control")]).toEqual([
    200,
    "application/json",
    "no-cache",
  ]);
  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[\w-]{43}"$/);
  const known = await ask({ "if-none-match": `"other", W/${tag}` });
  expect([known.status, await known.text(), known.headers.get("etag")]).toEqual([304, "", tag]);
  expect((await ask({ "if-none-match": '"other"', "x-auth-token": TOKENS.memberA })).status).toBe(200);
});
