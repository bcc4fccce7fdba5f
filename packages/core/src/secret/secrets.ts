/** What a process seals and opens with, over its table and its master key: one sealer a purpose. */
import type { MasterKey } from "./master-key.ts";
import type { ProjectSealerPorts } from "./project-sealer.ts";
import { createProjectSealer } from "./project-sealer.ts";
import type { Sealer } from "./sealer.ts";

export interface Secrets {
  readonly masterKey: MasterKey;
  readonly sealer: Sealer;
  /** For the keys by which webhooks are signed. */
  readonly webhookSealer: Sealer;
}

export function createSecrets(ports: ProjectSealerPorts): Secrets {
  const { masterKey } = ports;
  return {
    masterKey,
    sealer: createProjectSealer(ports, "records"),
    webhookSealer: createProjectSealer(ports, "webhooks"),
  };
}
