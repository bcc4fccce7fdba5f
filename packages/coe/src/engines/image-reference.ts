/** The name of an image, split as registries have it: at the last colon behind the last slash (engine sheet 9.9). */
export interface ImageReference {
  /** With its registry and the registry's port, if it has one. */
  readonly repository: string;
  /** A tag, or a digest (`sha256:…`). */
  readonly tag: string;
}

export function splitImage(image: string): ImageReference {
  const at = image.indexOf("@");
  if (at >= 0) return { repository: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(":");
  const hasTag = colon > image.lastIndexOf("/");
  // Without a tag an old engine would fetch all there are.
  return hasTag
    ? { repository: image.slice(0, colon), tag: image.slice(colon + 1) }
    : { repository: image, tag: "latest" };
}
