/** What is served that is no route: the public documents (discovery.ts), and what is signed (signed.ts). */
import { hookResizeSchema, hookUpgradeSchema } from "@jeroboam/core/hook/take-hook";
import type { JsonObject } from "@jeroboam/core/json";
import { schemaOf } from "./json-schema.ts";

export interface PublicOperation {
  readonly path: string;
  readonly method: "get" | "post";
  readonly operation: JsonObject;
}

const REFUSAL: JsonObject = { $ref: "#/components/responses/Refusal" };

const object = (description: string): JsonObject => ({
  description,
  content: { "application/json": { schema: { type: "object" } } },
});

const document = (path: string, operationId: string, answer: JsonObject): PublicOperation => ({
  path,
  method: "get",
  operation: { operationId, tags: ["discovery"], security: [], responses: { "200": answer, default: REFUSAL } },
});

const header = (name: string): JsonObject => ({ name, in: "header", required: true, schema: { type: "string" } });

const inPath = (name: string): JsonObject => ({ name, in: "path", required: true, schema: { type: "string" } });

export function publicOperations(): readonly PublicOperation[] {
  const text = { description: "It is up.", content: { "text/plain": { schema: { type: "string" } } } };
  return [
    document("/", "get-versions", object("The versions there are.")),
    document("/v1", "get-version", object("The resources of this version.")),
    document("/v1/openapi.json", "get-openapi", object("This document.")),
    document("/healthcheck", "get-healthcheck", text),
    {
      path: "/v1/callbacks/{token}",
      method: "post",
      operation: {
        operationId: "post-callback",
        tags: ["callbacks"],
        description: "A stack has something to tell: the address is the proof, and good for one operation.",
        security: [],
        parameters: [inPath("token")],
        responses: { "204": { description: "Taken." }, default: REFUSAL },
      },
    },
    {
      path: "/v1/hooks/{ident}",
      method: "post",
      operation: {
        operationId: "post-hook",
        tags: ["hooks"],
        description: "What the hook was made for is done, once for each signed call (Standard Webhooks).",
        security: [],
        parameters: [
          inPath("ident"),
          ...["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => header(name)),
        ],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { anyOf: [hookResizeSchema, hookUpgradeSchema].map((one) => schemaOf(one, "input")) },
            },
          },
        },
        responses: { "202": object("Accepted."), default: REFUSAL },
      },
    },
  ];
}
