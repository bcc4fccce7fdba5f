/** dynalite brings no types; these are the parts that the tests use. */
declare module "dynalite" {
  import type { Server } from "node:http";

  interface Options {
    /** How long a table stays in CREATING, in milliseconds. */
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
  }
  export default function dynalite(options?: Options): Server;
}

declare module "dynalite/db/index.js" {
  type Value = Readonly<Record<string, string>>;

  const db: { compare: (comparison: string, value: Value, others: Value | readonly Value[]) => boolean };
  export default db;
}
