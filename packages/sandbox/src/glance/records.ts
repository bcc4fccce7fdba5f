/** What Glance keeps. */
import type { Database, Table } from "../state/database.ts";

export interface Image {
  id: string;
  name: string;
  ownerId: string;
  visibility: "public" | "private" | "shared" | "community";
  diskFormat: string;
  sizeBytes: number;
  minDiskGb: number;
  minRamMb: number;
  /** Further properties, `os_distro` among them. */
  properties: Record<string, string>;
  createdAtMs: number;
}

export interface GlanceTables {
  images: Table<Image>;
}

export const openGlanceTables = (database: Database): GlanceTables => ({ images: database.table("glance.images") });
