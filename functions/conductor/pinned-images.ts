/** Which workers of a stack an upgrade has not come to yet: those whose images are pinned in the stack's parameters. */
import type { Stack } from "./ports.ts";

const PINNED = "pinned_images";

/** Images by the indexes of workers; Heat gives such a parameter back as text. */
export function pinnedImages({ parameters }: Pick<Stack, "parameters">): Readonly<Record<string, string>> {
  const value = parameters[PINNED];
  if (typeof value === "string") return value === "" ? {} : (JSON.parse(value) as Record<string, string>);
  return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
}
