/**
 * What conductors are handed. The engine's own ports, and what a bay's steps ask of the cloud and of the bay types, in
 * the steps' words; `openstack-cloud.ts` says it to OpenStack.
 */
import type { OpenBayEngine } from "@jeroboam/coe/engines/open-bay-engine";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import type { Member } from "@jeroboam/core/bay/bay-nodes";
import type {
  NodeGroup,
  NodeGroupSpecification,
  NodeGroupWithSpecification,
} from "@jeroboam/core/node-group/node-group";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import type { EnginePorts } from "@jeroboam/core/operation/conduct";
import type { MasterKey } from "@jeroboam/core/secret/master-key";
import type { Sealer } from "@jeroboam/core/secret/sealer";
import type { SendWebhook } from "@jeroboam/core/webhook/send-webhook";

export interface ConductorPorts extends EnginePorts {
  readonly cloud: Cloud;
  readonly stackPlans: StackPlans;
  readonly certificates: CertificateMaker;
  /** What runs inside a bay. */
  readonly openEngine: OpenBayEngine;
  readonly sealer: Sealer;
  /** Absent: nobody checks the health of bays. */
  readonly healthChecks?: { readonly intervalMs: number };
  readonly masterKey: MasterKey;
  readonly reconciliation: ReconciliationSettings;
}

/** What the operator lets reconciliation do about what nobody knows. */
export interface ReconciliationSettings {
  /**
   * `nothing`: it is told. `left-overs`: trusts and users that crashes left are removed. `stacks`: and stacks that say they
   * are a bay's that is not there. The service's user must be this installation's alone.
   */
  readonly removes: "nothing" | "left-overs" | "stacks";
}

/** What delivering webhooks needs, and no more: it knows no cloud. */
export interface DeliveryConductorPorts extends EnginePorts {
  readonly webhookSealer: Sealer;
  readonly sendWebhook: SendWebhook;
}

/** Refused for good: asking again changes nothing. The reason is for the bay's owner. */
export interface Refused {
  readonly kind: "refused";
  readonly reason: string;
}

export interface Cloud {
  /** Heat in the bay's project, as its delegation lets us act. */
  stacks(
    access: CloudAccess,
    signal: AbortSignal,
  ): Promise<{ readonly kind: "stacks"; readonly stacks: Stacks } | Refused>;
  /** Ends a delegation; one that has ended already counts as ended, one that cannot be ended is logged. */
  revoke(delegation: Delegation, context: string, signal: AbortSignal): Promise<void>;
  /** The user by which the bay's nodes ask our API: theirs alone, with this password, and nothing else to their name. */
  ensureNodeUser(
    user: NodeUser,
    signal: AbortSignal,
  ): Promise<{ readonly kind: "user"; readonly id: string; readonly domainId: string } | Refused>;
  /** With its key pair, where it may have one. */
  removeNodeUser(user: Pick<NodeUser, "name"> & { readonly hasKeypair: boolean }, signal: AbortSignal): Promise<void>;
  /** One page of our stacks in all projects, oldest first. Refused where Heat's policy does not let us look. */
  listStacks(filter: StackFilter, signal: AbortSignal): Promise<StackPage | Refused>;
  /** The users of nodes, of all bays. */
  listNodeUsers(signal: AbortSignal): Promise<{ readonly kind: "users"; readonly names: readonly string[] } | Refused>;
  /** The trusts by which the service may act for somebody, by their digests (delegation.ts). */
  listTrusts(
    signal: AbortSignal,
  ): Promise<{ readonly kind: "trusts"; readonly trusts: readonly ListedTrust[] } | Refused>;
  /** Ends a trust; one that has ended already is fine. */
  endTrust(trust: ListedTrust, signal: AbortSignal): Promise<{ readonly kind: "ended" } | Refused>;
}

export interface ListedTrust {
  /** Keystone's: whoever knows it and is its trustee may act by it. Not to be kept in the clear. */
  readonly id: string;
  readonly digest: string;
}

export interface StackFilter {
  /** Stacks that bear it. */
  readonly tag: string;
  /** Where the page before ended. */
  readonly marker?: string | undefined;
}

export interface StackPage {
  readonly kind: "page";
  readonly stacks: readonly ListedStack[];
  readonly nextMarker: string | undefined;
}

/** What a list tells of a stack. */
export interface ListedStack extends Pick<Stack, "id" | "name" | "action" | "progress" | "tags" | "seen"> {
  /** Null where the list is of one project. */
  readonly projectId: string | null;
}

export interface CloudAccess {
  readonly delegation: Delegation;
  /** What the delegation was obtained for. */
  readonly context: string;
  /** To remove what was made: where the delegation has ended, the service's own user acts. */
  readonly isCleanup: boolean;
}

export interface NodeUser {
  /** Follows from the bay's uuid, so that a repeated step finds it. */
  readonly name: string;
  readonly password: string;
  readonly projectId: string;
  /** Of a key pair of the same name that the service's user gets with it, to build the nodes with. */
  readonly sshPublicKey?: string;
}

export type StackAction = "CREATE" | "UPDATE" | "ROLLBACK" | "DELETE" | "OTHER";
export type StackProgress = "IN_PROGRESS" | "COMPLETE" | "FAILED";

/** What the nodes log in with. */
export interface NodeLogin {
  readonly userId: string;
  readonly domainId: string;
  readonly userName: string;
  readonly password: string;
}

export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly action: StackAction;
  readonly progress: StackProgress;
  readonly reason: string;
  /** Its status and when it came to it: equal as long as nobody did anything to the stack. */
  readonly seen: string;
  readonly tags: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface NewStack extends StackPlan {
  readonly name: string;
}

/** What a stack is looked for by. Without an id Heat is asked which the name means: a request more. */
export interface StackLookup {
  readonly name: string;
  readonly id: string | null;
}

/** Heat, for one project. */
export interface Stacks {
  /**
   * Absent when there is none, or only a deleted one. Outputs cost Heat work: of a stack at work there are none, unless
   * they are asked for.
   */
  find(stack: StackLookup, options?: { readonly outputsAtWork: boolean }): Promise<Stack | undefined>;
  /** `exists`: one of that name is there. */
  create(
    stack: NewStack,
  ): Promise<{ readonly kind: "made"; readonly id: string } | { readonly kind: "exists" } | Refused>;
  /** Changes these parameters and tags and keeps everything else. `busy`: Heat is at work on it. */
  update(
    stack: Stack,
    change: StackChange,
  ): Promise<{ readonly kind: "accepted" } | { readonly kind: "busy" } | Refused>;
  remove(stack: Stack): Promise<{ readonly kind: "accepted" } | { readonly kind: "busy" } | Refused>;
  /** One page of the project's own, oldest first. */
  list(filter: StackFilter): Promise<StackPage | Refused>;
  /** Why it failed: sentences about the deepest resources that did, each naming its resource. */
  failures(stack: Stack): Promise<readonly string[]>;
}

export type StackParameters = Readonly<
  Record<string, string | number | boolean | readonly string[] | Readonly<Record<string, string>>>
>;

export interface StackPlan {
  readonly template: string;
  readonly files: Readonly<Record<string, string>>;
  readonly environment: unknown;
  readonly parameters: StackParameters;
  readonly tags: readonly string[];
  /** None when Heat is to set no limit. */
  readonly timeoutMinutes: number | undefined;
}

export interface StackChange {
  readonly parameters: StackParameters;
  readonly tags: readonly string[];
  /** The template, where it changes too; the parameters that are not named keep their values. */
  readonly template?: Pick<StackPlan, "template" | "files" | "environment">;
  /** Whether Heat is to go back to what was when the update fails. */
  readonly rollsBack?: boolean;
}

/** What Heat is to build for a bay, and what came of it: the bay types' knowledge. */
export interface StackPlans {
  nameOf(bay: Bay): string;
  /** Whether the stack bears our mark for this bay, not only its name. */
  isOurs(bay: Pick<Bay, "uuid">, stack: Stack): boolean;
  /** `secret`: of what nodes make the end of the address at which they say that they are set up. */
  plan(bay: Bay, specification: BaySpecification, credential: NodeLogin, secret: string): StackPlan;
  /** What to change for the bay's present counts: those parameters alone, so that no node is built anew. */
  planScaling(bay: Bay, specification: BaySpecification, workersToRemove: readonly Member[]): StackChange;
  /** The password that new nodes are told from now on; of the bay's own stack and of its groups' alike. Touches no node. */
  planPassword(bay: Bay, specification: BaySpecification, credential: NodeLogin): StackChange;
  /** What tells all nodes, new ones as well, by their metadata; of the bay's own stack and of its groups' alike. Touches none. */
  planRotation(bay: Bay, mark: string): StackChange;
  /** What tells all masters, so that one of them comes to other versions; of the bay's own stack. Touches none. */
  planMasterUpgrade(bay: Bay, mark: string): StackChange;
  /** What new workers are from now on, while those that run keep these images, by index. Touches no node. */
  planUpgrade(bay: Bay, specification: BaySpecification, credential: NodeLogin, stack: Stack): StackChange;
  /** The labels that an upgrade takes from the newer model. */
  versionLabels(specification: BaySpecification): readonly string[];
  readOutputs(specification: BaySpecification, outputs: Stack["outputs"]): BayOutcome;
  readonly nodeGroups: NodeGroupPlans;
}

export type BayOutcome = Pick<
  BaySpecification,
  "apiAddress" | "nodeAddresses" | "masterAddresses" | "discoveryUrl" | "workers" | "masterNames"
>;

/** A bay as its node groups see it, with what its own stack says, for their nodes join it. */
export interface ParentBay {
  readonly bay: Bay;
  readonly specification: BaySpecification;
  readonly outputs: Stack["outputs"];
}

/** The same for the node groups of a bay. */
export interface NodeGroupPlans {
  nameOf(group: NodeGroup): string;
  isOurs(group: Pick<NodeGroup, "uuid">, stack: Stack): boolean;
  plan(parent: ParentBay, own: NodeGroupWithSpecification, credential: NodeLogin): StackPlan | Refused;
  planUpgrade(
    parent: ParentBay,
    own: NodeGroupWithSpecification,
    credential: NodeLogin,
    stack: Stack,
  ): StackChange | Refused;
  planScaling(bay: BaySpecification, own: NodeGroupWithSpecification, workersToRemove: readonly Member[]): StackChange;
  readOutputs(bay: BaySpecification, outputs: Stack["outputs"]): GroupOutcome;
}

export type GroupOutcome = Partial<Pick<NodeGroupSpecification, "nodeAddresses" | "members">>;

export interface CertificateMaker {
  /** A new authority of that name, and a client certificate of it for the conductor. Keys in the clear: seal them. */
  make(commonName: string): Promise<{
    readonly authority: { readonly certificate: string; readonly privateKey: string };
    readonly client: { readonly certificate: string; readonly privateKey: string };
  }>;
  /** Another client certificate for the conductor, of an authority that is there. */
  renewClient(authority: {
    readonly certificate: string;
    readonly privateKey: string;
  }): Promise<{ readonly certificate: string; readonly privateKey: string }>;
}
