/** What Barbican keeps. */
import type { Database, Table } from "../state/database.ts";

export interface Secret {
  id: string;
  name: string | null;
  projectId: string;
  creatorId: string;
  /** In base64; null: stored without one. */
  payload: string | null;
  payloadContentType: string;
  createdAtMs: number;
}

export interface BarbicanTables {
  secrets: Table<Secret>;
}

export const openBarbicanTables = (database: Database): BarbicanTables => ({
  secrets: database.table("barbican.secrets"),
});
