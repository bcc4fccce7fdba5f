/**
 * The operator's policy file, read again when it has changed: looked at every few seconds at most, and only while somebody
 * asks. What is wrong with a new version is logged, and the last right one stays in force: a slip of the pen must neither
 * open nor close the service.
 */
import { stat } from "node:fs/promises";
import { textOf } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import { loadPolicy } from "./file-policy.ts";
import type { Policy, PolicyOutcome, PolicySettings } from "./policy.ts";

export interface WatchPorts {
  readonly clock: Clock;
  readonly log: Log;
}

export async function watchPolicy(
  path: string,
  settings: Omit<PolicySettings, "overrides">,
  { clock, log }: WatchPorts,
): Promise<PolicyOutcome> {
  let seen = await versionOf(path);
  const first = await loadPolicy(path, settings);
  if (first.kind === "invalid") return first;
  let current = first.policy;
  let nextLookAtMs = clock.nowMs() + limits.identity.policyLookMs;

  const look = async (): Promise<void> => {
    try {
      const version = await versionOf(path);
      if (version === seen) return;
      seen = version;
      const read = await loadPolicy(path, settings);
      if (read.kind === "built") {
        current = read.policy;
        log.write("info", "policy-reread", { path });
      } else log.write("error", "policy-refused", { path, problems: read.problems });
    } catch (thrown) {
      // The file went, or cannot be read for now: the last policy that was right holds.
      log.write("error", "policy-refused", { path, problems: [textOf(thrown)] });
    }
  };
  const present = (): Policy => {
    const nowMs = clock.nowMs();
    if (nowMs >= nextLookAtMs) {
      nextLookAtMs = nowMs + limits.identity.policyLookMs;
      void look();
    }
    return current;
  };
  return {
    kind: "built",
    policy: {
      enforce: (rule, caller, target) => present().enforce(rule, caller, target),
      allows: (rule, caller, target) => present().allows(rule, caller, target),
      isAdmin: (caller) => present().isAdmin(caller),
    },
  };
}

/** Equal as long as nobody wrote the file. */
async function versionOf(path: string): Promise<string> {
  // One that is missing is told by whoever reads it.
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.mtimeNs} ${found.size} ${found.ino}` : "missing";
}
