/**
 * Loaded before a process of the fleet (`node --import`): what takes a minute and more takes seconds, so that a test sees
 * leases end. The proportions stay.
 */
import { limits } from "@jeroboam/core/limits";

/** How long a lease lasts then. */
export const LEASE_MS = 6_000;

Object.assign(limits.engine, { leaseMs: LEASE_MS, budgetMs: 4_000, sweepIntervalMs: 2_000, sweepGraceMs: 1_000 });
Object.assign(limits.queue, { visibilityMs: 8_000, longPollMs: 2_000, redeliverMs: 1_000 });
