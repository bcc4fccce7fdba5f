/** Times as Python writes them: ISO 8601 with `+00:00`, and microseconds only when there are any (cluster sheet 6.2). */
export function wireTime(atMs: number): string;
export function wireTime(atMs: number | null): string | null;
export function wireTime(atMs: number | null): string | null {
  if (atMs === null) return null;
  const [seconds = "", fraction = ""] = new Date(atMs).toISOString().slice(0, -1).split(".");
  return fraction === "000" ? `${seconds}+00:00` : `${seconds}.${fraction}000+00:00`;
}
