/**
 * The sealer that everything in the table goes through: AES-256-GCM by the project's data key, the project and the context
 * bound as additional data. A sealed text reads `p1.<project's id>.<nonce, ciphertext, tag>`, both base64url. A process
 * keeps the data keys that it opened for an hour, so that sealing and opening rarely cost a read or a call.
 */
import { limits } from "../limits.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import type { Clock } from "../ports.ts";
import { decrypt, encrypt, isEncrypted } from "./aes-gcm.ts";
import type { DataKeyPorts } from "./data-key.ts";
import { ensureDataKey, findDataKey } from "./data-key.ts";
import type { Purpose } from "./master-key.ts";
import type { Sealer } from "./sealer.ts";

const VERSION = "p1";

export interface ProjectSealerPorts extends DataKeyPorts {
  readonly clock: Clock;
}

export function createProjectSealer(ports: ProjectSealerPorts, purpose: Purpose): Sealer {
  const { dataKeyMs, openedDataKeys } = limits.secret;
  const opened = createExpiringCache<Uint8Array>(ports.clock, openedDataKeys);
  const keep = (value: Uint8Array) => ({ value, keepUntilMs: ports.clock.nowMs() + dataKeyMs });

  return {
    async seal(plaintext, context, projectId) {
      const key = await opened.get(projectId, async () => keep(await ensureDataKey(ports, { projectId, purpose })));
      const sealed = encrypt(key, plaintext, additionalData(projectId, context));
      return `${VERSION}.${Buffer.from(projectId).toString("base64url")}.${sealed.toString("base64url")}`;
    },
    async open(sealed, context) {
      const [version, project = "", text = "", ...rest] = sealed.split(".");
      if (version !== VERSION) return await ports.masterKey.openDirect(sealed, context);
      const bytes = Buffer.from(text, "base64url");
      if (project === "" || rest.length > 0 || !isEncrypted(bytes)) {
        throw new Error("a sealed secret is not in the form that this version knows");
      }
      const projectId = Buffer.from(project, "base64url").toString("utf8");
      const key = await opened.get(projectId, async () => {
        const found = await findDataKey(ports, { projectId, purpose });
        if (!found) throw new Error(`the project ${projectId} has no data key, by which "${context}" would open`);
        return keep(found);
      });
      try {
        return decrypt(key, bytes, additionalData(projectId, context));
      } catch (error) {
        // The tag does not fit: another context, or altered bytes. The cipher's own message says less.
        throw new Error(`a sealed secret does not open for "${context}"`, { cause: error });
      }
    },
  };
}

const additionalData = (projectId: string, context: string): string => `${VERSION}.${projectId}.${context}`;
