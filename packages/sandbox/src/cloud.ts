/**
 * The one value that every part of the sandbox works on: its ports, its options and its tables.
 * Parts call each other's functions with it; none keeps state of its own.
 */
import type { Clock, Random, Sleep } from "./ports.ts";
import type { Database } from "./state/database.ts";
import type { KeystoneTables } from "./keystone/records.ts";
import type { HeatTables } from "./heat/records.ts";
import type { NovaTables } from "./nova/records.ts";
import type { NeutronTables } from "./neutron/records.ts";
import type { EngineTables } from "./engines/records.ts";
import type { BarbicanTables } from "./barbican/records.ts";
import type { GlanceTables } from "./glance/records.ts";
import type { Knobs } from "./knobs/knobs.ts";

export interface Options {
  /** Where clients reach the sandbox, without a slash at the end; written into the catalog and into links. */
  publicUrl: string;
  /** The container-infra endpoint of the catalog, ending in /v1; null leaves it out of the catalog. */
  containerInfraUrl: string | null;
  region: string;
  /** The password of every seeded user. */
  password: string;
  /** Heat `max_stacks_per_tenant`. */
  stacksPerProject: number;
  /** Heat `max_resources_per_stack`, counted over a whole tree of stacks; null for no limit. */
  resourcesPerStack: number | null;
  /**
   * Whether an unrestricted application credential may make trusts. Keystone's releases with the security fixes of 2026 refuse
   * every application credential; older ones let the unrestricted through.
   */
  applicationCredentialTrusts: "refused" | "unrestricted";
  /**
   * Heat `deferred_auth_method`: with `trusts`, Heat takes a trust from whoever creates a stack, so that it can act later, and gives it back
   * with the stack. A caller that may not make trusts can then create no stack. `none` leaves all that out.
   */
  heatDelegation: "none" | "trusts";
  /** The addresses of the network `public`, out of which floating addresses are given. */
  publicCidr: string;
  /** The addresses of demo's network `private`. */
  privateCidr: string;
  /** Whether the nodes of bays fetch their certificates before they report that they are up: where there is a network to do it over. */
  nodesFetchCertificates: boolean;
}

export const defaultOptions: Options = {
  publicUrl: "http://sandbox.test",
  containerInfraUrl: null,
  region: "RegionOne",
  password: "secret",
  stacksPerProject: 512,
  resourcesPerStack: 1_000,
  applicationCredentialTrusts: "refused",
  heatDelegation: "none",
  publicCidr: "127.24.0.0/17",
  privateCidr: "127.24.128.0/24",
  nodesFetchCertificates: false,
};

/** What will happen by itself, and when. Kept in memory beside the tables, and made anew from them on opening. */
export interface Agenda {
  /** Root stacks under way, by id, with the next moment that matters to them. */
  readonly roots: Map<string, number>;
  /** Servers whose nodes are yet to come up, by id. */
  readonly boots: Map<string, number>;
  /** Engines in which something is to happen, by id. */
  readonly engines: Map<string, number>;
  /** Counts what changed about where engines listen. */
  engineChanges: number;
}

export interface Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: Options;
  readonly knobs: Knobs;
  readonly agenda: Agenda;
  readonly database: Database;
  readonly keystone: KeystoneTables;
  readonly heat: HeatTables;
  readonly nova: NovaTables;
  readonly neutron: NeutronTables;
  readonly glance: GlanceTables;
  readonly barbican: BarbicanTables;
  readonly engines: EngineTables;
  readonly sleep: Sleep | undefined;
}
