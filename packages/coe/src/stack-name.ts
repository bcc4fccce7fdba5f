/**
 * Names that derive from a bay: of its stack, of its nodes, and the tags by which stacks are listed. They rest on the
 * bay's own uuid, so a repeated step finds the stack it made before. A name alone proves nothing: a stack is adopted
 * only if its parameter `bay_uuid` is the bay's.
 */
import { bayShard } from "@jeroboam/core/bay/bay";

/** What all stacks of bays bear. */
export const STACKS_TAG = "jeroboam";
const BAY_TAG = "jeroboam-bay-";
const GROUP_TAG = "jeroboam-node-group-";

/** Heat: a letter, then letters, digits, `_`, `.`, `-`; at most 255 characters. */
const STACK_NAME_CHARS = 255;

/** `blue-5a1d7c52-90f4-…`; a name Heat would not take is made so that it does, no name gives `bay-5a1d7c52-…`. */
export function stackName({ uuid, name }: { readonly uuid: string; readonly name: string | null }): string {
  return `${letterFirst((name ?? "").replaceAll(/[^a-zA-Z0-9_.-]+/g, "-"), STACK_NAME_CHARS - uuid.length - 1)}-${uuid}`;
}

/** Long enough to recognise, short enough that `-minion-1234` still makes a host name (63 characters). */
const NODE_NAME_PREFIX_CHARS = 40;

/** First part of the names of a bay's servers; they are the nodes' names in the COE, so they must be DNS labels. */
export function nodeNamePrefix({ uuid, name }: { readonly uuid: string; readonly name: string | null }): string {
  const text = (name ?? uuid).toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
  return letterFirst(text, NODE_NAME_PREFIX_CHARS).replace(/-+$/, "");
}

/** `group-gpu-8c1f…`, from the group's own uuid. */
export function groupStackName({ uuid, name }: { readonly uuid: string; readonly name: string }): string {
  return stackName({ uuid, name: `group-${name}` });
}

/** Of two groups of a bay never the same, however long or alike their names. */
export function groupNamePrefix(
  bay: { readonly uuid: string; readonly name: string | null },
  group: { readonly uuid: string; readonly name: string },
): string {
  const short = (text: string, chars: number): string => text.slice(0, chars).replace(/-+$/, "");
  const name = short(nodeNamePrefix(group), 14);
  return `${short(nodeNamePrefix(bay), 20)}-${name}-${group.uuid.slice(0, 8)}`;
}

/** The first of them lists all our stacks, the second finds one bay's, the third lists those of a shard of bays. */
export function stackTags(uuid: string): readonly string[] {
  return [STACKS_TAG, `${BAY_TAG}${uuid}`, shardTag(bayShard(uuid))];
}

/** What stacks bear whose bays stand in this shard of the table's index: so both can be read side by side. */
export function shardTag(shard: number): string {
  return `jeroboam-shard-${shard}`;
}

/** Whose a stack says it is: a bay's, or a node group's of that bay. */
export interface StackOwnerTags {
  readonly bayUuid: string;
  readonly groupUuid: string | undefined;
}

export function ownerOfTags(tags: readonly string[]): StackOwnerTags | undefined {
  const named = (prefix: string): string | undefined =>
    tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const bayUuid = named(BAY_TAG);
  return bayUuid === undefined ? undefined : { bayUuid, groupUuid: named(GROUP_TAG) };
}

export function groupStackTags({
  bayUuid,
  uuid,
}: {
  readonly bayUuid: string;
  readonly uuid: string;
}): readonly string[] {
  return [...stackTags(bayUuid), `${GROUP_TAG}${uuid}`];
}

function letterFirst(text: string, maxChars: number): string {
  return (/^[a-zA-Z]/.test(text) ? text : `bay-${text}`.replace(/-+$/, "")).slice(0, maxChars);
}
