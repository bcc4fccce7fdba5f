/** JSON Schema, as OpenAPI 3.1 has it, of what is read and of what is answered. */
import type { JsonObject } from "@jeroboam/core/json";
import { z } from "zod";

export function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  // It holds functions for other libraries, which JSON has no place for.
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}
