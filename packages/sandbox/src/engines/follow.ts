/**
 * How a node comes to what its bay says in its metadata, as a real one does, and tells the certificates API that it has. When
 * the bay's authority is replaced it asks for what is trusted now and has its certificate signed anew; what it shows to
 * clients changes a phase later than all else; a node of paper shows nothing else. A master that is upgraded asks for the
 * versions to come to; what runs on one of paper has none.
 */
import type { Cloud } from "../cloud.ts";
import { limits } from "../limits.ts";
import { fetchAuthority, logIn, makeCertificate } from "./node-setup.ts";
import type { Access, Outside } from "./node-setup.ts";
import type { EngineNode, MarkName, NodeCertificate } from "./records.ts";

export interface Follower {
  readonly node: EngineNode;
  readonly present: NodeCertificate;
  /** What its metadata says, and under which name. */
  readonly name: MarkName;
  readonly mark: string;
}

export function pendingFollowers(cloud: Cloud): Follower[] {
  return [...cloud.engines.nodes.values()].flatMap((node) => {
    const metadata = cloud.nova.servers.get(node.id)?.metadata ?? {};
    const { certificate: present, lostAtMs, followed } = node;
    if (!present || lostAtMs !== null) return [];
    return (["certificate_rotation", "master_upgrade"] as const).flatMap((name) => {
      const mark = metadata[name];
      if (typeof mark !== "string" || mark === "" || mark === followed?.[name]) return [];
      return name === "master_upgrade" && !isFor(node, mark) ? [] : [{ node, present, name, mark }];
    });
  });
}

/** A mark for one master says by its end which of them it is. */
function isFor({ name }: EngineNode, mark: string): boolean {
  return name.slice(name.lastIndexOf("-") + 1) === mark.slice(mark.lastIndexOf(".") + 1);
}

/** Comes to what the mark says, has it `taken` up, and tells so; as often as a node tries to be set up. */
export async function follow(
  outside: Outside,
  follower: Follower,
  taken: (certificate: NodeCertificate) => Promise<void>,
): Promise<"told" | "given up"> {
  const { node, name, mark } = follower;
  for (let attempt = 1; attempt <= limits.setupAttempts; attempt += 1) {
    try {
      const access = await logIn(outside, node);
      const path = `/certificates/${access.bay}/nodes/${encodeURIComponent(node.name)}`;
      if (name === "master_upgrade") await access.ask("GET", path);
      await taken(name === "master_upgrade" ? follower.present : await nextCertificate(access, follower));
      await access.ask("PUT", path, { [name]: mark });
      return "told";
    } catch {
      // Whatever it was, a node looks again a while later.
      await outside.sleep(limits.setupRetryMs);
    }
  }
  return "given up";
}

async function nextCertificate(access: Access, { node, present, mark }: Follower): Promise<NodeCertificate> {
  const [, phase] = mark.split(".");
  const authority = await fetchAuthority(access);
  const isRenewed = phase === "serve" || phase === "drop";
  return { ...present, ...(isRenewed && (await makeCertificate(access, node))), authority };
}
