/**
 * Every promise that is watched over in every run. Not here, for the product has not the parts yet: exact quota (I7),
 * webhooks (I10), idempotency keys (I13). Determinism (I14) is a matter of two runs: simulation.test.ts.
 */
import { bounds } from "./bounds.ts";
import { durableIntent } from "./durable-intent.ts";
import type { Invariant } from "./invariant.ts";
import { isolation } from "./isolation.ts";
import { kept } from "./kept.ts";
import { leases } from "./leases.ts";
import { legalTransitions } from "./legal-transitions.ts";
import { nothingLeft } from "./nothing-left.ts";
import { oneStack } from "./one-stack.ts";
import { progress } from "./progress.ts";
import { secrets } from "./secrets.ts";
import { singleEffects } from "./single-effects.ts";
import { trueLists } from "./true-lists.ts";
import { trueReads } from "./true-reads.ts";
import { trueStatus } from "./true-status.ts";

export const INVARIANTS: readonly Invariant[] = [
  durableIntent,
  oneStack,
  nothingLeft,
  legalTransitions,
  leases,
  kept,
  trueStatus,
  singleEffects,
  progress,
  isolation,
  secrets,
  bounds,
  trueReads,
  trueLists,
];
