/** What the tables of rows have in common. */
import type { Json, JsonObject } from "@jeroboam/core/json";
import { BAY_MODEL } from "../api-harness.ts";

export const model = (changes: JsonObject): JsonObject => ({ ...BAY_MODEL, ...changes });
export const bay = (changes: JsonObject = {}): JsonObject => ({
  name: "new",
  baymodel_id: "{model-kubernetes}",
  ...changes,
});
export const op = (name: string, path: string, value?: Json): Json => [
  { op: name, path, ...(value !== undefined && { value }) },
];
export const set = (path: string, value: Json): Json => op("replace", path, value);
/** One that bays use, and one that none does. */
export const MODEL = "/v1/baymodels/model-kubernetes";
export const FREE = "/v1/baymodels/free";

export const BAY_KEYS =
  "uuid name baymodel_id node_count master_count bay_create_timeout stack_id status links status_reason discovery_url api_address node_addresses master_addresses created_at updated_at".split(
    " ",
  );
