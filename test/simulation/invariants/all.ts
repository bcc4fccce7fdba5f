/** Every promise that is watched over in every run. Determinism (I14) is a matter of two runs: simulation.test.ts. */
import { authority } from "./authority.ts";
import { bounds } from "./bounds.ts";
import { credentials } from "./credentials.ts";
import { durableIntent } from "./durable-intent.ts";
import { hooks } from "./hooks.ts";
import type { Invariant } from "./invariant.ts";
import { isolation } from "./isolation.ts";
import { kept } from "./kept.ts";
import { leases } from "./leases.ts";
import { legalTransitions } from "./legal-transitions.ts";
import { nothingLeft } from "./nothing-left.ts";
import { oneStack } from "./one-stack.ts";
import { pods } from "./pods.ts";
import { progress } from "./progress.ts";
import { quotas } from "./quotas.ts";
import { repairs } from "./repairs.ts";
import { sameAnswers } from "./same-answers.ts";
import { secrets } from "./secrets.ts";
import { singleEffects } from "./single-effects.ts";
import { trueLists } from "./true-lists.ts";
import { trueReads } from "./true-reads.ts";
import { trueStatus } from "./true-status.ts";
import { versions } from "./versions.ts";
import { webhooks } from "./webhooks.ts";

export const INVARIANTS: readonly Invariant[] = [
  durableIntent,
  oneStack,
  nothingLeft,
  legalTransitions,
  leases,
  kept,
  authority,
  versions,
  credentials,
  trueStatus,
  singleEffects,
  progress,
  isolation,
  secrets,
  bounds,
  trueReads,
  trueLists,
  quotas,
  sameAnswers,
  pods,
  webhooks,
  hooks,
  repairs,
];
