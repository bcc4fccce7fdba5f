/**
 * What the sandbox takes from outside: a clock, chance, a place on disk, and a way to wait.
 * Nothing in this package reads the real ones but the adapters server.ts and file-*.ts, so that a simulation can drive a whole
 * cloud with a clock and a seed of its own and see the same thing twice.
 */

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** A number in [0, 1), as Math.random gives. */
export type Random = () => number;

/** Waits that many milliseconds of whoever drives the sandbox: real ones in the server, virtual ones in a simulation. */
export type Sleep = (ms: number) => Promise<void>;

/** One record written (`value`) or removed (`null`). */
export interface Change {
  readonly table: string;
  readonly id: string;
  readonly value: unknown;
}

/** Where the records outlive the process. `append` has kept the changes when it returns, all of them or none. */
export interface Store {
  load(): Iterable<Change>;
  append(changes: readonly Change[]): void;
  close(): void;
}
