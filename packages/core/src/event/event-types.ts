/**
 * The types of events that no operation makes. Those of operations name themselves: `<record type>.<operation>.start`,
 * `.step`, `.failed`, `.left-behind`, and at the end `.end` or `.error` (`bay.create.end`, `pod.delete.error`). Listed for
 * people, with what each tells, in docs/webhooks.md.
 */
export const EVENT_TYPES = {
  /** Sent on request, to one webhook. */
  webhookTest: "webhook.test",
  /** A webhook was switched off, and why. */
  webhookDisabled: "webhook.disabled",
  /** A bay's health is another than before. */
  healthChanged: "bay.health.changed",
  /** Nodes of a bay that stayed unhealthy are being replaced. */
  repairBegun: "bay.repair.begun",
  /** Nodes of a bay stay unhealthy and are not replaced, and why. */
  repairSuspended: "bay.repair.suspended",
  /** Labels that a bay was made with have no effect. */
  labelsUnknown: "bay.labels.unknown",
  /** An administrator has what goes on with a bay tried at once, with its time anew. */
  retryAsked: "bay.retry.asked",
  /** A stack says it is of a bay that is not there. */
  bayStackOrphaned: "bay.drift.orphan",
  /** A stack says it is of a node group that is not there. */
  groupStackOrphaned: "node-group.drift.orphan",
  /** One of a bay's certificates ends soon. */
  certificateExpiring: "bay.certificate.expiring",
} as const;
