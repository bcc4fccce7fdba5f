/** What Nova and Cinder keep. */
import type { JsonMap } from "../json.ts";
import type { Database, Table } from "../state/database.ts";

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ramMb: number;
  diskGb: number;
}

/** `id` is user id and name: Nova's key pairs belong to a user and are known by name. */
export interface KeyPair {
  id: string;
  userId: string;
  name: string;
  publicKey: string;
  fingerprint: string;
  type: string;
  createdAtMs: number;
}

export interface Server {
  id: string;
  name: string;
  projectId: string;
  userId: string;
  flavorId: string;
  imageId: string | null;
  keyName: string | null;
  metadata: JsonMap;
  tags: string[];
  userData: string;
  /** In the order of the interfaces. */
  portIds: string[];
  /** Ports that go with the server. */
  ownPortIds: string[];
  securityGroupNames: string[];
  serverGroupId: string | null;
  createdAtMs: number;
  /** When it leaves BUILD. */
  builtAtMs: number;
  /** When the node behind it is up and signals; null for one that never boots. */
  bootedAtMs: number | null;
  /** Why it is in ERROR from `builtAtMs` on. */
  fault: string | null;
  /** What the node reports instead of success. */
  bootFailure: string | null;
  isSignalled: boolean;
}

export interface ServerGroup {
  id: string;
  name: string;
  projectId: string;
  userId: string;
  policies: string[];
}

export interface Volume {
  id: string;
  name: string;
  projectId: string;
  sizeGb: number;
  metadata: JsonMap;
  createdAtMs: number;
  attachment: { id: string; serverId: string; device: string } | null;
}

export interface NovaTables {
  flavors: Table<Flavor>;
  keyPairs: Table<KeyPair>;
  servers: Table<Server>;
  serverGroups: Table<ServerGroup>;
  volumes: Table<Volume>;
}

export const openNovaTables = (database: Database): NovaTables => ({
  flavors: database.table("nova.flavors"),
  keyPairs: database.table("nova.key-pairs"),
  servers: database.table("nova.servers"),
  serverGroups: database.table("nova.server-groups"),
  volumes: database.table("cinder.volumes"),
});
