/**
 * The rules under Magnum's names, with the secure defaults of today's Magnum (cluster sheet 22) and, for what it no longer
 * has (bays, pods, services, containers; era sheet 11), the same roles. Operators override them in policy.yaml.
 * Differences from Magnum, each on purpose:
 * - `project_reader` takes the role member too: clouds without implied roles would refuse their members every GET.
 * - `cluster_user` is the nodes' own user of a bay: it may read and sign its bay's certificates and report its health,
 *   and nothing else; the `deny_cluster_user` rules keep it out (as Magnum 15 did; today's has no such users).
 * - `default` refuses: a rule that nobody wrote lets nobody in.
 */

export interface PolicyRule {
  readonly name: string;
  /** In oslo.policy's language. */
  readonly check: string;
  readonly description: string;
  /** What Magnum 15 had in its place, where that is another (cluster sheet 22). */
  readonly older?: string;
}

const rule = (name: string, check: string, description: string, older?: string): PolicyRule => ({
  name,
  check,
  description,
  ...(older !== undefined && { older }),
});

/** Rules that others lean on. */
const BASE: readonly PolicyRule[] = [
  rule("context_is_admin", "role:admin", "Who is an administrator of the cloud"),
  rule("admin_api", "rule:context_is_admin", "The same under its older name"),
  rule("admin_or_owner", "is_admin:True or project_id:%(project_id)s", "An administrator or anyone of the project"),
  rule("admin_or_user", "is_admin:True or user_id:%(user_id)s", "An administrator or the user who made the record"),
  rule("is_user", "user_id:%(user_id)s", "The user who made the record"),
  rule("cluster_user", "user_id:%(trustee_user_id)s", "The user by which a bay's own nodes ask"),
  rule("deny_cluster_user", "not domain_id:%(trustee_domain_id)s", "Nobody out of the domain of the nodes' users"),
  rule("project_member", "role:member and project_id:%(project_id)s", "A member of the project"),
  rule(
    "project_reader",
    "(role:reader or role:member) and project_id:%(project_id)s",
    "Who may look at the project's records",
  ),
  rule("admin_or_project_member", "rule:context_is_admin or rule:project_member", "An administrator or a member"),
  rule("admin_or_project_reader", "rule:context_is_admin or rule:project_reader", "An administrator or a reader"),
  rule(
    "admin_or_project_member_user",
    "rule:context_is_admin or (rule:project_member and rule:is_user)",
    "An administrator, or the member who made the record",
  ),
  rule(
    "admin_or_project_reader_user",
    "rule:context_is_admin or (rule:project_reader and rule:is_user)",
    "An administrator, or the reader who made the record",
  ),
  rule(
    "admin_or_project_member_user_or_cluster_user",
    "rule:admin_or_project_member_user or rule:cluster_user",
    "An administrator, the member who made the record, or the bay's own nodes",
  ),
  rule(
    "admin_or_project_reader_user_or_cluster_user",
    "rule:admin_or_project_reader_user or rule:cluster_user",
    "An administrator, the reader who made the record, or the bay's own nodes",
  ),
  rule(
    "project_member_deny_cluster_user",
    "rule:project_member and rule:deny_cluster_user",
    "A member of the project, but no bay's node",
  ),
  rule(
    "project_reader_deny_cluster_user",
    "rule:project_reader and rule:deny_cluster_user",
    "A reader of the project, but no bay's node",
  ),
  rule(
    "admin_or_project_member_deny_cluster_user",
    "rule:context_is_admin or rule:project_member_deny_cluster_user",
    "An administrator or a member, but no bay's node",
  ),
  rule(
    "admin_or_project_reader_deny_cluster_user",
    "rule:context_is_admin or rule:project_reader_deny_cluster_user",
    "An administrator or a reader, but no bay's node",
  ),
  rule("default", "!", "What is asked for under a name that no rule bears"),
];

const ADMIN = "rule:context_is_admin";
const MEMBER = "rule:admin_or_project_member_deny_cluster_user";
const READER = "rule:admin_or_project_reader_deny_cluster_user";

/** Before the secure roles: any role on the project would do, but not the nodes' own. */
const ANYBODY = "rule:deny_cluster_user and rule:admin_or_owner";
/** The record's own user, administrators, and the bay's nodes. */
const OWN_USER = "rule:admin_or_user or rule:cluster_user";

/** The rules that every kind of record has. `one` and `many` name the record in the descriptions. */
function recordRules(prefix: string, one: string, many: string): PolicyRule[] {
  return [
    rule(`${prefix}:create`, MEMBER, `Create a ${one}`, ANYBODY),
    rule(`${prefix}:delete`, MEMBER, `Delete a ${one}`, ANYBODY),
    rule(`${prefix}:detail`, READER, `List ${many} in full`, ANYBODY),
    rule(`${prefix}:get`, READER, `Show a ${one}`, ANYBODY),
    rule(`${prefix}:get_all`, READER, `List ${many}`, ANYBODY),
    rule(`${prefix}:update`, MEMBER, `Change a ${one}`, ANYBODY),
  ];
}

/** What administrators do in every project. */
function allProjectsRules(prefix: string, many: string): PolicyRule[] {
  return [
    rule(`${prefix}:delete_all_projects`, ADMIN, `Delete ${many} of any project`),
    rule(`${prefix}:detail_all_projects`, ADMIN, `List ${many} of all projects in full`),
    rule(`${prefix}:get_all_all_projects`, ADMIN, `List ${many} of all projects`),
    rule(`${prefix}:get_one_all_projects`, ADMIN, `Show ${many} of any project`),
    rule(`${prefix}:update_all_projects`, ADMIN, `Change ${many} of any project`),
  ];
}

const CONTAINER_ACTIONS = ["start", "stop", "reboot", "pause", "unpause", "execute"];

/** Every rule there is, base rules first. */
export const POLICY_RULES: readonly PolicyRule[] = [
  ...BASE,
  ...recordRules("bay", "bay", "bays"),
  ...recordRules("baymodel", "bay model", "bay models"),
  rule("bay:retry", ADMIN, "Try again what a bay is stuck in"),
  rule("bay:abandon", ADMIN, "Give a bay up that cannot be deleted"),
  rule("baymodel:publish", ADMIN, "Make a bay model public"),
  ...recordRules("cluster", "cluster", "clusters"),
  rule("cluster:retry", ADMIN, "Try again what a cluster is stuck in"),
  rule("cluster:abandon", ADMIN, "Give a cluster up that cannot be deleted"),
  rule("cluster:resize", MEMBER, "Change a cluster's number of nodes, or name nodes to remove", ANYBODY),
  rule("cluster:upgrade", MEMBER, "Upgrade a cluster to another template", ANYBODY),
  rule(
    "cluster:update_health_status",
    "rule:admin_or_project_member_user_or_cluster_user",
    "Report a cluster's health (autoscaler and healer do)",
    OWN_USER,
  ),
  ...allProjectsRules("cluster", "clusters"),
  rule("cluster:upgrade_all_projects", ADMIN, "Upgrade clusters of any project"),
  ...recordRules("clustertemplate", "cluster template", "cluster templates"),
  rule("clustertemplate:publish", ADMIN, "Make a cluster template public or hidden"),
  ...allProjectsRules("clustertemplate", "cluster templates"),
  rule("nodegroup:create", MEMBER, "Add a node group to a cluster", ANYBODY),
  rule("nodegroup:delete", MEMBER, "Remove a node group of a cluster", ANYBODY),
  rule("nodegroup:get", READER, "Show a node group", ANYBODY),
  rule("nodegroup:get_all", READER, "List a cluster's node groups", ANYBODY),
  rule("nodegroup:get_all_all_projects", ADMIN, "List node groups of any project's clusters"),
  rule("nodegroup:get_one_all_projects", ADMIN, "Show node groups of any project's clusters"),
  rule("nodegroup:update", MEMBER, "Change a node group", ANYBODY),
  ...recordRules("pod", "pod", "pods"),
  ...recordRules("service", "service", "services"),
  ...recordRules("rc", "replication controller", "replication controllers"),
  ...recordRules("container", "container", "containers"),
  ...CONTAINER_ACTIONS.map((action) => rule(`container:${action}`, MEMBER, `Call "${action}" on a container`, ANYBODY)),
  rule("container:logs", READER, "Read a container's logs", ANYBODY),
  ...recordRules("node", "node", "nodes"),
  ...recordRules("x509keypair", "key pair", "key pairs"),
  rule(
    "certificate:create",
    "rule:admin_or_project_member_user_or_cluster_user",
    "Have a certificate signed by a bay's authority",
    OWN_USER,
  ),
  rule(
    "certificate:get",
    "rule:admin_or_project_reader_user_or_cluster_user",
    "Read the certificate of a bay's authority",
    OWN_USER,
  ),
  rule("certificate:rotate_ca", MEMBER, "Replace a bay's authority", ANYBODY),
  rule("credential:rotate", "rule:project_member_deny_cluster_user", "Replace the credential that a cluster acts by"),
  rule("quota:create", ADMIN, "Set a project's quota"),
  rule("quota:delete", ADMIN, "Remove a project's quota"),
  rule("quota:get", READER, "Show a project's quota", ANYBODY),
  rule("quota:get_all", ADMIN, "List all quotas"),
  rule("quota:update", ADMIN, "Change a project's quota"),
  rule("stats:get_all", READER, "Count clusters and nodes", ANYBODY),
  ...recordRules("federation", "federation", "federations"),
  ...recordRules("hook", "hook", "hooks"),
  ...recordRules("webhook", "webhook", "webhooks"),
  rule("webhook:rotate", MEMBER, "Give a webhook a new secret"),
  rule("webhook:test", MEMBER, "Send a webhook an event to try it"),
  rule("webhook:deliveries", READER, "See what a webhook was sent, and how that went"),
  rule("webhook:redeliver", MEMBER, "Send a webhook something again"),
  rule("event:get_all", READER, "Read what happens in the project"),
  rule("magnum-service:get_all", ADMIN, "List the service's own processes"),
  rule("reconciliation:get", ADMIN, "Read what rounds of reconciliation found"),
  rule("reconciliation:run", ADMIN, "Begin rounds of reconciliation"),
];
