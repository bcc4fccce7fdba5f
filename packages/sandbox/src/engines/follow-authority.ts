/**
 * How a node follows its bay's authority when that is replaced, as a real one does: what its metadata says makes it ask for
 * what is trusted now and have its certificate signed anew, and then it tells the certificates API that it has. What it
 * shows to clients changes a phase later than all else; a node of paper shows nothing else.
 */
import type { Cloud } from "../cloud.ts";
import { limits } from "../limits.ts";
import { fetchAuthority, logIn, makeCertificate } from "./node-setup.ts";
import type { Outside } from "./node-setup.ts";
import type { EngineNode, NodeCertificate } from "./records.ts";

export interface Follower {
  readonly node: EngineNode;
  readonly present: NodeCertificate;
  /** What its metadata says. */
  readonly mark: string;
}

export function pendingFollowers(cloud: Cloud): Follower[] {
  return [...cloud.engines.nodes.values()].flatMap((node) => {
    const mark = cloud.nova.servers.get(node.id)?.metadata["certificate_rotation"];
    const { certificate: present, lostAtMs } = node;
    if (typeof mark !== "string" || mark === "" || mark === node.followed || !present || lostAtMs !== null) return [];
    return [{ node, present, mark }];
  });
}

/** Comes to what the mark says, has it `taken` up, and tells so; as often as a node tries to be set up. */
export async function followAuthority(
  outside: Outside,
  { node, present, mark }: Follower,
  taken: (certificate: NodeCertificate) => Promise<void>,
): Promise<"told" | "given up"> {
  const [, phase] = mark.split(".");
  for (let attempt = 1; attempt <= limits.setupAttempts; attempt += 1) {
    try {
      const access = await logIn(outside, node);
      const authority = await fetchAuthority(access);
      const isRenewed = phase === "serve" || phase === "drop";
      await taken({ ...present, ...(isRenewed && (await makeCertificate(access, node))), authority });
      await access.ask("PUT", `/certificates/${access.bay}/nodes/${encodeURIComponent(node.name)}`, {
        certificate_rotation: mark,
      });
      return "told";
    } catch {
      // Whatever it was, a node looks again a while later.
      await outside.sleep(limits.setupRetryMs);
    }
  }
  return "given up";
}
