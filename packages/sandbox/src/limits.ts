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
  /** Ours: how many due moments one call of advance() works through before it gives up with an error. */
  stepsPerAdvance: 1_000_000,
  /** Ours: rules of faults that may be set at a time. */
  knobRules: 1_000,
} as const;
