/**
 * What a bay type promises. A bay type (Magnum calls it a template definition or a driver) says which bays it can build,
 * turns a bay into a Heat stack, and reads the stack's outputs back. It decides from its arguments alone: no clock, no
 * chance, no network; the templates come through a loader it is given.
 *
 * Leaves to others: whether image, flavors, networks and key pair exist (the API asks OpenStack), creating the node's
 * credential, calling Heat, and the life of the stack (the conductor's steps).
 */
import type { z } from "zod";
import type { Coe } from "@jeroboam/core/bay-model/bay-model";

/** The key by which a bay type is found (bay-era sheet 7). `os` is the image's `os_distro`. */
export interface Platform {
  readonly serverType: string;
  readonly os: string;
  readonly coe: string;
}

/** What somebody asked for; the names are those of the bay's record and of the bay model in it. */
export interface BaySpec {
  readonly name: string | null;
  readonly nodeCount: number;
  readonly masterCount: number;
  /** Minutes; 0 or null: Heat sets no limit of its own. */
  readonly createTimeoutMinutes: number | null;
  /** A discovery URL of etcd the user wants; null: the masters find each other without an outside service. */
  readonly discoveryUrl: string | null;
  readonly imageId: string;
  readonly flavorId: string | null;
  readonly masterFlavorId: string | null;
  readonly keypairId: string | null;
  readonly externalNetworkId: string | null;
  /** A CIDR: make a network of these addresses (bay era). Anything else: the network of this name or id. */
  readonly fixedNetwork: string | null;
  readonly fixedSubnet: string | null;
  /** One address or several, comma-separated. */
  readonly dnsNameserver: string | null;
  readonly httpProxy: string | null;
  readonly httpsProxy: string | null;
  readonly noProxy: string | null;
  readonly networkDriver: string | null;
  readonly volumeDriver: string | null;
  readonly dockerVolumeSizeGb: number | null;
  readonly dockerStorageDriver: string | null;
  readonly apiserverPort: number | null;
  readonly tlsDisabled: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly registryEnabled: boolean;
  readonly insecureRegistry: string | null;
  readonly floatingIpEnabled: boolean;
  readonly masterLbEnabled: boolean;
}

/** The nodes' own least-privileged user. It must stay the same for the bay's life: running nodes hold it. */
export interface NodeCredential {
  readonly userId: string;
  readonly userName: string;
  readonly domainId: string;
  readonly password: string;
  /** Null: the user has a role on the project instead. */
  readonly trustId: string | null;
  readonly projectId: string;
}

export interface BayTypeInput extends BaySpec {
  readonly uuid: string;
  /** This service as nodes reach it, ending in /v1. */
  readonly apiUrl: string;
  /** Keystone as nodes reach it. */
  readonly authUrl: string;
  readonly regionName: string | null;
  readonly nodeCredential: NodeCredential;
  /** PEM of the authorities behind the cloud's endpoints; null: those of the image. */
  readonly openstackCa: string | null;
  /** Nodes may use endpoints without TLS: for laboratories. */
  readonly plainHttpAllowed: boolean;
  /** Where a node says, besides to Heat, that it is set up; whoever knows the address may say so. Null: nowhere. */
  readonly completionUrl: string | null;
  /** What `removalParameters` needs on a scale-down; empty otherwise. */
  readonly workersToRemove: readonly WorkerReference[];
}

export type HeatParameter = string | number | boolean | readonly string[];

/** What the templates' own resource types stand for here, and defaults for parameters of nested templates. */
export interface HeatEnvironment {
  readonly resource_registry: Readonly<Record<string, string>>;
  readonly parameter_defaults: Readonly<Record<string, HeatParameter>>;
}

/** Everything Heat needs to create or update a stack. Parameters may hold secrets: never log them. */
export interface HeatStackDefinition {
  readonly name: string;
  readonly template: string;
  /** Nested templates and scripts by the names under which templates refer to them. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment: HeatEnvironment;
  readonly parameters: Readonly<Record<string, HeatParameter>>;
  readonly tags: readonly string[];
  /** Minutes; absent: no limit. */
  readonly timeoutMinutes?: number;
}

/** A worker as Heat's group knows it: by its index in the group (which is never used again) and by its server. */
export interface WorkerReference {
  readonly index: string;
  readonly serverId: string | null;
}

export interface Worker extends WorkerReference {
  /** The name of the server, which is the node's name in the COE. */
  readonly name: string | null;
  readonly privateAddress: string | null;
}

/** What became of the bay. Null: the stack does not say (yet); what is stored stays as it is. */
export interface BayOutputs {
  readonly apiAddress: string | null;
  readonly nodeAddresses: readonly string[] | null;
  readonly masterAddresses: readonly string[] | null;
  readonly discoveryUrl: string | null;
  /** Empty where the stack names none: then Heat chooses which go on a scale-down. */
  readonly workers: readonly Worker[];
  /** What masters are called; absent: the stack does not tell, and its nodes cannot follow a rotation. */
  readonly masterNames?: readonly string[];
}

/** A reason to refuse a bay; `field` is the attribute's name on the wire (`master_count`, `labels.kube_tag`). */
export interface SpecProblem {
  readonly field: string;
  readonly message: string;
}

export interface BayType {
  /** `magnum_vm_atomic_k8s`: what configuration and the API's `driver` call it. */
  readonly name: string;
  readonly coe: Coe;
  readonly provides: readonly Platform[];
  /** Its Heat template, below the folder that the loader reads. */
  readonly templatePath: string;
  /** The labels it understands: each as text on the wire, typed after parsing, described. Others are ignored. */
  readonly labels: z.ZodObject;
  /** Everything that makes this bay impossible, all at once; empty when it can be built. */
  checkSpec(spec: BaySpec): readonly SpecProblem[];
  /** The labels that will have no effect, so that the API can say so. */
  unknownLabels(labels: Readonly<Record<string, string>>): readonly string[];
  /** The stack of a bay that `checkSpec` has nothing against; equal input gives an equal definition. */
  stackFor(input: BayTypeInput): HeatStackDefinition;
  /** `outputs` by key, as Heat gives them; `spec` decides scheme and port of the API's address. */
  readOutputs(
    outputs: Readonly<Record<string, unknown>>,
    spec: Pick<BaySpec, "tlsDisabled" | "apiserverPort">,
  ): BayOutputs;
  /**
   * Nodes follow a rotation of their bay's authority: its templates have the parameter `certificate_rotation`, which is in
   * the servers' metadata. Absent: they read it once, at their first boot.
   */
  readonly rotates?: true;
  /** Absent: workers of this type cannot be upgraded. */
  readonly upgrade?: UpgradeType;
  /** Absent: bays of this type have no further groups of workers. */
  readonly nodeGroups?: NodeGroupType;
  /** The parameters that make a smaller stack drop just these workers. */
  removalParameters(workers: readonly WorkerReference[]): Readonly<Record<string, HeatParameter>>;
}

/** Workers besides the bay's own, as somebody asked for them. */
export interface NodeGroupSpec {
  readonly uuid: string;
  readonly name: string;
  readonly role: string;
  readonly nodeCount: number;
  readonly imageId: string;
  readonly flavorId: string | null;
  readonly dockerVolumeSizeGb: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeTaints: readonly { readonly key: string; readonly value: string | null; readonly effect: string }[];
}

/**
 * How workers of a bay type are upgraded: replaced by new ones of another image and other versions. The bay's template has
 * the parameters `minion_image` and `pinned_images` for it.
 */
export interface UpgradeType {
  /** The labels that name versions; an upgrade changes no others. */
  readonly versionLabels: readonly string[];
  /** Everything that forbids it, all at once. `to` has everything that the bay would have. */
  checkUpgrade(from: BaySpec, to: BaySpec, scope: UpgradeScope): readonly SpecProblem[];
  /** Absent: masters keep for life what they were made with. */
  readonly masters?: MasterUpgradeType;
}

/** How masters come to other versions where they stand, told by the parameter `master_upgrade` in their servers' metadata. */
export interface MasterUpgradeType {
  /** What a master asks for then: what one is told that is made now, by the names its scripts have for it, in lower case. */
  versionsOf(spec: Pick<BaySpec, "labels" | "networkDriver">): Readonly<Record<string, string>>;
}

/** What of the bay is upgraded: its masters, with or without its workers; its workers alone; those of masters that never are. */
export type UpgradeScope = "masters" | "workers" | "fixed-masters";

/** How a bay type builds further groups of workers, each a stack of its own that joins the bay. */
export interface NodeGroupType {
  /** Everything that makes this group impossible in that bay, all at once. */
  checkGroup(group: NodeGroupSpec, bay: BaySpec): readonly SpecProblem[];
  /** `bayOutputs`: those of the bay's own stack. A text: why the bay's stack cannot be joined. */
  stackFor(
    bay: BayTypeInput,
    group: NodeGroupSpec,
    bayOutputs: Readonly<Record<string, unknown>>,
  ): HeatStackDefinition | string;
  readOutputs(outputs: Readonly<Record<string, unknown>>): Pick<BayOutputs, "nodeAddresses" | "workers">;
  /** The parameters that make the stack have as many nodes as the group is to have, new ones with its labels, without these. */
  scalingParameters(
    group: Pick<NodeGroupSpec, "name" | "role" | "nodeCount" | "nodeLabels" | "nodeTaints">,
    workersToRemove: readonly WorkerReference[],
  ): Readonly<Record<string, HeatParameter>>;
}

/** A Heat template with all that it refers to. */
export interface TemplateSet {
  readonly template: string;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The template at `path` below this package's source folder, with the files it refers to and those `besides` that only
 * the environment names. Called when a stack is to be defined, not before.
 */
export type TemplateLoader = (path: string, besides: readonly string[]) => TemplateSet;
