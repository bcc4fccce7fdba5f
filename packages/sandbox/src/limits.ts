/** Every limit of the sandbox, in one place. Names and values are those of the services it stands for, unless noted. */
export const limits = {
  /** Ours: what the server adapter reads of any request's body. */
  requestBytes: 8 * 1024 * 1024,
  /** Heat `max_json_body_size`. */
  heatBodyBytes: 1_048_576,
  /** Heat `max_template_size`. */
  templateBytes: 524_288,
  /** Keystone's body limit (oslo.middleware). */
  keystoneBodyBytes: 114_688,
  /** Barbican's `max_allowed_request_size_in_bytes`. */
  barbicanBodyBytes: 25_000,
  /** Heat `max_nested_stack_depth`. */
  nestingDepth: 5,
  /** Heat `max_events_per_stack`, a stack. */
  eventsPerStack: 1_000,
  /** Ours: how many deleted stacks can still be asked for by id. */
  deletedStacks: 500,
  /** Ours: after so many new tokens those long expired are swept out. */
  tokensPerSweep: 1_024,
  /** Heat's API page, when the caller names no limit. */
  stacksPerPage: 100_000,
  /** Keystone `max_redelegation_count`. */
  redelegationDepth: 3,
  /** Keystone `allow_expired_window`, in seconds. */
  allowExpiredWindowSec: 172_800,
  /** Ours: the deepest JSON or YAML that a template may nest. */
  templateDepth: 100,
  /** Ours: how many nodes a YAML document may expand to through aliases. */
  yamlAliases: 1_000,
  /** Ours: how many texts of YAML are not read anew when they come again. */
  yamlTextsKept: 64,
  /** Ours: how many due moments one call of advance() works through before it gives up with an error. */
  stepsPerAdvance: 1_000_000,
  /** Ours: bays with an engine. */
  engines: 5_000,
  /** Ours: addresses at which engines listen for real. */
  engineListeners: 2_000,
  /** Ours: objects of a kind in one bay's engine. */
  objectsPerCollection: 5_000,
  /** Ours: what a replication controller makes no more pods beyond. */
  podsPerEngine: 2_000,
  /** Swarm mode `task-history-limit`. */
  tasksOfSlot: 5,
  /** Ours: how long a command is known that was run in a container. */
  execKeptMs: 300_000,
  /** Ours: versions of an app that are remembered. */
  appVersions: 25,
  /** Kubelet `max-pods`. */
  podsPerNode: 110,
  /** Ours: rounds in which an engine comes to rest, before it goes on a moment later. */
  settleRounds: 50,
  /** Kubernetes' API server `max-request-body-size`. */
  kubernetesBodyBytes: 3 * 1024 * 1024,
  /** Ours: changes of an engine that are remembered for those who watch. */
  watchEvents: 1_000,
  /** Ours: those who watch an engine at a time. */
  watchersPerEngine: 100,
  /** Kubernetes ends a watch after half an hour or more. */
  watchMs: 1_800_000,
  /** Ours: how often a node tries to get its certificate. */
  setupAttempts: 6,
  setupRetryMs: 2_000,
  setupRequestMs: 10_000,
  /** Ours: nodes that fetch their certificates at a time. */
  setupsAtOnce: 8,
  /** Ours: rules of faults that may be set at a time. */
  knobRules: 1_000,
} as const;
