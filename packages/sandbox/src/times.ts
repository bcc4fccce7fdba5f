/** The services' spellings of one moment. */

/** Heat and Nova: seconds and a Z. */
export const toIso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Keystone: microseconds and a Z. */
export const toIsoMicros = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000Z`;

/** A moment as Keystone reads it; undefined when it is none. A moment without a zone is UTC. */
export function parseIso(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.test(text)) return undefined;
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
