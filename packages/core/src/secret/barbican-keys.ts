/**
 * The master keys as secrets of Barbican, for clouds whose keys are to stand there (in an HSM behind it): each is a secret of
 * the service's own project whose payload is the text of 32 bytes in base64, and is known by the secret's uuid. The first of
 * those that are configured wraps, all of them unwrap, and no other is asked for. A process keeps what it read for an hour,
 * so that Barbican is away for nobody who is at work; what wraps and unwraps is what the key file's keys do
 * (file-master-key.ts).
 */
import { Transient } from "../errors.ts";
import { limits } from "../limits.ts";
import { createExpiringCache } from "../openstack/expiring-cache.ts";
import { readSecret } from "../openstack/barbican.ts";
import type { CloudSession } from "../openstack/session.ts";
import type { Clock } from "../ports.ts";
import { KEY_BYTES } from "./aes-gcm.ts";
import type { KeyFile } from "./file-keys.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `JEROBOAM_BARBICAN_KEYS`: uuids of secrets, commas between, the current one first. Throws when it is no such list. */
export function readBarbicanKeyIds(text: string): readonly [string, ...string[]] {
  const [current = "", ...old] = text.split(",").map((one) => one.trim().toLowerCase());
  for (const id of [current, ...old])
    if (!UUID.test(id)) throw new Error(`a key in Barbican is named by its secret's uuid, not by "${id}"`);
  return [current, ...old];
}

export function createBarbicanKeys(
  { session, clock }: { readonly session: CloudSession; readonly clock: Clock },
  ids: readonly [string, ...string[]],
): KeyFile {
  const { dataKeyMs } = limits.secret;
  const read = createExpiringCache<Uint8Array>(clock, ids.length);
  const load = (id: string): Promise<Uint8Array> =>
    read.get(id, async () => ({ value: await readKey(session, id), keepUntilMs: clock.nowMs() + dataKeyMs }));
  const [currentId] = ids;
  return {
    current: async () => ({ id: currentId, key: await load(currentId) }),
    find: async (id) => (ids.includes(id) ? load(id) : undefined),
  };
}

async function readKey(session: CloudSession, id: string): Promise<Uint8Array> {
  const read = await readSecret(session, id);
  if (read.kind === "missing") throw new Error(`Barbican has no secret ${id}, by which secrets here are sealed`);
  if (read.kind === "refused") {
    const text = `the key ${id} cannot be read: ${read.reason}`;
    throw read.cause === "unavailable" ? new Transient(text) : new Error(text);
  }
  const key = Buffer.from(read.value.trim(), "base64");
  // Its own text would be told otherwise.
  if (key.length !== KEY_BYTES) throw new Error(`Barbican's secret ${id} is not ${KEY_BYTES} bytes in base64`);
  return key;
}
